//===- FoldNorm.cpp - Layer norms out of the sums of products -------------------===//
//
//     mv.kernel(%x, %g, %h, %w, %b) { mv.layer_norm, mv.linear, mv.gelu }
//
// becomes, with w' = w * g, b' = b + w h and s = w' rounded to the storage type, summed up row by row,
//
//     mv.kernel(%x, %w', %s, %b') { mv.norm_linear, mv.gelu }
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "KernelRegions.h"
#include "ParameterExpressions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"
#include "mv/IR/Devices.h"

namespace mv {
#define GEN_PASS_DEF_FOLDNORM
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

namespace {
/// The parameters of the folded product.
struct FoldedParameters {
  Value weight, sums, bias;
};
} // namespace

static bool isParameter(Value value) {
  return value && isa_and_present<ParameterOpInterface>(value.getDefiningOp());
}

/// `value`, an argument of the kernel's body, as it is outside.
static Value getOutside(KernelOp kernel, Value value) {
  auto argument = dyn_cast_if_present<BlockArgument>(value);
  return argument ? kernel.getInputs()[argument.getArgNumber()] : Value();
}

static Value createOnes(OpBuilder &builder, Location loc, Value like) {
  Value zeros = ParamZeroOp::create(builder, loc, like.getType());
  return param::addScalar(builder, loc, zeros, 1.0);
}

/// `operand`: what the product's operands are rounded to.
static FoldedParameters foldParameters(OpBuilder &builder, KernelOp kernel, LayerNormOp norm, LinearOp linear,
                                       Type operand) {
  Location loc = norm.getLoc();
  Value weight = getOutside(kernel, linear.getWeight()), bias = getOutside(kernel, linear.getBias());
  Value gain = getOutside(kernel, norm.getWeight()), shift = getOutside(kernel, norm.getBias());
  FoldedParameters folded;
  folded.bias = param::matvec(builder, loc, weight, shift);
  if (bias)
    folded.bias = param::binary(builder, loc, BinaryKind::Add, bias, folded.bias);
  folded.weight = param::binary(builder, loc, BinaryKind::Mul, weight, gain, /*axis=*/1);
  Value rounded = ParamRoundOp::create(builder, loc, folded.weight.getType(), folded.weight, operand);
  folded.sums = param::matvec(builder, loc, rounded, createOnes(builder, loc, gain));
  // Memory keeps all bits of what is multiplied as tf32, and the units drop them: rounding is better.
  if (isa<FloatTF32Type>(operand))
    folded.weight = rounded;
  return folded;
}

/// Gives the kernel the inputs of the folded product; those of the norm stay until nobody reads them.
static void rewriteKernel(RewriterBase &rewriter, KernelOp kernel, LayerNormOp norm, LinearOp linear,
                          const FoldedParameters &folded) {
  Block &body = kernel.getBody().front();
  auto addInput = [&](Value value) {
    kernel.getInputsMutable().append(value);
    return body.addArgument(value.getType(), value.getLoc());
  };
  Value weight = addInput(folded.weight), sums = addInput(folded.sums), bias = addInput(folded.bias);
  rewriter.setInsertionPoint(linear);
  Location loc = rewriter.getFusedLoc({linear.getLoc(), norm.getLoc()});
  rewriter.replaceOp(linear, NormLinearOp::create(rewriter, loc, linear.getType(), norm.getInput(), weight,
                                                  sums, bias, norm.getEpsAttr()));
  rewriter.eraseOp(norm);
  dropUnreadInputs(kernel);
}

static void foldNorm(RewriterBase &rewriter, LayerNormOp norm, Type operand) {
  auto kernel = dyn_cast<KernelOp>(norm->getParentOp());
  if (!kernel || !norm->hasOneUse())
    return;
  auto linear = dyn_cast<LinearOp>(*norm->user_begin());
  if (!linear || linear.getInput() != norm.getResult())
    return;
  for (Value parameter : {linear.getWeight(), linear.getBias(), norm.getWeight(), norm.getBias()})
    if (parameter && !isParameter(getOutside(kernel, parameter)))
      return remarkMissed(norm.getLoc(), "mv-fold-norm", "not folded", "the weights are not parameters");
  remarkPassed(norm.getLoc(), "mv-fold-norm", "norm folded");
  rewriter.setInsertionPoint(kernel);
  rewriteKernel(rewriter, kernel, norm, linear, foldParameters(rewriter, kernel, norm, linear, operand));
}

namespace {
struct FoldNormPass : mv::impl::FoldNormBase<FoldNormPass> {
  void runOnOperation() override {
    if (!isForCUDA(getOperation()))
      return markAllAnalysesPreserved();
    IRRewriter rewriter(&getContext());
    Type operand = getOperandType(&getContext(), getDType(getOperation()));
    for (LayerNormOp norm : collect<LayerNormOp>(getOperation()))
      foldNorm(rewriter, norm, operand);
  }
};
} // namespace
