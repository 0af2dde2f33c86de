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
}

Value AttentionShape::locate(KernelBuilder &b, Value tile, Value row, Value first, int64_t number) const {
  constexpr int64_t kUnitBytes = 16;
  int64_t block = exchangedUnits();
  Value key = b.remainder(b.quotient(row, 4), 2);
  if (block > 2)
    key = b.plus(key, b.times(b.remainder(b.quotient(row, 8 / block), block / 2), 2));
  Value place = arith::XOrIOp::create(b, first, key);
  Value offset = b.plus(b.times(row, units() * kUnitBytes), b.times(place, kUnitBytes));
  if (number % block != 0) // Rows begin with a block.
    offset = arith::XOrIOp::create(b, offset, b.index(number % block * kUnitBytes));
  return b.address(b.address(tile, offset, b.getI8Type()), b.index(number / block * block * unit), element);
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
  Value start = b.address(tile, b.times(row, shape.width), shape.element); // of a multiple of 8 rows
  return b.loadMatrix(shape.locate(b, start, b.remainder(lane, 16), b.quotient(lane, 16), step * 2), 4);
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
  // Four matrices of 8 keys and one unit: keys 0 and 8, then the next unit's, so that a lane's place is the one it has among
  // queries and values. It gets scores 2t and 2t + 1 of 8: of 32-bit elements let those be keys t and t + 4, as the product
  // with the values wants them.
  bool isWide = getBytes(b.dtype) == 4;
  Value lane = b.lane(), key = b.remainder(lane, 16);
  if (isWide) {
    Value pair = b.remainder(b.quotient(key, 2), 4), odd = b.times(b.remainder(key, 2), 4);
    key = b.plus(b.plus(pair, odd), b.times(b.quotient(key, 8), 8));
  }
  SmallVector<Value> scores(count / 2, b.constant(0.0)); // count / 8 products, 4 scores each a lane
  for (int64_t step = 0; step < steps(); ++step) {
    SmallVector<Value> first = queries(step);
    Value start = shape.locate(b, tile, key, b.quotient(lane, 16), step * 2);
    for (int64_t pair = 0; pair < count / 16; ++pair) {
      Value offset = b.index(pair * 16 * shape.width);
      SmallVector<Value> keys = b.loadMatrix(b.address(start, offset, shape.element), 4);
      for (int64_t half = 0; half < 2; ++half) {
        auto own = MutableArrayRef<Value>(scores).slice((pair * 2 + half) * 4, 4);
        llvm::copy(b.multiply(first, {keys[half], keys[2 + half]}, own), own.begin());
      }
    }
  }

  Value lowest = b.constant(-std::numeric_limits<double>::infinity());
  Value own = b.times(b.remainder(lane, 4), isWide ? 1 : 2);
  for (auto [index, value] : llvm::enumerate(scores)) {
    value = b.mul(value, b.constant(factor));
    int64_t first = int64_t(index) / 4 * 8, rest = valid - first - int64_t(index) % 2 * (isWide ? 4 : 1);
    if (first + 8 > valid) // whether the lane's key is there
      value = rest <= 0 ? lowest : b.select(b.isLess(own, b.index(rest)), value, lowest);
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
  Value row = b.remainder(b.lane(), 16), unit = b.quotient(b.lane(), 16);
  for (int64_t key = 0; key < int64_t(weights.size()) * 2; key += 16) {
    SmallVector<Value> first = asFirstOperand(weights.slice(key / 2, 8));
    for (int64_t column = 0; column < shape.span; column += 16) {
      Value start = shape.locate(b, tile, row, unit, column / shape.unit);
      Value source = b.address(start, b.index(key * shape.width), shape.element);
      SmallVector<Value> values = b.loadMatrix(source, 4, /*transpose=*/true);
      for (int64_t half = 0; half < 2 && column + half * 8 < shape.span; ++half) {
        auto sums = MutableArrayRef<Value>(state).slice(kResult + (column / 8 + half) * 4, 4);
        llvm::copy(b.multiply(first, ValueRange(values).slice(half * 2, 2), sums), sums.begin());
      }
    }
  }
}

/// Elements of 32 bits: a product takes 8 keys, of which a lane's first operand has keys t and t + 4.
void AttentionCore::addWideProducts(ValueRange weights, Value tile, SmallVector<Value> &state) {
  Value group = b.quotient(b.lane(), 4), row = b.remainder(b.lane(), 4);
  auto load = [&](int64_t half, int64_t key, int64_t column) {
    Value start = shape.locate(b, tile, b.plus(row, half * 4), b.quotient(group, 4), column / 4);
    Value offset = b.plus(b.remainder(group, 4), key * shape.width);
    return b.load(start, offset, b.getI32Type());
  };
  for (int64_t key = 0; key < int64_t(weights.size()) * 2; key += 8) {
    SmallVector<Value> first = asFirstOperand(weights.slice(key / 2, 4));
    for (int64_t column = 0; column < shape.span; column += 8) {
      SmallVector<Value> values{load(0, key, column), load(1, key, column)};
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
  Store store = chooseStore(epilogue);
  if (store != Store::Pairs)
    b.syncWarp(); // The rows have been read.
  for (int64_t row = 0; row < 2; ++row) {
    Value inverse = b.reciprocal(b.sumLanes(state[kSums + row], 4));
    SmallVector<Value> values;
    for (int64_t tile = 0; tile < resultTiles(); ++tile)
      for (int64_t odd = 0; odd < 2; ++odd)
        values.push_back(b.mul(state[kResult + tile * 4 + row * 2 + odd], inverse));
    if (store != Store::Pairs)
      stageRow(values, own, b.address(staging, b.index(row * 8 * shape.width), shape.element));
    else
      storeRow(values, b.plus(b.plus(place.query, own), row * 8), place, epilogue);
  }
  if (store == Store::Pairs)
    return;
  b.syncWarp();
  if (store == Store::Units)
    storeUnits(place, epilogue, staging);
  else
    storeWords(place, epilogue, staging);
}

/// As wide as rows allow. Four lanes' pairs of 32-bit elements fill a sector where heads consist of whole ones.
AttentionCore::Store AttentionCore::chooseStore(const Epilogue &epilogue) {
  if (!epilogue.isPlain() || b.result().stored.element != shape.element)
    return Store::Pairs;
  bool isWhole = shape.headDim % shape.unit == 0 && shape.maxShift == 0;
  if (getBytes(b.dtype) == 2)
    return isWhole ? Store::Units : Store::Words;
  return isWhole && shape.headDim % 8 == 0 ? Store::Pairs : Store::Words;
}

/// To where the tile has the row's elements.
void AttentionCore::stageRow(ValueRange values, Value row, Value staging) {
  Value pair = b.remainder(b.lane(), 4); // of 8 columns, which are one unit or two
  int64_t pairs = shape.unit / 2, units = 8 / shape.unit;
  for (int64_t index = 0; index < int64_t(values.size()); index += 2) {
    Value start = shape.locate(b, staging, row, b.quotient(pair, pairs), index / 2 * units);
    b.store(b.fromF32(b.pack(values.slice(index, 2)), shape.element), start,
            b.times(b.remainder(pair, pairs), 2), 2);
  }
}

/// Neighbouring lanes have neighbouring units of a row, so that whole sectors of memory are written at once.
void AttentionCore::storeUnits(const AttentionPlace &place, Epilogue &epilogue, Value staging) {
  int64_t units = shape.units(), items = 16 * units;
  for (int64_t first = 0; first < items; first += 32) {
    Value item = b.plus(b.lane(), first), unit = b.remainder(item, units);
    // Padding units are left out here, and not by the numbers of items: so do lanes read different banks.
    Value isItem = first + 32 > items ? b.isLess(item, b.index(items)) : Value();
    Value isUnit = shape.span < shape.width ? b.isLess(unit, b.index(shape.span / shape.unit)) : Value();
    b.when(b.both(isItem, isUnit), [&] {
      Value own = b.quotient(item, units), column = b.times(unit, shape.unit);
      Value loaded = b.load(shape.locate(b, staging, own, unit), b.index(0), shape.element, shape.unit);
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

/// Row by row in words of memory, of which the first and the last may be another head's by half.
void AttentionCore::storeWords(const AttentionPlace &place, Epilogue &epilogue, Value staging) {
  int64_t elements = 4 / getBytes(b.dtype), words = ceilDiv(shape.span, elements);
  Value first = b.times(place.head, shape.headDim), lead = place.shift;
  bool isMisplaced = shape.maxShift == 0 && shape.headDim % elements != 0;
  if (isMisplaced) { // A tile's rows begin with a head, and not with a word of memory.
    words = shape.headDim / elements + 1;
    lead = b.remainder(first, elements);
  }
  b.loop(0, 16, 1, [&](Value own) {
    Value query = b.plus(place.query, own), exists = b.isLess(query, b.index(shape.tokens));
    Row row = locateQuery(query, place, epilogue);
    for (int64_t word = 0; word < words; word += 32) {
      Value column = b.times(b.plus(b.lane(), word), elements);
      SmallVector<Value> mine;
      for (int64_t i = 0; i < elements; ++i) // Wraps around, and is large, in front of the head.
        mine.push_back(b.both(exists, b.isLess(b.minus(b.plus(column, i), lead), b.index(shape.headDim))));
      Value clamped = word + 32 > words ? b.smaller(column, b.index((words - 1) * elements)) : column;
      storeWord(loadWord(staging, own, clamped, isMisplaced ? lead : Value()),
                b.minus(b.plus(first, column), lead), mine, row, epilogue);
    }
    storePadding(row, b.both(exists, b.isEqual(b.lane(), b.index(0))), place, epilogue);
  });
}

/// The elements of a word from `column` on; `lead`, where words begin elsewhere in the tile: those as many in front of it.
SmallVector<Value> AttentionCore::loadWord(Value staging, Value row, Value column, Value lead) {
  int64_t elements = 4 / getBytes(b.dtype);
  SmallVector<Value> values;
  auto load = [&](Value at, int64_t count) {
    Value start = shape.locate(b, staging, row, b.quotient(at, shape.unit));
    Value loaded = b.toF32(b.load(start, b.remainder(at, shape.unit), shape.element, count));
    for (int64_t i = 0; i < count; ++i)
      values.push_back(b.extract(loaded, i));
  };
  if (!lead)
    load(column, elements);
  for (int64_t i = 0; lead && i < elements; ++i) // -1 wraps around
    load(b.smaller(b.minus(b.plus(column, i), lead), b.index(shape.headDim - 1)), 1);
  return values;
}

/// A word's elements from `channel` of the row on, those that are `mine`.
void AttentionCore::storeWord(ValueRange values, Value channel, ValueRange mine, const Row &row,
                              Epilogue &epilogue) {
  if (values.size() == 1)
    return epilogue.store(row, channel, values, mine[0]);
  epilogue.store(row, channel, values, b.both(mine[0], mine[1]));
  Value at = b.plus(channel, b.select(mine[0], b.index(0), b.index(1)));
  epilogue.store(row, at, b.select(mine[0], values[0], values[1]), b.isDifferent(mine[0], mine[1]));
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
