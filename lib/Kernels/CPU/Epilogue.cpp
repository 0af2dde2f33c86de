//===- Epilogue.cpp - What follows a kernel's main work -------------------------===//

#include "mv/Kernels/CPU/Epilogue.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

Epilogue::Epilogue(KernelBuilder &b, Value root) : EpilogueBase(b.kernel, root), b(b) {}

bool Epilogue::isCheap() const {
  return !movement && ops.size() <= 3 &&
         llvm::all_of(ops, [](Operation *op) { return isa<ReluOp, AddOp, ScaleOp, AffineOp>(op); });
}

Value Epilogue::apply(const Row &row, Value channel, Value value) {
  DenseMap<Value, Value> values;
  if (root)
    values[root] = value;
  auto valueOf = [&](Value operand) {
    Value &known = values[operand];
    if (known)
      return known;
    Value base = row.offsetOf(operand);
    return known = b.loadVector(b.input(operand), base ? base : b.index(0), channel);
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
    if (placement.isInPlanes())
      return storeStrided(row, channel, vector);
    b.storeVector(vector, b.result(), row.result.offset, channel);
  });
}

/// Channel by channel, for results whose channels are not neighbours.
void Epilogue::storeStrided(const Row &row, Value channel, Value vector) {
  for (int64_t lane = 0; lane < b.target.lanes; ++lane) {
    Value own = b.plus(channel, lane);
    Value exists = channels() % b.target.lanes == 0 ? Value() : b.isLess(own, b.index(channels()));
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
