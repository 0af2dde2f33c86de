//===- SelectiveScan.cpp - The state-space recurrence over tokens ---------------===//
//
// A vector is 16 channels (or 8, or 4); the states of these channels are loop-carried registers, and one
// token costs one exponential a state. In a mixer a phase before writes x, step, B and C to the workspace
// (MixerMiddle.cpp).
//
// Up to kLongSequence tokens, a workgroup takes 16 channels of one window through all tokens. Longer
// sequences come in few windows, and a column of channels through a long one touches a page every few tokens.
// They are cut into chunks, whose length depends on nothing but the shape, in three phases:
//
//   1. for each chunk, all channels:  states at the chunk's end, from zero states; sum of its step sizes
//   2. for each channel:              state before chunk i + 1 = exp(a sum_i) (state before chunk i) + end_i
//   3. for each chunk, all channels:  the results, from the state before it
//
// since the product of exp(step a) over a chunk is exp(a (sum of steps)). Exponentials are exp2 of a
// prescaled `a`.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "MixerMiddle.h"
#include "RowPhase.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Tokens from which on a sequence is cut into chunks, and the chunks' length: the operands of a chunk of a
/// wide model (256 x 400 channels) are within reach of a second-level cache.
static constexpr int64_t kLongSequence = 2048, kChunk = 256;
/// Channels of a workgroup: a cache line.
static constexpr int64_t kChannels = 16;
/// Tokens that operands are fetched ahead: a column's neighbouring tokens lie a row apart, which no hardware
/// fetches.
static constexpr int64_t kPrefetchTokens = 16;

namespace {

/// The chunks of a sequence, and what phases 1 and 2 leave for each: rows of stepStride elements, first the
/// sum of steps, then each state.
struct Chunks {
  int64_t count, rows, stride;

  explicit Chunks(SelectiveScanOp op) {
    ArrayRef<int64_t> shape = op.getInput().getType().getShape();
    count = shape[2] < kLongSequence ? 1 : ceilDiv(shape[2], kChunk);
    rows = 1 + op.getA().getType().getDimSize(1);
    stride = roundUp(shape[3], 16);
  }
  bool any() const { return count > 1; }
  int64_t elements() const { return any() ? count * rows * stride : 0; } ///< Of one window.
};

class ScanEmitter {
public:
  ScanEmitter(KernelBuilder &b, SelectiveScanOp op, std::optional<MixerMiddle> middle);
  void emit();

private:
  /// Where a vector of channels is: its states, and what does not change from token to token.
  struct Column {
    Value channel, skip;
    SmallVector<Value> a; ///< Times log2(e).
  };
  using States = SmallVector<Value>;

  void locateOperands();
  Column openColumn(Value channel);
  Value exponential(Value exponent);
  void prefetch(const RowPlane &plane, Value at);
  States step(const Column &column, Value image, Value row, ValueRange states, Value &x, Value &step);
  States scanTokens(const Column &column, Value image, Value window, Value first, Value last, States states);
  void storeResult(const Column &column, Value image, Value row, Value value);
  void forEachColumn(Value first, Value last, llvm::function_ref<void(const Column &)> emit);

  void emitWhole();
  void emitChunkEnds();
  void emitCarries();
  void emitChunks();
  void forEachChunk(llvm::function_ref<void(Value image, Value window, Value chunk)> emit);
  Value summary(Value image, Value window, Value chunk, int64_t row, Value channel);

  KernelBuilder &b;
  SelectiveScanOp op;
  std::optional<MixerMiddle> middle;
  Chunks chunks;
  int64_t lanes, windows, tokens, channels, states;
  int64_t summaryOffset = 0;                      ///< In an image's workspace.
  RowPlane x, steps, inputWeights, outputWeights; ///< Of the current phase; the latter two are B and C.
  std::optional<Epilogue> epilogue;               ///< Null in a mixer.
};

} // namespace

ScanEmitter::ScanEmitter(KernelBuilder &b, SelectiveScanOp op, std::optional<MixerMiddle> middle)
    : b(b), op(op), middle(middle), chunks(op), lanes(b.target.lanes) {
  ArrayRef<int64_t> shape = op.getInput().getType().getShape();
  windows = shape[1];
  tokens = shape[2];
  channels = shape[3];
  states = op.getA().getType().getDimSize(1);
  if (middle)
    summaryOffset = MixerWorkspace(*middle).elements();
  else
    epilogue.emplace(b, op.getResult());
}

/// Once a phase: values of one function are not those of another.
void ScanEmitter::locateOperands() {
  if (middle) {
    MixerWorkspace layout(*middle);
    auto plane = [&](int64_t offset, int64_t stride) {
      return RowPlane{b.workspace(), b.workspaceElements(), offset, stride};
    };
    x = plane(0, layout.convStride);
    steps = plane(layout.stepOffset(), layout.stepStride);
    inputWeights = plane(layout.projectOffset() + middle->offsetB, layout.projectStride);
    outputWeights = plane(layout.projectOffset() + middle->offsetC, layout.projectStride);
    return;
  }
  auto plane = [&](Value operand) {
    Buffer buffer = b.input(operand);
    return RowPlane{buffer.memory, buffer.stored.elements(), 0, buffer.stored.channels};
  };
  x = plane(op.getInput());
  steps = plane(op.getStep());
  inputWeights = plane(op.getB());
  outputWeights = plane(op.getC());
}

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

ScanEmitter::Column ScanEmitter::openColumn(Value channel) {
  Buffer a = b.input(op.getA());
  Column column{channel, b.loadVector(b.input(op.getSkip()), b.index(0), channel), {}};
  for (int64_t n = 0; n < states; ++n)
    column.a.push_back(b.mul(b.loadVector(a, b.index(n * a.stored.sizes.back()), channel), b.splat(M_LOG2E)));
  return column;
}

/// A mixer's a is -exp(A_log) and its steps are softplus: exponents are not positive.
Value ScanEmitter::exponential(Value exponent) {
  return math::Exp2Op::create(b, exponent, middle ? arith::FastMathFlags::ninf : arith::FastMathFlags::none);
}

/// What lies some rows further in a plane.
void ScanEmitter::prefetch(const RowPlane &plane, Value at) {
  Value ahead = b.plus(at, kPrefetchTokens * plane.rowStride);
  memref::PrefetchOp::create(b, plane.memory, ValueRange{ahead}, /*isWrite=*/false, /*localityHint=*/3,
                             /*isDataCache=*/true);
}

/// The states after one token. Also returns what it loaded.
ScanEmitter::States ScanEmitter::step(const Column &column, Value image, Value row, ValueRange before,
                                      Value &xVector, Value &stepVector) {
  Value xAt = b.plus(x.at(b, image, row), column.channel),
        stepAt = b.plus(steps.at(b, image, row), column.channel);
  xVector = b.load(x.memory, xAt);
  stepVector = b.load(steps.memory, stepAt);
  prefetch(x, xAt);
  prefetch(steps, stepAt);
  Value input = b.mul(stepVector, xVector), weights = inputWeights.at(b, image, row);
  States after;
  for (int64_t n = 0; n < states; ++n) {
    Value decay = exponential(b.mul(stepVector, column.a[n]));
    Value weight = b.broadcast(b.loadScalar(inputWeights.memory, b.plus(weights, n)));
    after.push_back(b.fma(decay, before[n], b.mul(input, weight)));
  }
  return after;
}

/// Tokens [first, last) of a window, with results.
ScanEmitter::States ScanEmitter::scanTokens(const Column &column, Value image, Value window, Value first,
                                            Value last, States initial) {
  Value firstRow = b.times(window, tokens);
  return b.loop(first, last, 1, initial, [&](Value token, ValueRange before) {
    Value row = b.plus(firstRow, token), xVector, stepVector;
    States after = step(column, image, row, before, xVector, stepVector);
    Value result = b.mul(column.skip, xVector), weights = outputWeights.at(b, image, row);
    for (int64_t n = 0; n < states; ++n)
      result = b.fma(after[n], b.broadcast(b.loadScalar(outputWeights.memory, b.plus(weights, n))), result);
    storeResult(column, image, row, result);
    return after;
  });
}

/// A mixer's result is the first half of a concatenation, whose second half is there already.
void ScanEmitter::storeResult(const Column &column, Value image, Value row, Value value) {
  if (epilogue)
    return epilogue->store(epilogue->locate(Position::flat(image, row)), column.channel, value);
  Buffer result = b.result();
  Value at = b.times(b.plus(b.times(image, windows * tokens), row), result.stored.channels);
  at = b.plus(at, column.channel);
  if (Value mask = b.channelMask(column.channel, channels))
    vector::MaskedStoreOp::create(b, result.memory, ValueRange{at}, mask, value);
  else
    b.store(value, result.memory, at);
}

void ScanEmitter::forEachColumn(Value first, Value last, llvm::function_ref<void(const Column &)> emit) {
  b.loop(first, last, lanes, [&](Value channel) { emit(openColumn(channel)); });
}

//===----------------------------------------------------------------------===//
// Phases
//===----------------------------------------------------------------------===//

/// Channels that a column may begin below: what is stored includes the padding.
static int64_t columnsEnd(std::optional<Epilogue> &epilogue, int64_t channels) {
  return epilogue ? epilogue->storedChannels() : channels;
}

void ScanEmitter::emitWhole() {
  b.beginPhase();
  locateOperands();
  int64_t end = columnsEnd(epilogue, channels), groups = ceilDiv(end, kChannels);
  b.forEachWorkgroup([&](Value workgroup) {
    Value item = b.quotient(workgroup, groups);
    Value image = b.quotient(item, windows), window = b.remainder(item, windows);
    Value first = b.times(b.remainder(workgroup, groups), kChannels);
    Value last = b.smaller(b.plus(first, kChannels), b.index(end));
    if (epilogue && epilogue->hasGaps())
      b.when(b.isEqual(b.remainder(workgroup, windows * groups), b.index(0)),
             [&] { epilogue->fillGaps(image); });
    forEachColumn(first, last, [&](const Column &column) {
      scanTokens(column, image, window, b.index(0), b.index(tokens), States(states, b.splat(0.0)));
    });
  });
  b.endPhase(windows, 1, groups);
}

void ScanEmitter::forEachChunk(llvm::function_ref<void(Value, Value, Value)> emit) {
  b.forEachWorkgroup([&](Value workgroup) {
    Value item = b.quotient(workgroup, chunks.count);
    emit(b.quotient(item, windows), b.remainder(item, windows), b.remainder(workgroup, chunks.count));
  });
}

/// Address of what the phases leave for a chunk.
Value ScanEmitter::summary(Value image, Value window, Value chunk, int64_t row, Value channel) {
  Value start = b.plus(b.times(image, b.workspaceElements()), summaryOffset);
  Value index = b.plus(b.times(window, chunks.count), chunk);
  return b.plus(b.plus(b.plus(start, b.times(index, chunks.rows * chunks.stride)), row * chunks.stride),
                channel);
}

void ScanEmitter::emitChunkEnds() {
  b.beginPhase();
  locateOperands();
  forEachChunk([&](Value image, Value window, Value chunk) {
    Value first = b.times(chunk, kChunk), last = b.smaller(b.plus(first, kChunk), b.index(tokens));
    Value firstRow = b.times(window, tokens);
    forEachColumn(b.index(0), b.index(channels), [&](const Column &column) {
      States initial(states + 1, b.splat(0.0)); // the sum of steps, then the states
      States ends = b.loop(first, last, 1, initial, [&](Value token, ValueRange before) {
        Value xVector, stepVector;
        States after = step(column, image, b.plus(firstRow, token), before.drop_front(), xVector, stepVector);
        after.insert(after.begin(), b.add(before.front(), stepVector));
        return after;
      });
      for (int64_t row = 0; row < chunks.rows; ++row)
        b.store(ends[row], b.workspace(), summary(image, window, chunk, row, column.channel));
    });
  });
  b.endPhase(windows, 1, chunks.count);
}

/// Replaces the states at the end of each chunk by those before it.
void ScanEmitter::emitCarries() {
  int64_t groups = ceilDiv(channels, kChannels);
  b.beginPhase();
  locateOperands();
  b.forEachWorkgroup([&](Value workgroup) {
    Value item = b.quotient(workgroup, groups);
    Value image = b.quotient(item, windows), window = b.remainder(item, windows);
    Value first = b.times(b.remainder(workgroup, groups), kChannels);
    Value last = b.smaller(b.plus(first, kChannels), b.index(channels));
    forEachColumn(first, last, [&](const Column &column) {
      b.loop(b.index(0), b.index(chunks.count), 1, States(states, b.splat(0.0)),
             [&](Value chunk, ValueRange before) {
               auto at = [&](int64_t row) { return summary(image, window, chunk, row, column.channel); };
               Value sum = b.load(b.workspace(), at(0));
               States after;
               for (int64_t n = 0; n < states; ++n) {
                 Value end = b.load(b.workspace(), at(n + 1));
                 after.push_back(b.fma(exponential(b.mul(sum, column.a[n])), before[n], end));
                 b.store(before[n], b.workspace(), at(n + 1));
               }
               return after;
             });
    });
  });
  b.endPhase(windows, 1, groups);
}

void ScanEmitter::emitChunks() {
  b.beginPhase();
  locateOperands();
  forEachChunk([&](Value image, Value window, Value chunk) {
    Value first = b.times(chunk, kChunk), last = b.smaller(b.plus(first, kChunk), b.index(tokens));
    if (epilogue && epilogue->hasGaps())
      b.when(b.isEqual(b.plus(window, chunk), b.index(0)), [&] { epilogue->fillGaps(image); });
    forEachColumn(b.index(0), b.index(columnsEnd(epilogue, channels)), [&](const Column &column) {
      States initial;
      for (int64_t n = 0; n < states; ++n)
        initial.push_back(b.load(b.workspace(), summary(image, window, chunk, n + 1, column.channel)));
      scanTokens(column, image, window, first, last, initial);
    });
  });
  b.endPhase(windows, 1, chunks.count);
}

void ScanEmitter::emit() {
  if (middle)
    emitMixerProjections(b, *middle);
  if (!chunks.any())
    return emitWhole();
  emitChunkEnds();
  emitCarries();
  emitChunks();
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

static SelectiveScanOp getScan(Block &body) { return *body.getOps<SelectiveScanOp>().begin(); }

LogicalResult mv::cpu::emitSelectiveScan(KernelBuilder &b) {
  SelectiveScanOp op = getScan(b.body);
  std::optional<MixerMiddle> middle = MixerMiddle::match(op);
  bool alone = llvm::all_of(op->getOperands(), [](Value operand) { return isa<BlockArgument>(operand); });
  if (!middle && !alone)
    return b.kernel.emitOpError(
        "ops in front of selective_scan are not a mixer's: expected conv1d, silu, slice, "
        "linear, softplus and a concat behind the scan, or the kernel's inputs");
  ScanEmitter(b, op, middle).emit();
  return success();
}

int64_t mv::cpu::getSelectiveScanWorkspaceBytes(Block &body) {
  SelectiveScanOp op = getScan(body);
  std::optional<MixerMiddle> middle = MixerMiddle::match(op);
  int64_t elements = middle ? MixerWorkspace(*middle).elements() : 0;
  return 4 * (elements + op.getInput().getType().getDimSize(1) * Chunks(op).elements());
}
