//===- PointwiseKernel.h - What a kernel without a root starts from -*- C++ -*-===//

#ifndef MV_KERNELS_COMMON_POINTWISEKERNEL_H
#define MV_KERNELS_COMMON_POINTWISEKERNEL_H

#include "mv/IR/PlanDialect.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mv {

/// Succeeds if a movement that collects channels reads the kernel's inputs alone; else a diagnostic at the kernel.
mlir::LogicalResult checkCollecting(plan::KernelOp kernel, mlir::Operation &movement);

/// The activation whose positions a kernel without such a movement goes through; a diagnostic if there is none.
mlir::FailureOr<mlir::Value> getActivation(plan::KernelOp kernel);

/// Movements that collect channels from elsewhere stand in for the root. Calls `emit` with the kernel's, as the op that it
/// is, or `emitPlain` with the activation where there is none.
template <typename Emit, typename EmitPlain>
mlir::LogicalResult emitPointwiseKernel(plan::KernelOp kernel, Emit emit, EmitPlain emitPlain) {
  for (mlir::Operation &op : kernel.getBody().front())
    if (mlir::isa<ToNHWCOp, NormalizeOp, SliceOp, ConcatOp>(op)) {
      if (mlir::failed(checkCollecting(kernel, op)))
        return mlir::failure();
      llvm::TypeSwitch<mlir::Operation *>(&op).Case<ToNHWCOp, NormalizeOp, SliceOp, ConcatOp>(emit);
      return mlir::success();
    }
  mlir::FailureOr<mlir::Value> activation = getActivation(kernel);
  if (mlir::failed(activation))
    return mlir::failure();
  emitPlain(*activation);
  return mlir::success();
}

} // namespace mv

#endif // MV_KERNELS_COMMON_POINTWISEKERNEL_H
