//===- FoldBatchNorm.cpp - Batch norms into convolutions ------------------------===//
//
//     %0 = mv.conv2d %x, %w bias %b stride 1 : ...
//     %1 = mv.batch_norm %0, %weight, %bias, %mean, %variance eps 1.0e-05 : ...
//
// becomes
//
//     %s = weight / sqrt(variance + eps)
//     %1 = mv.conv2d %x, (%w * %s) bias ((%b * %s) + (%bias - %mean * %s)) stride 1 : ...
//
// and a batch norm in front of a pool becomes an affine behind it.
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "ParameterExpressions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fold-batch-norm";

/// weight / sqrt(variance + eps), an expression on parameters.
static Value buildScale(RewriterBase &rewriter, BatchNormOp op) {
  Location loc = op.getLoc();
  Value shifted = param::addScalar(rewriter, loc, op.getVariance(), op.getEps().convertToDouble());
  Value inverse = param::unary(rewriter, loc, UnaryKind::Rsqrt, shifted);
  return param::binary(rewriter, loc, BinaryKind::Mul, op.getWeight(), inverse);
}

/// bias - mean * scale
static Value buildShift(RewriterBase &rewriter, BatchNormOp op, Value scale) {
  Value mean = param::binary(rewriter, op.getLoc(), BinaryKind::Mul, op.getMean(), scale);
  return param::binary(rewriter, op.getLoc(), BinaryKind::Sub, op.getBias(), mean);
}

/// pool(batch_norm(x)) is affine(pool(x)): the mean over positions is linear.
static void moveBehindPool(RewriterBase &rewriter, BatchNormOp op, PoolOp pool, Value scale, Value shift) {
  remarkPassed(op.getLoc(), kPassName, "moved behind the pool");
  rewriter.setInsertionPoint(pool);
  Value mean = PoolOp::create(rewriter, pool.getLoc(), pool.getType(), op.getInput());
  rewriter.replaceOpWithNewOp<AffineOp>(pool, mean.getType(), mean, scale, shift)->setLoc(op.getLoc());
  rewriter.eraseOp(op);
}

static void foldBatchNorm(RewriterBase &rewriter, BatchNormOp op) {
  rewriter.setInsertionPoint(op);
  Value input = op.getInput();
  Value scale = buildScale(rewriter, op);
  Value shift = buildShift(rewriter, op, scale);
  if (hasOutputChannels(input) && input.hasOneUse()) {
    remarkPassed(op.getLoc(), kPassName, "folded into weights");
    return replaceWithProducer(rewriter, op, foldScaleAndShift(rewriter, op.getLoc(), input, scale, shift));
  }
  if (hasOutputChannels(input))
    remarkMissed(op.getLoc(), kPassName, "not folded", "the value before the batch norm has other readers");
  if (op->hasOneUse())
    if (auto pool = dyn_cast<PoolOp>(*op->user_begin()))
      return moveBehindPool(rewriter, op, pool, scale, shift);
  rewriter.replaceOpWithNewOp<AffineOp>(op, op.getType(), input, scale, shift);
}

namespace {
struct FoldBatchNormPass : mv::impl::FoldBatchNormBase<FoldBatchNormPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (BatchNormOp op : collect<BatchNormOp>(getOperation()))
      foldBatchNorm(rewriter, op);
  }
};
} // namespace
