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
#include "mv/Kernels/Common/EpilogueBase.h"

namespace mv::cpu {

class Epilogue : public EpilogueBase {
public:
  /// `root`: the value the emitter computes, or null in a kernel of pointwise ops alone (then `store`'s
  /// `value` is ignored).
  Epilogue(KernelBuilder &b, mlir::Value root);

  /// Whether it is worth no loop of its own: a few instructions a vector, stored where neighbours are
  /// neighbours.
  bool isCheap() const;

  Row locate(const Position &position) { return EpilogueBase::locate(b, position); }

  /// Applies the pointwise ops to channels [channel, channel + lanes) of a row and stores them. `channel` is
  /// a multiple of the lanes, and below storedChannels().
  void store(const Row &row, mlir::Value channel, mlir::Value value);

  /// Applies the pointwise ops alone.
  mlir::Value apply(const Row &row, mlir::Value channel, mlir::Value value);

  /// Zeros in the result's halo or window padding of an image: to be called once for each image, by any
  /// workgroup.
  void fillGaps(mlir::Value image);

private:
  void storeStrided(const Row &row, mlir::Value channel, mlir::Value value);

  KernelBuilder &b;
};

} // namespace mv::cpu

#endif // MV_KERNELS_CPU_EPILOGUE_H
