//===- RandomWeightsTest.cpp - Deterministic weights and inputs -----------------===//
//
// The expected bits come from an independent implementation of the rule in NumPy.
//
//===----------------------------------------------------------------------===//

#include "mv/Import/RandomWeights.h"
#include "mv/Import/ModelSpec.h"
#include "mv/Import/WeightFile.h"
#include "mv/Support/ThreadPool.h"

#include <bit>
#include <gtest/gtest.h>
#include <mutex>

using namespace mv;

TEST(RandomWeights, Hash) {
  EXPECT_EQ(fnv1a64("input"), 0x1ebbae8f5810b65bu);
  EXPECT_EQ(fnv1a64("head.weight"), 0xd2cea44474c6e4f3u);
}

TEST(RandomWeights, Stream) {
  RandomStream zero("input", 0), one("input", 1);
  EXPECT_EQ(zero.raw(0), 0x190a9f76a9bd8bf6u);
  EXPECT_EQ(zero.raw(1), 0xa70117d09cb2bc5bu);
  EXPECT_EQ(zero.raw(2), 0x3420b86a56b4f31fu);
  EXPECT_EQ(one.raw(0), 0x387371f3d35fff53u);
  EXPECT_EQ(one.raw(1), 0xeb1d24273cb83a22u);
  EXPECT_EQ(one.raw(2), 0xb8d6be6879c0cc11u);
}

namespace {
struct Vector {
  const char *name;
  std::vector<int64_t> shape;
  uint32_t bits[4];
};
} // namespace

// The first four elements of a tensor of every kind, seed 1.
TEST(RandomWeights, TensorVectors) {
  const Vector vectors[] = {
      {"patch_embed.conv_down.0.weight", {32, 3, 3, 3}, {0xbeb7b6ec, 0xbec56def, 0x3ed9f5be, 0x3e347d8e}},
      {"patch_embed.conv_down.1.running_mean", {32}, {0x3d907832, 0xbd04cbc7, 0xbd80fda3, 0xbd9c6a43}},
      {"patch_embed.conv_down.1.running_var", {32}, {0x3f857d7b, 0x3f25ebd5, 0x3f5e44bc, 0x3f053e2c}},
      {"patch_embed.conv_down.1.weight", {32}, {0x3f8184f9, 0x3f81cfe0, 0x3f9c842b, 0x3f651132}},
      {"levels.0.blocks.0.conv1.bias", {80}, {0x3d8e3fe5, 0x3dca14cd, 0x3db59272, 0xbc6dd10d}},
      {"levels.2.blocks.0.mixer.A_log", {160, 8}, {0x3d659dd7, 0x3f27ff5a, 0x3f84d4c0, 0x3fa914fe}},
      {"levels.2.blocks.0.mixer.D", {160}, {0x3f5cd488, 0x3f8df20c, 0x3f585ba4, 0x3f859740}},
      {"levels.2.blocks.0.mixer.dt_proj.bias", {160}, {0xc055b306, 0xc022e402, 0xc01b88b9, 0xbfceaa25}},
      {"levels.2.blocks.0.mixer.dt_proj.weight", {160, 20}, {0xbde37ea2, 0x3d97c88e, 0xbd808185, 0x3d3d2160}},
      {"levels.2.blocks.0.mixer.x_proj.weight", {36, 160}, {0x3e8a318d, 0xbe43a4eb, 0x3bdbe502, 0xbe148bb4}},
      {"levels.2.blocks.0.gamma_1", {320}, {0x3ed21b9c, 0x3f41d14f, 0x3e6060ef, 0x3e99d4c9}},
      {"levels.3.blocks.2.mixer.qkv.weight", {1920, 640}, {0xbd51a98a, 0x3c8eacab, 0xbd0ab517, 0xbda0cc9c}},
      {"head.weight", {1000, 640}, {0xbd05f03d, 0xbcb725a2, 0x3d0021ef, 0xbd185579}},
  };
  for (const Vector &vector : vectors) {
    auto tensor = RandomTensor::create(vector.name, vector.shape, 1);
    ASSERT_TRUE(tensor.ok()) << vector.name;
    float values[4];
    tensor->read(0, values);
    for (int i = 0; i < 4; ++i)
      EXPECT_EQ(std::bit_cast<uint32_t>(values[i]), vector.bits[i]) << vector.name << " " << i;
    float third;
    tensor->read(2, std::span(&third, 1));
    EXPECT_EQ(std::bit_cast<uint32_t>(third), vector.bits[2]) << vector.name;
  }
}

TEST(RandomWeights, negative_UnknownName) {
  EXPECT_FALSE(RandomTensor::create("levels.0.unknown", std::vector<int64_t>{2}, 1).ok());
}

//===----------------------------------------------------------------------===//
// Whole checkpoints and inputs
//===----------------------------------------------------------------------===//

namespace {

/// Of float32 bit patterns: how many, their xor, their sum modulo 2^64. Does not depend on the order.
struct Fingerprint {
  int64_t count = 0;
  uint32_t bitXor = 0;
  uint64_t sum = 0;

  void add(std::span<const float> values) {
    count += int64_t(values.size());
    for (float value : values) {
      bitXor ^= std::bit_cast<uint32_t>(value);
      sum += std::bit_cast<uint32_t>(value);
    }
  }
  void add(const Fingerprint &other) {
    count += other.count;
    bitXor ^= other.bitXor;
    sum += other.sum;
  }
};

} // namespace

static void expectFingerprint(const Fingerprint &found, int64_t count, uint32_t bitXor, uint64_t sum) {
  EXPECT_EQ(found.count, count);
  EXPECT_EQ(found.bitXor, bitXor);
  EXPECT_EQ(found.sum, sum);
}

static Fingerprint fingerprint(const ModelConfig &config, uint64_t seed) {
  auto weights = WeightFile::createRandom(config, seed);
  EXPECT_TRUE(weights.ok());
  ThreadPool pool;
  Fingerprint total;
  std::mutex mutex;
  for (const WeightFile::Tensor &tensor : weights->tensors())
    pool.parallelFor(tensor.elementCount(), 1 << 20, [&](unsigned, int64_t begin, int64_t end) {
      Fingerprint part;
      float values[1024];
      for (int64_t at = begin; at < end; at += int64_t(std::size(values))) {
        std::span<float> chunk(values, size_t(std::min(end - at, int64_t(std::size(values)))));
        tensor.readFloats(at, chunk);
        part.add(chunk);
      }
      std::lock_guard lock(mutex);
      total.add(part);
    });
  return total;
}

static ModelConfig micro(const char *changes = "") {
  std::string text = R"({"model_type": "mambavision", "dim": 16, "in_dim": 8, "num_heads": [1, 2, 2, 4],
      "window_size": [4, 4, 7, 7], "mlp_ratio": 4, "num_classes": 10)";
  auto config = parseModelConfig(text + changes + "}", "micro.json");
  EXPECT_TRUE(config.ok()) << config.status().message();
  return *config;
}

TEST(RandomWeights, FingerprintMicro) {
  ModelConfig config = micro(R"(, "depths": [1, 1, 2, 2])");
  expectFingerprint(fingerprint(config, 1), 582690, 0x71af807c, 0x000457694e0a17dc);
  expectFingerprint(fingerprint(config, 2), 582690, 0x7cf7e3a8, 0x00045718ea556bb0);
}

// Gammas on all blocks, and q/k norms.
TEST(RandomWeights, FingerprintMicroWithLayerScaleAndQkNorm) {
  ModelConfig config =
      micro(R"(, "depths": [1, 1, 2, 2], "layer_scale": 1e-5, "layer_scale_conv": 1e-5, "qk_norm": true)");
  expectFingerprint(fingerprint(config, 1), 583762, 0x7698c292, 0x000458921397271a);
}

// An odd depth, and a level without attention.
TEST(RandomWeights, FingerprintMicroOdd) {
  ModelConfig config = micro(R"(, "depths": [2, 1, 3, 1])");
  expectFingerprint(fingerprint(config, 1), 432002, 0x8bad4ca8, 0x0003367258880d52);
}

static ModelConfig published(const char *file) {
  auto config = readModelConfig(std::string(MV_MODELS_DIR) + "/" + file);
  EXPECT_TRUE(config.ok()) << config.status().message();
  return *config;
}

TEST(RandomWeights, FingerprintT) {
  expectFingerprint(fingerprint(published("T.json"), 1), 31797992, 0x83b7266c, 0x00ec3ee638969dc8);
}

TEST(RandomWeights, FingerprintB) {
  expectFingerprint(fingerprint(published("B.json"), 1), 97692328, 0x3a3a00d1, 0x02d4d0574258fd13);
}

static Fingerprint imageFingerprint(int64_t batch, int64_t height, int64_t width, uint64_t seed) {
  std::vector<float> image(size_t(batch * 3 * height * width));
  randomImages(batch, 3, height, width, seed, image);
  Fingerprint result;
  result.add(image);
  return result;
}

TEST(RandomImages, FirstElements) {
  std::vector<float> image(3 * 224 * 224);
  randomImages(1, 3, 224, 224, 1, image);
  EXPECT_EQ(std::bit_cast<uint32_t>(image[0]), 0xbef92a9au);
  EXPECT_EQ(std::bit_cast<uint32_t>(image[1]), 0xbe0d01ceu);
  EXPECT_EQ(std::bit_cast<uint32_t>(image[2]), 0xbe718e9au);
  EXPECT_EQ(std::bit_cast<uint32_t>(image[3]), 0xbec2dbc2u);
}

// Also sizes that are no multiple of the 16x16 cells, and a batch of two.
TEST(RandomImages, Fingerprints) {
  expectFingerprint(imageFingerprint(1, 224, 224, 1), 150528, 0x0d149f29, 0x0001430d5ef6c827);
  expectFingerprint(imageFingerprint(2, 128, 64, 1), 49152, 0x849538b4, 0x00006170c2939fd6);
  expectFingerprint(imageFingerprint(1, 101, 75, 1), 22725, 0x36081d43, 0x000030d87063938d);
  expectFingerprint(imageFingerprint(1, 64, 64, 2), 12288, 0x0110f77c, 0x000023e1511911a6);
}

// Image 0 of a batch is the image of a batch of one.
TEST(RandomImages, DoNotDependOnTheBatch) {
  std::vector<float> one(3 * 20 * 30), two(2 * 3 * 20 * 30);
  randomImages(1, 3, 20, 30, 7, one);
  randomImages(2, 3, 20, 30, 7, two);
  EXPECT_TRUE(std::equal(one.begin(), one.end(), two.begin()));
  EXPECT_FALSE(std::equal(one.begin(), one.end(), two.begin() + long(one.size())));
}
