//===- FusePointwise.cpp - Roots with the pointwise ops after them --------------===//
//
//     %0 = mv.linear %x, %w bias %b : ...
//     %1 = mv.gelu erf %0 : ...
//
// becomes
//
//     %1 = mv.kernel(%x, %w, %b) : ... {
//     ^bb0(%x0, %w0, %b0):
//       %0 = mv.linear %x0, %w0 bias %b0 : ...
//       %1 = mv.gelu erf %0 : ...
//       mv.yield %1
//     }
//
//===----------------------------------------------------------------------===//

#include "KernelRegions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FUSEPOINTWISE
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// The op that can be appended to a kernel that ends in `last`, or null. Its other operands need no check:
/// they are defined before it, and the kernel takes its place.
static Operation *getNextOfChain(Operation *last) {
  if (isMovement(last) || last->getNumResults() != 1 || !last->hasOneUse())
    return nullptr;
  Operation *user = *last->user_begin();
  if (user->getBlock() != last->getBlock())
    return nullptr;
  return isa<PointwiseOpInterface, ToNCHWOp>(user) ? user : nullptr;
}

static SmallVector<Operation *> getChain(Operation *first) {
  SmallVector<Operation *> chain;
  for (Operation *op = first; op; op = getNextOfChain(op))
    chain.push_back(op);
  return chain;
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Outlines the chains that begin at ops for which `begins` holds, the last in program order first.
static void fuseChains(RewriterBase &rewriter, Block &block, function_ref<bool(Operation *)> begins) {
  SmallVector<Operation *> firsts;
  for (Operation &op : block)
    if (begins(&op))
      firsts.push_back(&op);
  for (Operation *first : llvm::reverse(firsts)) {
    SmallVector<Operation *> chain = getChain(first);
    if (chain.size() == 1)
      continue;
    remarkPassed(first->getLoc(), "mv-fuse-pointwise", "chain fused");
    outlineKernel(rewriter, chain);
  }
}

/// Whether a chain of pointwise ops starts here: the value before is computed by something else, or read by
/// others.
static bool beginsPointwiseChain(Operation *op) {
  if (!isa<PointwiseOpInterface>(op))
    return false;
  return llvm::none_of(op->getOperands(), [](Value operand) {
    Operation *producer = operand.getDefiningOp();
    return producer && isa<PointwiseOpInterface>(producer) && operand.hasOneUse();
  });
}

namespace {
struct FusePointwisePass : mv::impl::FusePointwiseBase<FusePointwisePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (Block &block : getOperation().getBody()) {
      fuseChains(rewriter, block, [](Operation *op) { return isa<KernelRootOpInterface>(op); });
      fuseChains(rewriter, block, beginsPointwiseChain);
    }
  }
};
} // namespace
