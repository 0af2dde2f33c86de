//===- MixerMiddle.h - What stands in front of a mixer's scan -------*- C++ -*-===//
//
// A block walks over a window in segments of tokens. Of each it leaves in shared memory, for the scan that follows,
//
//   x        silu(conv1d(input)), the first half of the channels, as activations are stored: the rows of a product
//   project  in f32, a row: dt, then B and C
//
// and writes z, the second half, to the result.
//
// Fragments of weights come straight from memory, in whole sectors: a lane takes neighbouring words of a row, not those that
// the matrix units would have it hold. Which k a product calls which is free as long as both operands agree, so that the left
// one is read the same way:
//
//     words of a row       0  1  2  3 |  4  5  6  7 |  8  9 10 11 | 12 13 14 15      two products' k
//     of lane 4 g + ...    0          |  1          |  2          |  3
//     and of product       0  0  1  1 |  0  0  1  1 |  0  0  1  1 |  0  0  1  1
//
// Rows in shared memory lie an odd multiple of 64 bytes apart, so that a quarter of a warp that reads 64 bytes of each of
// two finds them in different banks.
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
  int64_t half;    ///< Channels of x and of z.
  int64_t rank;    ///< Of the step sizes' projection.
  int64_t group;   ///< Neighbouring channels that a thread convolves: an access.
  int64_t xPitch;  ///< Elements of a row of x.
  int64_t pitch;   ///< Of a row of `project`.
  int64_t startB;  ///< Where such a row has B, behind dt, and C behind that.
  int64_t tapRows; ///< Of taps and bias in shared memory; 0: they are not there.
  int64_t groups;  ///< Of kScanChannels.
  int64_t splits;  ///< Blocks that share the groups of a window; each computes all of x and its projection.
  int64_t
      scanners; ///< Warps of a block that scan, a group each; where there are more, the others only help before.
  int64_t warps;   ///< Of a block.
  int64_t segment; ///< Tokens, a multiple of kScanTokens; 0 if not even those fit into shared memory.

  int64_t chunk; ///< Tokens that a block walks over: all of a window, or a part of a long one.

  /// How a batch of `batch` is gone about; only `splits` and what follows from it depend on that.
  MixerShape(const MixerMiddle &middle, DType dtype, int64_t batch, int64_t multiprocessors);

  int64_t threads() const { return 32 * warps; }
  int64_t chunks() const { return ceilDiv(tokens, chunk); }             ///< Of a window.
  int64_t stepBytes() const { return 4 * kScanTokens * kScanChannels; } ///< Of a warp's tile of step sizes.
  int64_t workspaceBytes() const; ///< Of an image: what chunks hand over.

  int64_t groupsX() const { return ceilDiv(half, group); } ///< Of channels that are convolved.
  int64_t groupsZ() const;                                 ///< Of one of the `splits` blocks.
  /// Fours of channels from one of their halves to the other, of all groups' parameters in shared memory.
  int64_t tapPitch() const { return roundUp(groupsX() + groupsZ(), 8) + 4; }
  int64_t tapBytes() const { return tapRows * 2 * tapPitch() * 16; }

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

/// A group's neighbouring numbers in memory as f32, and back.
llvm::SmallVector<mlir::Value> loadGroup(KernelBuilder &b, mlir::Value memory, mlir::Value offset,
                                         mlir::Type element, int64_t count);
void storeGroup(KernelBuilder &b, mlir::ValueRange values, mlir::Value memory, mlir::Value offset,
                mlir::Type element);
/// `words` (2: of one product, 4: of two) neighbouring words of a row that begins at `memory`: those of this lane in part
/// `part` of the row, of `words` times 16 bytes.
llvm::SmallVector<mlir::Value> loadFragment(KernelBuilder &b, mlir::Value memory, mlir::Value part,
                                            int64_t words);
/// What every third and fourth row of f32 numbers in shared memory has exchanged, so that eights of four rows lie in different
/// banks: each two neighbouring eights, or also the fours in them.
enum class Exchanged { Eights = 8, EightsAndFours = 12 };
/// Where such a row has column `column`.
mlir::Value swizzled(KernelBuilder &b, mlir::Value row, mlir::Value column, Exchanged exchanged);

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
  /// What a thread convolves: channels of x, of z that the block stores, or of both.
  struct Convolved {
    mlir::Value isX, isZ, channel;
  };
  Convolved locate(mlir::Value index);
  void fillZeros();
  void copyTaps();
  llvm::SmallVector<mlir::Value> loadTaps(mlir::Value index, mlir::Value channel, int64_t row);
  void emitConvolution(mlir::Value start, mlir::Value rows);
  void emitStream(mlir::Value index, mlir::Value start, mlir::Value first, mlir::Value last);
  void storeX(mlir::ValueRange values, mlir::Value channel, mlir::Value row, mlir::Value exists);
  void storeZ(mlir::ValueRange values, mlir::Value channel, mlir::Value token);
  void emitProduct(mlir::Value rowTile, mlir::Value columnTile);
  void storeProjected(mlir::ValueRange sums, mlir::Value row, mlir::Value column);

  KernelBuilder &b;
  MixerMiddle middle;
  MixerShape shape;
  mlir::Value split; ///< Which of the window's blocks it is.
  mlir::Value taps;  ///< In shared memory, if there.
  bool storesZ = true;
};

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_MIXERMIDDLE_H
