//===- KernelNamesTest.cpp - Names of kernels and parts -------------------------===//

#include "mv/Plan/KernelNames.h"
#include "ParsedModule.h"

#include <gtest/gtest.h>

using namespace mv;

/// The name of a kernel with these inputs, result and ops; the ops read %a, %b, ... and define %r.
static std::string nameOf(const std::string &inputs, const std::string &result, const std::string &ops) {
  std::string types = inputs, arguments;
  char name = 'a';
  std::stringstream stream(inputs);
  for (std::string type; std::getline(stream, type, ';'); ++name)
    arguments += (arguments.empty() ? "" : ", ") + ("%" + std::string(1, name) + ": " + type);
  std::replace(types.begin(), types.end(), ';', ',');
  ParsedModule parsed("plan.kernel @k (" + types + ") -> " + result + " family \"x\" {\n^bb0(" + arguments +
                      "):\n" + ops + "\nplan.yield %r : " + result + "\n}");
  if (!parsed.module)
    return "does not parse";
  auto kernel = *parsed.module->getOps<plan::KernelOp>().begin();
  return getKernelName(kernel.getBody().front());
}

TEST(KernelNames, Convolutions) {
  EXPECT_EQ(nameOf("tensor<?x56x56x80xf32>;tensor<80x80x3x3xf32>", "tensor<?x56x56x80xf32>",
                   "%0 = mv.conv2d %a, %b stride 1 : (tensor<?x56x56x80xf32>, tensor<80x80x3x3xf32>) -> "
                   "tensor<?x56x56x80xf32>\n%r = mv.gelu tanh %0 : tensor<?x56x56x80xf32>"),
            "conv2d_3x3_56x56x80_gelu");
  EXPECT_EQ(nameOf("tensor<?x8x8x3xf32>;tensor<20x3x3x3xf32>", "tensor<?x4x4x20xf32>",
                   "%r = mv.conv2d %a, %b stride 2 : (tensor<?x8x8x3xf32>, tensor<20x3x3x3xf32>) -> "
                   "tensor<?x4x4x20xf32>"),
            "conv2d_3x3_s2_8x8x3_n20");
}

TEST(KernelNames, Products) {
  EXPECT_EQ(
      nameOf("tensor<?x2x49x8xf32>;tensor<16x8xf32>;tensor<8xf32>", "tensor<?x2x49x16xf32>",
             "%0 = mv.layer_norm %a, %c, %c eps 1.0e-05 : tensor<?x2x49x8xf32>, tensor<8xf32>\n"
             "%r = mv.linear %0, %b : (tensor<?x2x49x8xf32>, tensor<16x8xf32>) -> tensor<?x2x49x16xf32>"),
      "layer_norm_linear_m98_k8_n16");
  EXPECT_EQ(nameOf("tensor<?x8xf32>;tensor<16x8xf32>", "tensor<?x16xf32>",
                   "%r = mv.linear %a, %b : (tensor<?x8xf32>, tensor<16x8xf32>) -> tensor<?x16xf32>"),
            "linear_m1_k8_n16");
}

TEST(KernelNames, KernelsWithoutARoot) {
  EXPECT_EQ(nameOf("tensor<?x3x8x8xf32>", "tensor<?x8x8x3xf32>",
                   "%r = mv.to_nhwc %a : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>"),
            "to_nhwc_8x8x3");
  ParsedModule copy("plan.kernel @k (tensor<?x8xf32>) -> tensor<?x8xf32> family \"pointwise\" {\n"
                    "^bb0(%a: tensor<?x8xf32>):\nplan.yield %a : tensor<?x8xf32>\n}");
  ASSERT_TRUE(copy.module);
  EXPECT_EQ(getKernelName((*copy.module->getOps<plan::KernelOp>().begin()).getBody().front()), "copy_8");
}

TEST(KernelNames, AttentionNamesItsHeads) {
  EXPECT_EQ(nameOf("tensor<?x1x4x24xf32>", "tensor<?x1x4x8xf32>",
                   "%r = mv.attention %a heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>"),
            "attention_h2_1x4x8");
}

TEST(PartNames, TheFirstNameOfALocation) {
  mlir::MLIRContext context;
  mlir::Location unknown = mlir::UnknownLoc::get(&context);
  mlir::Location scan =
      mlir::NameLoc::get(mlir::StringAttr::get(&context, "levels.2.blocks.0.mixer.scan"), unknown);
  mlir::Location silu =
      mlir::NameLoc::get(mlir::StringAttr::get(&context, "levels.2.blocks.0.mixer.silu"), unknown);
  mlir::Location file = mlir::FileLineColLoc::get(&context, "f.mlir", 1, 2);
  EXPECT_EQ(getPartName(mlir::FusedLoc::get(&context, {file, scan, silu})), "levels.2.blocks.0.mixer.scan");
  EXPECT_EQ(getPartName(mlir::FusedLoc::get(&context, {mlir::FusedLoc::get(&context, {silu, file}), scan})),
            "levels.2.blocks.0.mixer.silu");
  EXPECT_EQ(getPartName(file), "");
}
