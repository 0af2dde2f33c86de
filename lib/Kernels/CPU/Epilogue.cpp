//===- Epilogue.cpp - What follows a kernel's main work -------------------------===//

#include "mv/Kernels/CPU/Epilogue.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

/// The movement in front of the yield, or null.
static Operation *findMovement(Block &body) {
  Operation *producer = body.getTerminator()->getOperand(0).getDefiningOp();
  return isa_and_present<WindowPartitionOp, WindowReverseOp, ToNCHWOp>(producer) ? producer : nullptr;
}

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }

Epilogue::Epilogue(KernelBuilder &b, Value root)
    : b(b), root(root), movement(findMovement(b.body)),
      placement(typeOf(b.body.getTerminator()->getOperand(0)), b.resultType(0)) {
  last = (movement ? movement->getOperand(0) : b.body.getTerminator()->getOperand(0));
  placement = Placement(typeOf(last), b.resultType(0), movement);
  Operation *before = root ? root.getDefiningOp() : nullptr;
  for (Operation &op : b.body)
    if (isa<PointwiseOpInterface>(op) && (!before || before->isBeforeInBlock(&op)))
      ops.push_back(&op);
}

int64_t Epilogue::storedChannels() const {
  return isa_and_present<ToNCHWOp>(movement) ? typeOf(last).getShape().back() : b.result().stored.channels;
}

bool Epilogue::isCheap() const {
  return !movement && ops.size() <= 3 &&
         llvm::all_of(ops, [](Operation *op) { return isa<ReluOp, AddOp, ScaleOp, AffineOp>(op); });
}

/// Parameters are static, activations begin with the batch.
static bool isActivation(Value argument) {
  return isa<BlockArgument>(argument) && typeOf(argument).isDynamicDim(0);
}

Row Epilogue::locate(Position position) {
  Row row;
  for (Operation *op : ops)
    for (Value operand : op->getOperands()) {
      if (operand == root || !isActivation(operand))
        continue;
      Placement source(typeOf(operand), b.input(operand).type);
      row.operands.push_back({operand, source.locate(b, position).offset});
    }
  if (isActivation(last)) // a movement alone
    row.operands.push_back({last, Placement(typeOf(last), b.input(last).type).locate(b, position).offset});
  row.result = placement.locate(b, position);
  return row;
}

static Value offsetOf(const Row &row, Value argument) {
  for (auto [operand, offset] : row.operands)
    if (operand == argument)
      return offset;
  return nullptr;
}

Value Epilogue::apply(const Row &row, Value channel, Value value) {
  DenseMap<Value, Value> values;
  if (root)
    values[root] = value;
  auto valueOf = [&](Value operand) {
    Value &known = values[operand];
    if (known)
      return known;
    Value base = isActivation(operand) ? offsetOf(row, operand) : b.index(0);
    return known = b.loadVector(b.input(operand), base, channel);
  };
  for (Operation *op : ops) {
    SmallVector<Value> operands;
    for (Value operand : op->getOperands())
      operands.push_back(valueOf(operand));
    values[op->getResult(0)] = cast<PointwiseOpInterface>(op).emitElement(b, b.getLoc(), operands);
  }
  return valueOf(last);
}

void Epilogue::store(const Row &row, Value channel, Value value) {
  b.when(row.result.exists, [&] {
    Value vector = apply(row, channel, value);
    if (placement.channelStep() != 1)
      return storeStrided(row, channel, vector);
    b.storeVector(vector, b.result(), row.result.offset, channel);
  });
}

/// Channel by channel, for results whose channels are not neighbours.
void Epilogue::storeStrided(const Row &row, Value channel, Value vector) {
  int64_t channels = typeOf(last).getShape().back();
  for (int64_t lane = 0; lane < b.target.lanes; ++lane) {
    Value own = b.plus(channel, lane);
    Value exists = channels % b.target.lanes == 0 ? Value() : b.isLess(own, b.index(channels));
    b.when(exists, [&] {
      Value scalar = vector::ExtractOp::create(b, vector, ArrayRef<int64_t>{lane});
      b.storeScalar(scalar, b.result().memory,
                    b.plus(row.result.offset, b.times(own, placement.channelStep())));
    });
  }
}

void Epilogue::fillGaps(Value image) {
  placement.forEachGap(
      b, image, [&](Value offset, int64_t elements) { b.fillZeros(b.result().memory, offset, elements); });
}
