//===- Attention.cpp - Multi-head attention of each window over itself -----------===//
//
// A block computes up to kWarps times 16 queries of one head of one window, and walks over tiles of keys and their
// values (see AttentionCore.h). While scores are computed, the tile of values comes in; while values are added up, the
// next tile of keys does. One barrier says that keys are read and values are there, another the reverse.
//
// The order of tiles is the order of every sum: it depends on the number of tokens alone.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "FusedAttention.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Warps of a block at most, each with 16 queries: enough that a tile of keys is read by many.
static constexpr int64_t kWarps = 8;
/// Keys of a tile at most: their scores are 32 registers, or 16 for F32, which needs the halves of what it multiplies.
static constexpr int64_t kKeys = 64, kKeysF32 = 32;

/// Blocks that share a multiprocessor's registers where products take three times as many; else ptxas knows best.
static constexpr int64_t kResidentF32 = 2;
/// Columns of a head up to which a warp's queries, of 16-bit elements, stay in registers.
static constexpr int64_t kKeptColumns = 48;

/// Blocks of a head, all with the same number of warps.
static int64_t chooseQueryBlocks(int64_t tokens) { return ceilDiv(tokens, 16 * kWarps); }

/// As many keys as fit into shared memory beside the queries; 0 if none do.
static int64_t chooseKeys(const AttentionShape &shape, int64_t queries, DType dtype) {
  int64_t most = dtype == DType::F32 ? kKeysF32 : kKeys;
  for (int64_t keys = std::min(most, roundUp(shape.tokens, 16)); keys >= 16; keys -= 16)
    if (shape.bytes(queries) + 2 * shape.bytes(keys) <= kMaxShared)
      return keys;
  return 0;
}

//===----------------------------------------------------------------------===//
// Emitter
//===----------------------------------------------------------------------===//

namespace {

enum class Part { Queries, Keys, Values };

class AttentionEmitter {
public:
  AttentionEmitter(KernelBuilder &b, AttentionOp op);
  LogicalResult emit();

private:
  void locate();
  void load(Part part, Value tile, Value token, int64_t rows);
  void copyUnits(Value tile, Value base, Value token, int64_t rows);
  void copyElements(Part part, Value tile, Value base, Value token, int64_t rows);
  SmallVector<Value> normalise(Part part, ValueRange values, ValueRange channels, ValueRange exist);
  void clearPadding(Value tile, int64_t rows);
  void emitQueries();
  SmallVector<Value> emitKeys(AttentionCore::Queries queries, ValueRange state, Value token, int64_t count,
                              bool last);
  void forEachItem(int64_t items, llvm::function_ref<void(Value)> emit);

  bool isCopied(Part part);
  int64_t threads() const { return warps * 32; }

  KernelBuilder &b;
  AttentionOp op;
  StoredShape stored; ///< Of qkv.
  bool aligned;       ///< Whether 16 bytes at a time can be copied to tiles.
  AttentionShape shape;
  AttentionCore core;
  int64_t queryBlocks, warps, keys;
  Value memory; ///< Of qkv.
  Value queryTile, keyTile, valueTile;
  AttentionPlace place; ///< Of the warp.
  Value firstQuery;     ///< Of the block.
};

} // namespace

static StoredShape getStored(KernelBuilder &b, Value argument) {
  unsigned index = cast<BlockArgument>(argument).getArgNumber();
  return storedShape(cast<RankedTensorType>(b.kernel.getFunctionType().getInput(index)));
}

/// Whether all parts' heads begin at the same place in a 16-byte unit.
static bool isAligned(const StoredShape &qkv, int64_t channels, DType dtype) {
  int64_t unit = 16 / getBytes(dtype);
  return qkv.element == getStorageType(qkv.element.getContext(), dtype) && qkv.channels % unit == 0 &&
         channels % unit == 0;
}

AttentionEmitter::AttentionEmitter(KernelBuilder &b, AttentionOp op)
    : b(b), op(op), stored(getStored(b, op.getQkv())),
      aligned(isAligned(stored, op.getResult().getType().getShape().back(), b.dtype)),
      shape(op, b.dtype, aligned), core(b, op, shape) {
  queryBlocks = chooseQueryBlocks(shape.tokens);
  warps = ceilDiv(ceilDiv(shape.tokens, 16), queryBlocks);
  keys = chooseKeys(shape, warps * 16, b.dtype);
}

/// Whether a part's tile holds what memory does.
bool AttentionEmitter::isCopied(Part part) {
  bool hasNorm = part != Part::Values && op.getQWeight();
  return aligned && !hasNorm && (part != Part::Queries || shape.maxShift == 0);
}

void AttentionEmitter::locate() {
  Value block = b.block(), head = b.quotient(block, queryBlocks), window = b.quotient(head, shape.heads);
  firstQuery = b.times(b.remainder(block, queryBlocks), warps * 16);
  place.head = b.remainder(head, shape.heads);
  place.window = b.remainder(window, shape.windows);
  place.image = b.quotient(window, shape.windows);
  place.query = b.plus(firstQuery, b.times(b.warp(), 16));
  place.shift =
      shape.maxShift == 0 ? b.index(0) : b.remainder(b.times(place.head, shape.headDim), shape.unit);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Deals `items` out over the block's threads.
void AttentionEmitter::forEachItem(int64_t items, llvm::function_ref<void(Value)> emit) {
  for (int64_t first = 0; first < items; first += threads()) {
    Value item = b.plus(b.thread(), first);
    b.when(first + threads() > items ? b.isLess(item, b.index(items)) : Value(), [&] { emit(item); });
  }
}

/// Fills rows [0, rows) of a tile with the head's channels of tokens from `token` on. Rows beyond the last token
/// repeat it: their scores are masked.
void AttentionEmitter::load(Part part, Value tile, Value token, int64_t rows) {
  Value first = b.times(b.plus(b.times(place.image, shape.windows), place.window), shape.tokens);
  Value channel = b.minus(b.times(place.head, shape.headDim), place.shift);
  Value base = b.plus(b.plus(b.times(first, stored.channels), channel), int64_t(part) * shape.channels);
  if (isCopied(part))
    copyUnits(tile, base, token, rows);
  else
    copyElements(part, tile, base, token, rows);
  b.commitCopies();
}

void AttentionEmitter::copyUnits(Value tile, Value base, Value token, int64_t rows) {
  int64_t units = shape.span / shape.unit;
  forEachItem(rows * units, [&](Value item) {
    Value row = b.quotient(item, units), column = b.times(b.remainder(item, units), shape.unit);
    Value source = b.smaller(b.plus(token, row), b.index(shape.tokens - 1));
    Value offset = b.plus(b.plus(base, b.times(source, stored.channels)), column);
    // A head that begins early in a unit may end in an earlier one than others do: the next may be no memory.
    Value exists = shape.maxShift == 0 ? Value() : b.isLess(column, b.plus(place.shift, shape.headDim));
    b.copyAsync(b.address(tile, b.plus(b.times(row, shape.pitch), column), shape.element),
                b.address(memory, offset, stored.element), exists);
  });
}

/// Row by row, a warp each: element by element, with zeros around the head's channels.
void AttentionEmitter::copyElements(Part part, Value tile, Value base, Value token, int64_t rows) {
  b.loop(b.warp(), b.index(rows), warps, [&](Value row) {
    Value source = b.smaller(b.plus(token, row), b.index(shape.tokens - 1));
    Value start = b.plus(base, b.times(source, stored.channels));
    SmallVector<Value> columns, channels, exist, values;
    for (int64_t first = 0; first < shape.width; first += 32) {
      columns.push_back(b.plus(b.lane(), first));
      Value channel = b.minus(columns.back(), place.shift); // wraps around in front of the head
      exist.push_back(b.isLess(channel, b.index(shape.headDim)));
      channels.push_back(b.select(exist.back(), channel, b.index(0)));
      Value offset = b.plus(b.plus(start, place.shift), channels.back());
      Value value = b.toF32(b.load(memory, offset, stored.element));
      values.push_back(b.select(exist.back(), value, b.constant(0.0)));
    }
    if (part != Part::Values && op.getQWeight())
      values = normalise(part, values, channels, exist);
    for (auto [column, value] : llvm::zip_equal(columns, values)) {
      Value stored = shape.width % 32 == 0 ? Value() : b.isLess(column, b.index(shape.width));
      b.when(stored, [&] {
        b.store(b.fromF32(value, shape.element), tile, b.plus(b.times(row, shape.pitch), column));
      });
    }
  });
}

/// The layer norm of a row whose channels are spread over the warp's lanes.
SmallVector<Value> AttentionEmitter::normalise(Part part, ValueRange values, ValueRange channels,
                                               ValueRange exist) {
  Buffer weight = b.input(part == Part::Queries ? op.getQWeight() : op.getKWeight());
  Buffer bias = b.input(part == Part::Queries ? op.getQBias() : op.getKBias());
  auto mean = [&](ValueRange terms) {
    Value sum = terms.front();
    for (Value term : terms.drop_front())
      sum = b.add(sum, term);
    return b.mul(b.sumLanes(sum), b.constant(1.0 / double(shape.headDim)));
  };
  Value average = mean(values), zero = b.constant(0.0);
  SmallVector<Value> differences, squares, results;
  for (auto [value, exists] : llvm::zip_equal(values, exist)) {
    differences.push_back(b.select(exists, b.sub(value, average), zero));
    squares.push_back(b.mul(differences.back(), differences.back()));
  }
  Value inverse = b.rsqrt(b.add(mean(squares), b.constant(op.getEps().convertToDouble())));
  for (auto [difference, channel, exists] : llvm::zip_equal(differences, channels, exist)) {
    Value scale = b.toF32(b.load(weight.memory, channel, weight.stored.element));
    Value shift = b.toF32(b.load(bias.memory, channel, bias.stored.element));
    results.push_back(b.select(exists, b.fma(b.mul(difference, inverse), scale, shift), zero));
  }
  return results;
}

/// Zeros in the columns that no copy reaches.
void AttentionEmitter::clearPadding(Value tile, int64_t rows) {
  int64_t units = (shape.width - shape.span) / shape.unit;
  if (units == 0)
    return;
  SmallVector<Value> zeros(shape.unit, b.fromF32(b.constant(0.0), shape.element));
  Value zero = b.pack(zeros);
  forEachItem(rows * units, [&](Value item) {
    Value column = b.plus(b.times(b.remainder(item, units), shape.unit), shape.span);
    b.store(zero, tile, b.plus(b.times(b.quotient(item, units), shape.pitch), column), shape.unit);
  });
}

//===----------------------------------------------------------------------===//
// Walk over the keys
//===----------------------------------------------------------------------===//

/// `count` keys from `token` on, which are in the tile of keys when it begins, as the next are when it ends.
SmallVector<Value> AttentionEmitter::emitKeys(AttentionCore::Queries queries, ValueRange state, Value token,
                                              int64_t count, bool last) {
  load(Part::Values, valueTile, token, count);
  int64_t valid = last ? shape.tokens - (ceilDiv(shape.tokens, keys) - 1) * keys : count;
  SmallVector<Value> scores = core.score(queries, keyTile, count, valid);
  b.waitCopies(0);
  b.barrier();
  if (!last)
    load(Part::Keys, keyTile, b.plus(token, keys), keys);
  SmallVector<Value> next = core.weigh(scores, valueTile, state);
  if (!last) {
    b.waitCopies(0);
    b.barrier();
  }
  return next;
}

void AttentionEmitter::emitQueries() {
  load(Part::Queries, queryTile, firstQuery, warps * 16);
  load(Part::Keys, keyTile, b.index(0), keys);
  if (isCopied(Part::Queries))
    clearPadding(queryTile, warps * 16);
  if (isCopied(Part::Keys))
    clearPadding(keyTile, keys);
  if (isCopied(Part::Values))
    clearPadding(valueTile, keys);
  b.waitCopies(0);
  b.barrier();
  Value row = b.times(b.warp(), 16);
  SmallVector<SmallVector<Value>> kept;
  bool keepsQueries = getBytes(b.dtype) == 2 && shape.width <= kKeptColumns;
  for (int64_t step = 0; keepsQueries && step < core.steps(); ++step)
    kept.push_back(core.loadQueries(queryTile, row, step));
  auto queries = [&](int64_t step) {
    return kept.empty() ? core.loadQueries(queryTile, row, step) : kept[step];
  };

  int64_t before = (ceilDiv(shape.tokens, keys) - 1) * keys; // the last tile may be shorter
  SmallVector<Value> state = core.begin();
  if (before > 0)
    state = b.loop(b.index(0), b.index(before), keys, state, [&](Value token, ValueRange carried) {
      return emitKeys(queries, carried, token, keys, /*last=*/false);
    });
  state = emitKeys(queries, state, b.index(before), roundUp(shape.tokens - before, 16), /*last=*/true);

  Epilogue epilogue(b, op.getResult());
  core.finish(state, place, epilogue, b.address(queryTile, b.times(row, shape.pitch), shape.element));
  if (epilogue.hasGaps())
    epilogue.fillGaps(b.times(b.batch(), shape.windows * shape.heads * queryBlocks));
}

LogicalResult AttentionEmitter::emit() {
  if (keys == 0)
    return b.kernel.emitError("attention: heads of ")
           << shape.headDim << " channels do not fit into " << kMaxShared << " bytes of shared memory";
  b.beginVariant(1);
  b.beginLaunch(threads());
  if (b.dtype == DType::F32)
    b.keepResident(kResidentF32);
  memory = b.input(op.getQkv()).memory;
  queryTile = b.allocateShared(shape.bytes(warps * 16));
  keyTile = b.allocateShared(shape.bytes(keys));
  valueTile = b.allocateShared(shape.bytes(keys));
  locate();
  emitQueries();
  b.endLaunch(shape.windows, 1, shape.heads * queryBlocks);
  return success();
}

LogicalResult mv::gpu::emitAttention(KernelBuilder &b) {
  auto ops = b.body.getOps<AttentionOp>();
  if (ops.empty())
    return b.kernel.emitError("an attention kernel without mv.attention");
  AttentionOp op = *ops.begin();
  Operation *producer = op.getQkv().getDefiningOp();
  if (isa_and_present<LinearOp, NormLinearOp>(producer))
    return emitFusedAttention(b, op);
  if (producer)
    return b.kernel.emitError("attention: its input is to be in memory, but ")
           << producer->getName() << " of the same kernel computes it";
  return AttentionEmitter(b, op).emit();
}
