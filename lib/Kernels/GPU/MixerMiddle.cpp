//===- MixerMiddle.cpp - What stands in front of a mixer's scan -----------------===//

#include "MixerMiddle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

#include <cmath>

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

using Values = SmallVector<Value>;

static int64_t channelsOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Warps of a block at most: operands of 32 bits take more registers.
static int64_t maxWarps(DType dtype) { return getBytes(dtype) == 2 ? 20 : 16; }
/// Fewer would leave the convolution to few threads: alone on its multiprocessor a block needs more.
static constexpr int64_t kMinWarps = 4, kMinWarpsAlone = 8;
/// Tokens from which on a window is cut into chunks, and the chunks' length.
static constexpr int64_t kLongWindow = 1024, kChunk = 256;
/// Neighbouring channels that a thread convolves.
static constexpr int64_t kGroup = 8;

MixerShape::MixerShape(const MixerMiddle &middle, DType dtype, int64_t batch, int64_t multiprocessors) {
  ArrayRef<int64_t> sizes = MixerMiddle(middle).conv.getInput().getType().getShape();
  int64_t unit = 16 / getBytes(dtype), depth = 2 * unit;
  windows = sizes[1];
  tokens = sizes[2];
  half = sizes[3] / 2;
  rank = middle.offsetB;
  xPitch = roundUp(half, depth) + unit;
  dtStart = 2 * kScanStates;
  pitch = dtStart + roundUp(rank, depth) + 4;
  groups = ceilDiv(half, kScanChannels);
  stepPitch = kScanChannels + 8;
  chunk = tokens < kLongWindow ? tokens : kChunk;
  chooseSplits(dtype, multiprocessors / (batch * windows * chunks()));
  chooseSegment(dtype);
}

/// Where there are fewer sequences than multiprocessors, blocks share the groups of one: up to `most` of them.
void MixerShape::chooseSplits(DType dtype, int64_t most) {
  int64_t least = ceilDiv(groups, maxWarps(dtype));
  splits = std::clamp(most, least, groups);
  scanners = ceilDiv(groups, splits);
  warps = std::max(splits > least ? kMinWarpsAlone : kMinWarps, scanners);
  splits = ceilDiv(groups, scanners);
}

/// As many tokens as let two blocks share a multiprocessor, or as fit at all.
void MixerShape::chooseSegment(DType dtype) {
  int64_t row = xPitch * getBytes(dtype) + pitch * 4, fixed = scanners * stepBytes() + 256;
  auto fit = [&](int64_t bytes) {
    return std::max<int64_t>(0, bytes - fixed) / row / kScanTokens * kScanTokens;
  };
  int64_t most = fit(kMaxShared / 2);
  if (most < 2 * kScanTokens)
    most = fit(kMaxShared);
  segment = most == 0 ? 0 : roundUp(ceilDiv(chunk, ceilDiv(chunk, most)), kScanTokens);
}

/// Of each chunk: all states, and each channel's sum of step sizes.
int64_t MixerShape::workspaceBytes() const {
  if (chunks() == 1)
    return 0;
  return 4 * windows * chunks() * groups * kScanChannels * (kScanStates + 1);
}

/// The many splits of a batch of 1 serve until they fill the chip twice.
SmallVector<MixerVariant, 2> mv::gpu::chooseMixerVariants(const MixerMiddle &middle, DType dtype,
                                                          int64_t multiprocessors) {
  MixerShape few(middle, dtype, /*batch=*/1, multiprocessors);
  MixerShape many(middle, dtype, /*batch=*/multiprocessors, multiprocessors);
  int64_t batch = ceilDiv(2 * multiprocessors, few.windows * few.chunks() * few.splits);
  if (few.splits == many.splits || batch <= 1)
    return {{1, many}};
  return {{1, few}, {batch, many}};
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Values mv::gpu::loadEight(KernelBuilder &b, Value memory, Value offset, Type element) {
  int64_t lanes = 128 / element.getIntOrFloatBitWidth();
  Values values;
  for (int64_t first = 0; first < 8; first += lanes) {
    Value loaded = b.toF32(b.load(memory, b.plus(offset, first), element, lanes));
    for (int64_t lane = 0; lane < lanes; ++lane)
      values.push_back(b.extract(loaded, lane));
  }
  return values;
}

void mv::gpu::storeEight(KernelBuilder &b, ValueRange values, Value memory, Value offset, Type element) {
  int64_t lanes = 128 / element.getIntOrFloatBitWidth();
  for (int64_t first = 0; first < 8; first += lanes)
    b.store(b.fromF32(b.pack(values.slice(first, lanes)), element), memory, b.plus(offset, first), lanes);
}

Values mv::gpu::loadWeights(KernelBuilder &b, Value row, Value step) {
  // A step is 8 words of a row; lane 4g + t has words t and t + 4 of row g.
  Value word = b.plus(b.times(step, 8), b.remainder(b.lane(), 4));
  return {b.load(row, word, b.getI32Type()), b.load(row, b.plus(word, 4), b.getI32Type())};
}

MixerProjections::MixerProjections(KernelBuilder &b, const MixerMiddle &middle, const MixerShape &shape)
    : b(b), middle(middle), shape(shape) {
  element = getStorageType(b.getContext(), b.dtype);
}

/// Columns [from, to) of all rows.
void MixerProjections::fillZeros(Value memory, int64_t pitch, int64_t from, int64_t to, Type type) {
  int64_t width = to - from;
  if (width <= 0)
    return;
  b.loop(b.thread(), b.index(shape.segment * width), shape.threads(), [&](Value item) {
    Value offset = b.plus(b.times(b.quotient(item, width), pitch), b.plus(b.remainder(item, width), from));
    b.store(b.fromF32(b.constant(0.0), type), memory, offset);
  });
}

void MixerProjections::begin(Value image, Value window, Value index, bool stores) {
  split = index;
  storesZ = stores;
  x = b.allocateShared(shape.segment * shape.xPitch * getBytes(b.dtype));
  project = b.allocateShared(shape.segment * shape.pitch * 4);
  firstRow = b.times(b.plus(b.times(image, shape.windows), window), shape.tokens);
  // What products read beyond their operands.
  fillZeros(x, shape.xPitch, roundUp(shape.half, kGroup), roundUp(shape.half, b.depth()), element);
  int64_t end = shape.dtStart + shape.rank;
  fillZeros(project, shape.pitch, end, shape.dtStart + roundUp(shape.rank, b.depth()), b.getF32Type());
}

void MixerProjections::emit(Value start, Value tiles) {
  emitConvolution(start, b.times(tiles, kScanTokens));
  b.barrier();
  int64_t columnTiles = ceilDiv(channelsOf(middle.project.getResult()), 8);
  b.loop(b.warp(), b.times(tiles, columnTiles), shape.warps,
         [&](Value unit) { emitProduct(b.quotient(unit, columnTiles), b.remainder(unit, columnTiles)); });
  b.barrier();
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

/// Threads side by side have neighbouring channels, and walk over a stream of tokens each. Groups of x come first, then
/// the block's share of those of z; a group that has channels of both comes twice.
void MixerProjections::emitConvolution(Value start, Value rows) {
  int64_t groups = groupsX() + (storesZ ? groupsZ() : 0), streams = shape.threads() / groups;
  if (streams <= 1)
    return b.loop(b.thread(), b.index(groups), shape.threads(),
                  [&](Value index) { emitStream(index, start, b.index(0), rows); });
  Value stream = b.quotient(b.thread(), groups), index = b.remainder(b.thread(), groups);
  Value length = b.quotient(b.plus(rows, streams - 1), streams);
  Value first = arith::MulIOp::create(b, stream, length);
  Value mine = shape.threads() % groups == 0 ? Value() : b.isLess(stream, b.index(streams));
  b.when(mine, [&] { emitStream(index, start, first, b.smaller(b.plus(first, length), rows)); });
}

int64_t MixerProjections::groupsX() const { return ceilDiv(shape.half, kGroup); }
int64_t MixerProjections::groupsZ() const {
  return ceilDiv(ceilDiv(2 * shape.half, kGroup) - shape.half / kGroup, shape.splits);
}

/// Eight numbers in memory as words of 32 bits, and as f32.
static Values loadWords(KernelBuilder &b, Value memory, Value offset, Type element) {
  Value start = b.address(memory, offset, element);
  Values words;
  for (int64_t first = 0; first < kGroup * element.getIntOrFloatBitWidth() / 32; first += 4) {
    Value loaded = b.load(start, b.index(first), b.getI32Type(), 4);
    for (int64_t i = 0; i < 4; ++i)
      words.push_back(b.extract(loaded, i));
  }
  return words;
}

static Values unpackWords(KernelBuilder &b, ValueRange words, Type element) {
  int64_t lanes = 32 / element.getIntOrFloatBitWidth();
  Type type = lanes == 1 ? element : VectorType::get({lanes}, element);
  Values values;
  for (Value word : words) {
    Value numbers = b.toF32(LLVM::BitcastOp::create(b, type, word));
    for (int64_t lane = 0; lane < lanes; ++lane)
      values.push_back(b.extract(numbers, lane));
  }
  return values;
}

/// Rows [first, last) of a segment, one group of channels. Two tokens are carried on, as they are stored: registers
/// are short.
void MixerProjections::emitStream(Value index, Value start, Value first, Value last) {
  int64_t all = ceilDiv(2 * shape.half, kGroup);
  Value isX = b.isLess(index, b.index(groupsX()));
  Value groupOfZ =
      b.plus(b.minus(b.plus(index, shape.half / kGroup), b.index(groupsX())), b.times(split, groupsZ()));
  Value isZ = b.both(b.isLess(b.index(groupsX() - 1), index), b.isLess(groupOfZ, b.index(all)));
  Value group = b.smaller(b.select(isX, index, groupOfZ), b.index(all - 1));
  Buffer input = b.input(middle.conv.getInput()), weight = b.input(middle.conv.getWeight());
  Value channel = b.times(group, kGroup), end = b.index(shape.tokens);
  Value noWord = arith::ConstantIntOp::create(b, 0, 32);
  auto load = [&](Value token, Value exists) {
    Value offset = b.plus(b.times(b.plus(firstRow, token), input.stored.channels), channel);
    Values words = loadWords(b, input.memory, offset, input.stored.element);
    for (Value &word : words)
      word = b.select(exists, word, noWord);
    return words;
  };
  Values taps[3], bias(kGroup, b.constant(0.0));
  for (int64_t tap = 0; tap < 3; ++tap)
    taps[tap] =
        loadEight(b, weight.memory, b.plus(channel, tap * weight.stored.sizes.back()), b.getF32Type());
  if (middle.conv.getBias())
    bias = loadEight(b, b.input(middle.conv.getBias()).memory, channel, b.getF32Type());

  Value token = b.smaller(b.plus(start, first), b.index(shape.tokens - 1));
  Value hasBefore = b.isDifferent(token, b.index(0));
  Values carried = load(b.minus(token, b.select(hasBefore, b.index(1), b.index(0))), hasBefore);
  llvm::append_range(carried, load(token, b.isLess(token, end)));
  b.loop(first, last, 1, carried, [&](Value row, ValueRange carried) {
    Value own = b.plus(start, row), after = b.plus(own, 1);
    Values next = load(b.smaller(after, b.index(shape.tokens - 1)), b.isLess(after, end));
    ValueRange words[3] = {carried.take_front(next.size()), carried.drop_front(next.size()), next};
    Values sums = bias;
    for (int64_t tap = 0; tap < 3; ++tap)
      for (auto [i, value] : llvm::enumerate(unpackWords(b, words[tap], input.stored.element)))
        sums[i] = b.fma(value, taps[tap][i], sums[i]);
    for (Value &sum : sums) {
      Value exponential = b.exp2(b.mul(sum, b.constant(-M_LOG2E)));
      sum = b.mul(sum, b.reciprocal(b.add(exponential, b.constant(1.0))));
    }
    Value exists = b.isLess(own, end);
    b.when(isX, [&] { storeX(sums, group, row, exists); });
    b.when(b.both(isZ, exists), [&] { storeZ(sums, group, own); });
    Values yielded(words[1]);
    llvm::append_range(yielded, next);
    return yielded;
  });
}

/// To shared memory: zeros for tokens beyond the last.
void MixerProjections::storeX(ValueRange values, Value group, Value row, Value exists) {
  Value zero = b.constant(0.0), channel = b.times(group, kGroup);
  Values own;
  for (auto [i, value] : llvm::enumerate(values)) {
    bool isWhole = shape.half % kGroup == 0;
    Value mine = isWhole ? exists : b.both(exists, b.isLess(b.plus(channel, i), b.index(shape.half)));
    own.push_back(b.select(mine, value, zero));
  }
  storeEight(b, own, x, b.plus(b.times(row, shape.xPitch), channel), element);
}

void MixerProjections::storeZ(ValueRange values, Value group, Value token) {
  Buffer result = b.result();
  Value channel = b.times(group, kGroup);
  Value at = b.plus(b.times(b.plus(firstRow, token), result.stored.channels), channel);
  if (shape.half % kGroup == 0)
    return storeEight(b, values, result.memory, at, result.stored.element);
  for (auto [i, value] : llvm::enumerate(values)) {
    Value own = b.plus(channel, i);
    Value isZ =
        b.both(b.isLess(b.index(shape.half - 1), own), b.isLess(own, b.index(result.stored.channels)));
    b.when(isZ, [&] { b.store(b.fromF32(value, result.stored.element), result.memory, b.plus(at, i)); });
  }
}

//===----------------------------------------------------------------------===//
// Projection
//===----------------------------------------------------------------------===//

/// Products whose operands are under way at once.
static constexpr int64_t kUnroll = 4;

/// 16 rows, 8 columns.
void MixerProjections::emitProduct(Value rowTile, Value columnTile) {
  Buffer weight = b.input(middle.project.getWeight());
  int64_t columns = channelsOf(middle.project.getResult()), steps = ceilDiv(shape.half, b.depth());
  Value lane = b.lane(), column = b.times(columnTile, 8), row = b.times(rowTile, 16);
  Value own = b.smaller(b.plus(column, b.quotient(lane, 4)), b.index(columns - 1));
  Value weights = b.address(weight.memory, b.times(own, weight.stored.sizes.back()), element);
  Value left = b.plus(b.times(b.plus(row, b.remainder(lane, 16)), shape.xPitch),
                      b.times(b.quotient(lane, 16), b.depth() / 2));
  auto multiply = [&](Value first, int64_t count, ValueRange before) {
    Values sums(before), lefts, rights;
    for (int64_t i = 0; i < count; ++i) {
      Value step = b.plus(first, i);
      llvm::append_range(rights, loadWeights(b, weights, step));
      llvm::append_range(lefts,
                         b.loadMatrix(b.address(x, b.plus(left, b.times(step, b.depth())), element), 4));
    }
    for (int64_t i = 0; i < count; ++i)
      sums = b.multiply(ValueRange(lefts).slice(4 * i, 4), ValueRange(rights).slice(2 * i, 2), sums);
    return sums;
  };
  int64_t whole = steps / kUnroll * kUnroll;
  Values sums = b.loop(b.index(0), b.index(whole), kUnroll, Values(4, b.constant(0.0)),
                       [&](Value step, ValueRange before) { return multiply(step, kUnroll, before); });
  if (whole < steps)
    sums = multiply(b.index(whole), steps - whole, sums);
  storeProjected(sums, row, column);
}

/// Lane 4g + t has rows g and g + 8, columns 2t and 2t + 1.
void MixerProjections::storeProjected(ValueRange sums, Value row, Value column) {
  int64_t columns = channelsOf(middle.project.getResult());
  Value first = b.plus(row, b.quotient(b.lane(), 4));
  for (int64_t odd : {0, 1}) {
    Value own = b.plus(b.plus(column, b.times(b.remainder(b.lane(), 4), 2)), odd);
    Value isStep = b.isLess(own, b.index(shape.rank));
    Value target = b.select(isStep, b.plus(own, shape.dtStart), b.minus(own, b.index(shape.rank)));
    b.when(b.isLess(own, b.index(columns)), [&] {
      Value bias;
      if (middle.project.getBias())
        bias = b.load(b.input(middle.project.getBias()).memory, own, b.getF32Type());
      for (int64_t below : {0, 1}) {
        Value sum = sums[2 * below + odd];
        b.store(bias ? b.add(sum, bias) : sum, project,
                b.plus(b.times(b.plus(first, 8 * below), shape.pitch), target));
      }
    });
  }
}
