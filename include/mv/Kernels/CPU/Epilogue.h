//===- Epilogue.h - What follows a kernel's main work ---------------*- C++ -*-===//
//
// A kernel's root hands its result over position by position: the pointwise ops behind it are applied vector
// by vector, and the result is stored where its layout and a trailing data movement put it.
//
// Positions are those of the root's result (of the first operand where there is no root), never of the
// memory: a residual operand with a halo and a result that goes through window_reverse each find their own
// address.
//
//     Epilogue epilogue(b, root->getResult(0));
//     Row row = epilogue.locate(Position::flat(image, token));       // addresses, once a row
//     b.loop(0, epilogue.storedChannels(), b.target.lanes, [&](Value channel) {
//       epilogue.store(row, channel, b.load(tile, ...));             // ops and store, vector by vector
//     });
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_CPU_EPILOGUE_H
#define MV_KERNELS_CPU_EPILOGUE_H

#include "mv/Kernels/CPU/KernelBuilder.h"
#include "mv/Kernels/Common/Placement.h"

namespace mv::cpu {

/// The addresses of one position: of the result and of every activation that the pointwise ops read.
struct Row {
  Placement::Address result;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> operands; ///< Block argument and its offset.
};

class Epilogue {
public:
  /// `root`: the value the emitter computes, or null in a kernel of pointwise ops alone (then `store`'s
  /// `value` is ignored).
  Epilogue(KernelBuilder &b, mlir::Value root);

  /// The movement in front of the yield, or null.
  mlir::Operation *getMovement() const { return movement; }

  /// Channels a row stores, padding included. `store` is called for channels below it, in whole vectors.
  int64_t storedChannels() const;

  /// Whether it is worth no loop of its own: a few instructions a vector, stored where neighbours are
  /// neighbours.
  bool isCheap() const;

  Row locate(Position position);

  /// Applies the pointwise ops to channels [channel, channel + lanes) of a row and stores them. `channel` is
  /// a multiple of the lanes.
  void store(const Row &row, mlir::Value channel, mlir::Value value);

  /// Applies the pointwise ops alone.
  mlir::Value apply(const Row &row, mlir::Value channel, mlir::Value value);

  /// Zeros in the result's halo or window padding of an image: to be called once for each image, by any
  /// workgroup.
  void fillGaps(mlir::Value image);
  bool hasGaps() const { return placement.hasGaps(); }

private:
  void storeStrided(const Row &row, mlir::Value channel, mlir::Value value);

  KernelBuilder &b;
  mlir::Value root;
  mlir::Value last; ///< The value of the body that is stored, before `movement`.
  mlir::Operation *movement;
  llvm::SmallVector<mlir::Operation *> ops;
  Placement placement;
};

} // namespace mv::cpu

#endif // MV_KERNELS_CPU_EPILOGUE_H
