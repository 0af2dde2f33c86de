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
/// Bytes of an access.
static constexpr int64_t kAccess = 16;

/// At least `least`, and an odd multiple of `unit`.
static int64_t roundUpToOdd(int64_t least, int64_t unit) { return (ceilDiv(least, unit) | 1) * unit; }

MixerShape::MixerShape(const MixerMiddle &middle, DType dtype, int64_t batch, int64_t multiprocessors) {
  ArrayRef<int64_t> sizes = MixerMiddle(middle).conv.getInput().getType().getShape();
  int64_t depth = 32 / getBytes(dtype), pair = 2 * depth; // of a product, of two: 64 bytes
  windows = sizes[1];
  tokens = sizes[2];
  half = sizes[3] / 2;
  rank = middle.offsetB;
  group = kAccess / getBytes(dtype);
  tapRows = getBytes(dtype) == 4 ? 0 : MixerMiddle(middle).conv.getBias() ? 4 : 3;
  xPitch = roundUpToOdd(half, pair);
  startB = roundUp(rank, kScanStates);
  pitch = roundUpToOdd(startB + 2 * kScanStates, 16);
  groups = ceilDiv(half, kScanChannels);
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
  int64_t row = xPitch * getBytes(dtype) + pitch * 4, fixed = scanners * stepBytes() + tapBytes() + 256;
  auto fit = [&](int64_t bytes) {
    return std::max<int64_t>(0, bytes - fixed) / row / kScanTokens * kScanTokens;
  };
  int64_t most = fit(kMaxShared / 2);
  if (most < 2 * kScanTokens)
    most = fit(kMaxShared);
  segment = most == 0 ? 0 : roundUp(ceilDiv(chunk, ceilDiv(chunk, most)), kScanTokens);
}

/// A group that has channels of both comes twice.
int64_t MixerShape::groupsZ() const { return ceilDiv(ceilDiv(2 * half, group) - half / group, splits); }

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

Values mv::gpu::loadGroup(KernelBuilder &b, Value memory, Value offset, Type element, int64_t count) {
  int64_t lanes = std::min<int64_t>(count, 8 * kAccess / element.getIntOrFloatBitWidth());
  Values values;
  for (int64_t first = 0; first < count; first += lanes) {
    Value loaded = b.toF32(b.load(memory, b.plus(offset, first), element, lanes));
    for (int64_t lane = 0; lane < lanes; ++lane)
      values.push_back(b.extract(loaded, lane));
  }
  return values;
}

void mv::gpu::storeGroup(KernelBuilder &b, ValueRange values, Value memory, Value offset, Type element) {
  int64_t count = values.size(),
          lanes = std::min<int64_t>(count, 8 * kAccess / element.getIntOrFloatBitWidth());
  for (int64_t first = 0; first < count; first += lanes)
    b.store(b.fromF32(b.pack(values.slice(first, lanes)), element), memory, b.plus(offset, first), lanes);
}

Values mv::gpu::loadFragment(KernelBuilder &b, Value row, Value part, int64_t words) {
  Value word = b.plus(b.times(part, 4 * words), b.times(b.remainder(b.lane(), 4), words));
  Value loaded = b.load(row, word, b.getI32Type(), words);
  Values values;
  for (int64_t i = 0; i < words; ++i)
    values.push_back(b.extract(loaded, i));
  return values;
}

Value mv::gpu::swizzled(KernelBuilder &b, Value row, Value column, Exchanged exchanged) {
  Value key = b.times(b.remainder(b.quotient(row, 2), 2), int64_t(exchanged));
  return arith::XOrIOp::create(b, column, key);
}

MixerProjections::MixerProjections(KernelBuilder &b, const MixerMiddle &middle, const MixerShape &shape)
    : b(b), middle(middle), shape(shape) {
  element = getStorageType(b.getContext(), b.dtype);
}

/// Columns [from, to) of all rows.
static void forEachColumn(KernelBuilder &b, const MixerShape &shape, int64_t from, int64_t to,
                          function_ref<void(Value, Value)> emit) {
  int64_t width = to - from;
  if (width <= 0)
    return;
  b.loop(b.thread(), b.index(shape.segment * width), shape.threads(),
         [&](Value item) { emit(b.quotient(item, width), b.plus(b.remainder(item, width), from)); });
}

/// What products read beyond their operands.
void MixerProjections::fillZeros() {
  int64_t end = roundUp(shape.half, 2 * b.depth());
  forEachColumn(b, shape, roundUp(shape.half, shape.group), end, [&](Value row, Value column) {
    b.store(b.fromF32(b.constant(0.0), element), x, b.plus(b.times(row, shape.xPitch), column));
  });
  forEachColumn(b, shape, shape.rank, roundUp(shape.rank, 4), [&](Value row, Value column) {
    Value place = swizzled(b, row, column, Exchanged::Eights);
    b.store(b.constant(0.0), project, b.plus(b.times(row, shape.pitch), place));
  });
}

void MixerProjections::begin(Value image, Value window, Value index, bool stores) {
  split = index;
  storesZ = stores;
  x = b.allocateShared(shape.segment * shape.xPitch * getBytes(b.dtype));
  project = b.allocateShared(shape.segment * shape.pitch * 4);
  firstRow = b.times(b.plus(b.times(image, shape.windows), window), shape.tokens);
  if (shape.tapRows > 0)
    copyTaps();
  fillZeros();
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

/// Groups of x come first, then the block's share of those of z.
MixerProjections::Convolved MixerProjections::locate(Value index) {
  int64_t all = ceilDiv(2 * shape.half, shape.group);
  Value isX = b.isLess(index, b.index(shape.groupsX()));
  Value indexOfZ = b.minus(index, b.index(shape.groupsX()));
  Value groupOfZ = b.plus(b.plus(indexOfZ, shape.half / shape.group), b.times(split, shape.groupsZ()));
  Value isZ = b.both(b.isLess(b.index(shape.groupsX() - 1), index), b.isLess(groupOfZ, b.index(all)));
  Value group = b.smaller(b.select(isX, index, groupOfZ), b.index(all - 1));
  return {isX, isZ, b.times(group, shape.group)};
}

/// Parameters of eight channels are two accesses of f32, each of which would use half of every sector that a warp asks for.
/// So the block's come to shared memory once, a row for each tap and for the bias:
///
///     first fours of all groups ... | second fours of all groups ...      tapPitch() apart
void MixerProjections::copyTaps() {
  int64_t groups = shape.groupsX() + (storesZ ? shape.groupsZ() : 0);
  taps = b.allocateShared(shape.tapBytes());
  b.loop(b.thread(), b.index(2 * groups), shape.threads(), [&](Value item) {
    Value index = b.quotient(item, 2), half = b.remainder(item, 2);
    Value channel = b.plus(locate(index).channel, b.times(half, 4));
    Value target = b.plus(b.times(half, shape.tapPitch()), index);
    for (int64_t row = 0; row < shape.tapRows; ++row) {
      Buffer source = b.input(row < 3 ? middle.conv.getWeight() : middle.conv.getBias());
      Value offset = row < 3 ? b.plus(channel, row * source.stored.sizes.back()) : channel;
      b.copyAsync(b.address(taps, b.times(b.plus(target, row * 2 * shape.tapPitch()), 4), b.getF32Type()),
                  b.address(source.memory, offset, b.getF32Type()));
    }
  });
  b.commitCopies();
  b.waitCopies(0);
  b.barrier();
}

/// Row 3 is the bias.
Values MixerProjections::loadTaps(Value index, Value channel, int64_t row) {
  if (row == 3 && !middle.conv.getBias())
    return Values(shape.group, b.constant(0.0));
  if (shape.tapRows == 0) {
    Buffer source = b.input(row < 3 ? middle.conv.getWeight() : middle.conv.getBias());
    Value offset = row < 3 ? b.plus(channel, row * source.stored.sizes.back()) : channel;
    return loadGroup(b, source.memory, offset, b.getF32Type(), shape.group);
  }
  Values values;
  for (int64_t half : {0, 1}) {
    Value place = b.times(b.plus(index, (2 * row + half) * shape.tapPitch()), 4);
    llvm::append_range(values, loadGroup(b, taps, place, b.getF32Type(), 4));
  }
  return values;
}

/// Threads side by side have neighbouring channels, and walk over a stream of tokens each. A stream begins with a quarter
/// of a warp, whose stores to one row are in different banks, where that leaves it as long as it is.
void MixerProjections::emitConvolution(Value start, Value rows) {
  int64_t groups = shape.groupsX() + (storesZ ? shape.groupsZ() : 0), width = roundUp(groups, 8);
  auto lengthOf = [&](int64_t streams) { return streams > 0 ? ceilDiv(shape.segment, streams) : INT64_MAX; };
  if (lengthOf(shape.threads() / width) > lengthOf(shape.threads() / groups))
    width = groups;
  int64_t streams = shape.threads() / width;
  if (streams <= 1)
    return b.loop(b.thread(), b.index(groups), shape.threads(),
                  [&](Value index) { emitStream(index, start, b.index(0), rows); });
  Value stream = b.quotient(b.thread(), width), index = b.remainder(b.thread(), width);
  Value length = b.quotient(b.plus(rows, streams - 1), streams);
  Value first = arith::MulIOp::create(b, stream, length);
  Value mine = shape.threads() % width == 0 ? Value() : b.isLess(stream, b.index(streams));
  if (width != groups)
    mine = b.both(mine, b.isLess(index, b.index(groups)));
  b.when(mine, [&] { emitStream(index, start, first, b.smaller(b.plus(first, length), rows)); });
}

/// Neighbouring numbers in memory as words of 32 bits, and as f32.
static Values loadWords(KernelBuilder &b, Value memory, Value offset, Type element, int64_t count) {
  Value start = b.address(memory, offset, element);
  Values words;
  for (int64_t first = 0; first < count * element.getIntOrFloatBitWidth() / 32; first += 4) {
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
  Convolved own = locate(index);
  Value channel = own.channel, end = b.index(shape.tokens);
  Buffer input = b.input(middle.conv.getInput());
  Value noWord = arith::ConstantIntOp::create(b, 0, 32);
  auto load = [&](Value token, Value exists) {
    Value offset = b.plus(b.times(b.plus(firstRow, token), input.stored.channels), channel);
    Values words = loadWords(b, input.memory, offset, input.stored.element, shape.group);
    for (Value &word : words)
      word = b.select(exists, word, noWord);
    return words;
  };
  Values taps[3];
  for (int64_t tap = 0; tap < 3; ++tap)
    taps[tap] = loadTaps(index, channel, tap);
  Values bias = loadTaps(index, channel, 3);

  Value token = b.smaller(b.plus(start, first), b.index(shape.tokens - 1));
  Value hasBefore = b.isDifferent(token, b.index(0));
  Values carried = load(b.minus(token, b.select(hasBefore, b.index(1), b.index(0))), hasBefore);
  llvm::append_range(carried, load(token, b.isLess(token, end)));
  b.loop(first, last, 1, carried, [&](Value row, ValueRange carried) {
    Value token = b.plus(start, row), after = b.plus(token, 1);
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
    Value exists = b.isLess(token, end);
    b.when(own.isX, [&] { storeX(sums, channel, row, exists); });
    b.when(b.both(own.isZ, exists), [&] { storeZ(sums, channel, token); });
    Values yielded(words[1]);
    llvm::append_range(yielded, next);
    return yielded;
  });
}

/// To shared memory: zeros for tokens beyond the last.
void MixerProjections::storeX(ValueRange values, Value channel, Value row, Value exists) {
  Value zero = b.constant(0.0);
  Values own;
  for (auto [i, value] : llvm::enumerate(values)) {
    bool isWhole = shape.half % shape.group == 0;
    Value mine = isWhole ? exists : b.both(exists, b.isLess(b.plus(channel, i), b.index(shape.half)));
    own.push_back(b.select(mine, value, zero));
  }
  storeGroup(b, own, x, b.plus(b.times(row, shape.xPitch), channel), element);
}

void MixerProjections::storeZ(ValueRange values, Value channel, Value token) {
  Buffer result = b.result();
  Value at = b.plus(b.times(b.plus(firstRow, token), result.stored.channels), channel);
  if (shape.half % shape.group == 0)
    return storeGroup(b, values, result.memory, at, result.stored.element);
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

/// Pairs of products whose operands are under way at once, at most.
static constexpr int64_t kMostPairs = 4;

/// 16 rows, 8 columns, 64 bytes of k at a time.
void MixerProjections::emitProduct(Value rowTile, Value columnTile) {
  Buffer weight = b.input(middle.project.getWeight());
  int64_t columns = channelsOf(middle.project.getResult()), pairs = ceilDiv(shape.half, 2 * b.depth());
  Value line = b.quotient(b.lane(), 4), column = b.times(columnTile, 8), row = b.times(rowTile, 16);
  Value own = b.smaller(b.plus(column, line), b.index(columns - 1));
  Value weights = b.address(weight.memory, b.times(own, weight.stored.sizes.back()), element);
  Value left = b.address(x, b.times(b.plus(row, line), shape.xPitch), element);
  Value below = b.address(left, b.index(8 * shape.xPitch), element);
  auto multiply = [&](Value first, int64_t count, ValueRange before) {
    Values sums(before), lefts, belows, rights;
    for (int64_t i = 0; i < count; ++i) {
      llvm::append_range(rights, loadFragment(b, weights, b.plus(first, i), 4));
      llvm::append_range(lefts, loadFragment(b, left, b.plus(first, i), 4));
      llvm::append_range(belows, loadFragment(b, below, b.plus(first, i), 4));
    }
    for (int64_t i = 0; i < 4 * count; i += 2) {
      Values operand = {lefts[i], belows[i], lefts[i + 1], belows[i + 1]};
      sums = b.multiply(operand, ValueRange(rights).slice(i, 2), sums);
    }
    return sums;
  };
  int64_t unroll = ceilDiv(pairs, ceilDiv(pairs, kMostPairs)), whole = pairs / unroll * unroll;
  Values sums = b.loop(b.index(0), b.index(whole), unroll, Values(4, b.constant(0.0)),
                       [&](Value pair, ValueRange before) { return multiply(pair, unroll, before); });
  if (whole < pairs)
    sums = multiply(b.index(whole), pairs - whole, sums);
  storeProjected(sums, row, column);
}

/// Lane 4g + t has rows g and g + 8, columns 2t and 2t + 1: those of dt, then those of B and C.
void MixerProjections::storeProjected(ValueRange sums, Value row, Value column) {
  int64_t columns = channelsOf(middle.project.getResult()), count = shape.rank % 2 == 0 ? 2 : 1;
  Value line = b.quotient(b.lane(), 4), rowStart = b.times(b.plus(row, line), shape.pitch);
  for (int64_t odd = 0; odd < 2; odd += count) {
    Value own = b.plus(b.plus(column, b.times(b.remainder(b.lane(), 4), 2)), odd);
    Value gap = b.select(b.isLess(own, b.index(shape.rank)), b.index(0), b.index(shape.startB - shape.rank));
    Value place = b.plus(rowStart, swizzled(b, line, b.plus(own, gap), Exchanged::Eights));
    b.when(columns % 8 == 0 ? Value() : b.isLess(own, b.index(columns)), [&] {
      Values bias(count, b.constant(0.0));
      if (middle.project.getBias())
        bias = loadGroup(b, b.input(middle.project.getBias()).memory, own, b.getF32Type(), count);
      for (int64_t below : {0, 1}) {
        Values pair(sums.slice(2 * below + odd, count));
        for (int64_t i = 0; middle.project.getBias() && i < count; ++i)
          pair[i] = b.add(pair[i], bias[i]);
        b.store(b.pack(pair), project, b.plus(place, 8 * below * shape.pitch), count);
      }
    });
  }
}
