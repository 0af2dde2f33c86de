//===- ResolveModelTest.cpp - Config and tensors put together -------------------===//

#include "TestCheckpoint.h"

using namespace mv;
using mv::test::smallConfig;
using mv::test::TestCheckpoint;
using nlohmann::json;

static json with(const char *changes) {
  json config = smallConfig();
  config.update(json::parse(changes));
  return config;
}

static ModelSpec specOf(const TestCheckpoint &test) {
  auto checkpoint = test.load();
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  return checkpoint.ok() ? checkpoint->spec : ModelSpec();
}

//===----------------------------------------------------------------------===//
// What the tensors decide
//===----------------------------------------------------------------------===//

// A config that says nothing about them: gammas, norms, biases and classes come from the tensors.
TEST(ResolveModel, TensorsDecideWhatTheConfigLeavesOut) {
  TestCheckpoint full(
      with(R"({"layer_scale": 1e-5, "layer_scale_conv": 1e-5, "qk_norm": true, "num_classes": 5})"));
  full.config = smallConfig();
  full.config.erase("num_classes");
  ModelSpec spec = specOf(full);
  EXPECT_TRUE(spec.layerScale);
  EXPECT_TRUE(spec.layerScaleConv);
  EXPECT_TRUE(spec.qkNorm);
  EXPECT_TRUE(spec.qkvBias);
  EXPECT_EQ(spec.numClasses, 5);
  EXPECT_TRUE(spec.hasNorm);

  TestCheckpoint plain(with(R"({"qkv_bias": false})"));
  plain.config = smallConfig();
  spec = specOf(plain);
  EXPECT_FALSE(spec.layerScale);
  EXPECT_FALSE(spec.layerScaleConv);
  EXPECT_FALSE(spec.qkNorm);
  EXPECT_FALSE(spec.qkvBias);
  EXPECT_EQ(spec.numClasses, 3);
}

TEST(ResolveModel, DerivedSizes) {
  TestCheckpoint test(with(R"({"dim": 6, "depths": [2, 1, 3, 1]})"));
  ModelSpec spec = specOf(test);
  EXPECT_EQ(spec.width(3), 48);
  EXPECT_EQ(spec.innerWidth(2), 12);
  EXPECT_EQ(spec.stepRank(2), 2); // ceil(24 / 16)
  EXPECT_EQ(spec.headDim(3), 24);
  EXPECT_EQ(spec.mlpWidth[2], 48);
  // Odd depths: the larger half mixes by scan.
  EXPECT_FALSE(spec.isAttention(2, 1));
  EXPECT_TRUE(spec.isAttention(2, 2));
  EXPECT_FALSE(spec.isAttention(3, 0));
  EXPECT_FALSE(spec.isAttention(1, 0));
}

// num_classes 0: no head. Without the field, its absence says the same.
TEST(ResolveModel, NoHead) {
  TestCheckpoint test(with(R"({"num_classes": 0})"));
  EXPECT_EQ(test.tensors.count("head.weight"), 0u);
  EXPECT_EQ(specOf(test).numClasses, 0);
  EXPECT_TRUE(specOf(test).hasNorm);
  test.config.erase("num_classes");
  test.config["id2label"] = {{"0", "a"}};
  EXPECT_EQ(specOf(test).numClasses, 0);
  EXPECT_TRUE(specOf(test).labels.empty());
}

// A detection backbone: LayerNorms on some stage maps, no tail, and the classifier's config.
TEST(ResolveModel, Backbone) {
  TestCheckpoint test;
  for (const char *name :
       {"head.weight", "head.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"})
    test.tensors.erase(name);
  test.add("outnorm1.weight", {8}, std::vector<float>(8, 1));
  test.add("outnorm1.bias", {8}, std::vector<float>(8, 0));
  ModelSpec spec = specOf(test);
  EXPECT_FALSE(spec.hasNorm);
  EXPECT_EQ(spec.numClasses, 0);
  EXPECT_EQ(spec.outNorm, (std::array<bool, 4>{false, true, false, false}));
}

TEST(ResolveModel, BackboneWithoutOutNorms) {
  TestCheckpoint test(with(R"({"num_classes": 0})"));
  for (const char *name : {"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"})
    test.tensors.erase(name);
  EXPECT_FALSE(specOf(test).hasNorm);
}

// A model without attention may have any qk_norm and qkv_bias in its config: nothing contradicts it.
TEST(ResolveModel, FlagsWithoutBlocksThatCouldHaveThem) {
  TestCheckpoint test(with(R"({"depths": [0, 0, 1, 1]})"));
  test.config["qk_norm"] = true;
  test.config["qkv_bias"] = false;
  test.config["layer_scale_conv"] = 1e-5;
  EXPECT_EQ(test.error(), "no error");
}

//===----------------------------------------------------------------------===//
// Missing and misshapen tensors
//===----------------------------------------------------------------------===//

static const char kFacts[] =
    "; 'config.json' says dim 4, in_dim 4, depths [1, 1, 2, 2], num_heads [1, 1, 2, 2]";

TEST(ResolveModel, negative_MissingTensor) {
  TestCheckpoint test;
  size_t count = test.tensors.size();
  test.tensors.erase("levels.2.blocks.0.mixer.A_log");
  EXPECT_EQ(test.error(),
            "'model.safetensors': tensor 'levels.2.blocks.0.mixer.A_log' is missing: expected shape [8, "
            "8], found no such tensor among " +
                std::to_string(count - 1) + kFacts);
  test.tensors.erase("head.bias");
  EXPECT_CONTAINS(test.error(), "is missing (and 1 more): expected");
}

// Every single tensor is needed: whichever is taken away, something is reported.
TEST(ResolveModel, negative_EveryTensorIsNeeded) {
  TestCheckpoint test(with(R"({"layer_scale": 1e-5, "layer_scale_conv": 1e-5, "qk_norm": true})"));
  test.save();
  for (const auto &[name, tensor] : test.tensors) {
    std::string left_out = name;
    test.saveTensors("model.safetensors", [&](const std::string &other) { return other != left_out; });
    auto checkpoint = loadCheckpoint(test.folder.path(), "", test.pool);
    EXPECT_FALSE(checkpoint.ok()) << name;
  }
}

TEST(ResolveModel, negative_MisshapenTensor) {
  TestCheckpoint test;
  test.add("levels.3.blocks.0.mixer.conv1d_x.weight", {16, 3, 1}, std::vector<float>(48));
  EXPECT_EQ(test.error(),
            std::string("'model.safetensors': tensor 'levels.3.blocks.0.mixer.conv1d_x.weight': "
                        "expected shape [16, 1, 3], found [16, 3, 1]") +
                kFacts);
}

TEST(ResolveModel, negative_WrongDim) {
  TestCheckpoint test;
  test.config["dim"] = 8;
  EXPECT_CONTAINS(test.error(),
                  "tensor 'patch_embed.conv_down.3.weight': expected shape [8, 4, 3, 3], found [4, 4, 3, "
                  "3]; 'config.json' says dim 8");
}

TEST(ResolveModel, negative_HeadWithoutWeight) {
  TestCheckpoint test;
  test.tensors.erase("head.weight");
  EXPECT_CONTAINS(test.error(), "tensor 'head.weight' is missing: expected shape [3, 32]");
}

TEST(ResolveModel, negative_HeadOfTheWrongRank) {
  TestCheckpoint test;
  test.add("head.weight", {3, 32, 1}, std::vector<float>(96));
  EXPECT_CONTAINS(test.error(), "tensor 'head.weight': expected shape [3, 32], found [3, 32, 1]");
}

TEST(ResolveModel, negative_IntegerTensor) {
  TestCheckpoint test;
  test.tensors["head.bias"].type = ElementType::I32;
  EXPECT_EQ(test.error(),
            "'model.safetensors': tensor 'head.bias': expected type F32, F16, BF16 or F64, found I32");
}

// Gammas on some blocks only: the others' are missing.
TEST(ResolveModel, negative_GammaMissingInOneBlock) {
  TestCheckpoint test(with(R"({"layer_scale": 1e-5})"));
  test.config.erase("layer_scale");
  test.tensors.erase("levels.3.blocks.1.gamma_2");
  EXPECT_CONTAINS(test.error(), "tensor 'levels.3.blocks.1.gamma_2' is missing: expected shape [32]");
}

TEST(ResolveModel, negative_OutNormWithoutBias) {
  TestCheckpoint test;
  test.add("outnorm0.weight", {4}, {1, 1, 1, 1});
  EXPECT_CONTAINS(test.error(), "tensor 'outnorm0.bias' is missing: expected shape [4]");
}

//===----------------------------------------------------------------------===//
// Contradictions between config and tensors
//===----------------------------------------------------------------------===//

TEST(ResolveModel, negative_ExpectedLayerScale) {
  TestCheckpoint test;
  test.config["layer_scale"] = 1e-5;
  EXPECT_EQ(test.error(),
            "'config.json': field 'layer_scale' contradicts the weights: expected '....gamma_1' tensors, "
            "found none in 'model.safetensors'");
  test.config.erase("layer_scale");
  test.config["layer_scale_conv"] = 1e-5;
  EXPECT_CONTAINS(test.error(),
                  "field 'layer_scale_conv' contradicts the weights: expected '....gamma' tensors");
}

TEST(ResolveModel, negative_UnexpectedLayerScale) {
  TestCheckpoint test(with(R"({"layer_scale": 1e-5})"));
  test.config["layer_scale"] = nullptr;
  EXPECT_EQ(test.error(),
            "'config.json': field 'layer_scale' contradicts the weights: expected no '....gamma_1' "
            "tensors, found 'levels.2.blocks.0.gamma_1' in 'model.safetensors'");
}

TEST(ResolveModel, negative_QkNormAndBias) {
  TestCheckpoint test;
  test.config["qk_norm"] = true;
  EXPECT_CONTAINS(test.error(),
                  "field 'qk_norm' contradicts the weights: expected '....mixer.q_norm.weight' tensors, "
                  "found none");
  test.config.erase("qk_norm");
  test.config["qkv_bias"] = false;
  EXPECT_CONTAINS(test.error(),
                  "field 'qkv_bias' contradicts the weights: expected no '....mixer.qkv.bias' tensors, "
                  "found 'levels.2.blocks.1.mixer.qkv.bias'");
}

TEST(ResolveModel, negative_NumClasses) {
  TestCheckpoint test;
  test.config["num_classes"] = 4;
  EXPECT_EQ(test.error(),
            "'config.json': field 'num_classes' contradicts the weights: expected 4 classes, found "
            "'head.weight' for 3 in 'model.safetensors'");
  test.config["num_classes"] = 0;
  EXPECT_CONTAINS(test.error(), "expected 0 classes, found 'head.weight' for 3");
  test.config["num_classes"] = 3;
  test.tensors.erase("head.weight");
  test.tensors.erase("head.bias");
  EXPECT_CONTAINS(test.error(), "expected 3 classes, found no 'head.weight' in 'model.safetensors'");
}

TEST(ResolveModel, negative_Labels) {
  TestCheckpoint test;
  test.config.erase("num_classes");
  test.config["id2label"] = {{"0", "a"}, {"1", "b"}};
  EXPECT_EQ(test.error(),
            "'config.json': field 'id2label' contradicts the weights: expected 3 labels for 'head.weight' "
            "in 'model.safetensors', found 2");
}

TEST(ResolveModel, negative_MoreBlocksThanTheConfigSays) {
  TestCheckpoint test;
  test.config["depths"] = {1, 1, 1, 2};
  EXPECT_CONTAINS(test.error(), "field 'depths' contradicts the weights: expected 1 blocks at level 2, found "
                                "'levels.2.blocks.1.");
}

TEST(ResolveModel, negative_FewerBlocksThanTheConfigSays) {
  TestCheckpoint test;
  test.config["depths"] = {1, 2, 2, 2};
  EXPECT_CONTAINS(test.error(), "tensor 'levels.1.blocks.1.conv1.weight' is missing (and 11 more)");
}

//===----------------------------------------------------------------------===//
// Leftovers
//===----------------------------------------------------------------------===//

TEST(ResolveModel, LeftoversAreNamedInAWarning) {
  TestCheckpoint test;
  test.add("levels.2.blocks.0.mixer.in_proj.bias", {16}, std::vector<float>(16));
  test.add("model.neck.weight", {1}, {0});
  test.add("levels.7.blocks.0.x", {1}, {0});
  auto checkpoint = test.load();
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  ASSERT_EQ(checkpoint->warnings.size(), 1u);
  EXPECT_EQ(test.withoutFolder(checkpoint->warnings[0]),
            "'model.safetensors': 3 tensors are not part of the model and left out: "
            "'levels.2.blocks.0.mixer.in_proj.bias', 'levels.7.blocks.0.x', 'model.neck.weight'");
  EXPECT_EQ(checkpoint->leftovers.size(), 3u);
}

TEST(ResolveModel, ManyLeftoversAreCounted) {
  TestCheckpoint test;
  for (int i = 0; i < 25; ++i)
    test.add("neck." + std::to_string(i), {1}, {0});
  auto checkpoint = test.load();
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_CONTAINS(checkpoint->warnings.at(0), "25 tensors are not part");
  EXPECT_CONTAINS(checkpoint->warnings.at(0), " and 5 more");
}

// Buffers that every checkpoint carries deserve no warning, whatever their type.
TEST(ResolveModel, HarmlessBuffersAreNoLeftovers) {
  TestCheckpoint test;
  test.tensors["norm.num_batches_tracked"] = {ElementType::I64, {}, std::vector<std::byte>(8)};
  auto checkpoint = test.load();
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
  EXPECT_TRUE(checkpoint->warnings.empty());
}
