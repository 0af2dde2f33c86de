//===- Decisions.h - Tiles of the GPU's matrix products ----------------*- C++ -*-===//
//
// Pure functions of shapes and targets. What they decide for a batch never touches the order of a sum: a tile only says
// which elements are computed together, so tiles may differ from batch to batch. Where long sums would leave a batch of
// one with too few blocks, the sums are cut into chunks of k, added in order, ((c0 + c1) + c2) + ...: by the shape alone,
// on every target and for every batch. Then a few blocks can share an element's chunks, or groups of a block's warps, or
// one warp compute them all, which takes it two sets of accumulators.
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
  int64_t groups = 1; ///< Of warps, each of which computes one chunk of the whole tile; 1: all chunks.

  int64_t groupWarps() const { return rows / warpRows * (columns / warpColumns); }
  int64_t warps() const { return groups * groupWarps(); }
  int64_t threads() const { return 32 * warps(); }
  int64_t accumulators() const { return warpRows * warpColumns / 32; }   ///< Of a thread.
  int64_t copiedRows() const { return groupWarps() * 512 / stageBytes; } ///< By a group at once.
  int64_t groupSharedBytes() const { return stages * stageBytes * (rows + columns); }
  int64_t sharedBytes() const { return groups * groupSharedBytes(); }
  bool operator==(const ProductTile &) const = default;
};

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

/// Why the main loop cannot run a variant of a product that is cut into `chunks`: one line; empty if it can.
std::string whyUnsound(const ProductVariant &variant, int64_t chunks, DType dtype, const Target &target);

/// Blocks of a variant whose registers a multiprocessor has for sure. ptxas, which does not see how much shared memory a
/// block asks for, by itself hopes for more and spills for them.
int64_t getResidentBlocks(const ProductVariant &variant, int64_t chunks, DType dtype);

/// The most images in a batch whose blocks share sums.
inline constexpr int64_t kMostSharedBatch = 32;

/// By rising batch, the first from 1 on; the last one is not shared.
llvm::SmallVector<ProductVariant, 3> chooseProductVariants(const ProductShape &shape, DType dtype,
                                                           const Target &target);

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_DECISIONS_H
