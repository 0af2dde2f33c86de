//===- EpilogueBase.h - What follows a kernel's main work, on any device -*- C++ -*-===//
//
// Which ops follow the root of a kernel, and where their operands and the result lie. How elements are loaded,
// computed and stored is each device's own.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_COMMON_EPILOGUEBASE_H
#define MV_KERNELS_COMMON_EPILOGUEBASE_H

#include "mv/IR/PlanDialect.h"
#include "mv/Kernels/Common/Placement.h"

namespace mv {

/// The addresses of one position: of the result and of every activation that the pointwise ops read.
struct Row {
  Placement::Address result;
  llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> operands; ///< Block argument and its offset.

  /// Null for what is no activation.
  mlir::Value offsetOf(mlir::Value argument) const;
};

class EpilogueBase {
public:
  /// The movement in front of the yield, or null.
  mlir::Operation *getMovement() const { return movement; }

  /// Channels a row stores, padding included.
  int64_t storedChannels() const;

  bool hasGaps() const { return placement.hasGaps(); }

  /// Whether no op follows the root.
  bool isPlain() const { return ops.empty(); }

protected:
  /// `root`: the value the emitter computes, or null in a kernel of pointwise ops alone. `result`: the kernel's that is
  /// stored; all are the same value.
  EpilogueBase(plan::KernelOp kernel, mlir::Value root, unsigned result = 0);

  Row locate(IndexBuilder &b, const Position &position);

  /// Channels of the value that is stored.
  int64_t channels() const;

  plan::KernelOp kernel;
  mlir::Value root;
  mlir::Operation *movement;
  mlir::Value last; ///< The value of the body that is stored, before `movement`.
  llvm::SmallVector<mlir::Operation *> ops;
  Placement placement;
};

} // namespace mv

#endif // MV_KERNELS_COMMON_EPILOGUEBASE_H
