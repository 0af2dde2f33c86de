//===- CheckValuesTest.cpp - Values no model can work with ----------------------===//

#include "TestCheckpoint.h"

#include <limits>

using namespace mv;
using mv::test::TestCheckpoint;

TEST(CheckValues, negative_Infinity) {
  TestCheckpoint test;
  // Element [1, 2, 0, 1] of [4, 4, 3, 3].
  test.set("patch_embed.conv_down.3.weight", 1 * 36 + 2 * 9 + 1, std::numeric_limits<float>::infinity());
  EXPECT_EQ(test.error(),
            "'model.safetensors': tensor 'patch_embed.conv_down.3.weight': expected finite values, found "
            "inf at [1, 2, 0, 1]");
}

TEST(CheckValues, negative_NaN) {
  TestCheckpoint test;
  test.set("head.bias", 2, std::numeric_limits<float>::quiet_NaN());
  EXPECT_EQ(test.error(),
            "'model.safetensors': tensor 'head.bias': expected finite values, found nan at [2]");
}

TEST(CheckValues, negative_HalfInfinity) {
  TestCheckpoint test;
  const uint16_t halves[] = {0x3c00, 0xfc00, 0x3c00};
  auto bytes = std::as_bytes(std::span(halves));
  test.tensors["head.bias"] = {ElementType::F16, {3}, {bytes.begin(), bytes.end()}};
  EXPECT_CONTAINS(test.error(), "tensor 'head.bias': expected finite values, found -inf at [1]");
}

// A finite double that no float32 holds.
TEST(CheckValues, negative_DoubleOutOfRange) {
  TestCheckpoint test;
  const double doubles[] = {0, 0, 1e300};
  auto bytes = std::as_bytes(std::span(doubles));
  test.tensors["head.bias"] = {ElementType::F64, {3}, {bytes.begin(), bytes.end()}};
  EXPECT_CONTAINS(test.error(), "tensor 'head.bias': expected finite values, found inf at [2]");
}

TEST(CheckValues, negative_NegativeVariance) {
  TestCheckpoint test;
  test.set("norm.running_var", 5, -0.5f);
  EXPECT_EQ(test.error(),
            "'model.safetensors': tensor 'norm.running_var': expected variances of at least 0, found "
            "-0.500000 at [5]");
}

// The first in the order of the model, on any number of threads.
TEST(CheckValues, NamesTheFirstOffender) {
  TestCheckpoint test;
  float nan = std::numeric_limits<float>::quiet_NaN();
  test.set("head.bias", 0, nan);
  test.set("levels.1.blocks.0.conv2.weight", 100, nan);
  test.set("levels.1.blocks.0.conv2.weight", 7, nan);
  for (int round = 0; round < 20; ++round)
    EXPECT_CONTAINS(test.error(),
                    "tensor 'levels.1.blocks.0.conv2.weight': expected finite values, found nan at "
                    "[0, 0, 2, 1]");
}

// More than one chunk: the last element of a tensor counts too.
TEST(CheckValues, LooksAtEveryElement) {
  TestCheckpoint test;
  test.config["num_classes"] = 5000;
  std::vector<float> values(5000 * 32, 0.0f);
  values.back() = std::numeric_limits<float>::infinity();
  test.add("head.weight", {5000, 32}, values);
  test.add("head.bias", {5000}, std::vector<float>(5000));
  EXPECT_CONTAINS(test.error(), "tensor 'head.weight': expected finite values, found inf at [4999, 31]");
}

// Tensors that the model does not use may hold anything.
TEST(CheckValues, IgnoresLeftovers) {
  TestCheckpoint test;
  test.add("extra", {1}, {std::numeric_limits<float>::quiet_NaN()});
  EXPECT_EQ(test.error(), "no error");
}
