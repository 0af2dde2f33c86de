//===- KernelOps.cpp - Kernel regions -------------------------------------------===//

#include "mv/IR/MVDialect.h"

using namespace mlir;
using namespace mv;

KernelRootOpInterface KernelOp::getRoot() {
  // A layer norm or a convolution in front of the main work is a root by itself; the last root is the
  // kernel's.
  KernelRootOpInterface root;
  for (Operation &op : *getBody().begin())
    if (auto candidate = dyn_cast<KernelRootOpInterface>(op))
      root = candidate;
  return root;
}

StringRef KernelOp::getFamily() {
  KernelRootOpInterface root = getRoot();
  return root ? root.getFamily() : "pointwise";
}

YieldOp KernelOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

/// (C1) of mv.kernel and plan.kernel: inside, types are without layout.
static LogicalResult verifyBorder(Operation *op, TypeRange inside, TypeRange outside, StringRef what) {
  if (inside.size() != outside.size())
    return op->emitOpError("(C1) the body has ")
           << inside.size() << " " << what << ", the kernel " << outside.size();
  for (auto [in, out] : llvm::zip(inside, outside))
    if (in != withoutLayout(cast<RankedTensorType>(out)))
      return op->emitOpError("(C1) ") << what << ": " << in << " in the body, " << out << " outside";
  return success();
}

LogicalResult KernelOp::verify() {
  if (failed(verifyBorder(*this, getBody().getArgumentTypes(), getInputs().getTypes(), "inputs")))
    return failure();
  return verifyBorder(*this, getYield().getValues().getTypes(), getResults().getTypes(), "results");
}
