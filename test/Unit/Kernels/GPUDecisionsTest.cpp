//===- GPUDecisionsTest.cpp - Tiles of the GPU's matrix products -----------------===//

#include "mv/Kernels/GPU/Decisions.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::gpu;

namespace {

/// The products of MambaVision-T at 224 (arXiv 2407.08083): rows of an image, outputs, depth.
constexpr ProductShape kShapesOfT[] = {
    {3136, 80, 720}, {784, 160, 720}, {784, 160, 1440}, {196, 320, 1440}, {196, 640, 320},
    {196, 960, 320}, {196, 320, 320}, {196, 1280, 320}, {196, 320, 1280}, {49, 640, 2880},
    {49, 1920, 640}, {49, 640, 640},  {49, 2560, 640},  {49, 640, 2560},  {1, 1000, 640},
};
constexpr DType kTypes[] = {DType::F16, DType::BF16, DType::TF32, DType::F32};

const ProductVariant &variantFor(llvm::ArrayRef<ProductVariant> variants, int64_t batch) {
  const ProductVariant *found = &variants.front();
  for (const ProductVariant &variant : variants)
    if (variant.batch <= batch)
      found = &variant;
  return *found;
}

ProductTile tileFor(const ProductShape &shape, int64_t batch, const Target &target) {
  return variantFor(chooseProductVariants(shape, DType::F16, target), batch).tile;
}

constexpr ProductTile kTile = {128, 160, 64, 80, 4, 64}, kGroupTile = {128, 160, 64, 80, 4, 64, 2};

} // namespace

/// Every tile fits the shared memory and the registers and is made of whole warps.
TEST(GPUDecisionsTest, TilesAreSound) {
  for (const Target &target : getTargets())
    for (DType dtype : kTypes)
      for (const ProductShape &shape : kShapesOfT) {
        int64_t chunks = chooseProductSplit(shape, dtype).chunks;
        for (const ProductVariant &variant : chooseProductVariants(shape, dtype, target))
          EXPECT_EQ(whyUnsound(variant, chunks, dtype, target), "");
      }
}

/// Variants rise, the first is for a batch of one, and the last one, which serves any batch, shares nothing.
TEST(GPUDecisionsTest, VariantsRiseFromOne) {
  for (const Target &target : getTargets())
    for (DType dtype : kTypes)
      for (const ProductShape &shape : kShapesOfT) {
        auto variants = chooseProductVariants(shape, dtype, target);
        ASSERT_FALSE(variants.empty());
        EXPECT_EQ(variants.front().batch, 1);
        EXPECT_FALSE(variants.back().shared);
        for (size_t i = 1; i < variants.size(); ++i)
          EXPECT_GT(variants[i].batch, variants[i - 1].batch);
      }
}

/// At large batches no output of T is wasted on columns that do not exist, but for the classifier's 1000.
TEST(GPUDecisionsTest, LargeTilesDivideTheOutputs) {
  for (const char *name : {"sm_80", "sm_90"})
    for (const ProductShape &shape : kShapesOfT) {
      if (shape.columns == 1000)
        continue;
      ProductTile tile = tileFor(shape, 256, *findTarget(name));
      EXPECT_EQ(shape.columns % tile.columns, 0) << shape.columns << " by " << tile.columns;
      EXPECT_GE(tile.rows * tile.columns, 128 * 80) << shape.columns;
    }
}

/// A batch of one is cut finer than a large one where that occupies more multiprocessors.
TEST(GPUDecisionsTest, SmallBatchesGetSmallTiles) {
  const Target &target = *findTarget("sm_80");
  ProductShape shape = {196, 320, 1280};
  ProductTile small = tileFor(shape, 1, target), large = tileFor(shape, 256, target);
  EXPECT_LT(small.rows * small.columns, large.rows * large.columns);
}

/// Batches between may have a tile of their own: neither so small nor so large as those of the others.
TEST(GPUDecisionsTest, MiddleBatchesHaveTheirOwnTiles) {
  auto variants = chooseProductVariants({49, 2560, 640}, DType::F16, *findTarget("sm_90"));
  ASSERT_EQ(variants.size(), 3u);
  auto area = [&](size_t i) { return variants[i].tile.rows * variants[i].tile.columns; };
  EXPECT_LT(area(0), area(1));
  EXPECT_LT(area(1), area(2));
  EXPECT_LE(variants[1].batch, 16);
  EXPECT_GT(variants[2].batch, 16);
}

/// Splitting f32 operands leaves registers for fewer accumulators.
TEST(GPUDecisionsTest, SplitProductsHaveFewAccumulators) {
  for (const Target &target : getTargets())
    for (const ProductShape &shape : kShapesOfT)
      for (const ProductVariant &variant : chooseProductVariants(shape, DType::F32, target))
        EXPECT_LE(variant.tile.accumulators(), 64);
}

/// The long sums of few rows are cut; short ones, and those of many rows, are not.
TEST(GPUDecisionsTest, LongSumsOfFewRowsAreCut) {
  EXPECT_GT(chooseProductSplit({49, 640, 2560}, DType::F16).chunks, 1);
  EXPECT_GT(chooseProductSplit({49, 640, 2880}, DType::F16).chunks, 1);
  EXPECT_EQ(chooseProductSplit({3136, 80, 720}, DType::F16).chunks, 1);
  EXPECT_EQ(chooseProductSplit({196, 1280, 320}, DType::F16).chunks, 1);
  EXPECT_EQ(chooseProductSplit({49, 2560, 640}, DType::F16).chunks, 1);
}

/// The chunks of a batch of one are computed side by side, by blocks or by groups of warps.
TEST(GPUDecisionsTest, SmallBatchesShareSums) {
  for (const char *name : {"sm_80", "sm_90"}) {
    auto variants = chooseProductVariants({49, 640, 2560}, DType::F16, *findTarget(name));
    const ProductVariant &one = variantFor(variants, 1);
    EXPECT_TRUE(one.shared || one.tile.groups > 1) << name;
    EXPECT_FALSE(variantFor(variants, 128).shared) << name;
  }
}

/// Chunks are whole stages of every tile, none is empty, and together they are the depth.
TEST(GPUDecisionsTest, ChunksCoverTheDepth) {
  for (DType dtype : kTypes)
    for (int64_t depth = 8; depth <= 5000; depth += 8)
      for (int64_t chunks : {1, 2, 3, 4, 8}) {
        ProductSplit split = splitProduct({49, 640, depth}, dtype, chunks);
        ASSERT_LE(split.chunks, chunks);
        ASSERT_GT(depth, (split.chunks - 1) * split.depth);
        ASSERT_LE(depth, split.chunks * split.depth);
        if (split.chunks > 1) {
          ASSERT_EQ(split.depth * getBytes(dtype) % kChunkBytes, 0);
        }
      }
}

/// Two blocks of the largest tile, four of the smallest, and one where a block takes more than half of all registers.
TEST(GPUDecisionsTest, BlocksShareRegisters) {
  auto blocks = [](const ProductTile &tile, int64_t chunks, DType dtype = DType::F16) {
    return getResidentBlocks({1, tile, false}, chunks, dtype);
  };
  EXPECT_EQ(blocks(kTile, 1), 2);
  EXPECT_EQ(blocks(kGroupTile, 2), 1);
  EXPECT_EQ(blocks({32, 32, 16, 16, 4, 128}, 1), 4);
  EXPECT_EQ(blocks({128, 160, 32, 80, 4, 64}, 2), 1);
  EXPECT_LT(blocks({32, 32, 16, 16, 4, 128}, 1, DType::F32), 4);
}

/// Each thing that the main loop takes for granted has its own message.
TEST(GPUDecisionsTest, UnsoundTilesSayWhy) {
  const Target &target = *findTarget("sm_80");
  auto why = [&](auto change, int64_t chunks = 1, DType dtype = DType::F16) {
    ProductTile tile = kTile;
    change(tile);
    return whyUnsound({1, tile, false}, chunks, dtype, target);
  };
  EXPECT_EQ(why([](ProductTile &) {}), "");
  EXPECT_NE(why([](ProductTile &tile) { tile.warpColumns = 40; }).find("multiples of 16"), std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile.columns = 96; }).find("whole warps"), std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile.stageBytes = 96; }).find("64 or 128"), std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile.stages = 1; }).find("stages"), std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile = {16, 16, 16, 16, 4, 128}; }).find("threads"),
            std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile = {128, 240, 64, 80, 2, 64}; }).find("4, 8, 16"),
            std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile.stages = 8; }).find("shared memory"), std::string::npos);
  EXPECT_NE(why([](ProductTile &) {}, 2).find("registers"), std::string::npos);
  EXPECT_NE(why([](ProductTile &) {}, 1, DType::F32).find("registers"), std::string::npos);
  EXPECT_NE(why([](ProductTile &tile) { tile.groups = 2; }, 4).find("groups"), std::string::npos);
}

/// Groups of warps need one set of accumulators, and shared memory for each, which not every chip has.
TEST(GPUDecisionsTest, GroupsOfWarpsHaveChunksOfTheirOwn) {
  const Target &large = *findTarget("sm_90"), &small = *findTarget("sm_86");
  EXPECT_EQ(whyUnsound({1, kGroupTile, false}, 2, DType::F16, large), "");
  EXPECT_NE(whyUnsound({1, kGroupTile, true}, 2, DType::F16, large).find("groups"), std::string::npos);
  EXPECT_NE(whyUnsound({1, kGroupTile, false}, 2, DType::F16, small).find("shared memory"),
            std::string::npos);
  ProductTile four = {128, 128, 64, 64, 2, 64, 4}; // 16 warps
  EXPECT_NE(whyUnsound({1, four, false}, 4, DType::F16, large).find("registers"), std::string::npos);
  EXPECT_GT(tileFor({49, 640, 2560}, 128, large).groups, 1);
}
