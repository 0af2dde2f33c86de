//===- BuildModelTest.cpp - The model as IR -------------------------------------===//
//
// What the IR of a model looks like is in test/Import. These tests hold for every shipped config.
//
//===----------------------------------------------------------------------===//

#include "mv/Import/BuildModel.h"
#include "mv/Fusion/Passes.h"
#include "mv/IR/MVDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Pass/PassManager.h"

#include <filesystem>
#include <gtest/gtest.h>
#include <map>

using namespace mlir;
using namespace mv;

/// The shipped configs, and some no published model has.
static std::vector<ModelSpec> manySpecs() {
  std::vector<ModelSpec> specs;
  for (const auto &entry : std::filesystem::directory_iterator(MV_MODELS_DIR)) {
    if (entry.path().extension() != ".json")
      continue;
    auto config = readModelConfig(entry.path().string());
    EXPECT_TRUE(config.ok()) << config.status().message();
    specs.push_back(specFromConfig(*config));
  }
  ModelSpec odd = specs.front();
  odd.dim = 12;
  odd.inDim = 5;
  odd.inChans = 4;
  odd.depths = {2, 0, 3, 1};
  odd.numHeads = {1, 1, 3, 7};
  odd.mlpWidth = {1, 2, 77, 99};
  odd.layerScale = odd.layerScaleConv = odd.qkNorm = true;
  odd.qkvBias = false;
  odd.numClasses = 0;
  specs.push_back(odd);
  odd.hasNorm = false;
  odd.outNorm = {true, false, true, true};
  specs.push_back(odd);
  return specs;
}

/// All outputs that the model can have.
static OwningOpRef<ModuleOp> build(MLIRContext &context, const ModelSpec &spec,
                                   std::vector<Resolution> resolutions) {
  std::vector<std::string> outputs = {"stages"};
  if (spec.hasNorm)
    outputs.insert(outputs.end(), {"logits", "pooled"});
  auto module = buildModel(context, spec, resolutions, outputs);
  EXPECT_TRUE(module.ok()) << module.status().message();
  return module.ok() ? std::move(*module) : OwningOpRef<ModuleOp>();
}

// Every model verifies, at sizes that are multiples of nothing and smaller than the stride of the stem.
TEST(BuildModel, Verifies) {
  MLIRContext context;
  for (const ModelSpec &spec : manySpecs()) {
    OwningOpRef<ModuleOp> module = build(context, spec, {{224, 224}, {230, 250}, {1, 3}});
    ASSERT_TRUE(module) << spec.name;
    EXPECT_TRUE(succeeded(verify(*module))) << spec.name;
  }
}

// The parameters that the decomposed model reads are the tensors that a checkpoint must have, with the same
// shapes: no more, or packages could not be written; no fewer, or we would demand tensors in vain.
TEST(BuildModel, ReadsTheExpectedTensors) {
  MLIRContext context;
  for (const ModelSpec &spec : manySpecs()) {
    OwningOpRef<ModuleOp> module = build(context, spec, {{224, 224}});
    ASSERT_TRUE(module) << spec.name;
    PassManager passes(&context);
    passes.addNestedPass<func::FuncOp>(createDecompose());
    ASSERT_TRUE(succeeded(passes.run(*module))) << spec.name;
    std::map<std::string, std::vector<int64_t>> read, expected;
    module->walk([&](ParameterOp op) {
      ArrayRef<int64_t> shape = cast<RankedTensorType>(op.getType()).getShape();
      read[op.getName().str()] = shape.vec();
    });
    for (ExpectedTensor &tensor : expectedTensors(spec))
      expected[tensor.name] = tensor.shape;
    EXPECT_EQ(read, expected) << spec.name;
  }
}

// Only what leads to an output is built.
TEST(BuildModel, BuildsWhatIsAskedFor) {
  MLIRContext context;
  ModelSpec spec = manySpecs().front();
  auto module = buildModel(context, spec, {{64, 64}}, {"stage1"});
  ASSERT_TRUE(module.ok()) << module.status().message();
  int64_t convBlocks = 0, windowOps = 0, downsamples = 0;
  (**module)->walk([&](Operation *op) {
    convBlocks += isa<ConvBlockOp>(op);
    downsamples += isa<DownsampleOp>(op);
    windowOps += isa<MixerBlockOp, AttentionBlockOp, HeadOp>(op);
  });
  EXPECT_EQ(convBlocks, spec.depths[0] + spec.depths[1]);
  EXPECT_EQ(downsamples, 1);
  EXPECT_EQ(windowOps, 0);
}

TEST(BuildModel, negative_PassesErrorsOn) {
  MLIRContext context;
  ModelSpec spec = manySpecs().front();
  EXPECT_FALSE(buildModel(context, spec, {{64, 64}, {64, 64}}, {}).ok());
  EXPECT_FALSE(buildModel(context, spec, {}, {"features"}).ok());
}

// A model that is given bytes verifies too, but pictures have no more than four channels.
TEST(BuildModel, TakesPictures) {
  MLIRContext context;
  ModelSpec spec = manySpecs().front();
  auto module = buildModel(context, spec, {{30, 50}}, {}, InputType::U8);
  ASSERT_TRUE(module.ok()) << module.status().message();
  EXPECT_TRUE(succeeded(verify(**module)));
  spec.inChans = 5;
  auto refused = buildModel(context, spec, {{30, 50}}, {}, InputType::U8);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().message(), "input type u8: expected a model of at most 4 channels, found 5");
}
