//===- FuseNorm.cpp - Layer norms in front of products --------------------------===//
//
//     %0 = mv.layer_norm %x, %g, %h eps 1.0e-05 : ...
//     %1 = mv.kernel(%0, %w, %b) { mv.linear, mv.gelu }
//
// becomes
//
//     %1 = mv.kernel(%x, %g, %h, %w, %b) { mv.layer_norm, mv.linear, mv.gelu }
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "KernelRegions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FUSENORM
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fuse-norm";

static void fuseNorm(RewriterBase &rewriter, LayerNormOp norm) {
  if (isa<KernelOp>(norm->getParentOp()) || norm->use_empty())
    return;
  if (!norm->hasOneUse())
    return remarkMissed(norm.getLoc(), kPassName, "not fused", "the norm has several readers");
  OpOperand &use = *norm->use_begin();
  if (!getRootReading<LinearOp>(use))
    return;
  remarkPassed(norm.getLoc(), kPassName, "norm fused");
  outlineKernel(rewriter, {norm, use.getOwner()});
}

namespace {
struct FuseNormPass : mv::impl::FuseNormBase<FuseNormPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (LayerNormOp norm : collect<LayerNormOp>(getOperation()))
      fuseNorm(rewriter, norm);
  }
};
} // namespace
