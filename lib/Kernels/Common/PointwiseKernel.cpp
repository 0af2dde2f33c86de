//===- PointwiseKernel.cpp - What a kernel without a root starts from -----------===//

#include "mv/Kernels/Common/PointwiseKernel.h"

using namespace mlir;
using namespace mv;

LogicalResult mv::checkCollecting(plan::KernelOp kernel, Operation &movement) {
  if (llvm::all_of(movement.getOperands(), llvm::IsaPred<BlockArgument>))
    return success();
  return kernel.emitOpError("'") << movement.getName()
                                 << "' must read the kernel's inputs, not another op's result";
}

FailureOr<Value> mv::getActivation(plan::KernelOp kernel) {
  for (BlockArgument argument : kernel.getBody().getArguments())
    if (cast<RankedTensorType>(argument.getType()).isDynamicDim(0))
      return Value(argument);
  return kernel.emitOpError("has no activation among its inputs");
}
