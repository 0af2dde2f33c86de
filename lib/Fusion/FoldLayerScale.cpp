//===- FoldLayerScale.cpp - Per-channel scales into weights ---------------------===//
//
//     %0 = mv.linear %x, %w bias %b : ...
//     %1 = mv.scale %0, %gamma : ...
//
// becomes
//
//     %1 = mv.linear %x, (%w * %gamma) bias (%b * %gamma) : ...
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FOLDLAYERSCALE
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fold-layer-scale";

static void foldLayerScale(RewriterBase &rewriter, ScaleOp op) {
  Value input = op.getInput();
  if (!hasOutputChannels(input))
    return remarkMissed(op.getLoc(), kPassName, "not folded", "no product or convolution before the scale");
  if (!input.hasOneUse())
    return remarkMissed(op.getLoc(), kPassName, "not folded", "the value before the scale has other readers");
  remarkPassed(op.getLoc(), kPassName, "folded into weights");
  rewriter.setInsertionPoint(op);
  replaceWithProducer(rewriter, op,
                      foldScaleAndShift(rewriter, op.getLoc(), input, op.getScale(), /*shift=*/Value()));
}

namespace {
struct FoldLayerScalePass : mv::impl::FoldLayerScaleBase<FoldLayerScalePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (ScaleOp op : collect<ScaleOp>(getOperation()))
      foldLayerScale(rewriter, op);
  }
};
} // namespace
