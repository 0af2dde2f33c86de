//===- KernelWork.h - What one kernel computes ----------------------*- C++ -*-===//

#ifndef MV_LIB_PIPELINE_KERNELWORK_H
#define MV_LIB_PIPELINE_KERNELWORK_H

#include "mv/IR/PlanDialect.h"

namespace mv {

/// Multiplications and additions for one image, of every root in the kernel.
inline int64_t getFlopsPerImage(plan::KernelOp kernel) {
  int64_t total = 0;
  for (mlir::Operation &op : kernel.getBody().front())
    if (auto root = mlir::dyn_cast<KernelRootOpInterface>(op))
      total += root.getFlopsPerImage();
  return total;
}

} // namespace mv

#endif // MV_LIB_PIPELINE_KERNELWORK_H
