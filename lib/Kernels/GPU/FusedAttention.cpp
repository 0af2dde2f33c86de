//===- FusedAttention.cpp - Attention with the product in front of it ------------===//
//
// A warp has 16 tokens and computes their channels of q, k and v, which are its first operand as a query later. Only
// the weights go through shared memory, because only they are shared by warps: a lane loads its tokens' channels from
// global memory into registers, as the product wants them. Of 64 bytes of a row, quad lane t loads 16 and takes them for
// k = 2t, 2t + 1 of two (four) products' halves; with the same order of k in the weights, which lanes load likewise, it
// is a permutation of the terms of a sum.
//
// The norm in front (norm_linear): the rows' sums and sums of squares come out of the same registers. They are of the
// difference to the row's first channel, x0: as (x0 - mean)^2 is at most channels times the variance, their difference
// loses at most a factor of `channels` to rounding, and next to nothing as a rule.
//
//===----------------------------------------------------------------------===//

#include "FusedAttention.h"

#include "mv/Kernels/GPU/AttentionDecisions.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Keys whose scores a warp has at once: 32 registers, or 16 where queries and products take twice as many.
static int64_t chooseKeys(DType dtype) { return getBytes(dtype) == 2 ? 64 : 32; }

/// Warps of a block whose threads can have 168 registers; those of a larger one have 128. And warps of a multiprocessor
/// for which there are to be registers.
static constexpr int64_t kWarpsTogether = 12, kLeastWarpsTogether = 8;

static AttentionWindow windowOf(const AttentionShape &shape, DType dtype) {
  return {shape.tokens, shape.headDim, getBytes(dtype), dtype == DType::F32};
}

//===----------------------------------------------------------------------===//
// Emitter
//===----------------------------------------------------------------------===//

namespace {

enum Part : int64_t { kQueries, kKeysPart, kValues };

class FusedEmitter {
public:
  FusedEmitter(KernelBuilder &b, AttentionOp op);
  LogicalResult emit();

private:
  using Values = SmallVector<Value>;

  LogicalResult check();
  void locate();
  // The product.
  void copyWeights(Value step);
  Values loadRows(Value step);
  Values multiplyStage(ValueRange rows, Value step, ValueRange state);
  Value unpackWord(Value bits);
  void findPivots(ValueRange rows);
  void addStatistics(ValueRange rows, Value step, Values &state);
  Values computeSums();
  // What comes out of it.
  void computeStatistics(ValueRange state);
  Values finishPart(int64_t part, ValueRange sums);
  void normalise(Values &values, Value weight, Value bias);
  void storeTile(ValueRange values, Value tile, bool permuted);
  void storePair(Value tile, Value row, int64_t column, Value first, Value second, bool permuted);
  Values loadPair(Value parameter, Value first, Value column);
  SmallVector<Values> packQueries(ValueRange values);
  void attend(AttentionCore::Queries queries, Value keyTile, Value valueTile);

  /// Products across one part.
  int64_t products() const { return core.resultTiles(); }
  int64_t elements() const { return kWeightStageBytes / getBytes(b.dtype); } ///< Of a row in a stage.
  int64_t steps() const { return ceilDiv(inner, elements()); }
  int64_t threads() const { return warps * 32; }
  /// Whether a step's rows are loaded while the step before is multiplied; else while its weights are waited for, which
  /// takes eight registers less.
  bool loadsAhead() const { return getBytes(b.dtype) == 2 && warps <= kWarpsTogether; }

  // In what the main loop carries: sums, and of two rows the sums for the norm.
  int64_t sumsEnd() const { return 3 * products() * 4; }
  int64_t stateEnd() const { return sumsEnd() + (norm ? 4 : 0); }

  KernelBuilder &b;
  AttentionOp op;
  NormLinearOp norm;
  Value input, weight, bias; ///< Of the product; no bias: null.
  int64_t inner;             ///< Length of its sums.
  AttentionShape shape;
  AttentionCore core;
  int64_t warps;

  Buffer tokens, weights;
  Value stages; ///< Shared memory.
  AttentionPlace place;
  Value quad, quadLane;       ///< g and t
  Value rowStarts[2];         ///< Of tokens g and g + 8 of the warp, in elements.
  Value pivots[2];            ///< Their first channels.
  Value means[2], inverse[2]; ///< 1 / sqrt(variance + eps)
};

} // namespace

FusedEmitter::FusedEmitter(KernelBuilder &b, AttentionOp op)
    : b(b), op(op), norm(op.getQkv().getDefiningOp<NormLinearOp>()), shape(op, b.dtype, /*shifted=*/false),
      core(b, op, shape), warps(ceilDiv(shape.tokens, 16)) {
  if (norm) {
    input = norm.getInput(), weight = norm.getWeight(), bias = norm.getBias();
  } else {
    auto linear = cast<LinearOp>(op.getQkv().getDefiningOp());
    input = linear.getInput(), weight = linear.getWeight(), bias = linear.getBias();
  }
  inner = cast<RankedTensorType>(weight.getType()).getDimSize(1);
}

LogicalResult FusedEmitter::check() {
  auto argument = dyn_cast<BlockArgument>(input);
  if (!argument)
    return b.kernel.emitError("attention: the product in front of it is to read an input of the kernel");
  if (!canFuseAttention(windowOf(shape, b.dtype)))
    return b.kernel.emitError("attention: windows of ")
           << shape.tokens << " tokens and heads of " << shape.headDim
           << " channels are too large for a block that computes q, k and v itself";
  Type type = b.kernel.getFunctionType().getInput(argument.getArgNumber());
  StoredShape stored = storedShape(cast<RankedTensorType>(type));
  if (stored.element != shape.element || stored.channels % shape.unit != 0)
    return b.kernel.emitError("attention: its input has the type ")
           << type << ", expected channels in " << shape.element << ", whole pieces of 16 bytes";
  return success();
}

void FusedEmitter::locate() {
  Value head = b.block(), window = b.quotient(head, shape.heads);
  place.head = b.remainder(head, shape.heads);
  place.window = b.remainder(window, shape.windows);
  place.image = b.quotient(window, shape.windows);
  place.query = b.times(b.warp(), 16);
  place.shift = b.index(0);
  quad = b.quotient(b.lane(), 4);
  quadLane = b.remainder(b.lane(), 4);
  tokens = b.input(input);
  weights = b.input(weight);
  Value first = b.times(b.plus(b.times(place.image, shape.windows), place.window), shape.tokens);
  for (int64_t half = 0; half < 2; ++half) {
    Value token = b.plus(b.plus(place.query, quad), half * 8); // beyond the last: that one
    Value row = b.plus(first, b.smaller(token, b.index(shape.tokens - 1)));
    rowStarts[half] = b.times(row, tokens.stored.channels);
  }
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

/// Starts the copy of piece `step` of the head's rows of the weights: part by part, each of products() times 8 rows.
void FusedEmitter::copyWeights(Value step) {
  int64_t rows = products() * 8, pieces = kWeightStageBytes / 16, items = 3 * rows * pieces;
  Value stage = b.times(b.remainder(step, kWeightStages), 3 * rows * elements());
  for (int64_t first = 0; first < items; first += threads()) {
    Value item = b.plus(b.thread(), first);
    b.when(first + threads() > items ? b.isLess(item, b.index(items)) : Value(), [&] {
      Value row = b.quotient(item, pieces), column = b.times(b.remainder(item, pieces), shape.unit);
      Value part = b.quotient(row, rows);
      Value channel = b.smaller(b.remainder(row, rows), b.index(shape.headDim - 1));
      Value source =
          b.plus(b.plus(b.times(part, shape.channels), b.times(place.head, shape.headDim)), channel);
      Value offset =
          b.plus(b.times(source, weights.stored.sizes.back()), b.plus(b.times(step, elements()), column));
      Value target = b.plus(stage, b.plus(b.times(row, elements()), column));
      b.copyAsync(b.address(stages, target, shape.element), b.address(weights.memory, offset, shape.element));
    });
  }
}

/// The lane's 16 bytes of both rows, as eight i32.
SmallVector<Value> FusedEmitter::loadRows(Value step) {
  Value piece = b.plus(b.times(step, 4), quadLane);
  int64_t pieces = tokens.stored.channels / shape.unit;
  if (pieces % 4 != 0) // the weights are zero there
    piece = b.smaller(piece, b.index(pieces - 1));
  Values rows;
  for (Value start : rowStarts) {
    Value offset = b.plus(start, b.times(piece, shape.unit));
    Value loaded = b.load(b.address(tokens.memory, offset, shape.element), b.index(0), b.getI32Type(), 4);
    for (int64_t i = 0; i < 4; ++i)
      rows.push_back(b.extract(loaded, i));
  }
  return rows;
}

/// The elements of a register, in f32.
Value FusedEmitter::unpackWord(Value bits) {
  auto elements = VectorType::get({4 / getBytes(b.dtype)}, shape.element);
  Value word = vector::BroadcastOp::create(b, VectorType::get({1}, b.getI32Type()), bits);
  return b.toF32(vector::BitCastOp::create(b, elements, word));
}

/// From the rows' first pieces, of which lane 0 of four has the beginning.
void FusedEmitter::findPivots(ValueRange rows) {
  for (int64_t half = 0; half < 2; ++half)
    pivots[half] = b.shuffleFrom(b.extract(unpackWord(rows[half * 4]), 0), b.times(quad, 4));
}

void FusedEmitter::addStatistics(ValueRange rows, Value step, Values &state) {
  int64_t lanes = 4 / getBytes(b.dtype);
  bool whole = inner % elements() == 0;
  Value channel = b.plus(b.times(step, elements()), b.times(quadLane, shape.unit));
  for (auto [index, bits] : llvm::enumerate(rows)) {
    int64_t half = int64_t(index) / 4;
    Value numbers = unpackWord(bits);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value difference = b.sub(b.extract(numbers, lane), pivots[half]);
      if (!whole) {
        Value own = b.plus(channel, int64_t(index) % 4 * lanes + lane);
        difference = b.select(b.isLess(own, b.index(inner)), difference, b.constant(0.0));
      }
      Value &sum = state[sumsEnd() + half * 2], &squares = state[sumsEnd() + half * 2 + 1];
      sum = b.add(sum, difference);
      squares = b.fma(difference, difference, squares);
    }
  }
}

SmallVector<Value> FusedEmitter::multiplyStage(ValueRange rows, Value step, ValueRange carried) {
  Values state(carried.begin(), carried.end());
  int64_t stageElements = 3 * products() * 8 * elements();
  Value stage = b.times(b.remainder(step, kWeightStages), stageElements);
  Value own = b.plus(b.times(quad, elements()), b.times(quadLane, shape.unit));
  Value start = b.address(stages, b.plus(stage, own), shape.element);
  for (int64_t product = 0; product < 3 * products(); ++product) {
    Value source = b.address(start, b.index(product * 8 * elements()), shape.element);
    Value loaded = b.load(source, b.index(0), b.getI32Type(), 4);
    auto sums = MutableArrayRef<Value>(state).slice(product * 4, 4);
    for (int64_t half = 0; half < 2; ++half) {
      Values left{rows[half * 2], rows[4 + half * 2], rows[half * 2 + 1], rows[4 + half * 2 + 1]};
      Values right{b.extract(loaded, half * 2), b.extract(loaded, half * 2 + 1)};
      llvm::copy(b.multiply(left, right, sums), sums.begin());
    }
  }
  if (norm)
    addStatistics(rows, step, state);
  return state;
}

/// All sums of the warp's 16 rows, and the norm's.
SmallVector<Value> FusedEmitter::computeSums() {
  for (int64_t step = 0; step < kWeightStages - 1; ++step) {
    if (step < steps())
      copyWeights(b.index(step));
    b.commitCopies();
  }
  Values state(stateEnd(), b.constant(0.0)), first;
  if (loadsAhead() || norm)
    first = loadRows(b.index(0));
  if (norm)
    findPivots(first);
  if (loadsAhead())
    llvm::append_range(state, first);
  Value last = b.index(steps() - 1);
  state = b.loop(b.index(0), b.index(steps()), 1, state, [&](Value step, ValueRange carried) {
    Values rows = loadsAhead() ? Values(carried.drop_front(stateEnd())) : loadRows(step);
    b.waitCopies(kWeightStages - 2);
    b.barrier(); // the piece is there, and all are done with the one whose place the next takes
    Value ahead = b.plus(step, kWeightStages - 1);
    b.when(b.isLess(ahead, b.index(steps())), [&] { copyWeights(ahead); });
    b.commitCopies();
    Values next = loadsAhead() ? loadRows(b.smaller(b.plus(step, 1), last)) : Values();
    Values result = multiplyStage(rows, step, carried.take_front(stateEnd()));
    llvm::append_range(result, next);
    return result;
  });
  state.truncate(stateEnd());
  b.waitCopies(0);
  b.barrier(); // keys and values take the weights' place
  return state;
}

//===----------------------------------------------------------------------===//
// Queries, keys and values
//===----------------------------------------------------------------------===//

void FusedEmitter::computeStatistics(ValueRange state) {
  if (!norm)
    return;
  Value scale = b.constant(1.0 / double(inner));
  for (int64_t half = 0; half < 2; ++half) {
    Value mean = b.mul(b.sumLanes(state[sumsEnd() + half * 2], 4), scale);
    Value square = b.mul(b.sumLanes(state[sumsEnd() + half * 2 + 1], 4), scale);
    Value variance = b.maximum(b.sub(square, b.mul(mean, mean)), b.constant(0.0));
    inverse[half] = b.rsqrt(b.add(variance, b.constant(norm.getEps().convertToDouble())));
    means[half] = b.add(mean, pivots[half]);
  }
}

/// Numbers `column` and the next, an even one and an odd one, of those of a head's channels that begin at `first`; beyond
/// the last, others. At once where heads begin at even channels: so a sector is read at once by four lanes.
SmallVector<Value> FusedEmitter::loadPair(Value parameter, Value first, Value column) {
  Buffer buffer = b.input(parameter);
  Type element = buffer.stored.element;
  if (shape.headDim % 2 == 0) {
    Value offset = b.plus(first, b.smaller(column, b.index(shape.headDim - 2)));
    Value loaded = b.toF32(b.load(buffer.memory, offset, element, 2));
    return {b.extract(loaded, 0), b.extract(loaded, 1)};
  }
  Values values;
  for (int64_t odd = 0; odd < 2; ++odd) {
    Value own = b.smaller(b.plus(column, odd), b.index(shape.headDim - 1));
    values.push_back(b.toF32(b.load(buffer.memory, b.plus(first, own), element)));
  }
  return values;
}

/// A part's channels of both rows, as the product leaves them, with zeros beyond the head's last.
SmallVector<Value> FusedEmitter::finishPart(int64_t part, ValueRange sums) {
  Values values(sums.begin(), sums.end()), offsets, rowSums;
  Value first = b.plus(b.times(place.head, shape.headDim), part * shape.channels), zero = b.constant(0.0);
  for (int64_t product = 0; product < products(); ++product) {
    Value pair = b.plus(b.times(quadLane, 2), product * 8);
    offsets = bias ? loadPair(bias, first, pair) : Values(2, zero);
    if (norm)
      rowSums = loadPair(norm.getSums(), first, pair);
    for (int64_t i = 0; i < 4; ++i) {
      int64_t half = i / 2, odd = i % 2;
      Value &value = values[product * 4 + i];
      if (norm)
        value = b.mul(b.sub(value, b.mul(means[half], rowSums[odd])), inverse[half]);
      value = b.add(value, offsets[odd]);
      if (product * 8 + 8 > shape.headDim)
        value = b.select(b.isLess(b.plus(pair, odd), b.index(shape.headDim)), value, zero);
    }
  }
  return values;
}

/// The layer norm over a head's channels.
void FusedEmitter::normalise(Values &values, Value scales, Value shifts) {
  Value scale = b.constant(1.0 / double(shape.headDim)), zero = b.constant(0.0);
  for (int64_t half = 0; half < 2; ++half) {
    auto forEachPair = [&](llvm::function_ref<void(Value *, Value)> visit) {
      for (int64_t product = 0; product < products(); ++product)
        visit(&values[product * 4 + half * 2], b.plus(b.times(quadLane, 2), product * 8));
    };
    auto exists = [&](Value pair, int64_t odd) {
      return b.isLess(b.plus(pair, odd), b.index(shape.headDim));
    };
    Value sum = zero, squares = zero;
    forEachPair([&](Value *pair, Value) { sum = b.add(b.add(sum, pair[0]), pair[1]); });
    Value mean = b.mul(b.sumLanes(sum, 4), scale);
    forEachPair([&](Value *pair, Value column) {
      for (int64_t odd = 0; odd < 2; ++odd) {
        pair[odd] = b.select(exists(column, odd), b.sub(pair[odd], mean), zero);
        squares = b.fma(pair[odd], pair[odd], squares);
      }
    });
    Value variance = b.mul(b.sumLanes(squares, 4), scale);
    Value factor = b.rsqrt(b.add(variance, b.constant(op.getEps().convertToDouble())));
    forEachPair([&](Value *pair, Value column) {
      Values factors = loadPair(scales, b.index(0), column), terms = loadPair(shifts, b.index(0), column);
      for (int64_t odd = 0; odd < 2; ++odd) {
        Value scaled = b.fma(b.mul(pair[odd], factor), factors[odd], terms[odd]);
        pair[odd] = b.select(exists(column, odd), scaled, zero);
      }
    });
  }
}

/// Columns 2t and 2t + 1 of 8; `permuted`: at t and t + 4, where the order of asFirstOperand has them.
void FusedEmitter::storePair(Value tile, Value row, int64_t column, Value first, Value second,
                             bool permuted) {
  int64_t unit = column / shape.unit, pairs = shape.unit / 2;
  if (permuted) {
    b.store(first, shape.locate(b, tile, row, b.index(0), unit), quadLane);
    b.store(second, shape.locate(b, tile, row, b.index(0), unit + 1), quadLane);
    return;
  }
  Value start = shape.locate(b, tile, row, b.quotient(quadLane, pairs), unit);
  b.store(b.fromF32(b.pack({first, second}), shape.element), start, b.times(b.remainder(quadLane, pairs), 2),
          2);
}

void FusedEmitter::storeTile(ValueRange values, Value tile, bool permuted) {
  for (int64_t half = 0; half < 2; ++half) {
    Value row = b.plus(b.plus(place.query, quad), half * 8), zero = b.constant(0.0);
    for (int64_t column = 0; column < shape.width; column += 8) {
      bool isPadding = column / 8 >= products();
      int64_t index = column / 2 + half * 2;
      storePair(tile, row, column, isPadding ? zero : values[index], isPadding ? zero : values[index + 1],
                permuted);
    }
  }
}

SmallVector<SmallVector<Value>> FusedEmitter::packQueries(ValueRange values) {
  Values padded(values.begin(), values.end());
  SmallVector<Values> steps;
  padded.resize(shape.width / 2, b.constant(0.0));
  int64_t sums = b.depth() / 2; // of a product's depth
  for (int64_t first = 0; first < int64_t(padded.size()); first += sums)
    steps.push_back(core.asFirstOperand(ValueRange(padded).slice(first, sums)));
  return steps;
}

//===----------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------===//

void FusedEmitter::attend(AttentionCore::Queries queries, Value keyTile, Value valueTile) {
  auto visit = [&](Value token, ValueRange state, int64_t count, int64_t valid) {
    Value row = b.times(token, shape.width);
    Values scores = core.score(queries, b.address(keyTile, row, shape.element), count, valid);
    return core.weigh(scores, b.address(valueTile, row, shape.element), state);
  };
  int64_t keys = chooseKeys(b.dtype);
  int64_t before = (ceilDiv(shape.tokens, keys) - 1) * keys, rest = shape.tokens - before;
  Values state = core.begin();
  if (before > 0)
    state = b.loop(b.index(0), b.index(before), keys, state,
                   [&](Value token, ValueRange carried) { return visit(token, carried, keys, keys); });
  state = visit(b.index(before), state, roundUp(rest, 16), rest);
  Epilogue epilogue(b, op.getResult());
  b.barrier(); // Keys have been read: the result goes through their place.
  core.finish(state, place, epilogue, b.address(keyTile, b.times(place.query, shape.width), shape.element));
  if (epilogue.hasGaps())
    epilogue.fillGaps(b.times(b.batch(), shape.windows * shape.heads));
}

LogicalResult FusedEmitter::emit() {
  if (failed(check()))
    return failure();
  b.beginVariant(1);
  b.beginLaunch(threads());
  // Left alone, ptxas spills a few registers to have one block more.
  b.keepResident(std::max<int64_t>(1, kLeastWarpsTogether / warps));
  AttentionWindow window = windowOf(shape, b.dtype);
  int64_t tile = window.tileBytes();
  Value shared = b.allocateShared(getFusedAttentionShared(window));
  stages = shared;
  Value keyTile = shared, valueTile = b.address(shared, b.index(tile), b.getI8Type());
  locate();
  Values sums = computeSums();
  computeStatistics(sums);
  auto part = [&](int64_t index) {
    return finishPart(index, ValueRange(sums).slice(index * products() * 4, products() * 4));
  };
  Values queries = part(kQueries), keys = part(kKeysPart);
  if (op.getQWeight()) {
    normalise(queries, op.getQWeight(), op.getQBias());
    normalise(keys, op.getKWeight(), op.getKBias());
  }
  storeTile(keys, keyTile, /*permuted=*/getBytes(b.dtype) == 4);
  storeTile(part(kValues), valueTile, /*permuted=*/false);
  b.barrier();
  SmallVector<Values> packed = packQueries(queries);
  attend([&](int64_t step) { return packed[step]; }, keyTile, valueTile);
  b.endLaunch(shape.windows, 1, shape.heads);
  return success();
}

LogicalResult mv::gpu::emitFusedAttention(KernelBuilder &b, AttentionOp op) {
  return FusedEmitter(b, op).emit();
}
