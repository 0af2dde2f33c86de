//===- FormKernels.cpp - Kernels of what is still bare --------------------------===//
//
//     %1 = mv.pool %0 : ...
//     return %1, %1
//
// becomes
//
//     %1 = mv.kernel(%0) { mv.pool }
//     %2 = mv.kernel(%1) { }
//     return %1, %2
//
//===----------------------------------------------------------------------===//

#include "KernelRegions.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FORMKERNELS
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static void wrapBareOps(RewriterBase &rewriter, Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block))
    if (isPrimitive(&op))
      outlineKernel(rewriter, {&op});
}

/// A caller's buffer is written by one kernel: what is returned twice, or is no kernel's result, is copied.
static void separateResults(RewriterBase &rewriter, func::ReturnOp op) {
  rewriter.setInsertionPoint(op);
  llvm::SmallDenseSet<Value> returned;
  for (OpOperand &operand : op->getOpOperands()) {
    Value value = operand.get();
    bool own = value.getDefiningOp<KernelOp>() && returned.insert(value).second;
    if (!own)
      operand.set(createCopyKernel(rewriter, value.getLoc(), value).getResult(0));
  }
}

namespace {
struct FormKernelsPass : mv::impl::FormKernelsBase<FormKernelsPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (Block &block : getOperation().getBody()) {
      wrapBareOps(rewriter, block);
      if (auto op = dyn_cast<func::ReturnOp>(block.getTerminator()))
        separateResults(rewriter, op);
    }
  }
};
} // namespace
