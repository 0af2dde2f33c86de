//===- BufferLiveness.h - When values of a function are needed ------*- C++ -*-===//

#ifndef MV_PLAN_BUFFERLIVENESS_H
#define MV_PLAN_BUFFERLIVENESS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mv/IR/MVDialect.h"
#include "mv/Plan/Arena.h"

namespace mv {

/// The kernels of a function, numbered in the order they will be dispatched, and the time each value is
/// alive: from the kernel that writes it to the last that reads it. A value that nobody reads is alive while
/// it is written.
class BufferLiveness {
public:
  explicit BufferLiveness(mlir::func::FuncOp function);

  /// In the order of dispatch.
  llvm::ArrayRef<KernelOp> getKernels() const { return kernels; }

  int64_t getPosition(KernelOp kernel) const { return positions.lookup(kernel); }

  /// When `value`, a kernel's result, is alive, and how many bytes an image of it takes.
  LiveInterval getInterval(mlir::Value value) const;

  /// Memory of a kernel's own, alive during its dispatch alone.
  LiveInterval getWorkspaceInterval(KernelOp kernel, int64_t bytes) const;

private:
  llvm::SmallVector<KernelOp> kernels;
  llvm::DenseMap<mlir::Operation *, int64_t> positions;
};

} // namespace mv

#endif // MV_PLAN_BUFFERLIVENESS_H
