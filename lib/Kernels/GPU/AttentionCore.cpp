//===- AttentionCore.cpp - Attention on tiles in shared memory -------------------===//

#include "AttentionCore.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

AttentionShape::AttentionShape(AttentionOp op, DType dtype, bool shifted) {
  ArrayRef<int64_t> sizes = op.getResult().getType().getShape();
  windows = sizes[1];
  tokens = sizes[2];
  channels = sizes[3];
  heads = op.getHeads();
  headDim = channels / heads;
  element = getStorageType(op.getContext(), dtype);
  unit = 16 / getBytes(dtype);
  maxShift = shifted && heads > 1 ? unit - std::gcd(headDim, unit) : 0;
  span = roundUp(headDim + maxShift, unit);
  width = roundUp(span, 2 * unit);
  pitch = width + unit;
}

AttentionCore::AttentionCore(KernelBuilder &b, AttentionOp op, const AttentionShape &shape)
    : b(b), op(op), shape(shape), factor(op.getScale().convertToDouble() * M_LOG2E) {}

SmallVector<Value> AttentionCore::asFirstOperand(ValueRange sums) {
  auto asBits = [&](Value value) -> Value { return arith::BitcastOp::create(b, b.getI32Type(), value); };
  if (getBytes(b.dtype) == 4)
    return {asBits(sums[0]), asBits(sums[2]), asBits(sums[1]), asBits(sums[3])};
  SmallVector<Value> operand;
  for (int64_t i = 0; i < 8; i += 2) {
    Value rounded = b.fromF32(b.pack({sums[i], sums[i + 1]}), shape.element);
    auto bits = VectorType::get({1}, b.getI32Type());
    operand.push_back(b.extract(vector::BitCastOp::create(b, bits, rounded), 0));
  }
  return operand;
}

SmallVector<Value> AttentionCore::loadQueries(Value tile, Value row, int64_t step) {
  // Four matrices of 8 rows and one unit: rows 0 and 8, then the next unit's.
  Value lane = b.lane();
  Value own = b.plus(row, b.remainder(lane, 16));
  Value offset = b.plus(b.times(own, shape.pitch), b.times(b.quotient(lane, 16), shape.unit));
  Value start = b.address(tile, offset, shape.element);
  return b.loadMatrix(b.address(start, b.index(step * b.depth()), shape.element), 4);
}

SmallVector<Value> AttentionCore::begin() {
  Value lowest = b.constant(-std::numeric_limits<double>::infinity()), zero = b.constant(0.0);
  SmallVector<Value> state{lowest, lowest, zero, zero};
  state.append(resultTiles() * 4, zero);
  return state;
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

SmallVector<Value> AttentionCore::score(Queries queries, Value tile, int64_t count, int64_t valid) {
  // Four matrices of 8 keys and one unit: two units of keys 0 to 7, then of keys 8 to 15.
  Value lane = b.lane();
  Value key = b.plus(b.times(b.quotient(lane, 16), 8), b.remainder(lane, 8));
  Value unit = b.remainder(b.quotient(lane, 8), 2);
  Value start = b.address(tile, b.plus(b.times(key, shape.pitch), b.times(unit, shape.unit)), shape.element);
  SmallVector<Value> scores(count / 2, b.constant(0.0)); // count / 8 products, 4 scores each a lane
  for (int64_t step = 0; step < steps(); ++step) {
    SmallVector<Value> first = queries(step);
    for (int64_t pair = 0; pair < count / 16; ++pair) {
      Value offset = b.index(pair * 16 * shape.pitch + step * b.depth());
      SmallVector<Value> keys = b.loadMatrix(b.address(start, offset, shape.element), 4);
      for (int64_t half = 0; half < 2; ++half) {
        auto own = MutableArrayRef<Value>(scores).slice((pair * 2 + half) * 4, 4);
        llvm::copy(b.multiply(first, ValueRange(keys).slice(half * 2, 2), own), own.begin());
      }
    }
  }

  Value lowest = b.constant(-std::numeric_limits<double>::infinity());
  Value column = b.times(b.remainder(lane, 4), 2);
  for (auto [index, value] : llvm::enumerate(scores)) {
    value = b.mul(value, b.constant(factor));
    int64_t first = int64_t(index) / 4 * 8, odd = index % 2;
    if (first + 8 > valid) // whether key first + 2t + odd is there
      value = first + odd >= valid ? lowest
                                   : b.select(b.isLess(column, b.index(valid - first - odd)), value, lowest);
  }
  return scores;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// exp2(scores - the largest so far); updates the largest and the sums, and rescales the result.
SmallVector<Value> AttentionCore::exponentials(ValueRange scores, SmallVector<Value> &state) {
  SmallVector<Value> weights(scores.begin(), scores.end());
  for (int64_t row = 0; row < 2; ++row) {
    auto ofRow = [&](size_t index) { return int64_t(index % 4) / 2 == row; };
    Value &largest = state[kMaxima + row], &sum = state[kSums + row];
    Value own = scores[row * 2];
    for (size_t i = row * 2 + 1; i < scores.size(); ++i)
      if (ofRow(i))
        own = b.maximum(own, scores[i]);
    Value before = largest;
    largest = b.maximum(before, b.maximumLanes(own, 4));
    Value rescale = b.exp2(b.sub(before, largest));
    sum = b.mul(sum, rescale);
    for (size_t i = 0; i < weights.size(); ++i)
      if (ofRow(i)) {
        weights[i] = b.exp2(b.sub(weights[i], largest));
        sum = b.add(sum, weights[i]);
      }
    for (size_t i = 0; i + kResult < state.size(); ++i)
      if (ofRow(i))
        state[kResult + i] = b.mul(state[kResult + i], rescale);
  }
  return weights;
}

SmallVector<Value> AttentionCore::weigh(ValueRange scores, Value tile, ValueRange carried) {
  SmallVector<Value> state(carried.begin(), carried.end());
  SmallVector<Value> weights = exponentials(scores, state);
  if (getBytes(b.dtype) == 2)
    addProducts(weights, tile, state);
  else
    addWideProducts(weights, tile, state);
  return state;
}

/// Elements of 16 bits: two products' scores, 8 keys each, are just the first operand of one of 16 keys.
void AttentionCore::addProducts(ValueRange weights, Value tile, SmallVector<Value> &state) {
  // Four transposed matrices of 8 keys and 8 channels: keys 0 and 8, then the next 8 channels'.
  Value lane = b.lane();
  Value offset = b.plus(b.times(b.remainder(lane, 16), shape.pitch), b.times(b.quotient(lane, 16), 8));
  Value start = b.address(tile, offset, shape.element);
  for (int64_t key = 0; key < int64_t(weights.size()) * 2; key += 16) {
    SmallVector<Value> first = asFirstOperand(weights.slice(key / 2, 8));
    for (int64_t column = 0; column < shape.span; column += 16) {
      Value source = b.address(start, b.index(key * shape.pitch + column), shape.element);
      SmallVector<Value> values = b.loadMatrix(source, 4, /*transpose=*/true);
      for (int64_t half = 0; half < 2 && column + half * 8 < shape.span; ++half) {
        auto sums = MutableArrayRef<Value>(state).slice(kResult + (column / 8 + half) * 4, 4);
        llvm::copy(b.multiply(first, ValueRange(values).slice(half * 2, 2), sums), sums.begin());
      }
    }
  }
}

/// Elements of 32 bits: a product takes 8 keys, of which a lane's first operand has keys t and t + 4. The order of a
/// product's keys is free, so that keys 2t and 2t + 1, which a lane has the scores of, stand in their places.
void AttentionCore::addWideProducts(ValueRange weights, Value tile, SmallVector<Value> &state) {
  Value lane = b.lane();
  Value row = b.times(b.remainder(lane, 4), 2 * shape.pitch);
  Value start = b.address(tile, b.plus(row, b.quotient(lane, 4)), shape.element);
  auto load = [&](int64_t key, int64_t column) {
    return b.load(start, b.index(key * shape.pitch + column), b.getI32Type());
  };
  for (int64_t key = 0; key < int64_t(weights.size()) * 2; key += 8) {
    SmallVector<Value> first = asFirstOperand(weights.slice(key / 2, 4));
    for (int64_t column = 0; column < shape.span; column += 8) {
      SmallVector<Value> values{load(key, column), load(key + 1, column)};
      auto sums = MutableArrayRef<Value>(state).slice(kResult + column / 8 * 4, 4);
      llvm::copy(b.multiply(first, values, sums), sums.begin());
    }
  }
}

//===----------------------------------------------------------------------===//
// Result
//===----------------------------------------------------------------------===//

void AttentionCore::finish(ValueRange state, const AttentionPlace &place, Epilogue &epilogue, Value staging) {
  Value own = b.quotient(b.lane(), 4);
  bool staged = canStage(epilogue);
  if (staged)
    b.syncWarp(); // The rows have been read.
  for (int64_t row = 0; row < 2; ++row) {
    Value inverse = b.reciprocal(b.sumLanes(state[kSums + row], 4));
    SmallVector<Value> values;
    for (int64_t tile = 0; tile < resultTiles(); ++tile)
      for (int64_t odd = 0; odd < 2; ++odd)
        values.push_back(b.mul(state[kResult + tile * 4 + row * 2 + odd], inverse));
    if (staged)
      stageRow(values, b.plus(own, row * 8), staging);
    else
      storeRow(values, b.plus(b.plus(place.query, own), row * 8), place, epilogue);
  }
  if (staged) {
    b.syncWarp();
    storeStaged(place, epilogue, staging);
  }
}

/// Whether rows of the result lie in memory as they do in a tile, in whole units.
bool AttentionCore::canStage(const Epilogue &epilogue) {
  return epilogue.isPlain() && getBytes(b.dtype) == 2 && b.result().stored.element == shape.element &&
         shape.headDim % shape.unit == 0 && shape.maxShift == 0;
}

void AttentionCore::stageRow(ValueRange values, Value row, Value staging) {
  Value start = b.plus(b.times(row, shape.pitch), b.times(b.remainder(b.lane(), 4), 2));
  for (int64_t index = 0; index < int64_t(values.size()); index += 2)
    b.store(b.fromF32(b.pack(values.slice(index, 2)), shape.element), staging, b.plus(start, index / 2 * 8),
            2);
}

/// Neighbouring lanes have neighbouring units of a row, so that whole sectors of memory are written at once.
void AttentionCore::storeStaged(const AttentionPlace &place, Epilogue &epilogue, Value staging) {
  int64_t units = shape.headDim / shape.unit, items = 16 * units;
  for (int64_t first = 0; first < items; first += 32) {
    Value item = b.plus(b.lane(), first);
    b.when(first + 32 > items ? b.isLess(item, b.index(items)) : Value(), [&] {
      Value own = b.quotient(item, units), column = b.times(b.remainder(item, units), shape.unit);
      Value loaded = b.load(staging, b.plus(b.times(own, shape.pitch), column), shape.element, shape.unit);
      SmallVector<Value> values;
      for (int64_t lane = 0; lane < shape.unit; ++lane)
        values.push_back(b.toF32(b.extract(loaded, lane)));
      Value query = b.plus(place.query, own), exists = b.isLess(query, b.index(shape.tokens));
      Row row = locateQuery(query, place, epilogue);
      epilogue.store(row, b.plus(b.times(place.head, shape.headDim), column), values, exists);
      storePadding(row, b.both(exists, b.isEqual(column, b.index(0))), place, epilogue);
    });
  }
}

/// The row of a query, or of the last one.
Row AttentionCore::locateQuery(Value query, const AttentionPlace &place, Epilogue &epilogue) {
  Value token = b.smaller(query, b.index(shape.tokens - 1));
  return epilogue.locate(Position::flat(place.image, b.plus(b.times(place.window, shape.tokens), token)));
}

/// The channels behind the last head's, by that head.
void AttentionCore::storePadding(const Row &row, Value exists, const AttentionPlace &place,
                                 Epilogue &epilogue) {
  Value last = b.both(exists, b.isEqual(place.head, b.index(shape.heads - 1)));
  for (int64_t channel = shape.channels; channel < epilogue.storedChannels(); ++channel)
    epilogue.store(row, b.index(channel), {b.constant(0.0)}, last);
}

/// Two channels of each 8 of a query, which may be beyond the last.
void AttentionCore::storeRow(ValueRange values, Value query, const AttentionPlace &place,
                             Epilogue &epilogue) {
  Value exists = b.isLess(query, b.index(shape.tokens));
  Row row = locateQuery(query, place, epilogue);
  // Where heads have an even number of channels, pairs never straddle two.
  int64_t lanes = shape.headDim % 2 == 0 ? 2 : 1;
  Value first = b.times(place.head, shape.headDim), lane = b.times(b.remainder(b.lane(), 4), 2);
  for (int64_t index = 0; index < int64_t(values.size()); index += lanes) {
    Value column = b.plus(lane, index / 2 * 8 + index % 2);
    // Wraps around, and is large, in front of the head.
    Value own = b.minus(column, place.shift);
    bool always = shape.maxShift == 0 && index / 2 * 8 + 8 <= shape.headDim;
    Value mine = always ? exists : b.both(exists, b.isLess(own, b.index(shape.headDim)));
    epilogue.store(row, b.minus(b.plus(first, column), place.shift), values.slice(index, lanes), mine);
  }
  storePadding(row, b.both(exists, b.isEqual(lane, b.index(0))), place, epilogue);
}
