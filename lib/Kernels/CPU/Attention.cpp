//===- Attention.cpp - Multi-head attention of each window over itself ----------===//
//
// A workgroup computes a block of queries of one head of one window. It walks over blocks of keys with an
// online softmax (arXiv 2205.14135): of each query it keeps the largest score so far, the sum of exponentials
// and the result, and rescales the latter two when the largest score grows. Sequences of up to kKeys keys
// need one block and no rescaling. Scratch memory is bounded by the block sizes, whatever the sequence's
// length.
//
// The lanes of a vector are queries in the scores and channels in the result:
//
//   scores[key][query]      = sum over c of  K[key][c] (broadcast)  *  Q^T[c][query]
//   largest, sum            elementwise over the rows of scores: no reduction across lanes
//   result[query][channel]  = sum over keys of  P[key][query] (broadcast)  *  V[key][channel]
//
// So keys and values are read where the projection wrote them, P where the scores were, and only the queries
// are transposed, once a workgroup. Keys in the lanes would need transposed keys for each block of them and a
// reduction across lanes for each query.
//
// Scores are in units of log2: the scale and log2(e) are multiplied into the queries, and exp2 is the
// exponential.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "RowPhase.h"
#include "mv/Kernels/CPU/Decisions.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <cmath>

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Queries of a workgroup and keys of a block at most: scores, keys and values of a block stay in a 256 KiB
/// cache.
static constexpr int64_t kQueries = 64, kKeys = 256;
/// Below every score, and far enough from the ends of f32 that differences with it are finite.
static constexpr double kLowest = -1e38;

/// Rows of a register tile of `vectors` vectors that need no spills.
static int64_t chooseTileRows(const Target &target, int64_t vectors) {
  static constexpr int64_t kManyRegisters[] = {28, 14, 8, 6}, kFewRegisters[] = {12, 6, 4, 2};
  int64_t rows = (target.registers >= 32 ? kManyRegisters : kFewRegisters)[vectors - 1];
  return target.hasFMA ? rows : std::max<int64_t>(rows - 2, 1); // a product needs a register of its own
}

/// Vectors of a register tile at most.
static int64_t chooseTileVectors(const Target &target) { return target.registers >= 32 ? 4 : 3; }

static constexpr int64_t largestTileRows = 28;

//===----------------------------------------------------------------------===//
// Emitter
//===----------------------------------------------------------------------===//

namespace {

/// Rows of f32 in memory: row i is at base + i * stride.
struct Rows {
  Value memory, base;
  int64_t stride;
};

class AttentionEmitter {
public:
  AttentionEmitter(KernelBuilder &b, AttentionOp op);
  void emit();

private:
  void emitWorkgroup(Value workgroup);
  void allocate();
  Rows normalise(const Rows &rows, Value count, Value weight, Value bias, Value target);
  void packQueries(const Rows &rows, Value count);
  void emitKeys(const Rows &keys, const Rows &values, Value count, int64_t keyCount);
  void emitScores(const Rows &keys, int64_t keyCount, Value query);
  SmallVector<Value> emitScoreTile(const Rows &keys, Value key, int64_t height, Value query,
                                   ValueRange largest);
  void emitExponentials(int64_t keyCount, Value query, ValueRange largest);
  void emitValues(const Rows &values, Value count, int64_t keyCount);
  void emitValueTile(const Rows &values, int64_t keyCount, Value query, Value channel, int64_t height,
                     int64_t width);
  void writeRows(const Rows &target, Value count);

  KernelBuilder &b;
  AttentionOp op;
  int64_t lanes, windows, tokens, channels, heads, headDim, paddedDim;
  int64_t queries, queryBlocks,
      queryVectors; ///< Of a workgroup; blocks of a head; vectors of a tile of scores.
  int64_t keys, keyBlocks;
  bool online; ///< More than one block of keys.

  // Scratch memory of the current phase.
  Value packedQueries;          ///< [headDim][queries]
  Value scores;                 ///< [keys][queries]
  Value result;                 ///< [queries + a tile][paddedDim]
  Value largest, sums, rescale; ///< [queries]
  Value normalQueries, normalKeys;
};

} // namespace

AttentionEmitter::AttentionEmitter(KernelBuilder &b, AttentionOp op) : b(b), op(op), lanes(b.target.lanes) {
  ArrayRef<int64_t> shape = op.getResult().getType().getShape();
  windows = shape[1];
  tokens = shape[2];
  channels = shape[3];
  heads = op.getHeads();
  headDim = channels / heads;
  paddedDim = roundUp(headDim, lanes);
  queries = roundUp(std::min(tokens, kQueries), lanes);
  queryBlocks = ceilDiv(tokens, queries);
  queryVectors = queries / lanes % 2 == 0 ? 2 : 1;
  keyBlocks = ceilDiv(tokens, kKeys);
  keys = ceilDiv(tokens, keyBlocks);
  online = keyBlocks > 1;
}

void AttentionEmitter::allocate() {
  packedQueries = b.allocateScratch(headDim * queries);
  // Tiles of the result read scores and factors of a tile's height, past the last query.
  scores = b.allocateScratch(keys * queries + largestTileRows);
  result = b.allocateScratch((queries + largestTileRows) * paddedDim);
  sums = b.allocateScratch(queries);
  if (online) {
    largest = b.allocateScratch(queries);
    rescale = b.allocateScratch(queries + largestTileRows);
  }
  if (op.getQWeight()) {
    normalQueries = b.allocateScratch(queries * paddedDim);
    normalKeys = b.allocateScratch(keys * paddedDim);
  }
}

/// Layer norms of rows [0, count) over a head's channels, written to `target`.
Rows AttentionEmitter::normalise(const Rows &rows, Value count, Value weight, Value bias, Value target) {
  Value inverseCount = b.splat(1.0 / double(headDim)), eps = b.splat(op.getEps().convertToDouble());
  auto sum = [&](ArrayRef<Value> vectors) {
    Value total = vectors.front();
    for (Value vector : vectors.drop_front())
      total = b.add(total, vector);
    return b.mul(b.broadcast(b.sumLanes(total)), inverseCount);
  };
  b.loop(b.index(0), count, 1, [&](Value row) {
    SmallVector<Value> vectors, squares;
    auto mask = [&](int64_t c, Value vector) {
      return b.zeroOutside(b.channelMask(b.index(c), headDim), vector);
    };
    for (int64_t c = 0; c < headDim; c += lanes)
      vectors.push_back(
          mask(c, b.load(rows.memory, b.plus(b.plus(rows.base, b.times(row, rows.stride)), c))));
    Value mean = sum(vectors);
    for (auto [index, vector] : llvm::enumerate(vectors)) {
      vector = mask(int64_t(index) * lanes, b.sub(vector, mean));
      squares.push_back(b.mul(vector, vector));
    }
    Value rest = sum(vectors); // what rounding the mean took
    Value variance = b.sub(sum(squares), b.mul(rest, rest));
    Value inverse = b.div(b.splat(1.0), math::SqrtOp::create(b, b.add(variance, eps)));
    for (auto [index, vector] : llvm::enumerate(vectors)) {
      Value c = b.index(int64_t(index) * lanes);
      Value scaled = b.fma(b.mul(b.sub(vector, rest), inverse), b.loadVector(b.input(weight), b.index(0), c),
                           b.loadVector(b.input(bias), b.index(0), c));
      b.store(scaled, target, b.plus(b.times(row, paddedDim), c));
    }
  });
  return {target, b.index(0), paddedDim};
}

/// Q^T, scaled. Lanes beyond the last query repeat it: their results are not used.
void AttentionEmitter::packQueries(const Rows &rows, Value count) {
  Value factor = b.constant(op.getScale().convertToDouble() * M_LOG2E), last = b.minus(count, b.index(1));
  b.loop(0, queries, 1, [&](Value query) {
    Value source = b.plus(rows.base, b.times(b.smaller(query, last), rows.stride));
    b.loop(0, headDim, 1, [&](Value c) {
      Value scaled = b.mul(b.loadScalar(rows.memory, b.plus(source, c)), factor);
      b.storeScalar(scaled, packedQueries, b.plus(b.times(c, queries), query));
    });
  });
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Scores of keys [key, key + height) for the tile's queries; returns the largest scores so far.
SmallVector<Value> AttentionEmitter::emitScoreTile(const Rows &keyRows, Value key, int64_t height,
                                                   Value query, ValueRange largestSoFar) {
  Value base = b.plus(keyRows.base, b.times(key, keyRows.stride));
  SmallVector<Value> zeros(height * queryVectors, b.splat(0.0));
  SmallVector<Value> tile = b.loop(b.index(0), b.index(headDim), 1, zeros, [&](Value c, ValueRange carried) {
    SmallVector<Value> vectors, next;
    Value packed = b.plus(b.times(c, queries), query);
    for (int64_t j = 0; j < queryVectors; ++j)
      vectors.push_back(b.load(packedQueries, b.plus(packed, j * lanes)));
    for (int64_t i = 0; i < height; ++i) {
      Value element = b.broadcast(b.loadScalar(keyRows.memory, b.plus(b.plus(base, c), i * keyRows.stride)));
      for (int64_t j = 0; j < queryVectors; ++j)
        next.push_back(b.fma(element, vectors[j], carried[i * queryVectors + j]));
    }
    return next;
  });
  SmallVector<Value> largestNow = llvm::to_vector(largestSoFar);
  Value target = b.plus(b.times(key, queries), query);
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < queryVectors; ++j) {
      Value score = tile[i * queryVectors + j];
      b.store(score, scores, b.plus(target, i * queries + j * lanes));
      largestNow[j] = b.maximum(largestNow[j], score);
    }
  return largestNow;
}

/// exp2(score - largest) in place, and their sums. `largest` covers this block and those before.
void AttentionEmitter::emitExponentials(int64_t keyCount, Value query, ValueRange largestNow) {
  SmallVector<Value> zeros(queryVectors, b.splat(0.0));
  SmallVector<Value> total =
      b.loop(b.index(0), b.index(keyCount), 1, zeros, [&](Value key, ValueRange carried) {
        SmallVector<Value> next;
        for (int64_t j = 0; j < queryVectors; ++j) {
          Value at = b.plus(b.plus(b.times(key, queries), query), j * lanes);
          Value difference = b.sub(b.load(scores, at), largestNow[j]);
          Value exponential = math::Exp2Op::create(b, difference, arith::FastMathFlags::ninf);
          b.store(exponential, scores, at);
          next.push_back(b.add(carried[j], exponential));
        }
        return next;
      });
  for (int64_t j = 0; j < queryVectors; ++j) {
    Value at = b.plus(query, j * lanes);
    if (online) {
      Value factor =
          math::Exp2Op::create(b, b.sub(b.load(largest, at), largestNow[j]), arith::FastMathFlags::ninf);
      b.store(factor, rescale, at);
      b.store(largestNow[j], largest, at);
      total[j] = b.fma(b.load(sums, at), factor, total[j]);
    }
    b.store(total[j], sums, at);
  }
}

void AttentionEmitter::emitScores(const Rows &keyRows, int64_t keyCount, Value query) {
  SmallVector<Value> largestNow;
  for (int64_t j = 0; j < queryVectors; ++j)
    largestNow.push_back(online ? b.load(largest, b.plus(query, j * lanes)) : b.splat(kLowest));
  RowSplit split = splitRows(keyCount, chooseTileRows(b.target, queryVectors));
  auto emitTiles = [&](int64_t first, int64_t count, int64_t height) {
    if (count > 0)
      largestNow = b.loop(
          b.index(first), b.index(first + count * height), height, largestNow,
          [&](Value key, ValueRange carried) { return emitScoreTile(keyRows, key, height, query, carried); });
  };
  emitTiles(0, split.tall, split.height);
  emitTiles(split.tall * split.height, split.low, split.height - 1);
  emitExponentials(keyCount, query, largestNow);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// Adds the keys' part to `height` queries by `width` vectors of channels of the result.
void AttentionEmitter::emitValueTile(const Rows &values, int64_t keyCount, Value query, Value channel,
                                     int64_t height, int64_t width) {
  auto addressOf = [&](int64_t i, int64_t j) {
    return b.plus(b.plus(b.times(b.plus(query, i), paddedDim), channel), j * lanes);
  };
  SmallVector<Value> tile(height * width, b.splat(0.0));
  if (online)
    for (int64_t i = 0; i < height; ++i) {
      Value factor = b.broadcast(b.loadScalar(rescale, b.plus(query, i)));
      for (int64_t j = 0; j < width; ++j)
        tile[i * width + j] = b.mul(b.load(result, addressOf(i, j)), factor);
    }
  tile = b.loop(b.index(0), b.index(keyCount), 1, tile, [&](Value key, ValueRange carried) {
    SmallVector<Value> vectors, next;
    Value row = b.plus(b.plus(values.base, b.times(key, values.stride)), channel);
    for (int64_t j = 0; j < width; ++j)
      vectors.push_back(b.load(values.memory, b.plus(row, j * lanes)));
    Value weights = b.plus(b.times(key, queries), query);
    for (int64_t i = 0; i < height; ++i) {
      Value weight = b.broadcast(b.loadScalar(scores, b.plus(weights, i)));
      for (int64_t j = 0; j < width; ++j)
        next.push_back(b.fma(weight, vectors[j], carried[i * width + j]));
    }
    return next;
  });
  for (int64_t i = 0; i < height; ++i)
    for (int64_t j = 0; j < width; ++j)
      b.store(tile[i * width + j], result, addressOf(i, j));
}

void AttentionEmitter::emitValues(const Rows &values, Value count, int64_t keyCount) {
  int64_t vectors = paddedDim / lanes, groups = ceilDiv(vectors, chooseTileVectors(b.target));
  RowSplit split = splitRows(vectors, ceilDiv(vectors, groups));
  auto emitColumns = [&](int64_t first, int64_t columns, int64_t width) {
    if (columns == 0)
      return;
    int64_t height = std::min(chooseTileRows(b.target, width), queries);
    b.loop(first * lanes, (first + columns * width) * lanes, width * lanes, [&](Value channel) {
      b.loop(b.index(0), count, height,
             [&](Value query) { emitValueTile(values, keyCount, query, channel, height, width); });
    });
  };
  emitColumns(0, split.tall, split.height);
  emitColumns(split.tall * split.height, split.low, split.height - 1);
}

//===----------------------------------------------------------------------===//
// Workgroups
//===----------------------------------------------------------------------===//

/// One block of keys for `count` queries.
void AttentionEmitter::emitKeys(const Rows &keyRows, const Rows &values, Value count, int64_t keyCount) {
  Rows rows = keyRows;
  if (op.getKWeight())
    rows = normalise(keyRows, b.index(keyCount), op.getKWeight(), op.getKBias(), normalKeys);
  b.loop(b.index(0), count, queryVectors * lanes, [&](Value query) { emitScores(rows, keyCount, query); });
  emitValues(values, count, keyCount);
}

/// Divides by the sums and writes a head's channels of `count` rows, no others.
void AttentionEmitter::writeRows(const Rows &target, Value count) {
  b.loop(b.index(0), count, 1, [&](Value query) {
    Value factor = b.broadcast(b.div(b.constant(1.0), b.loadScalar(sums, query)));
    for (int64_t c = 0; c < headDim; c += lanes) {
      Value vector = b.mul(b.load(result, b.plus(b.times(query, paddedDim), c)), factor);
      Value at = b.plus(b.plus(target.base, b.times(query, target.stride)), c);
      Value mask = b.channelMask(b.index(c), headDim);
      if (c + lanes <= headDim)
        b.store(vector, target.memory, at);
      else
        vector::MaskedStoreOp::create(b, target.memory, ValueRange{at}, mask, vector);
    }
  });
}

/// What follows the attention, if anything, is done by a second phase, on rows of all heads.
static bool hasEpilogue(Block &body, AttentionOp op) {
  return body.getTerminator()->getOperand(0) != op.getResult();
}

/// Elements of a row of the workspace.
static int64_t workspaceStride(AttentionOp op) { return roundUp(op.getResult().getType().getDimSize(3), 16); }

void AttentionEmitter::emitWorkgroup(Value workgroup) {
  int64_t perWindow = heads * queryBlocks;
  Value window = b.quotient(workgroup, perWindow), rest = b.remainder(workgroup, perWindow);
  Value head = b.quotient(rest, queryBlocks), firstQuery = b.times(b.remainder(rest, queryBlocks), queries);
  Value count = b.smaller(b.index(queries), b.minus(b.index(tokens), firstQuery));
  Value firstToken = b.times(window, tokens), headChannel = b.times(head, headDim);

  Buffer qkv = b.input(op.getQkv());
  auto rowsAt = [&](Value token, int64_t part) {
    Value base = b.plus(b.times(token, qkv.stored.channels), b.plus(headChannel, part * channels));
    return Rows{qkv.memory, base, qkv.stored.channels};
  };
  Rows queryRows = rowsAt(b.plus(firstToken, firstQuery), 0);
  if (op.getQWeight())
    queryRows = normalise(queryRows, count, op.getQWeight(), op.getQBias(), normalQueries);
  packQueries(queryRows, count);
  if (online) {
    b.fillZeros(result, b.index(0), (queries + largestTileRows) * paddedDim);
    b.fillZeros(sums, b.index(0), queries);
    b.loop(0, queries, lanes, [&](Value query) { b.store(b.splat(kLowest), largest, query); });
  }
  // All blocks of keys but the last are of one size.
  int64_t lastKey = (keyBlocks - 1) * keys;
  auto emitBlock = [&](Value key, int64_t keyCount) {
    Value token = b.plus(firstToken, key);
    emitKeys(rowsAt(token, 1), rowsAt(token, 2), count, keyCount);
  };
  if (online)
    b.loop(0, lastKey, keys, [&](Value key) { emitBlock(key, keys); });
  emitBlock(b.index(lastKey), tokens - lastKey);

  bool direct = !hasEpilogue(b.body, op);
  int64_t stride = direct ? b.result().stored.channels : workspaceStride(op);
  Value memory = direct ? b.result().memory : b.workspace();
  Value firstRow = b.plus(firstToken, firstQuery);
  writeRows({memory, b.plus(b.times(firstRow, stride), headChannel), stride}, count);
  if (stride > channels)
    b.when(b.isEqual(head, b.index(heads - 1)), [&] {
      b.loop(b.index(0), count, 1, [&](Value query) {
        b.fillZeros(memory, b.plus(b.times(b.plus(firstRow, query), stride), channels), stride - channels);
      });
    });
}

void AttentionEmitter::emit() {
  b.beginPhase();
  allocate();
  b.forEachWorkgroup([&](Value workgroup) { emitWorkgroup(workgroup); });
  b.endPhase(windows, 1, heads * queryBlocks);
  if (!hasEpilogue(b.body, op))
    return;
  Epilogue epilogue(b, op.getResult());
  int64_t stride = workspaceStride(op), rows = windows * tokens;
  emitRowPhase(b, epilogue, rows, 2 * channels, [&](Value image, Value row) {
    Value offset = b.times(b.plus(b.times(image, rows), row), stride);
    emitRow(b, epilogue, image, row,
            [&](Value channel) { return b.load(b.workspace(), b.plus(offset, channel)); });
  });
}

LogicalResult mv::cpu::emitAttention(KernelBuilder &b) {
  AttentionEmitter(b, *b.body.getOps<AttentionOp>().begin()).emit();
  return success();
}

int64_t mv::cpu::getAttentionWorkspaceBytes(Block &body) {
  auto op = *body.getOps<AttentionOp>().begin();
  if (!hasEpilogue(body, op))
    return 0;
  return countRows(op.getResult()) * workspaceStride(op) * 4;
}
