//===- EmitKernels.h - All kernels of a device for one target -------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_CODEGEN_EMITKERNELS_H
#define MV_LIB_KERNELS_CODEGEN_EMITKERNELS_H

#include "mv/IR/PlanDialect.h"

namespace mv {

/// Calls `emit` on every kernel of the device and adds what it returns to the kernel's implementations. Goes on after a
/// failure, so that all kernels that cannot be emitted are named.
template <typename EmitFn> mlir::LogicalResult emitKernels(mlir::ModuleOp module, bool forCUDA, EmitFn emit) {
  bool complete = true;
  for (auto kernel : module.getOps<plan::KernelOp>()) {
    if ((kernel.getDevice() == "cuda") != forCUDA)
      continue;
    auto implementation = emit(kernel);
    if (mlir::failed(implementation)) {
      complete = false;
      continue;
    }
    llvm::SmallVector<mlir::Attribute> all(kernel.getImplementations().getValue());
    all.push_back(*implementation);
    kernel.setImplementationsAttr(mlir::ArrayAttr::get(module.getContext(), all));
  }
  return mlir::success(complete);
}

} // namespace mv

#endif // MV_LIB_KERNELS_CODEGEN_EMITKERNELS_H
