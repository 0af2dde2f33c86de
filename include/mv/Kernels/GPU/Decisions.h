//===- Decisions.h - Tiles of the GPU's matrix products ----------------*- C++ -*-===//
//
// Pure functions of shapes and targets. What they decide never touches the order of a sum: a tile only says which
// elements are computed together, so tiles may differ from batch to batch.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_DECISIONS_H
#define MV_KERNELS_GPU_DECISIONS_H

#include "mv/Kernels/GPU/Emitter.h"

namespace mv::gpu {

/// How a product's result is dealt out: to blocks, and within a block to warps.
struct ProductTile {
  int64_t rows, columns;         ///< Of a block.
  int64_t warpRows, warpColumns; ///< Of a warp, multiples of 16.
  int64_t stages;                ///< Of k that lie in shared memory at once.
  int64_t stageBytes;            ///< Of k, of one row, in a stage: 64 or 128.

  int64_t warps() const { return rows / warpRows * (columns / warpColumns); }
  int64_t threads() const { return 32 * warps(); }
  int64_t sharedBytes() const { return stages * stageBytes * (rows + columns); }
  bool operator==(const ProductTile &) const = default;
};

struct ProductShape {
  int64_t rows;    ///< Of one image.
  int64_t columns; ///< Of the weights.
  int64_t depth;   ///< Length of the sums.
};

/// The tile that a product takes from a batch of `batch` on.
struct ProductVariant {
  int64_t batch;
  ProductTile tile;
};

/// The tile with which the busiest multiprocessor is done first.
ProductTile chooseProductTile(const ProductShape &shape, int64_t batch, DType dtype, const Target &target);

/// One tile, or one for small batches and one for large ones; the first has batch 1.
llvm::SmallVector<ProductVariant, 2> chooseProductVariants(const ProductShape &shape, DType dtype,
                                                           const Target &target);

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_DECISIONS_H
