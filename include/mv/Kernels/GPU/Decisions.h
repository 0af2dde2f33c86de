//===- Decisions.h - Tiles of the GPU's matrix products ----------------*- C++ -*-===//
//
// Pure functions of shapes and targets. What they decide for a batch never touches the order of a sum: a tile only says
// which elements are computed together, so tiles may differ from batch to batch. Where long sums would leave a batch of
// one with too few blocks, the sums are cut into chunks of k, added in order, ((c0 + c1) + c2) + ...: by the shape alone,
// on every target and for every batch. Then a few blocks can share an element's chunks, or one block compute them all.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_DECISIONS_H
#define MV_KERNELS_GPU_DECISIONS_H

#include "mv/Kernels/GPU/Emitter.h"

#include <string>

namespace mv::gpu {

/// How a product's result is dealt out: to blocks, and within a block to warps.
struct ProductTile {
  int64_t rows, columns;         ///< Of a block.
  int64_t warpRows, warpColumns; ///< Of a warp, multiples of 16.
  int64_t stages;                ///< Of k that lie in shared memory at once.
  int64_t stageBytes;            ///< Of k, of one row, in a stage: 64 or 128.

  int64_t warps() const { return rows / warpRows * (columns / warpColumns); }
  int64_t threads() const { return 32 * warps(); }
  int64_t accumulators() const { return warpRows * warpColumns / 32; } ///< Of a thread.
  int64_t sharedBytes() const { return stages * stageBytes * (rows + columns); }
  bool operator==(const ProductTile &) const = default;
};

/// Why the main loop cannot run a tile on a target, `sets` accumulators for each sum: one line; empty if it can.
std::string whyUnsound(const ProductTile &tile, DType dtype, const Target &target, int64_t sets);

/// Blocks of a tile whose registers a multiprocessor has for sure. ptxas, which does not see how much shared memory a block
/// asks for, by itself hopes for more and spills for them.
int64_t getResidentBlocks(const ProductTile &tile, DType dtype, int64_t sets);

struct ProductShape {
  int64_t rows;    ///< Of one image.
  int64_t columns; ///< Of the weights.
  int64_t depth;   ///< Length of the sums.
};

/// How a product's sums are cut.
struct ProductSplit {
  int64_t chunks; ///< 1: not at all.
  int64_t depth;  ///< Of a chunk but the last: whole stages of every tile.
};

/// Bytes of k that a chunk is a multiple of: the longest stage.
inline constexpr int64_t kChunkBytes = 128;

/// `chunks` of them at most.
ProductSplit splitProduct(const ProductShape &shape, DType dtype, int64_t chunks);
/// For every batch and target.
ProductSplit chooseProductSplit(const ProductShape &shape, DType dtype);

/// How a product is computed from a batch of `batch` on.
struct ProductVariant {
  int64_t batch;
  ProductTile tile;
  bool shared; ///< Whether each chunk of a tile has a block of its own.
};

/// The most images in a batch whose blocks share sums.
inline constexpr int64_t kMostSharedBatch = 32;

/// By rising batch, the first from 1 on; the last one is not shared.
llvm::SmallVector<ProductVariant, 3> chooseProductVariants(const ProductShape &shape, DType dtype,
                                                           const Target &target);

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_DECISIONS_H
