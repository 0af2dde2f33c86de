//===- Decisions.cpp - Tiles of the GPU's matrix products -------------------------===//

#include "mv/Kernels/GPU/Decisions.h"

using namespace mv;
using namespace mv::gpu;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// A warp of 64x80 has 160 accumulators and 72 registers of fragments, two stages of them: the most that fit 255.
/// The wide ones read less of shared memory for each product; the small ones give a batch of one enough blocks.
static constexpr ProductTile kTiles[] = {
    {128, 160, 64, 80, 4, 64}, {128, 128, 64, 64, 4, 64}, {128, 96, 64, 48, 4, 64}, {128, 80, 32, 80, 4, 64},
    {128, 64, 64, 32, 4, 64},  {128, 32, 32, 32, 4, 64},  {64, 160, 32, 80, 4, 64}, {64, 128, 32, 64, 4, 64},
    {64, 80, 16, 80, 4, 128},  {64, 64, 32, 32, 4, 128},  {64, 32, 32, 16, 4, 128}, {32, 64, 16, 32, 4, 128},
    {32, 32, 16, 16, 4, 128},
};

/// f32 products split every fragment into two of tf32, which takes twice the registers of fragments.
static constexpr int64_t kMostSplitAccumulators = 64;

/// What a block takes besides its products, in columns of k: filling the stages, and the epilogue.
static constexpr int64_t kBlockOverhead = 192;

/// Blocks of a multiprocessor that hide each other's waits.
static constexpr int64_t kBlocksTogether = 2;

static bool suits(const ProductTile &tile, DType dtype) {
  return dtype != DType::F32 || tile.warpRows * tile.warpColumns / 32 <= kMostSplitAccumulators;
}

/// Reads of shared memory for each product of a warp, 1 for 64x64.
static double sharedReads(const ProductTile &tile) {
  return 32.0 * double(tile.warpRows + tile.warpColumns) / double(tile.warpRows * tile.warpColumns);
}

/// A measure of the time the busiest multiprocessor takes.
static double productTime(const ProductTile &tile, const ProductShape &shape, int64_t batch,
                          const Target &target) {
  int64_t blocks = ceilDiv(shape.rows * batch, tile.rows) * ceilDiv(shape.columns, tile.columns);
  int64_t rounds = ceilDiv(blocks, target.multiprocessors);
  // Alone on its multiprocessor, a block waits for memory; and the fewer its warps, the less of a unit they use.
  double waits = rounds >= kBlocksTogether ? 1.0 : 1.5;
  double products = double(tile.rows * tile.columns) * double(shape.depth + kBlockOverhead);
  // Shared memory is read at the pace of the products with 64x64 tiles at three quarters of its own.
  return double(rounds) * waits * products * std::max(1.0, 0.6 + 0.4 * sharedReads(tile));
}

ProductTile mv::gpu::chooseProductTile(const ProductShape &shape, int64_t batch, DType dtype,
                                       const Target &target) {
  const ProductTile *best = nullptr;
  double least = 0;
  for (const ProductTile &tile : kTiles) {
    if (!suits(tile, dtype))
      continue;
    double time = productTime(tile, shape, batch, target);
    if (best && time >= least)
      continue;
    best = &tile;
    least = time;
  }
  return *best;
}

/// Batches a variant is chosen for: latency, and throughput.
static constexpr int64_t kSmallBatch = 1, kLargeBatch = 128;

llvm::SmallVector<ProductVariant, 2> mv::gpu::chooseProductVariants(const ProductShape &shape, DType dtype,
                                                                    const Target &target) {
  ProductTile small = chooseProductTile(shape, kSmallBatch, dtype, target);
  ProductTile large = chooseProductTile(shape, kLargeBatch, dtype, target);
  if (small == large)
    return {{1, small}};
  int64_t batch = kSmallBatch;
  while (productTime(large, shape, batch, target) > productTime(small, shape, batch, target))
    ++batch;
  if (batch == kSmallBatch)
    return {{1, large}};
  return {{1, small}, {batch, large}};
}
