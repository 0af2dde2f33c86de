//===- MatrixLoop.cpp - The main loop of the GPU's matrix products ------------------===//

#include "MatrixLoop.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

MatrixLoop::MatrixLoop(KernelBuilder &b, const ProductTile &tile, MatrixOperands operands)
    : b(b), tile(tile), operands(std::move(operands)) {
  stages = shared = b.allocateShared(std::max(tile.sharedBytes(), tile.groups * groupResults() * 4));
  locateWarp();
  if (group) {
    this->operands.chunk = group;
    stages = b.address(shared, b.times(group, tile.groupSharedBytes()), b.getI8Type());
  }
}

void MatrixLoop::locateWarp() {
  groupWarp = b.warp();
  if (tile.groups > 1) {
    group = b.quotient(b.warp(), tile.groupWarps());
    groupWarp = b.remainder(b.warp(), tile.groupWarps());
  }
  int64_t warpsAcross = tile.columns / tile.warpColumns;
  warpRow = b.times(b.quotient(groupWarp, warpsAcross), tile.warpRows);
  warpColumn = b.times(b.remainder(groupWarp, warpsAcross), tile.warpColumns);
}

void MatrixLoop::groupBarrier() {
  if (group)
    b.barrier(group, groupThreads());
  else
    b.barrier();
}

int64_t MatrixLoop::lastStages() const {
  return ceilDiv(operands.depth - (operands.split.chunks - 1) * operands.split.depth, stageElements());
}

Value MatrixLoop::stagesOf(Value chunk) {
  if (lastStages() == chunkStages())
    return b.index(chunkStages());
  Value isLast = b.isEqual(chunk, b.index(operands.split.chunks - 1));
  return b.select(isLast, b.index(lastStages()), b.index(chunkStages()));
}

/// Where a piece of a row lies, in bytes from the row's start. `row`: modulo 8 at least.
Value MatrixLoop::swizzled(Value row, Value piece) {
  Value key = pieces() == 8 ? b.remainder(row, 8) : b.remainder(b.quotient(row, 2), 4);
  Value place = arith::XOrIOp::create(b, piece, key);
  return b.times(place, 16);
}

//===----------------------------------------------------------------------===//
// Global to shared memory
//===----------------------------------------------------------------------===//

void MatrixLoop::begin(Value firstRow, Value lastRow, Value firstColumn) {
  Value thread = group ? b.remainder(b.thread(), groupThreads()) : b.thread();
  copyRow = b.quotient(thread, pieces());
  Value piece = b.remainder(thread, pieces());
  firstElement = b.times(piece, pieceElements());
  copyTarget = b.plus(b.times(copyRow, tile.stageBytes), swizzled(copyRow, piece));
  for (int64_t row = 0; row < tile.rows; row += rowsAPass())
    leftRows.push_back(operands.leftStart(b.smaller(b.plus(b.plus(firstRow, copyRow), row), lastRow)));
  bool isWhole = operands.columns % tile.columns == 0;
  Value column = b.plus(firstColumn, copyRow);
  for (int64_t pass = 0; pass < tile.columns; pass += rowsAPass()) {
    Value clamped = isWhole ? column : b.smaller(b.plus(column, pass), b.index(operands.columns - 1));
    weightRows.push_back({b.times(clamped, operands.weightStep), isWhole ? pass * operands.weightStep : 0});
  }
  end = b.index(operands.depth);
  if (operands.chunk) {
    Value start = b.times(operands.chunk, operands.split.depth);
    end = b.smaller(b.plus(start, operands.split.depth), end);
    firstElement = b.plus(firstElement, start);
  }
  for (int64_t stage = 0; stage + 1 < tile.stages; ++stage)
    copyStage(b.index(stage * tile.stageBytes * (tile.rows + tile.columns)),
              b.plus(firstElement, stage * stageElements()));
}

/// Copies this thread's pieces at element `k` to the stage at byte `stage`: zeros beyond the last k, which are also
/// what a stage beyond the last one gets, so that the number of groups under way is always the same.
void MatrixLoop::copyStage(Value stage, Value k) {
  Type element = getStorageType(b.getContext(), b.dtype);
  Value exists = b.isLess(k, end);
  Value shift = operands.leftShift ? operands.leftShift(k) : k;
  Value target = b.address(stages, b.plus(stage, copyTarget), b.getI8Type());
  auto copy = [&](int64_t row, int64_t rowEnd, Value source) {
    Value isRow = row + rowsAPass() <= rowEnd ? Value() : b.isLess(copyRow, b.index(rowEnd - row));
    b.when(isRow, [&] {
      b.copyAsync(b.address(target, b.index(row * tile.stageBytes), b.getI8Type()), source, exists);
    });
  };
  for (auto [pass, start] : llvm::enumerate(leftRows))
    copy(pass * rowsAPass(), tile.rows, b.address(operands.left, b.plus(start, shift), element));
  for (auto [pass, start] : llvm::enumerate(weightRows)) {
    Value source = b.address(operands.weights, b.plus(start.first, k), element);
    copy(tile.rows + pass * rowsAPass(), tile.rows + tile.columns,
         b.address(source, b.index(start.second), element));
  }
  b.commitCopies();
}

//===----------------------------------------------------------------------===//
// Shared memory to registers
//===----------------------------------------------------------------------===//

/// ldmatrix takes the address of row l % 8 of matrix l / 8 from lane l. Of the left operand the four matrices are
/// rows 0 to 7 and 8 to 15 of the first piece, then of the second; of the weights, whose rows are columns of the
/// result, both pieces of columns 0 to 7, then of 8 to 15.
void MatrixLoop::prepareFragments() {
  Value lane = b.lane();
  Value leftLane = b.remainder(lane, 16), leftPiece = b.quotient(lane, 16);
  Value weightLane = b.plus(b.remainder(lane, 8), b.times(b.quotient(lane, 16), 8));
  Value weightPiece = b.remainder(b.quotient(lane, 8), 2);
  Value leftBytes = b.times(b.plus(warpRow, leftLane), tile.stageBytes);
  Value weightBytes = b.times(b.plus(b.plus(warpColumn, weightLane), tile.rows), tile.stageBytes);
  for (int64_t piece = 0; piece < 4; piece += 2) {
    leftFragments.push_back(b.plus(leftBytes, swizzled(leftLane, b.plus(leftPiece, piece))));
    weightFragments.push_back(b.plus(weightBytes, swizzled(weightLane, b.plus(weightPiece, piece))));
  }
}

/// Of step `step`, `count` times four registers, from rows 16 apart. In a stage of 128 bytes what the third and fourth
/// steps read lies 64 bytes from what the first and second do, above or below: rows are aligned to 128.
MatrixLoop::Values MatrixLoop::loadFragments(Value stage, ArrayRef<Value> offsets, int64_t step,
                                             int64_t first, int64_t count) {
  Values fragments;
  Value offset = b.plus(stage, offsets[step % 2]);
  if (step >= 2)
    offset = arith::XOrIOp::create(b, offset, b.index(64));
  Value start = b.address(stages, offset, b.getI8Type());
  for (int64_t i = first; i < first + count; ++i)
    llvm::append_range(fragments,
                       b.loadMatrix(b.address(start, b.index(i * 16 * tile.stageBytes), b.getI8Type()), 4));
  return fragments;
}

/// One step of k: multiplies `now` and returns the fragments of step `step` of the stage at `stage`. Those of 16 rows
/// are loaded when the products that use the ones before are behind, into the same registers; all columns' are used to
/// the end, and so need two sets. Neighbouring products share an operand, which the matrix units then need not fetch
/// again: hence the turns. `copy` is emitted behind the first 16 rows: for all the assembler knows no load of a fragment
/// may pass a copy, so copies at the beginning would hold up the columns' loads, and each change from loads to copies
/// costs three instructions.
MatrixLoop::Fragments MatrixLoop::multiply(const Fragments &now, Values &sums, Value stage, int64_t step,
                                           llvm::function_ref<void()> copy) {
  Fragments next;
  next.weights = loadFragments(stage, weightFragments, step, 0, columnTiles() / 2);
  for (int64_t i = 0; i < rowTiles(); ++i) {
    for (int64_t turn = 0; turn < columnTiles(); ++turn) {
      int64_t j = i % 2 == 0 ? turn : columnTiles() - 1 - turn, at = 4 * (i * columnTiles() + j);
      Values product = b.multiply(ArrayRef(now.left).slice(4 * i, 4), ArrayRef(now.weights).slice(2 * j, 2),
                                  ArrayRef(sums).slice(at, 4));
      llvm::copy(product, sums.begin() + at);
    }
    llvm::append_range(next.left, loadFragments(stage, leftFragments, step, i, 1));
    if (i == 0 && copy)
      copy();
  }
  return next;
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

/// ptxas unrolls a chunk's loop as a whole, 800 products at a time, and then schedules them worse.
static void keepRolled(Operation *loop) {
  MLIRContext *context = loop->getContext();
  auto unroll = LLVM::LoopUnrollAttr::get(context, BoolAttr::get(context, true), {}, {}, {}, {}, {}, {});
  loop->setAttr("loop_annotation", LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {}, {}, {}, {},
                                                                 {}, {}, {}, {}, {}, {}, {}));
}

/// Carried: the byte offset of the stage read before, which is free for the next copies; that of the stage to read;
/// this thread's next k to copy; the fragments of the stage's first step; all sums.
MatrixLoop::Values MatrixLoop::runStages(Value count, ValueRange initial) {
  int64_t bytes = tile.stageBytes * (tile.rows + tile.columns);
  int64_t lastStep = pieces() / 2 - 1, numLeft = 4 * rowTiles(), numWeights = 2 * columnTiles();
  return b.loop(b.index(0), count, 1, initial, [&](Value, ValueRange carried) {
    Value free = carried[0], stage = carried[1], k = carried[2];
    Fragments fragments = {Values(carried.slice(3, numLeft)), Values(carried.slice(3 + numLeft, numWeights))};
    Values partial(carried.drop_front(3 + numLeft + numWeights));
    Value after = b.plus(stage, bytes);
    Value next = b.select(b.isLess(stage, b.index((tile.stages - 1) * bytes)), after, b.index(0));
    fragments = multiply(fragments, partial, stage, 1, [&] { copyStage(free, k); });
    for (int64_t step = 2; step <= lastStep; ++step)
      fragments = multiply(fragments, partial, stage, step);
    b.waitCopies(tile.stages - 2);
    groupBarrier();
    fragments = multiply(fragments, partial, next, 0);
    Values yielded = {stage, next, b.plus(k, stageElements())};
    llvm::append_range(yielded, fragments.left);
    llvm::append_range(yielded, fragments.weights);
    llvm::append_range(yielded, partial);
    return yielded;
  });
}

void MatrixLoop::run() {
  int64_t bytes = tile.stageBytes * (tile.rows + tile.columns);
  prepareFragments();
  b.waitCopies(tile.stages - 2);
  groupBarrier();
  Values state = {b.index((tile.stages - 1) * bytes), b.index(0),
                  b.plus(firstElement, (tile.stages - 1) * stageElements())};
  llvm::append_range(state, loadFragments(b.index(0), leftFragments, 0, 0, rowTiles()));
  llvm::append_range(state, loadFragments(b.index(0), weightFragments, 0, 0, columnTiles() / 2));
  size_t numState = state.size();
  Values zeros(4 * rowTiles() * columnTiles(), b.constant(0));
  auto withZeros = [&](ValueRange some) {
    Values all(some);
    llvm::append_range(all, zeros);
    return all;
  };
  Values last;
  if (operands.chunk || operands.split.chunks == 1) {
    Value count = operands.chunk ? stagesOf(operands.chunk) : b.index(lastStages());
    last = runStages(count, withZeros(state));
  } else {
    last = b.loop(b.index(0), b.index(operands.split.chunks), 1, withZeros(state),
                  [&](Value chunk, ValueRange carried) {
                    Values some = runStages(stagesOf(chunk), withZeros(carried.take_front(numState)));
                    keepRolled(some.front().getDefiningOp());
                    for (size_t i = numState; i < some.size(); ++i)
                      some[i] = b.add(carried[i], some[i]);
                    return some;
                  });
  }
  sums.assign(last.begin() + numState, last.end());
  b.readPlaceAgain();
  locateWarp();
}

//===----------------------------------------------------------------------===//
// Sums that blocks share
//===----------------------------------------------------------------------===//

/// Of a warp's 16 rows, two neighbouring columns of a row at a time, both relative to the block's first: numbers `sum`
/// and the next of those rows' sums.
void MatrixLoop::forEachPair(int64_t rowTile, llvm::function_ref<void(Value, Value, int64_t)> emit) {
  Value row = b.plus(b.plus(warpRow, b.quotient(b.lane(), 4)), 16 * rowTile);
  Value column = b.plus(warpColumn, b.times(b.remainder(b.lane(), 4), 2));
  for (int64_t below : {0, 1})
    for (int64_t j = 0; j < columnTiles(); ++j)
      emit(b.plus(row, 8 * below), b.plus(column, 8 * j), 4 * j + 2 * below);
}

void MatrixLoop::storeChunk(const SharedSums &shared) {
  Value firstRow = b.plus(arith::MulIOp::create(b, shared.rows, operands.chunk), shared.firstRow);
  for (int64_t rowTile = 0; rowTile < rowTiles(); ++rowTile)
    forEachPair(rowTile, [&](Value blockRow, Value blockColumn, int64_t sum) {
      Value column = b.plus(shared.firstColumn, blockColumn);
      Value isRow = b.isLess(b.plus(shared.firstRow, blockRow), shared.rows);
      Value isColumn =
          shared.columns % tile.columns == 0 ? Value() : b.isLess(column, b.index(shared.columns));
      int64_t at = 4 * rowTile * columnTiles() + sum;
      b.when(b.both(isRow, isColumn), [&] {
        Value offset = b.plus(b.times(b.plus(firstRow, blockRow), shared.columns), column);
        b.store(b.pack({sums[at], sums[at + 1]}), shared.memory, offset, 2);
      });
    });
}

/// What lies beyond the last row and column is that of the last ones. 16 rows at a time, and a loop over chunks that stays
/// one: for addresses and numbers on their way there are few registers.
void MatrixLoop::addChunks(const SharedSums &shared) {
  sums.clear();
  for (int64_t rowTile = 0; rowTile < rowTiles(); ++rowTile) {
    Values zeros(4 * columnTiles(), b.constant(0));
    llvm::append_range(sums, b.loop(b.index(0), b.index(operands.split.chunks), 1, zeros,
                                    [&](Value chunk, ValueRange carried) {
                                      return addChunk(shared, rowTile, chunk, carried);
                                    }));
    keepRolled(sums.back().getDefiningOp());
  }
}

MatrixLoop::Values MatrixLoop::addChunk(const SharedSums &shared, int64_t rowTile, Value chunk,
                                        ValueRange before) {
  Values added(before);
  Value lastRow = b.minus(shared.rows, b.index(1)), chunkRow = arith::MulIOp::create(b, shared.rows, chunk);
  forEachPair(rowTile, [&](Value blockRow, Value blockColumn, int64_t sum) {
    Value row = b.smaller(b.plus(shared.firstRow, blockRow), lastRow);
    Value column = b.plus(shared.firstColumn, blockColumn);
    if (shared.columns % tile.columns != 0)
      column = b.smaller(column, b.index(shared.columns - 2));
    Value offset = b.plus(b.times(b.plus(chunkRow, row), shared.columns), column);
    Value pair = b.load(shared.memory, offset, b.getF32Type(), 2);
    for (int64_t i : {0, 1})
      added[sum + i] = b.add(added[sum + i], b.extract(pair, i));
  });
  return added;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

// A lane has two neighbouring columns of a row in each tile of 16x8. Through shared memory, 16 rows a warp at a
// time, it gets eight. The two halves of eight columns are exchanged where column / 32 + row is odd, so that lanes
// that read the same half of neighbouring eights find it in different banks.

/// Of a lane's two columns in its 16 rows, rows 0 to 7 and 8 to 15.
void MatrixLoop::storeResults(int64_t rowTile, Value memory) {
  Value lane = b.lane(), row = b.quotient(lane, 4), pair = b.remainder(lane, 4);
  Value half = b.quotient(pair, 2), within = b.times(b.remainder(pair, 2), 2);
  Value rowStart = b.plus(b.times(row, resultStep()), within);
  Value flip = b.remainder(row, 2);
  for (int64_t parity : {0, 1}) {
    Value place = arith::XOrIOp::create(b, half, parity ? b.minus(b.index(1), flip) : flip);
    Value start = b.plus(rowStart, b.times(place, 4));
    for (int64_t j = 0; j < columnTiles(); ++j) {
      if ((j / 4) % 2 != parity)
        continue;
      for (int64_t below : {0, 1}) {
        int64_t at = 4 * (rowTile * columnTiles() + j) + 2 * below;
        b.store(b.pack({sums[at], sums[at + 1]}), memory, b.plus(start, 8 * j + 8 * below * resultStep()), 2);
      }
    }
  }
}

// Of 32-bit elements lane 2q has the first and third four of 16 columns, lane 2q + 1 the others. Here eights are exchanged with
// their neighbours: in every other pair of 16 columns, counted over a row, or over all rows where those have an odd number
// of 16 columns and lie one behind the other. So do four pairs of lanes read, and four rows write, different banks.

/// Whether 16 columns are exchanged, 0 or 1. `number`: of these 16 in the row, or over all rows, there modulo 4.
static Value isExchanged(KernelBuilder &b, Value number) { return b.remainder(b.quotient(number, 2), 2); }

void MatrixLoop::storeSplitResults(int64_t rowTile, Value memory) {
  int64_t sixteens = tile.warpColumns / 16;
  Value lane = b.lane(), row = b.quotient(lane, 4);
  Value rowStart = b.plus(b.times(row, resultStep()), b.times(b.remainder(lane, 4), 2));
  Value before = sixteens % 2 == 0 ? b.index(0) : b.remainder(b.times(row, sixteens), 4);
  for (int64_t j = 0; j < columnTiles(); ++j) {
    Value exchanged = isExchanged(b, b.plus(before, j / 2 % 4));
    Value eight = arith::XOrIOp::create(b, exchanged, b.index(j % 2));
    Value start = b.plus(rowStart, b.times(eight, 8));
    for (int64_t below : {0, 1}) { // Eight rows on all is as it is here.
      int64_t at = 4 * (rowTile * columnTiles() + j) + 2 * below;
      b.store(b.pack({sums[at], sums[at + 1]}), memory,
              b.plus(start, 16 * (j / 2) + 8 * below * resultStep()), 2);
    }
  }
}

/// A lane's columns, from `column` on: eight number `item` of the warp's over all rows.
MatrixLoop::Values MatrixLoop::loadFours(Value memory, Value item, Value row, Value column) {
  int64_t eights = tile.warpColumns / kResultColumns;
  Value eight = b.remainder(item, eights), start = b.plus(b.times(row, resultStep()), column);
  Value flip = splitsResults() ? isExchanged(b, b.quotient(eights % 4 == 0 ? eight : item, 2))
                               : b.remainder(b.plus(b.quotient(eight, 4), row), 2);
  Values values;
  for (int64_t half : {0, 1}) {
    Value place = b.times(half ? b.minus(b.index(1), flip) : flip, resultPieceStep(b.dtype));
    Value four = b.load(memory, b.plus(start, place), b.getF32Type(), 4);
    for (int64_t lane = 0; lane < 4; ++lane)
      values.push_back(b.extract(four, lane));
  }
  return values;
}

/// The groups' warps of the same part of the tile take turns with its eights, and add up all chunks of them.
void MatrixLoop::forEachResult(llvm::function_ref<void(Value, Value, ValueRange)> emit) {
  int64_t eights = tile.warpColumns / kResultColumns;
  Value first = b.address(shared, b.times(groupWarp, warpResults()), b.getF32Type());
  Value own = group ? b.address(first, b.times(group, groupResults()), b.getF32Type()) : first;
  auto synchronize = [&] { group ? b.barrier() : b.syncWarp(); };
  b.waitCopies(0);
  b.barrier(); // The stages' memory is free.
  for (int64_t rowTile = 0; rowTile < rowTiles(); ++rowTile) {
    if (rowTile > 0)
      synchronize();
    splitsResults() ? storeSplitResults(rowTile, own) : storeResults(rowTile, own);
    synchronize();
    Value firstItem = group ? b.times(group, 32) : b.index(0);
    b.loop(firstItem, b.index(16 * eights), 32 * tile.groups, [&](Value warpItem) {
      Value item = b.plus(warpItem, b.lane());
      Value row = b.quotient(item, eights), eight = b.remainder(item, eights);
      Value column = splitsResults()
                         ? b.plus(b.times(b.quotient(eight, 2), 16), b.times(b.remainder(eight, 2), 4))
                         : b.times(eight, 8);
      Values values = loadFours(first, item, row, column);
      for (int64_t chunk = 1; chunk < tile.groups; ++chunk) {
        Value memory = b.address(first, b.index(chunk * groupResults()), b.getF32Type());
        for (auto [value, more] : llvm::zip(values, loadFours(memory, item, row, column)))
          value = b.add(value, more);
      }
      emit(b.plus(b.plus(warpRow, row), 16 * rowTile), b.plus(warpColumn, column), values);
    });
  }
}
