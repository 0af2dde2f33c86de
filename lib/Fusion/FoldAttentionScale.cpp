//===- FoldAttentionScale.cpp - The scale of attention into q -------------------===//
//
//     %qkv = mv.linear %x, %w bias %b : ...
//     %y = mv.attention %qkv heads 8 scale 1.581139e-01 : ...
//
// becomes, with q' the first third of the rows of %w and %b times the scale,
//
//     %qkv = mv.linear %x, concat(q'(%w), rest(%w)) bias concat(q'(%b), rest(%b)) : ...
//     %y = mv.attention %qkv heads 8 scale 1.0 : ...
//
// With a norm of q, its weight and bias take the scale instead: what comes before a norm does not survive it.
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "ParameterExpressions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FOLDATTENTIONSCALE
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fold-attention-scale";

/// `parameter` with its first `rows` rows times `scale`.
static Value scaleFirstRows(RewriterBase &rewriter, Location loc, Value parameter, int64_t rows,
                            double scale) {
  int64_t allRows = cast<RankedTensorType>(parameter.getType()).getShape()[0];
  Value first = param::sliceRows(rewriter, loc, parameter, 0, rows);
  Value rest = param::sliceRows(rewriter, loc, parameter, rows, allRows);
  return param::concat(rewriter, loc, {param::multiplyScalar(rewriter, loc, first, scale), rest});
}

static void foldIntoNorm(RewriterBase &rewriter, AttentionOp op, double scale) {
  rewriter.setInsertionPoint(op);
  op.getQWeightMutable().assign(param::multiplyScalar(rewriter, op.getLoc(), op.getQWeight(), scale));
  op.getQBiasMutable().assign(param::multiplyScalar(rewriter, op.getLoc(), op.getQBias(), scale));
}

static void foldIntoProduct(RewriterBase &rewriter, AttentionOp op, LinearOp product, double scale) {
  rewriter.setInsertionPoint(product);
  int64_t rows = op.getType().getShape().back();
  product.getWeightMutable().assign(scaleFirstRows(rewriter, op.getLoc(), product.getWeight(), rows, scale));
  if (product.getBias())
    product.getBiasMutable().assign(scaleFirstRows(rewriter, op.getLoc(), product.getBias(), rows, scale));
}

static void foldAttentionScale(RewriterBase &rewriter, AttentionOp op) {
  double scale = op.getScale().convertToDouble();
  if (scale == 1.0)
    return;
  auto product = op.getQkv().getDefiningOp<LinearOp>();
  if (op.getQWeight()) {
    foldIntoNorm(rewriter, op, scale);
  } else if (product && op.getQkv().hasOneUse()) {
    foldIntoProduct(rewriter, op, product, scale);
  } else {
    remarkMissed(op.getLoc(), kPassName, "not folded",
                 "q, k and v do not come from a product that only this attention reads");
    return;
  }
  remarkPassed(op.getLoc(), kPassName, "scale folded");
  op.setScaleAttr(rewriter.getF64FloatAttr(1.0));
}

namespace {
struct FoldAttentionScalePass : mv::impl::FoldAttentionScaleBase<FoldAttentionScalePass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (AttentionOp op : collect<AttentionOp>(getOperation()))
      foldAttentionScale(rewriter, op);
  }
};
} // namespace
