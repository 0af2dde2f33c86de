//===- Folding.cpp - Scales and shifts folded into weights ----------------------===//

#include "Folding.h"

#include "ParameterExpressions.h"

using namespace mlir;
using namespace mv;

bool mv::hasOutputChannels(Value value) {
  return isa_and_present<Conv2DOp, Conv1DOp, LinearOp>(value.getDefiningOp());
}

template <typename OpT>
static Value foldInto(RewriterBase &rewriter, Location loc, OpT op, Value scale, Value shift) {
  Value weight = param::binary(rewriter, loc, BinaryKind::Mul, op.getWeight(), scale);
  Value bias = shift;
  if (op.getBias()) {
    bias = param::binary(rewriter, loc, BinaryKind::Mul, op.getBias(), scale);
    bias = shift ? param::binary(rewriter, loc, BinaryKind::Add, bias, shift) : bias;
  }
  auto folded = cast<OpT>(rewriter.clone(*op));
  folded->setLoc(rewriter.getFusedLoc({op.getLoc(), loc}));
  folded.getWeightMutable().assign(weight);
  if (bias)
    folded.getBiasMutable().assign(bias);
  return folded.getResult();
}

Value mv::foldScaleAndShift(RewriterBase &rewriter, Location loc, Value value, Value scale, Value shift) {
  if (auto op = value.getDefiningOp<Conv2DOp>())
    return foldInto(rewriter, loc, op, scale, shift);
  if (auto op = value.getDefiningOp<Conv1DOp>())
    return foldInto(rewriter, loc, op, scale, shift);
  return foldInto(rewriter, loc, value.getDefiningOp<LinearOp>(), scale, shift);
}

void mv::replaceWithProducer(RewriterBase &rewriter, Operation *op, Value replacement) {
  Operation *producer = op->getOperand(0).getDefiningOp();
  rewriter.replaceOp(op, replacement);
  rewriter.eraseOp(producer);
}
