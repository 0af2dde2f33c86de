//===- MixerMiddle.h - What stands in front of a mixer's scan -------*- C++ -*-===//
//
// A block walks over a window in segments of tokens. Of each it leaves in shared memory, for the scan that follows,
//
//   x        silu(conv1d(input)), the first half of the channels, as activations are stored: the rows of a product
//   project  in f32, a row: B, C, then dt
//
// and writes z, the second half, to the result.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_GPU_MIXERMIDDLE_H
#define MV_LIB_KERNELS_GPU_MIXERMIDDLE_H

#include "mv/Kernels/Common/MixerMiddle.h"
#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

/// Channels that a warp scans at once, and tokens whose step sizes it computes at once: one product of 16 rows.
inline constexpr int64_t kScanChannels = 16, kScanTokens = 16;

/// The sizes of a mixer, and how a block goes about it.
struct MixerShape {
  int64_t windows, tokens;
  int64_t half; ///< Channels of x and of z.
  int64_t rank; ///< Of the step sizes' projection.
  int64_t
      xPitch; ///< Elements of a row of x: an odd number of 16 bytes, so that 8 rows lie in different banks.
  int64_t dtStart; ///< Where a row of `project` has dt; B is at 0 and C at kScanStates.
  int64_t pitch;   ///< Of a row of `project`: the same, to half a warp that reads pairs.
  int64_t groups;  ///< Of kScanChannels.
  int64_t splits;  ///< Blocks that share the groups of a window; each computes all of x and its projection.
  int64_t
      scanners; ///< Warps of a block that scan, a group each; where there are more, the others only help before.
  int64_t warps;     ///< Of a block.
  int64_t segment;   ///< Tokens, a multiple of kScanTokens; 0 if not even those fit into shared memory.
  int64_t stepPitch; ///< Of a warp's tile of step sizes.

  int64_t chunk; ///< Tokens that a block walks over: all of a window, or a part of a long one.

  /// How a batch of `batch` is gone about; only `splits` and what follows from it depend on that.
  MixerShape(const MixerMiddle &middle, DType dtype, int64_t batch, int64_t multiprocessors);

  int64_t threads() const { return 32 * warps; }
  int64_t chunks() const { return ceilDiv(tokens, chunk); }         ///< Of a window.
  int64_t stepBytes() const { return 4 * kScanTokens * stepPitch; } ///< Of a warp.
  int64_t workspaceBytes() const;                                   ///< Of an image: what chunks hand over.

private:
  void chooseSplits(DType dtype, int64_t most);
  void chooseSegment(DType dtype);
};

/// The shape that is taken from a batch of `batch` on.
struct MixerVariant {
  int64_t batch;
  MixerShape shape;
};

/// The first has batch 1.
llvm::SmallVector<MixerVariant, 2> chooseMixerVariants(const MixerMiddle &middle, DType dtype,
                                                       int64_t multiprocessors);

/// 8 neighbouring numbers in memory as f32, and back.
llvm::SmallVector<mlir::Value> loadEight(KernelBuilder &b, mlir::Value memory, mlir::Value offset,
                                         mlir::Type element);
void storeEight(KernelBuilder &b, mlir::ValueRange values, mlir::Value memory, mlir::Value offset,
                mlir::Type element);
/// The second operand of a product's step `step`, from a row of weights per column: this lane's row begins at
/// `row`, of kind !llvm.ptr<1>.
llvm::SmallVector<mlir::Value> loadWeights(KernelBuilder &b, mlir::Value row, mlir::Value step);

class MixerProjections {
public:
  MixerProjections(KernelBuilder &b, const MixerMiddle &middle, const MixerShape &shape);

  /// To be called once, in front of the segments.
  void begin(mlir::Value image, mlir::Value window, mlir::Value split, bool storesZ);
  /// Emits tokens [start, start + shape.segment), of which those from shape.tokens on are zeros. `tiles` of
  /// kScanTokens are computed.
  void emit(mlir::Value start, mlir::Value tiles);

  mlir::Value x, project; ///< In shared memory.
  mlir::Value firstRow;   ///< The window's, in all images' positions.
  mlir::Type element;     ///< Of x.

private:
  int64_t groupsX() const;
  int64_t groupsZ() const;
  void fillZeros(mlir::Value memory, int64_t pitch, int64_t from, int64_t to, mlir::Type type);
  void emitConvolution(mlir::Value start, mlir::Value rows);
  void emitStream(mlir::Value index, mlir::Value start, mlir::Value first, mlir::Value last);
  void storeX(mlir::ValueRange values, mlir::Value group, mlir::Value row, mlir::Value exists);
  void storeZ(mlir::ValueRange values, mlir::Value group, mlir::Value token);
  void emitProduct(mlir::Value rowTile, mlir::Value columnTile);
  void storeProjected(mlir::ValueRange sums, mlir::Value row, mlir::Value column);

  KernelBuilder &b;
  MixerMiddle middle;
  MixerShape shape;
  mlir::Value split; ///< Which of the window's blocks it is.
  bool storesZ = true;
};

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_MIXERMIDDLE_H
