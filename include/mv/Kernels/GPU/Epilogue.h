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

#include "mv/Kernels/Common/EpilogueBase.h"
#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

class Epilogue : public EpilogueBase {
public:
  /// `root`: the value the emitter computes, or null in a kernel of pointwise ops alone (then `store`'s
  /// values are ignored). `result`: which of the kernel's it stores. `pieceStep`: how far pieces of four channels lie
  /// apart that `store` and `apply` are given; 4: they are neighbours.
  Epilogue(KernelBuilder &b, mlir::Value root, unsigned result = 0, int64_t pieceStep = 4);

  Row locate(const Position &position) { return EpilogueBase::locate(b, position); }

  /// Applies the pointwise ops to channels [channel, channel + values.size()) of a row and stores them; residuals and
  /// parameters are loaded, and the result stored, in the widest accesses that the layouts allow. `channel` is a multiple
  /// of values.size() (1, 2, 4 or 8; of a piece where these are apart), which divides nothing else: channels at and beyond
  /// storedChannels are dropped.
  /// `exists` (null: always): whether the position is one at all.
  void store(const Row &row, mlir::Value channel, mlir::ValueRange values, mlir::Value exists = nullptr);

  /// Applies the pointwise ops alone.
  llvm::SmallVector<mlir::Value> apply(const Row &row, mlir::Value channel, mlir::ValueRange values);

  /// Zeros in the result's halo or window padding of all images, dealt out over all threads of the grid: every thread of
  /// every block calls it once. `blocks`: how many blocks there are.
  void fillGaps(mlir::Value blocks);

private:
  llvm::SmallVector<mlir::Value> loadOperand(const Row &row, mlir::Value operand, mlir::Value channel,
                                             int64_t count);
  void storeNeighbours(const Row &row, mlir::Value channel, mlir::ValueRange values);
  void storeStrided(const Row &row, mlir::Value channel, mlir::ValueRange values);

  KernelBuilder &b;
  unsigned resultIndex;
  int64_t pieceStep;
};

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_EPILOGUE_H
