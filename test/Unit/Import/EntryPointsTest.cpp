//===- EntryPointsTest.cpp - What a package is to answer ------------------------===//

#include "mv/Import/EntryPoints.h"
#include "TestCheckpoint.h"

using namespace mv;

static ModelSpec spec(bool hasNorm = true) {
  auto config = parseModelConfig(test::smallConfig().dump(), "config.json");
  EXPECT_TRUE(config.ok());
  ModelSpec result = specFromConfig(*config);
  result.hasNorm = hasNorm;
  if (!hasNorm)
    result.numClasses = 0;
  return result;
}

static std::string resolutionError(const char *text) {
  auto resolutions = parseResolutions(text);
  return resolutions.ok() ? "no error" : resolutions.status().message();
}

static std::string outputError(std::vector<std::string> names, bool hasNorm = true) {
  auto outputs = selectOutputs(spec(hasNorm), names);
  return outputs.ok() ? "no error" : outputs.status().message();
}

TEST(Resolutions, Parses) {
  auto resolutions = parseResolutions("224x224,7x65536");
  ASSERT_TRUE(resolutions.ok()) << resolutions.status().message();
  EXPECT_EQ(*resolutions, (std::vector<Resolution>{{224, 224}, {7, 65536}}));
  EXPECT_EQ(entryPointName((*resolutions)[1]), "forward_7x65536");
}

// None given: the checkpoint's input size.
TEST(Resolutions, Default) {
  ModelSpec model = spec();
  model.preprocessing.height = 64;
  model.preprocessing.width = 96;
  auto resolutions = selectResolutions(model, {});
  ASSERT_TRUE(resolutions.ok());
  EXPECT_EQ(*resolutions, (std::vector<Resolution>{{64, 96}}));
}

TEST(Resolutions, negative_Malformed) {
  for (const char *text :
       {"", "224", "0x224", "224x", "x224", "224x224px", "-1x5", "224X224", "65537x1", "8x8,", ","})
    EXPECT_CONTAINS(resolutionError(text), ": expected HxW with sides from 1 to 65536, for example 224x224");
}

TEST(Resolutions, negative_Twice) {
  EXPECT_EQ(resolutionError("64x64,32x32,64x64"), "resolution '64x64': expected once, found twice");
  EXPECT_FALSE(selectResolutions(spec(), std::vector<Resolution>{{8, 8}, {8, 8}}).ok());
}

TEST(Resolutions, negative_OutOfRange) {
  EXPECT_EQ(selectResolutions(spec(), std::vector<Resolution>{{0, 8}}).status().message(),
            "resolution 0x8: expected sides from 1 to 65536");
  EXPECT_FALSE(selectResolutions(spec(), std::vector<Resolution>{{8, 65537}}).ok());
}

TEST(InputTypes, Parses) {
  EXPECT_EQ(*parseInputType("f32"), InputType::F32);
  EXPECT_EQ(*parseInputType("u8"), InputType::U8);
  EXPECT_EQ(parseInputType("i8").status().message(),
            "input type 'i8': expected f32 (normalised images) or u8 (pictures)");
}

TEST(Outputs, Default) {
  auto outputs = selectOutputs(spec(), {});
  ASSERT_TRUE(outputs.ok());
  EXPECT_TRUE(outputs->logits);
  EXPECT_TRUE(outputs->pooled);
  EXPECT_EQ(outputs->stages, (std::array<bool, 4>{}));
}

// What a detection backbone can answer at all.
TEST(Outputs, DefaultOfABackbone) {
  auto outputs = selectOutputs(spec(/*hasNorm=*/false), {});
  ASSERT_TRUE(outputs.ok());
  EXPECT_FALSE(outputs->logits);
  EXPECT_FALSE(outputs->pooled);
  EXPECT_EQ(outputs->stages, (std::array<bool, 4>{true, true, true, true}));
}

TEST(Outputs, Selects) {
  auto outputs = selectOutputs(spec(), std::vector<std::string>{"stage2", "logits"});
  ASSERT_TRUE(outputs.ok()) << outputs.status().message();
  EXPECT_TRUE(outputs->logits);
  EXPECT_FALSE(outputs->pooled);
  EXPECT_EQ(outputs->stages, (std::array<bool, 4>{false, false, true, false}));
  EXPECT_EQ(outputError({"stages", "pooled"}), "no error");
}

TEST(Outputs, negative_Name) {
  EXPECT_EQ(outputError({"logits", "features"}),
            "output 'features': expected logits, pooled, stages, or one of stage0 to stage3");
  EXPECT_CONTAINS(outputError({"stage4"}), "output 'stage4': expected logits");
  EXPECT_CONTAINS(outputError({""}), "output '': expected logits");
}

TEST(Outputs, negative_Twice) {
  EXPECT_EQ(outputError({"logits", "pooled", "logits"}), "output 'logits': expected once, found twice");
  EXPECT_EQ(outputError({"stage1", "stages"}), "output 'stages': expected once, found twice");
}

TEST(Outputs, negative_BackboneLacksThem) {
  EXPECT_EQ(outputError({"pooled"}, /*hasNorm=*/false),
            "output 'pooled': expected a checkpoint with the tensors 'norm.*', found a backbone without; use "
            "--outputs=stages");
}
