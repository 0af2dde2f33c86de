//===- ModelConfigTest.cpp - What a checkpoint's config.json says ---------------===//

#include "mv/Import/ModelConfig.h"
#include "TestCheckpoint.h"

using namespace mv;
using mv::test::smallConfig;
using nlohmann::json;

static StatusOr<ModelConfig> parse(const json &config) {
  return parseModelConfig(config.dump(), "config.json");
}

/// The small config with `changes` merged over it; null deletes nothing here, it is a value.
static json with(const char *changes) {
  json config = smallConfig();
  config.update(json::parse(changes));
  return config;
}

static std::string errorOf(const json &config) {
  auto parsed = parse(config);
  return parsed.ok() ? "no error" : parsed.status().message();
}
static std::string errorOf(const char *changes) { return errorOf(with(changes)); }

static ModelConfig configOf(const char *changes) {
  auto parsed = parse(with(changes));
  EXPECT_TRUE(parsed.ok()) << parsed.status().message();
  return parsed.ok() ? *parsed : ModelConfig();
}

//===----------------------------------------------------------------------===//
// What is read
//===----------------------------------------------------------------------===//

TEST(ModelConfig, ReadsThePublishedForm) {
  auto config = readModelConfig(std::string(MV_MODELS_DIR) + "/T2-published.json");
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->dim, 80);
  EXPECT_EQ(config->inDim, 32);
  EXPECT_EQ(config->depths, (std::array<int64_t, 4>{1, 3, 11, 4}));
  EXPECT_EQ(config->numHeads, (std::array<int64_t, 4>{2, 4, 8, 16}));
  EXPECT_EQ(config->windowSize, (std::array<int64_t, 4>{8, 8, 14, 7}));
  EXPECT_EQ(config->width(3), 640);
  EXPECT_EQ(config->mlpWidth(2), 1280);
  // Left out: the tensors decide.
  EXPECT_FALSE(config->numClasses);
  EXPECT_FALSE(config->layerScale);
  EXPECT_FALSE(config->qkvBias);
  EXPECT_FALSE(config->qkNorm);
  // Labels with commas, in order of their number and not of its spelling.
  ASSERT_EQ(config->labels.size(), 1000u);
  EXPECT_EQ(config->labels[0], "tench, Tinca tinca");
  EXPECT_EQ(config->labels[10], "brambling, Fringilla montifringilla");
  EXPECT_EQ(config->labels[999], "toilet tissue, toilet paper, bathroom tissue");
  EXPECT_EQ(config->preprocessing.cropPct, 0.98);
  EXPECT_EQ(config->preprocessing.cropMode, CropMode::Center);
  EXPECT_EQ(config->preprocessing.interpolation, Interpolation::Bicubic);
  EXPECT_EQ(config->preprocessing.height, 224);
  EXPECT_EQ(config->preprocessing.std, (std::vector<double>{0.229, 0.224, 0.225}));
}

// Every variant in models/ reads.
TEST(ModelConfig, ReadsEveryShippedConfig) {
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator(MV_MODELS_DIR))
    if (entry.path().extension() == ".json") {
      auto config = readModelConfig(entry.path().string());
      EXPECT_TRUE(config.ok()) << config.status().message();
      ++count;
    }
  EXPECT_GE(count, 11);
}

TEST(ModelConfig, ReadsPreprocessing) {
  ModelConfig config = configOf(R"({"input_size": [3, 512, 384], "crop_pct": 0.93, "crop_mode": "squash",
      "interpolation": "bilinear", "mean": [0, 0.5, -1], "std": [1, 2, 0.25], "_name_or_path": "a/b"})");
  EXPECT_EQ(config.preprocessing.height, 512);
  EXPECT_EQ(config.preprocessing.width, 384);
  EXPECT_EQ(config.preprocessing.cropPct, 0.93);
  EXPECT_EQ(config.preprocessing.cropMode, CropMode::Squash);
  EXPECT_EQ(config.preprocessing.interpolation, Interpolation::Bilinear);
  EXPECT_EQ(config.preprocessing.mean, (std::vector<double>{0, 0.5, -1}));
  EXPECT_EQ(config.preprocessing.std, (std::vector<double>{1, 2, 0.25}));
  EXPECT_EQ(config.name, "a/b");
}

// A number says the gammas exist, null that they do not, absence nothing.
TEST(ModelConfig, LayerScaleHasThreeStates) {
  ModelConfig config = configOf(R"({"layer_scale": 1e-5, "layer_scale_conv": null})");
  EXPECT_EQ(config.layerScale, std::optional(true));
  EXPECT_EQ(config.layerScaleConv, std::optional(false));
  EXPECT_EQ(configOf("{}").layerScale, std::nullopt);
}

// The published switch for q/k norms is called qk_scale.
TEST(ModelConfig, QkScaleMeansQkNorm) {
  EXPECT_EQ(configOf(R"({"qk_scale": true})").qkNorm, std::optional(true));
  EXPECT_EQ(configOf(R"({"qk_scale": 0.5})").qkNorm, std::optional(true));
  EXPECT_EQ(configOf(R"({"qk_scale": 0})").qkNorm, std::optional(false));
  EXPECT_EQ(configOf(R"({"qk_scale": null})").qkNorm, std::nullopt);
  EXPECT_EQ(configOf(R"({"qk_norm": true, "qk_scale": 1})").qkNorm, std::optional(true));
}

// The first revisions keep everything under args; some have no model_type.
TEST(ModelConfig, ReadsArgs) {
  json inner = smallConfig();
  inner.erase("model_type");
  auto config = parse({{"architectures", {"MambaVisionModelForImageClassification"}}, {"args", inner}});
  ASSERT_TRUE(config.ok()) << config.status().message();
  EXPECT_EQ(config->dim, 4);
  EXPECT_EQ(config->numClasses, std::optional<int64_t>(3));
}

TEST(ModelConfig, IgnoresUnknownKeysAndNulls) {
  EXPECT_EQ(
      configOf(R"({"auto_map": {"x": [1]}, "resolution": "?", "num_classes": null, "args": 3})").numClasses,
      std::nullopt);
}

TEST(ModelConfig, TakesAwkwardSizes) {
  // Levels with one block have no attention, so their heads need not divide anything; depths may be 0.
  ModelConfig config =
      configOf(R"({"dim": 7, "depths": [0, 1, 1, 1], "num_heads": [5, 5, 5, 5], "mlp_ratio": 2.6})");
  EXPECT_EQ(config.width(2), 28);
  EXPECT_EQ(config.mlpWidth(2), 72); // int(72.8)
  // 4 channels at level 2: dims below 16 make a step rank of 1.
  EXPECT_EQ(configOf(R"({"dim": 1, "num_heads": [1, 1, 4, 8]})").dim, 1);
}

//===----------------------------------------------------------------------===//
// Errors, one per case
//===----------------------------------------------------------------------===//

TEST(ModelConfig, negative_NoJson) {
  EXPECT_CONTAINS(parseModelConfig("{", "c.json").status().message(), "'c.json': not valid JSON");
  EXPECT_EQ(parseModelConfig("[]", "c.json").status().message(),
            "'c.json': expected a JSON object, found type array");
}

TEST(ModelConfig, negative_DuplicateKey) {
  EXPECT_CONTAINS(parseModelConfig(R"({"dim": 1, "dim": 2})", "c.json").status().message(),
                  "the key 'dim' appears twice");
}

TEST(ModelConfig, negative_NoSuchFile) {
  EXPECT_EQ(readModelConfig("/nonexistent.json").status().message(),
            "cannot open '/nonexistent.json': No such file or directory");
}

TEST(ModelConfig, negative_ModelType) {
  EXPECT_EQ(errorOf(R"({"model_type": "vit"})"),
            "'config.json': field 'model_type': expected \"mambavision\", found \"vit\"");
  json config = smallConfig();
  config.erase("model_type");
  EXPECT_CONTAINS(errorOf(config), "found no such field");
  config["architectures"] = {"ViTModel", 3};
  EXPECT_CONTAINS(errorOf(config), "found no such field");
}

TEST(ModelConfig, negative_MissingField) {
  for (const char *field : {"dim", "in_dim", "depths", "num_heads", "window_size"}) {
    json config = smallConfig();
    config.erase(field);
    EXPECT_EQ(errorOf(config),
              std::string("'config.json': field '") + field + "' is missing; a MambaVision config needs it");
    config[field] = nullptr;
    EXPECT_CONTAINS(errorOf(config), "is missing");
  }
}

TEST(ModelConfig, negative_Integers) {
  EXPECT_EQ(errorOf(R"({"dim": "80"})"),
            "'config.json': field 'dim': expected an integer from 1 to 8192, found \"80\"");
  EXPECT_CONTAINS(errorOf(R"({"dim": 0})"), "found 0");
  EXPECT_CONTAINS(errorOf(R"({"dim": -4})"), "found -4");
  EXPECT_CONTAINS(errorOf(R"({"dim": 4.5})"), "found 4.5");
  EXPECT_CONTAINS(errorOf(R"({"dim": 8193})"), "found 8193");
  EXPECT_CONTAINS(errorOf(R"({"dim": 18446744073709551615})"), "found 18446744073709551615");
  EXPECT_CONTAINS(errorOf(R"({"in_dim": true})"),
                  "field 'in_dim': expected an integer from 1 to 8192, found true");
  EXPECT_CONTAINS(errorOf(R"({"in_chans": 0})"), "field 'in_chans'");
  EXPECT_CONTAINS(errorOf(R"({"num_classes": -1})"),
                  "field 'num_classes': expected an integer from 0 to 10000000");
}

TEST(ModelConfig, negative_Lists) {
  EXPECT_EQ(
      errorOf(R"({"depths": [1, 3, 8]})"),
      "'config.json': field 'depths': expected a list of 4 integers from 0 to 512, found 3 entries: [1,3,8]");
  EXPECT_CONTAINS(errorOf(R"({"depths": [1, 3, 8, 4, 2]})"), "found 5 entries: [1,3,8,4,2]");
  EXPECT_CONTAINS(errorOf(R"({"depths": 8})"), "found 8");
  EXPECT_CONTAINS(errorOf(R"({"depths": [1, 3, "8", 4]})"), "found \"8\" at position 2");
  EXPECT_CONTAINS(errorOf(R"({"window_size": [8, 8, 14, 0]})"), "found 0 at position 3");
  EXPECT_CONTAINS(errorOf(R"({"num_heads": [0, 1, 2, 2]})"), "found 0 at position 0");
}

TEST(ModelConfig, negative_HeadsDoNotDivideTheWidth) {
  EXPECT_EQ(errorOf(R"({"num_heads": [1, 1, 2, 5]})"),
            "'config.json': field 'num_heads': expected a divisor of the 32 channels of level 3 (dim 4), "
            "found 5 at position 3");
}

TEST(ModelConfig, negative_MlpRatio) {
  EXPECT_CONTAINS(errorOf(R"({"mlp_ratio": "4"})"), "field 'mlp_ratio': expected a number, found \"4\"");
  for (const char *value : {"0", "-1", "65", "0.01"})
    EXPECT_CONTAINS(
        errorOf(json::parse(smallConfig().dump())
                    .patch({{{"op", "add"}, {"path", "/mlp_ratio"}, {"value", json::parse(value)}}})),
        "field 'mlp_ratio': expected a number above 0 and up to 64");
}

TEST(ModelConfig, negative_LayerScale) {
  EXPECT_EQ(errorOf(R"({"layer_scale": "1e-5"})"),
            "'config.json': field 'layer_scale': expected a number or null, found \"1e-5\"");
  EXPECT_CONTAINS(errorOf(R"({"layer_scale_conv": false})"), "field 'layer_scale_conv'");
}

TEST(ModelConfig, negative_Flags) {
  EXPECT_CONTAINS(errorOf(R"({"qkv_bias": 1})"), "field 'qkv_bias': expected true or false, found 1");
  EXPECT_CONTAINS(errorOf(R"({"qk_norm": "yes"})"), "field 'qk_norm': expected true or false");
  EXPECT_CONTAINS(errorOf(R"({"qk_scale": "yes"})"), "field 'qk_scale'");
  EXPECT_EQ(errorOf(R"({"qk_norm": false, "qk_scale": 0.1})"),
            "'config.json': field 'qk_scale': expected the same as 'qk_norm', which is false, found 0.1");
}

TEST(ModelConfig, negative_Labels) {
  EXPECT_CONTAINS(errorOf(R"({"id2label": ["a", "b", "c"]})"), "field 'id2label': expected an object");
  EXPECT_CONTAINS(errorOf(R"({"id2label": {"0": "a", "1": 2, "2": "c"}})"), "found 2 for \"1\"");
  EXPECT_CONTAINS(errorOf(R"({"id2label": {"0": "a", "1": "b", "3": "c"}})"),
                  "expected the keys \"0\" to \"2\", found 3 keys without \"2\"");
  EXPECT_EQ(errorOf(R"({"id2label": {"0": "a", "1": "b"}})"),
            "'config.json': field 'id2label': expected 3 labels, since 'num_classes' is 3, found 2 labels");
}

TEST(ModelConfig, negative_ArgsContradict) {
  EXPECT_EQ(errorOf(R"({"args": {"dim": 8}})"),
            "'config.json': field 'dim' contradicts itself: 4 at the top, 8 under 'args'");
}

TEST(ModelConfig, negative_InputSize) {
  EXPECT_CONTAINS(errorOf(R"({"input_size": [224, 224]})"),
                  "field 'input_size': expected a list of 3 integers");
  EXPECT_CONTAINS(errorOf(R"({"input_size": [3, 0, 224]})"), "found 0 at position 1");
  EXPECT_EQ(
      errorOf(R"({"input_size": [1, 224, 224]})"),
      "'config.json': field 'input_size': expected [channels, height, width] with 3 channels ('in_chans'), "
      "found [1,224,224]");
}

TEST(ModelConfig, negative_Normalisation) {
  EXPECT_CONTAINS(errorOf(R"({"mean": [0.5]})"), "field 'mean': expected a list of 3 numbers");
  EXPECT_CONTAINS(errorOf(R"({"mean": [0.5, "x", 0]})"), "found \"x\" at position 1");
  EXPECT_CONTAINS(errorOf(R"({"mean": [0.5, 1e300, 0]})"),
                  "that a float32 holds, found 1e+300 at position 1");
  EXPECT_CONTAINS(errorOf(R"({"std": [1, 0, 1]})"), "field 'std': expected numbers above 0, found [1,0,1]");
  EXPECT_CONTAINS(errorOf(R"({"std": [1, -1, 1]})"), "field 'std': expected numbers above 0");
  EXPECT_CONTAINS(errorOf(R"({"std": [1, 1e-60, 1]})"), "field 'std': expected numbers above 0");
}

TEST(ModelConfig, negative_Crop) {
  for (const char *value :
       {R"({"crop_pct": 0})", R"({"crop_pct": 1.5})", R"({"crop_pct": -1})", R"({"crop_pct": 1e-9})"})
    EXPECT_CONTAINS(errorOf(value), "field 'crop_pct': expected a number above 0 and up to 1");
  EXPECT_CONTAINS(errorOf(R"({"crop_pct": "x"})"), "field 'crop_pct': expected a number, found \"x\"");
  EXPECT_CONTAINS(errorOf(R"({"crop_mode": "border"})"),
                  "field 'crop_mode': expected \"center\" or \"squash\", found 'border'");
  EXPECT_CONTAINS(errorOf(R"({"crop_mode": 1})"), "field 'crop_mode': expected a string, found 1");
  EXPECT_CONTAINS(errorOf(R"({"interpolation": "nearest"})"),
                  "field 'interpolation': expected \"bicubic\" or \"bilinear\", found 'nearest'");
}
