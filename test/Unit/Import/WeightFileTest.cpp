//===- WeightFileTest.cpp - The tensors of a checkpoint -------------------------===//

#include "TestCheckpoint.h"

using namespace mv;
using mv::test::TestCheckpoint;

TEST(WeightFile, CanonicalName) {
  EXPECT_EQ(canonicalName("head.weight"), "head.weight");
  EXPECT_EQ(canonicalName("model.head.weight"), "head.weight");
  EXPECT_EQ(canonicalName("module.model.head.weight"), "head.weight");
  EXPECT_EQ(canonicalName("encoder.norm.bias"), "norm.bias");
  EXPECT_EQ(canonicalName("models.head.weight"), "models.head.weight");
}

// Every prefix, and two at once, find the same tensors with the same values.
TEST(WeightFile, TakesPrefixesOff) {
  for (const char *prefix : {"", "model.", "module.", "encoder.", "backbone.", "module.model."}) {
    TestCheckpoint test;
    std::map<std::string, TestCheckpoint::Tensor> renamed;
    for (auto &[name, tensor] : test.tensors)
      renamed[prefix + name] = tensor;
    test.tensors = std::move(renamed);
    auto checkpoint = test.load();
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    EXPECT_TRUE(checkpoint->warnings.empty());
    const WeightFile::Tensor *bias = checkpoint->weights.find("head.bias");
    ASSERT_NE(bias, nullptr);
    EXPECT_EQ(bias->storedName, prefix + std::string("head.bias"));
    float found, expected;
    bias->readFloats(2, std::span(&found, 1));
    std::memcpy(&expected, test.tensors.at(bias->storedName).bytes.data() + 8, 4);
    EXPECT_EQ(found, expected);
  }
}

TEST(WeightFile, negative_DuplicateAfterPrefix) {
  TestCheckpoint test;
  test.add("model.head.bias", {3}, {1, 2, 3});
  EXPECT_EQ(test.error(),
            "'model.safetensors': expected tensor 'head.bias' once, found it as 'head.bias' and as "
            "'model.head.bias'");
}

TEST(WeightFile, RandomSeeds) {
  auto config = parseModelConfig(test::smallConfig().dump(), "config.json");
  ASSERT_TRUE(config.ok());
  auto weights = WeightFile::open("random:18446744073709551615", *config);
  ASSERT_TRUE(weights.ok()) << weights.status().message();
  EXPECT_TRUE(weights->isRandom());
  EXPECT_EQ(weights->source(), "random:18446744073709551615");
  EXPECT_NE(weights->find("levels.2.blocks.1.mixer.qkv.weight"), nullptr);
}

TEST(WeightFile, negative_RandomSeed) {
  auto config = parseModelConfig(test::smallConfig().dump(), "config.json");
  ASSERT_TRUE(config.ok());
  for (const char *source : {"random:", "random:x", "random:1x", "random:-1", "random:18446744073709551616"})
    EXPECT_EQ(WeightFile::open(source, *config).status().message(),
              "weights '" + std::string(source) +
                  "': expected random:SEED with SEED an integer from 0 to 18446744073709551615");
}

// F16 and BF16 tensors read as float32.
TEST(WeightFile, ReadsNarrowTypes) {
  TestCheckpoint test;
  const uint16_t halves[] = {0x3c00, 0x4000, 0xbc00};
  auto bytes = std::as_bytes(std::span(halves));
  for (ElementType type : {ElementType::F16, ElementType::BF16}) {
    test.tensors["head.bias"] = {type, {3}, {bytes.begin(), bytes.end()}};
    auto checkpoint = test.load();
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status().message();
    float values[3];
    checkpoint->weights.find("head.bias")->readFloats(0, values);
    EXPECT_EQ(values[1], type == ElementType::F16 ? 2.0f : 2.0f);
    EXPECT_EQ(values[0], type == ElementType::F16 ? 1.0f : 0x1p-7f);
  }
}

//===----------------------------------------------------------------------===//
// Damaged files, as a user meets them
//===----------------------------------------------------------------------===//

TEST(WeightFile, negative_TruncatedFile) {
  TestCheckpoint test;
  test.save();
  std::string bytes = test.folder.read("model.safetensors");
  test.folder.write("model.safetensors", bytes.substr(0, bytes.size() - 1));
  auto checkpoint = loadCheckpoint(test.folder.path(), "", test.pool);
  ASSERT_FALSE(checkpoint.ok());
  EXPECT_CONTAINS(checkpoint.status().message(), "the file is truncated or damaged, fetch it again");
}

TEST(WeightFile, negative_NoWeightsInTheFolder) {
  TestCheckpoint test;
  test.folder.write("config.json", test.config.dump());
  auto error = [&] {
    return test.withoutFolder(loadCheckpoint(test.folder.path(), "", test.pool).status().message());
  };
  EXPECT_CONTAINS(error(), "expected model.safetensors or model.safetensors.index.json, found neither; pass "
                           "--weights=FILE, --weights=FOLDER or --weights=random:SEED");
  test.folder.write("other.safetensors", "");
  EXPECT_CONTAINS(error(), "found 'other.safetensors'; pass it with --weights=other.safetensors");
  std::filesystem::remove(test.folder.file("other.safetensors"));
  test.folder.write("pytorch_model.bin", "");
  EXPECT_CONTAINS(error(), "found 'pytorch_model.bin'; convert it to safetensors first");
}

TEST(WeightFile, negative_NoSuchFile) {
  TestCheckpoint test;
  test.save();
  EXPECT_EQ(loadCheckpoint(test.folder.path(), "/nonexistent", test.pool).status().message(),
            "cannot open '/nonexistent': No such file or directory");
}
