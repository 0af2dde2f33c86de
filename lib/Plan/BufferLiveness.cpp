//===- BufferLiveness.cpp - When values of a function are needed ----------------===//

#include "mv/Plan/BufferLiveness.h"

#include "mv/IR/PlanDialect.h"

using namespace mlir;
using namespace mv;

BufferLiveness::BufferLiveness(func::FuncOp function) {
  for (KernelOp kernel : function.getOps<KernelOp>()) {
    positions[kernel] = kernels.size();
    kernels.push_back(kernel);
  }
}

LiveInterval BufferLiveness::getInterval(Value value) const {
  auto buffer = plan::BufferType::get(value.getContext(), cast<RankedTensorType>(value.getType()));
  int64_t begin = positions.lookup(value.getDefiningOp()), end = begin;
  for (Operation *user : value.getUsers())
    if (auto kernel = dyn_cast<KernelOp>(user))
      end = std::max(end, getPosition(kernel));
  return {begin, end, buffer.getByteSize()};
}

LiveInterval BufferLiveness::getWorkspaceInterval(KernelOp kernel, int64_t bytes) const {
  return {getPosition(kernel), getPosition(kernel), bytes};
}
