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

void expectSound(const ProductTile &tile) {
  EXPECT_EQ(tile.rows % tile.warpRows, 0);
  EXPECT_EQ(tile.columns % tile.warpColumns, 0);
  EXPECT_EQ(tile.warpRows % 16, 0);
  EXPECT_EQ(tile.warpColumns % 16, 0);
  EXPECT_TRUE(tile.threads() == 128 || tile.threads() == 256);
  EXPECT_TRUE(tile.stageBytes == 64 || tile.stageBytes == 128);
  EXPECT_LE(tile.sharedBytes(), kMaxShared);
  // Threads copy whole groups of eight rows, for which the places of pieces repeat.
  EXPECT_EQ(tile.rows % (tile.threads() * 16 / tile.stageBytes), 0);
}

} // namespace

/// Every tile fits the shared memory and is made of whole warps.
TEST(GPUDecisionsTest, TilesAreSound) {
  for (const Target &target : getTargets())
    for (DType dtype : kTypes)
      for (const ProductShape &shape : kShapesOfT)
        for (int64_t batch : {1, 2, 5, 16, 64, 1000})
          expectSound(chooseProductTile(shape, batch, dtype, target));
}

/// Variants rise, and the first is for a batch of one.
TEST(GPUDecisionsTest, VariantsStartAtOne) {
  for (const Target &target : getTargets())
    for (const ProductShape &shape : kShapesOfT) {
      auto variants = chooseProductVariants(shape, DType::F16, target);
      ASSERT_FALSE(variants.empty());
      EXPECT_EQ(variants.front().batch, 1);
      if (variants.size() == 2) {
        EXPECT_GT(variants.back().batch, 1);
      }
    }
}

/// At large batches no output of T is wasted on columns that do not exist, but for the classifier's 1000.
TEST(GPUDecisionsTest, LargeTilesDivideTheOutputs) {
  const Target &target = *findTarget("sm_80");
  for (const ProductShape &shape : kShapesOfT) {
    if (shape.columns == 1000)
      continue;
    ProductTile tile = chooseProductTile(shape, 256, DType::F16, target);
    EXPECT_EQ(shape.columns % tile.columns, 0) << shape.columns << " by " << tile.columns;
    EXPECT_GE(tile.rows * tile.columns, 128 * 80) << shape.columns;
  }
}

/// A batch of one is cut finer than a large one where that occupies more multiprocessors.
TEST(GPUDecisionsTest, SmallBatchesGetSmallTiles) {
  const Target &target = *findTarget("sm_80");
  ProductShape shape = {196, 320, 1280};
  ProductTile small = chooseProductTile(shape, 1, DType::F16, target);
  ProductTile large = chooseProductTile(shape, 256, DType::F16, target);
  EXPECT_LT(small.rows * small.columns, large.rows * large.columns);
}

/// Splitting f32 operands leaves registers for fewer accumulators.
TEST(GPUDecisionsTest, SplitProductsHaveFewAccumulators) {
  for (const Target &target : getTargets())
    for (const ProductShape &shape : kShapesOfT) {
      ProductTile tile = chooseProductTile(shape, 64, DType::F32, target);
      EXPECT_LE(tile.warpRows * tile.warpColumns / 32, 64);
    }
}
