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

#include "mlir/Dialect/Arith/IR/Arith.h"

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
  std::pair<Value, Value> locateUnit(Value base, Value unit);
  void copyUnits(Value tile, Value base, Value token, int64_t rows);
  void copyElements(Part part, Value tile, Value base, Value token, int64_t rows);
  SmallVector<Value> normalise(Part part, ValueRange values, ValueRange channels, ValueRange exist);
  SmallVector<Value> loadQueries(Value row, int64_t step);
  Value keepOwn(Value bits, int64_t unit);
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

/// Whether a part's tile holds what memory does, in whole units: of queries with what lies around the head's channels.
bool AttentionEmitter::isCopied(Part part) {
  bool hasNorm = part != Part::Values && op.getQWeight();
  return aligned && !hasNorm;
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

/// Where unit `unit` of a tile's row lies in memory if the head begins at `base`, and whether it does (null: always).
/// What fills a row up, behind an odd number of units, is the other half of the sector that the head begins or ends in: it
/// comes at no cost, and queries have zeros there.
std::pair<Value, Value> AttentionEmitter::locateUnit(Value base, Value unit) {
  int64_t own = shape.span / shape.unit;
  // A head that begins early in a unit may end in an earlier one than others do: the next may be no memory.
  auto isThere = [&](Value number) {
    return shape.maxShift == 0 ? Value()
                               : b.isLess(b.times(number, shape.unit), b.plus(place.shift, shape.headDim));
  };
  auto at = [&](Value number) { return b.plus(base, b.times(number, shape.unit)); };
  if (own == shape.units())
    return {at(unit), isThere(unit)};
  Value isOwn = b.isLess(unit, b.index(own));
  bool hasNeighbour = stored.channels % (2 * shape.unit) == 0 && shape.channels % (2 * shape.unit) == 0;
  if (!hasNeighbour)
    return {at(b.smaller(unit, b.index(own - 1))), b.both(isOwn, isThere(unit))};
  Value headUnit = b.quotient(b.times(place.head, shape.headDim), shape.unit);
  Value isInFront = b.isEqual(b.remainder(headUnit, 2), b.index(1));
  Value partner = b.select(isInFront, b.index(0), b.index(own - 1)); // of the same sector
  Value neighbour = b.select(isInFront, b.minus(base, b.index(shape.unit)), at(b.index(own)));
  return {b.select(isOwn, at(unit), neighbour), isThere(b.select(isOwn, unit, partner))};
}

/// All units of rows, neighbouring threads neighbouring ones. Eight rows on everything lies in the same places: where that
/// takes no more passes, a pass has a multiple of eight whole rows, so that a thread computes its place once.
void AttentionEmitter::copyUnits(Value tile, Value base, Value token, int64_t rows) {
  int64_t units = shape.units(), rowsAPass = threads() / units / 8 * 8;
  auto copy = [&](Value target, Value row, std::pair<Value, Value> place) {
    Value source = b.smaller(b.plus(token, row), b.index(shape.tokens - 1));
    Value offset = b.plus(place.first, b.times(source, stored.channels));
    b.copyAsync(target, b.address(memory, offset, stored.element), place.second);
  };
  if (rowsAPass == 0 || ceilDiv(rows, rowsAPass) > ceilDiv(rows * units, threads()))
    return forEachItem(rows * units, [&](Value item) {
      Value row = b.quotient(item, units), unit = b.remainder(item, units);
      copy(shape.locate(b, tile, row, unit), row, locateUnit(base, unit));
    });
  Value row = b.quotient(b.thread(), units), unit = b.remainder(b.thread(), units);
  Value target = shape.locate(b, tile, row, unit);
  std::pair<Value, Value> place = locateUnit(base, unit);
  for (int64_t first = 0; first < rows; first += rowsAPass) {
    int64_t now = std::min(rowsAPass, rows - first);
    b.when(now * units < threads() ? b.isLess(b.thread(), b.index(now * units)) : Value(), [&] {
      copy(b.address(target, b.index(first * shape.width), shape.element), b.plus(row, first), place);
    });
  }
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
        Value start = shape.locate(b, tile, row, b.quotient(column, shape.unit));
        b.store(b.fromF32(value, shape.element), start, b.remainder(column, shape.unit));
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

/// The lane's register of eight queries' unit `unit`, with zeros where its columns are not the head's.
Value AttentionEmitter::keepOwn(Value bits, int64_t unit) {
  int64_t first = unit * shape.unit, elements = 4 / getBytes(b.dtype), elementBits = 32 / elements;
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIntOp::create(b, value, 32); };
  if (first >= shape.span)
    return constant(0);
  if (first >= shape.maxShift && first + shape.unit <= shape.headDim)
    return bits;
  Value column = b.plus(b.times(b.remainder(b.lane(), 4), elements), first), mask = constant(0);
  for (int64_t i = 0; i < elements; ++i) {
    Value own = b.minus(b.plus(column, i), place.shift); // wraps around in front of the head
    Value ones = constant(int32_t(((int64_t(1) << elementBits) - 1) << (i * elementBits)));
    mask = arith::OrIOp::create(b, mask, b.select(b.isLess(own, b.index(shape.headDim)), ones, constant(0)));
  }
  return arith::AndIOp::create(b, bits, mask);
}

SmallVector<Value> AttentionEmitter::loadQueries(Value row, int64_t step) {
  SmallVector<Value> queries = core.loadQueries(queryTile, row, step);
  if (isCopied(Part::Queries))
    for (int64_t i = 0; i < 4; ++i)
      queries[i] = keepOwn(queries[i], step * 2 + i / 2);
  return queries;
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
  b.waitCopies(0);
  b.barrier();
  Value row = b.times(b.warp(), 16);
  SmallVector<SmallVector<Value>> kept;
  bool keepsQueries = getBytes(b.dtype) == 2 && shape.width <= kKeptColumns;
  for (int64_t step = 0; keepsQueries && step < core.steps(); ++step)
    kept.push_back(loadQueries(row, step));
  auto queries = [&](int64_t step) { return kept.empty() ? loadQueries(row, step) : kept[step]; };

  int64_t before = (ceilDiv(shape.tokens, keys) - 1) * keys; // the last tile may be shorter
  SmallVector<Value> state = core.begin();
  if (before > 0)
    state = b.loop(b.index(0), b.index(before), keys, state, [&](Value token, ValueRange carried) {
      return emitKeys(queries, carried, token, keys, /*last=*/false);
    });
  state = emitKeys(queries, state, b.index(before), roundUp(shape.tokens - before, 16), /*last=*/true);

  Epilogue epilogue(b, op.getResult());
  core.finish(state, place, epilogue, b.address(queryTile, b.times(row, shape.width), shape.element));
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
