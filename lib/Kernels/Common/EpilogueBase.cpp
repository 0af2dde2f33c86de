//===- EpilogueBase.cpp - What follows a kernel's main work, on any device ------===//

#include "mv/Kernels/Common/EpilogueBase.h"

using namespace mlir;
using namespace mv;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

static Value yieldedBy(plan::KernelOp kernel) {
  return kernel.getBody().front().getTerminator()->getOperand(0);
}

/// The movement in front of the yield, or null.
static Operation *findMovement(plan::KernelOp kernel) {
  Operation *producer = yieldedBy(kernel).getDefiningOp();
  return isa_and_present<WindowPartitionOp, WindowReverseOp, ToNCHWOp>(producer) ? producer : nullptr;
}

/// Parameters are static, activations begin with the batch.
static bool isActivation(Value argument) {
  return isa<BlockArgument>(argument) && typeOf(argument).isDynamicDim(0);
}

Value Row::offsetOf(Value argument) const {
  for (auto [operand, offset] : operands)
    if (operand == argument)
      return offset;
  return nullptr;
}

EpilogueBase::EpilogueBase(plan::KernelOp kernel, Value root, unsigned result)
    : kernel(kernel), root(root), movement(findMovement(kernel)),
      last(movement ? movement->getOperand(0) : yieldedBy(kernel)),
      placement(typeOf(last), cast<RankedTensorType>(kernel.getFunctionType().getResult(result)), movement) {
  Operation *before = root ? root.getDefiningOp() : nullptr;
  for (Operation &op : kernel.getBody().front())
    if (isa<PointwiseOpInterface>(op) && (!before || before->isBeforeInBlock(&op)))
      ops.push_back(&op);
}

int64_t EpilogueBase::channels() const { return typeOf(last).getShape().back(); }

int64_t EpilogueBase::storedChannels() const {
  return placement.isInPlanes() ? channels() : placement.positionStep();
}

Row EpilogueBase::locate(IndexBuilder &b, const Position &position) {
  Row row;
  auto add = [&](Value operand) {
    auto stored = kernel.getFunctionType().getInput(cast<BlockArgument>(operand).getArgNumber());
    Placement source(typeOf(operand), cast<RankedTensorType>(stored));
    row.operands.push_back({operand, source.locate(b, position).offset});
  };
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (operand != root && isActivation(operand))
        add(operand);
  if (isActivation(last)) // a movement alone
    add(last);
  row.result = placement.locate(b, position);
  return row;
}
