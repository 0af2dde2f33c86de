//===- SelectiveScan.cpp - The state-space recurrence over tokens ---------------===//
//
// In a mixer a block takes one window, a segment of tokens at a time: x, B, C and dt are in shared memory
// (MixerMiddle.h), and from there on warps are on their own. A warp has 16 channels; two lanes share a channel, with half
// the states each in registers. Of 16 tokens at a time it
//
//   1. computes the step sizes, a product of dt and the step projection's weights, into a tile in shared memory,
//   2. walks over the tokens, and puts the results where the step sizes were,
//   3. stores them, 16 bytes a lane.
//
// Long windows are cut into chunks, whose length depends on nothing but the shape, and which blocks share:
//
//   1. for each chunk:  states at its end, from zero states; sum of its step sizes
//   2. for each lane:   state before chunk i + 1 = exp(a sum_i) (state before chunk i) + end_i
//   3. for each chunk:  the results, from the state before it
//
// A scan by itself reads everything from memory: a thread has a channel with all its states. Exponentials are exp2 of a
// prescaled `a`; states are f32.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "MixerMiddle.h"
#include "mv/Kernels/GPU/Epilogue.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

using Values = SmallVector<Value>;

/// States that one of the two lanes of a channel has.
static constexpr int64_t kLaneStates = kScanStates / 2;
/// Words of step weights that a lane keeps in registers at most; more are loaded for every tile.
static constexpr int64_t kKeptWeights = 12;
/// Threads of a block that have no registers for that beside where in its window a chunk is.
static constexpr int64_t kManyThreads = 640;
/// Tokens whose operands are loaded before the first one's states change.
static constexpr int64_t kAhead = 4;

static Value loadParameter(KernelBuilder &b, Value argument, Value offset) {
  return b.load(b.input(argument).memory, offset, b.getF32Type());
}

/// a[channel, state] times log2(e).
static Value loadDecay(KernelBuilder &b, Value a, Value channel, Value state) {
  int64_t length = b.input(a).stored.sizes.back();
  return b.mul(loadParameter(b, a, b.plus(b.times(state, length), channel)), b.constant(M_LOG2E));
}

//===----------------------------------------------------------------------===//
// In a mixer
//===----------------------------------------------------------------------===//

namespace {

/// What a launch leaves.
enum class Part { All, Ends, Results };

class MixerScan {
public:
  MixerScan(KernelBuilder &b, SelectiveScanOp op, const MixerMiddle &middle, const MixerShape &shape)
      : b(b), op(op), middle(middle), shape(shape), projections(b, middle, shape) {}
  LogicalResult check();
  void emit();

private:
  /// A warp's channels, and what a lane needs to know of them.
  struct Group {
    Value first;   ///< Channel.
    Value channel; ///< Of the lane and its neighbour.
    Values decay;  ///< Times log2(e), of the lane's states.
    Value skip;
    Value rows[2];  ///< Of the step projection's weights: of two products' columns.
    Values weights; ///< Those rows, if they are few.
    Values bias;    ///< Of the four columns in which a lane has sums.
  };

  void emitPart(Part part);
  void emitCarries();
  Value summary(Value image, Value window, Value chunk, Value group);
  Value states(Value summary) { return b.plus(summary, b.times(b.lane(), kLaneStates)); }
  Value stepSum(Value summary) {
    return b.plus(b.plus(summary, b.quotient(b.lane(), 2)), kScanChannels * kScanStates);
  }
  void storeEnds(Value summary, ValueRange ends);
  Values loadStates(Value summary);
  Group openGroup(Value index);
  void openStates(Group &group);
  void openStepWeights(Group &group);
  Values scanTile(const Group &group, Value row, ValueRange states, bool stores);
  void emitSteps(const Group &group, Value row);
  Values loadSteps(Value row, Value step, bool isLast);
  Values keepSteps(Value loaded, Value column, int64_t count);
  Values loadStepWeights(const Group &group, Value step);
  int64_t depths() { return ceilDiv(shape.rank, b.depth()); } ///< Of the step projection's sums.
  bool keepsWeights() {
    return 4 * depths() <= kKeptWeights && (shape.chunks() == 1 || shape.threads() < kManyThreads);
  }
  Values scanTokens(const Group &group, Value row, int64_t token, ValueRange states, bool stores);
  void storeResults(const Group &group, Value token);
  Value lastChannel() { return b.index(shape.half - 1); }

  KernelBuilder &b;
  SelectiveScanOp op;
  MixerMiddle middle;
  MixerShape shape;
  MixerProjections projections;
  Value tile; ///< Of the warp: step sizes, then results.
};

} // namespace

LogicalResult MixerScan::check() {
  unsigned index = cast<BlockArgument>(middle.conv.getInput()).getArgNumber();
  StoredShape input = storedShape(cast<RankedTensorType>(b.kernel.getFunctionType().getInput(index)));
  if (input.channels % kRowChannels != 0)
    return b.kernel.emitError("a mixer reads positions ")
           << input.channels << " elements apart, expected a multiple of " << kRowChannels;
  if (middle.offsetB != shape.rank || middle.offsetC != shape.rank + kScanStates ||
      op.getA().getType().getDimSize(1) != kScanStates)
    return b.kernel.emitError("a mixer's projection is not of step ranks, then B and C of ")
           << kScanStates << " states each";
  if (shape.segment == 0)
    return b.kernel.emitError("a mixer of ")
           << 2 * shape.half << " channels has more operands than fit into shared memory";
  return success();
}

void MixerScan::emit() {
  if (shape.chunks() == 1)
    return emitPart(Part::All);
  emitPart(Part::Ends);
  emitCarries();
  emitPart(Part::Results);
}

void MixerScan::emitPart(Part part) {
  b.beginLaunch(shape.threads());
  b.keepResident(1);
  Value split = b.remainder(b.block(), shape.splits), item = b.quotient(b.block(), shape.splits);
  Value chunk = b.remainder(item, shape.chunks()), number = b.quotient(item, shape.chunks());
  Value image = b.quotient(number, shape.windows), window = b.remainder(number, shape.windows);
  projections.begin(image, window, split, /*storesZ=*/part != Part::Ends);
  Value tiles = b.allocateShared(shape.scanners * shape.stepBytes());
  tile = b.address(tiles, b.times(b.warp(), kScanTokens * kScanChannels), b.getF32Type());

  // A warp without a group of its own does nothing but help before the scan.
  Value index = b.plus(b.times(split, shape.scanners), b.warp());
  Value isOwn = b.both(
      shape.warps == shape.scanners ? Value() : b.isLess(b.warp(), b.index(shape.scanners)),
      shape.splits * shape.scanners == shape.groups ? Value() : b.isLess(index, b.index(shape.groups)));
  Value first = b.times(chunk, shape.chunk),
        last = b.smaller(b.plus(first, shape.chunk), b.index(shape.tokens));
  Value own = part == Part::All ? Value()
                                : summary(image, window, chunk, b.smaller(index, b.index(shape.groups - 1)));
  Values initial = part == Part::Results ? loadStates(own) : Values(kLaneStates, b.constant(0.0));
  initial.push_back(b.constant(0.0)); // the sum of step sizes
  Values ends = b.loop(first, last, shape.segment, initial, [&](Value start, ValueRange states) {
    Value valid = b.smaller(b.minus(last, start), b.index(shape.segment));
    Value tiles = b.quotient(b.plus(valid, kScanTokens - 1), kScanTokens);
    projections.emit(start, tiles);
    Group group = openGroup(index);
    Value mine = isOwn ? b.select(isOwn, tiles, b.index(0)) : tiles;
    Values after = b.loop(b.index(0), mine, 1, states, [&](Value each, ValueRange before) {
      Value row = b.times(each, kScanTokens);
      Values after = scanTile(group, row, before, part != Part::Ends);
      if (part != Part::Ends)
        storeResults(group, b.plus(start, row));
      b.syncWarp();
      return after;
    });
    b.barrier();
    return after;
  });
  if (part == Part::Ends)
    b.when(isOwn, [&] { storeEnds(own, ends); });
  b.endLaunch(shape.windows * shape.chunks(), 1, shape.splits);
}

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

/// Where the workspace has a chunk's states, then sums of step sizes, of a warp's channels.
Value MixerScan::summary(Value image, Value window, Value chunk, Value group) {
  Value index = b.plus(b.times(b.plus(b.times(window, shape.chunks()), chunk), shape.groups), group);
  Value start = b.times(image, b.kernel.getWorkspace() / 4);
  return b.plus(start, b.times(index, kScanChannels * (kScanStates + 1)));
}

void MixerScan::storeEnds(Value summary, ValueRange ends) {
  b.store(b.pack(ends.take_front(kLaneStates)), b.workspace(), states(summary), kLaneStates);
  b.when(b.isEqual(b.remainder(b.lane(), 2), b.index(0)),
         [&] { b.store(ends.back(), b.workspace(), stepSum(summary)); });
}

Values MixerScan::loadStates(Value summary) {
  Value loaded = b.load(b.workspace(), states(summary), b.getF32Type(), kLaneStates);
  Values values;
  for (int64_t n = 0; n < kLaneStates; ++n)
    values.push_back(b.extract(loaded, n));
  return values;
}

/// Replaces the states at the end of each chunk by those before it: a warp has a warp's channels.
void MixerScan::emitCarries() {
  b.beginLaunch(/*threads=*/32);
  Value index = b.remainder(b.block(), shape.groups), item = b.quotient(b.block(), shape.groups);
  Value image = b.quotient(item, shape.windows), window = b.remainder(item, shape.windows);
  Group group;
  group.first = b.times(index, kScanChannels);
  openStates(group);
  b.loop(b.index(0), b.index(shape.chunks()), 1, Values(kLaneStates, b.constant(0.0)),
         [&](Value chunk, ValueRange before) {
           Value own = summary(image, window, chunk, index);
           Value sum = b.load(b.workspace(), stepSum(own), b.getF32Type());
           Values after = loadStates(own);
           b.store(b.pack(before), b.workspace(), states(own), kLaneStates);
           for (int64_t n = 0; n < kLaneStates; ++n)
             after[n] = b.fma(b.exp2(b.mul(sum, group.decay[n])), before[n], after[n]);
           return after;
         });
  b.endLaunch(shape.windows, 1, shape.groups);
}

//===----------------------------------------------------------------------===//
// Channels of a warp
//===----------------------------------------------------------------------===//

MixerScan::Group MixerScan::openGroup(Value index) {
  Group group;
  group.first = b.times(b.smaller(index, b.index(shape.groups - 1)), kScanChannels);
  openStates(group);
  group.skip = loadParameter(b, op.getSkip(), group.channel);
  openStepWeights(group);
  return group;
}

void MixerScan::openStates(Group &group) {
  group.channel = b.smaller(b.plus(group.first, b.quotient(b.lane(), 2)), lastChannel());
  Value state = b.times(b.remainder(b.lane(), 2), kLaneStates);
  for (int64_t n = 0; n < kLaneStates; ++n)
    group.decay.push_back(loadDecay(b, op.getA(), group.channel, b.plus(state, n)));
}

void MixerScan::openStepWeights(Group &group) {
  Buffer weight = b.input(middle.stepProject.getWeight());
  for (int64_t part : {0, 1}) {
    Value column = b.plus(group.first, 8 * part), pair = b.plus(column, b.times(b.remainder(b.lane(), 4), 2));
    Value own = b.smaller(b.plus(column, b.quotient(b.lane(), 4)), lastChannel());
    group.rows[part] =
        b.address(weight.memory, b.times(own, weight.stored.sizes.back()), weight.stored.element);
    Values bias(2, b.constant(0.0));
    if (Value vector = middle.stepProject.getBias()) {
      Buffer stored = b.input(vector);
      Value channel = b.smaller(pair, b.index(stored.stored.sizes.back() - 2));
      bias = loadGroup(b, stored.memory, channel, b.getF32Type(), 2);
    }
    llvm::append_range(group.bias, bias);
  }
  for (int64_t step = 0; keepsWeights() && step < depths(); ++step)
    llvm::append_range(group.weights, loadStepWeights(group, b.index(step)));
}

/// Of both products.
Values MixerScan::loadStepWeights(const Group &group, Value step) {
  Values weights = loadFragment(b, group.rows[0], step, 2);
  llvm::append_range(weights, loadFragment(b, group.rows[1], step, 2));
  return weights;
}

Values MixerScan::scanTile(const Group &group, Value row, ValueRange before, bool stores) {
  emitSteps(group, row);
  b.syncWarp();
  Values states(before);
  for (int64_t token = 0; token < kScanTokens; token += kAhead)
    states = scanTokens(group, row, token, states, stores);
  b.syncWarp();
  return states;
}

/// 16 rows of dt, rounded to what the matrix units multiply. `isLast`: of what may lie beyond dt there are zeros.
Values MixerScan::loadSteps(Value row, Value step, bool isLast) {
  int64_t count = 8 / getBytes(b.dtype); // numbers of a lane's two words of a row
  Value line = b.quotient(b.lane(), 4);
  Value column = b.plus(b.times(b.remainder(b.lane(), 4), count), b.times(step, b.depth()));
  bool isCut = isLast && shape.rank % b.depth() != 0;
  Value read = isCut ? b.smaller(column, b.index(roundUp(shape.rank, count) - count)) : column;
  Value first = b.plus(b.times(b.plus(row, line), shape.pitch), swizzled(b, line, read, Exchanged::Eights));
  Values words[2];
  for (int64_t below : {0, 1}) {
    Value at = b.plus(first, below * 8 * shape.pitch);
    Value loaded = b.load(projections.project, at, b.getF32Type(), count);
    if (isCut)
      loaded = b.pack(keepSteps(loaded, column, count));
    Value rounded = LLVM::BitcastOp::create(b, VectorType::get({2}, b.getI32Type()),
                                            b.fromF32(loaded, projections.element));
    words[below] = {b.extract(rounded, 0), b.extract(rounded, 1)};
  }
  return {words[0][0], words[1][0], words[0][1], words[1][1]};
}

/// Zeros for columns that are none of dt.
Values MixerScan::keepSteps(Value loaded, Value column, int64_t count) {
  Values kept;
  Value exists = b.isLess(column, b.index(shape.rank));
  for (int64_t i = 0; i < count; ++i) {
    if (shape.rank % count != 0)
      exists = b.isLess(b.plus(column, i), b.index(shape.rank));
    kept.push_back(b.select(exists, b.extract(loaded, i), b.constant(0.0)));
  }
  return kept;
}

void MixerScan::emitSteps(const Group &group, Value row) {
  auto multiply = [&](Value step, bool isLast, ValueRange weights, ValueRange before) {
    Values left = loadSteps(row, step, isLast), sums;
    for (int64_t part : {0, 1})
      llvm::append_range(sums, b.multiply(left, weights.slice(2 * part, 2), before.slice(4 * part, 4)));
    return sums;
  };
  Values sums(8, b.constant(0.0)); // four of each product
  if (keepsWeights())
    for (int64_t step = 0; step < depths(); ++step)
      sums =
          multiply(b.index(step), step == depths() - 1, ValueRange(group.weights).slice(4 * step, 4), sums);
  else
    sums = b.loop(b.index(0), b.index(depths()), 1, sums, [&](Value step, ValueRange before) {
      return multiply(step, /*isLast=*/true, loadStepWeights(group, step), before);
    });
  Value line = b.quotient(b.lane(), 4), column = b.times(b.remainder(b.lane(), 4), 2);
  for (int64_t part : {0, 1}) {
    Value target = b.plus(b.times(line, kScanChannels),
                          swizzled(b, line, b.plus(column, part * 8), Exchanged::EightsAndFours));
    for (int64_t below : {0, 1}) {
      Values pair;
      for (int64_t odd : {0, 1}) {
        Value sum = b.add(sums[4 * part + 2 * below + odd], group.bias[2 * part + odd]);
        pair.push_back(middle.softplus.emitElement(b, b.getLoc(), sum));
      }
      b.store(b.pack(pair), tile, b.plus(target, below * 8 * kScanChannels), 2);
    }
  }
}

/// Tokens [token, token + kAhead) of a tile.
Values MixerScan::scanTokens(const Group &group, Value row, int64_t token, ValueRange before, bool stores) {
  Value lane = b.lane(), half = b.remainder(lane, 2), own = b.quotient(lane, 2);
  Value xStart = b.plus(b.times(row, shape.xPitch), group.channel);
  Value projected = b.plus(b.times(row, shape.pitch), b.times(half, kLaneStates));
  Values x, steps, inputs, outputs, places;
  for (int64_t i = 0; i < kAhead; ++i) {
    // B and C are exchanged as a whole, eights that they are.
    int64_t key = (token + i) / 2 % 2 * int64_t(Exchanged::Eights);
    auto load = [&](int64_t first) {
      Value at = b.plus(projected, (token + i) * shape.pitch + (first ^ key));
      return b.load(projections.project, at, b.getF32Type(), kLaneStates);
    };
    places.push_back(
        b.plus(swizzled(b, b.index(token + i), own, Exchanged::EightsAndFours), (token + i) * kScanChannels));
    x.push_back(
        b.toF32(b.load(projections.x, b.plus(xStart, (token + i) * shape.xPitch), projections.element)));
    steps.push_back(b.load(tile, places.back(), b.getF32Type()));
    inputs.push_back(load(shape.startB));
    outputs.push_back(load(shape.startB + kScanStates));
  }
  if (stores)
    b.syncWarp(); // both lanes have read the step sizes that the results replace
  Values states(before.drop_back());
  Value stepSum = before.back();
  for (int64_t i = 0; i < kAhead; ++i) {
    Value input = b.mul(steps[i], x[i]), sum;
    for (int64_t n = 0; n < kLaneStates; ++n) {
      Value decay = b.exp2(b.mul(steps[i], group.decay[n]));
      states[n] = b.fma(decay, states[n], b.mul(input, b.extract(inputs[i], n)));
      Value output = b.extract(outputs[i], n);
      sum = sum ? b.fma(states[n], output, sum) : b.mul(states[n], output);
    }
    stepSum = b.add(stepSum, steps[i]);
    if (!stores)
      continue;
    sum = b.fma(group.skip, x[i], b.sumLanes(sum, 2));
    b.when(b.isEqual(half, b.index(0)), [&] { b.store(sum, tile, places[i]); });
  }
  states.push_back(stepSum);
  return states;
}

/// A lane has as many channels of a token as an access takes.
void MixerScan::storeResults(const Group &group, Value start) {
  Buffer result = b.result();
  int64_t count = shape.group, lanes = kScanChannels / count, rows = 32 / lanes;
  Value part = b.times(b.remainder(b.lane(), lanes), count), channel = b.plus(group.first, part);
  Value isChannel = b.isLess(channel, b.index(shape.half));
  for (int64_t first = 0; first < kScanTokens; first += rows) {
    Value row = b.plus(b.quotient(b.lane(), lanes), first), token = b.plus(start, row);
    Value at = b.plus(b.times(b.plus(projections.firstRow, token), result.stored.channels), channel);
    b.when(b.both(b.isLess(token, b.index(shape.tokens)), isChannel), [&] {
      Values values;
      for (int64_t four = 0; four < count; four += 4) {
        Value place = b.plus(b.times(row, kScanChannels),
                             swizzled(b, row, b.plus(part, four), Exchanged::EightsAndFours));
        llvm::append_range(values, loadGroup(b, tile, place, b.getF32Type(), 4));
      }
      if (shape.half % count == 0)
        return storeGroup(b, values, result.memory, at, result.stored.element);
      for (auto [i, value] : llvm::enumerate(values))
        b.when(b.isLess(b.plus(channel, i), b.index(shape.half)),
               [&] { b.store(b.fromF32(value, result.stored.element), result.memory, b.plus(at, i)); });
    });
  }
}

//===----------------------------------------------------------------------===//
// By itself
//===----------------------------------------------------------------------===//

namespace {

/// One window, a thread a channel.
class PlainScan {
public:
  PlainScan(KernelBuilder &b, SelectiveScanOp op) : b(b), op(op) {
    ArrayRef<int64_t> sizes = op.getInput().getType().getShape();
    windows = sizes[1];
    tokens = sizes[2];
    channels = sizes[3];
    states = op.getA().getType().getDimSize(1);
  }
  LogicalResult emit();

private:
  Value load(Value operand, Value row, Value column);
  Values scanToken(Value image, Value row, Value channel, ValueRange decay, Value skip, ValueRange before);

  KernelBuilder &b;
  SelectiveScanOp op;
  std::optional<Epilogue> epilogue; ///< Once in a launch.
  int64_t windows, tokens, channels, states;
};

} // namespace

Value PlainScan::load(Value operand, Value row, Value column) {
  Buffer buffer = b.input(operand);
  Value offset = b.plus(b.times(row, buffer.stored.channels), column);
  return b.toF32(b.load(buffer.memory, offset, buffer.stored.element));
}

Values PlainScan::scanToken(Value image, Value row, Value channel, ValueRange decay, Value skip,
                            ValueRange before) {
  Value position = b.plus(b.times(image, windows * tokens), row);
  Value own = b.smaller(channel, b.index(channels - 1));
  Value x = load(op.getInput(), position, own), step = load(op.getStep(), position, own);
  Value input = b.mul(step, x), result = b.mul(skip, x);
  Values after;
  for (int64_t n = 0; n < states; ++n) {
    Value weighted = b.mul(input, load(op.getB(), position, b.index(n)));
    after.push_back(b.fma(b.exp2(b.mul(step, decay[n])), before[n], weighted));
    result = b.fma(after[n], load(op.getC(), position, b.index(n)), result);
  }
  epilogue->store(epilogue->locate(Position::flat(image, row)), channel, {result});
  return after;
}

LogicalResult PlainScan::emit() {
  int64_t threads = std::min<int64_t>(128, roundUp(channels, 32));
  b.beginVariant(/*batch=*/1);
  b.beginLaunch(threads);
  epilogue.emplace(b, op.getResult());
  int64_t end = epilogue->storedChannels(), groups = ceilDiv(end, threads);
  Value item = b.quotient(b.block(), groups);
  Value image = b.quotient(item, windows), firstRow = b.times(b.remainder(item, windows), tokens);
  Value channel = b.plus(b.times(b.remainder(b.block(), groups), threads), b.thread());
  if (epilogue->hasGaps())
    epilogue->fillGaps(b.times(b.batch(), windows * groups));
  b.when(end % threads == 0 ? Value() : b.isLess(channel, b.index(end)), [&] {
    Value own = b.smaller(channel, b.index(channels - 1));
    Values decay, initial(states, b.constant(0.0));
    for (int64_t n = 0; n < states; ++n)
      decay.push_back(loadDecay(b, op.getA(), own, b.index(n)));
    Value skip = loadParameter(b, op.getSkip(), own);
    b.loop(b.index(0), b.index(tokens), 1, initial, [&](Value token, ValueRange before) {
      return scanToken(image, b.plus(firstRow, token), channel, decay, skip, before);
    });
  });
  b.endLaunch(windows, 1, groups);
  return success();
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

static SelectiveScanOp getScan(Block &body) { return *body.getOps<SelectiveScanOp>().begin(); }

static LogicalResult emitMixer(KernelBuilder &b, SelectiveScanOp op, const MixerMiddle &middle) {
  for (const MixerVariant &variant : chooseMixerVariants(middle, b.dtype, b.target.multiprocessors)) {
    MixerScan scan(b, op, middle, variant.shape);
    if (failed(scan.check()))
      return failure();
    b.beginVariant(variant.batch);
    scan.emit();
  }
  return success();
}

LogicalResult mv::gpu::emitSelectiveScan(KernelBuilder &b) {
  SelectiveScanOp op = getScan(b.body);
  if (std::optional<MixerMiddle> middle = MixerMiddle::match(op))
    return emitMixer(b, op, *middle);
  if (!llvm::all_of(op->getOperands(), [](Value operand) { return isa<BlockArgument>(operand); }))
    return b.kernel.emitError("ops in front of selective_scan are not a mixer's: expected conv1d, silu, "
                              "slice, linear, softplus and a concat "
                              "behind the scan, or the kernel's inputs");
  return PlainScan(b, op).emit();
}

int64_t mv::gpu::getSelectiveScanWorkspaceBytes(Block &body, DType dtype) {
  std::optional<MixerMiddle> middle = MixerMiddle::match(getScan(body));
  return middle ? MixerShape(*middle, dtype, /*batch=*/1, /*multiprocessors=*/1).workspaceBytes() : 0;
}
