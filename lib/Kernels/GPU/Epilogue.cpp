//===- Epilogue.cpp - What follows a GPU kernel's main work ---------------------===//

#include "mv/Kernels/GPU/Epilogue.h"

#include "Channels.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

Epilogue::Epilogue(KernelBuilder &b, Value root, unsigned result, int64_t pieceStep)
    : EpilogueBase(b.kernel, root, result), b(b), resultIndex(result), pieceStep(pieceStep) {}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

SmallVector<Value> Epilogue::loadOperand(const Row &row, Value operand, Value channel, int64_t count) {
  Value base = row.offsetOf(operand);
  return loadChannels(b, b.input(operand), base ? base : b.index(0), channel, count, pieceStep);
}

SmallVector<Value> Epilogue::apply(const Row &row, Value channel, ValueRange given) {
  int64_t count = given.size();
  DenseMap<Value, SmallVector<Value>> values;
  if (root)
    values[root] = SmallVector<Value>(given);
  auto valuesOf = [&](Value operand) -> SmallVector<Value> {
    auto known = values.find(operand);
    if (known != values.end())
      return known->second;
    return values[operand] = loadOperand(row, operand, channel, count);
  };
  for (Operation *op : ops) {
    SmallVector<SmallVector<Value>> operands;
    for (Value operand : op->getOperands())
      operands.push_back(valuesOf(operand));
    SmallVector<Value> results;
    for (int64_t lane = 0; lane < count; ++lane) {
      SmallVector<Value> scalars = llvm::map_to_vector(operands, [&](auto &each) { return each[lane]; });
      results.push_back(cast<PointwiseOpInterface>(op).emitElement(b, b.getLoc(), scalars));
    }
    values[op->getResult(0)] = results;
  }
  return valuesOf(last);
}

//===----------------------------------------------------------------------===//
// Stores
//===----------------------------------------------------------------------===//

void Epilogue::store(const Row &row, Value channel, ValueRange values, Value exists) {
  int64_t count = values.size(), stored = storedChannels();
  Value isStored = b.isLess(channel, b.index(stored));
  b.when(b.both(b.both(row.result.exists, exists), isStored), [&] {
    SmallVector<Value> results = apply(row, channel, values);
    if (placement.isInPlanes())
      return storeStrided(row, channel, results);
    if (channels() != stored)
      for (int64_t lane = 0; lane < count; ++lane) // What was computed of padding channels may be anything.
        results[lane] = b.select(b.isLess(channelAt(b, channel, lane, pieceStep), b.index(channels())),
                                 results[lane], b.constant(0));
    storeNeighbours(row, channel, results);
  });
}

void Epilogue::storeNeighbours(const Row &row, Value channel, ValueRange values) {
  Buffer result = b.result(resultIndex);
  int64_t count = values.size(), stored = storedChannels();
  int64_t lanes = accessLanes(count, stored, result.stored.element, pieceStep);
  int64_t around = channelsAround(count, pieceStep);
  for (int64_t first = 0; first < count; first += lanes) {
    Value at = channelAt(b, channel, first, pieceStep);
    Value isStored = stored % around == 0 || first == 0 ? Value() : b.isLess(at, b.index(stored));
    Value packed = b.fromF32(b.pack(values.slice(first, lanes)), result.stored.element);
    b.when(isStored, [&] { b.store(packed, result.memory, b.plus(row.result.offset, at), lanes); });
  }
}

/// Channel by channel, for results whose channels are not neighbours.
void Epilogue::storeStrided(const Row &row, Value channel, ValueRange values) {
  Buffer result = b.result(resultIndex);
  int64_t stored = storedChannels(), around = channelsAround(values.size(), pieceStep);
  for (auto [lane, value] : llvm::enumerate(values)) {
    Value own = channelAt(b, channel, int64_t(lane), pieceStep);
    Value isStored = stored % around == 0 ? Value() : b.isLess(own, b.index(stored));
    Value offset = b.plus(row.result.offset, b.times(own, placement.channelStep()));
    b.when(isStored, [&] { b.store(b.fromF32(value, result.stored.element), result.memory, offset); });
  }
}

void Epilogue::fillGaps(Value blocks) {
  Buffer result = b.result(resultIndex);
  int64_t count = placement.gapCount(), step = placement.positionStep();
  int64_t lanes = accessLanes(step, step, result.stored.element), pieces = step / lanes;
  Value zero = b.fromF32(b.constant(0), result.stored.element);
  Value zeros = b.pack(SmallVector<Value>(lanes, zero));
  Value first = b.plus(b.times(b.block(), b.threadsABlock()), b.thread());
  Value end = b.times(b.batch(), count * pieces);
  auto loop = scf::ForOp::create(b, first, end, b.times(blocks, b.threadsABlock()));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  Value index = b.quotient(loop.getInductionVar(), pieces),
        piece = b.remainder(loop.getInductionVar(), pieces);
  Value offset = placement.gapOffset(b, b.quotient(index, count), b.remainder(index, count));
  b.store(zeros, result.memory, b.plus(offset, b.times(piece, lanes)), lanes);
}
