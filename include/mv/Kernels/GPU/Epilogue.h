//===- Epilogue.h - What follows a GPU kernel's main work -----------*- C++ -*-===//
//
// A kernel's root hands its result over position by position, some neighbouring channels at a time: the pointwise ops
// behind it are applied, and the result is stored where its layout and a trailing data movement put it.
//
//     Epilogue epilogue(b, root->getResult(0));
//     Row row = epilogue.locate(Position::flat(image, token));       // addresses, once a row
//     epilogue.store(row, channel, {f32 values of channels [channel, channel + n)});
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_EPILOGUE_H
#define MV_KERNELS_GPU_EPILOGUE_H

#include "mv/Kernels/Common/Placement.h"
#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

/// The addresses of one position: of the result and of every activation that the pointwise ops read.
struct Row {
  Placement::Address result;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> operands; ///< Block argument and its offset.
};

class Epilogue {
public:
  /// `root`: the value the emitter computes, or null in a kernel of pointwise ops alone (then `store`'s
  /// values are ignored).
  Epilogue(KernelBuilder &b, mlir::Value root);

  /// The movement in front of the yield, or null.
  mlir::Operation *getMovement() const { return movement; }
  /// Channels a row stores, padding included: those in [channels, storedChannels) get zeros whatever `store` is given.
  int64_t storedChannels() const;

  Row locate(const Position &position);

  /// Applies the pointwise ops to channels [channel, channel + values.size()) of a row and stores them; residuals and
  /// parameters are loaded, and the result stored, in the widest accesses that the layouts allow. `channel` is a multiple
  /// of values.size() (1, 2, 4 or 8), which divides nothing else: channels at and beyond storedChannels are dropped.
  /// `exists` (null: always): whether the position is one at all.
  void store(const Row &row, mlir::Value channel, mlir::ValueRange values, mlir::Value exists = nullptr);

  /// Applies the pointwise ops alone.
  llvm::SmallVector<mlir::Value> apply(const Row &row, mlir::Value channel, mlir::ValueRange values);

  /// Zeros in the result's halo or window padding of all images, dealt out over all threads of the grid: every thread of
  /// every block calls it once. `blocks`: how many blocks there are.
  void fillGaps(mlir::Value blocks);
  bool hasGaps() const { return placement.hasGaps(); }

private:
  llvm::SmallVector<mlir::Value> loadOperand(const Row &row, mlir::Value operand, mlir::Value channel,
                                             int64_t count);
  void storeNeighbours(const Row &row, mlir::Value channel, mlir::ValueRange values);
  void storeStrided(const Row &row, mlir::Value channel, mlir::ValueRange values);

  KernelBuilder &b;
  mlir::Value root;
  mlir::Value last; ///< The value of the body that is stored, before `movement`.
  mlir::Operation *movement;
  llvm::SmallVector<mlir::Operation *> ops;
  Placement placement;
};

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_EPILOGUE_H
