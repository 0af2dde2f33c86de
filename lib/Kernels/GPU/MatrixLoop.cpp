//===- MatrixLoop.cpp - The main loop of the GPU's matrix products ------------------===//

#include "MatrixLoop.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

MatrixLoop::MatrixLoop(KernelBuilder &b, const ProductTile &tile, MatrixOperands operands)
    : b(b), tile(tile), operands(std::move(operands)) {
  int64_t results = tile.warps() * 16 * resultStep() * 4;
  shared = b.allocateShared(std::max(tile.sharedBytes(), results));
}

int64_t MatrixLoop::steps() const { return ceilDiv(operands.depth, tile.stageBytes / getBytes(b.dtype)); }

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
  copyRow = b.quotient(b.thread(), pieces());
  Value piece = b.remainder(b.thread(), pieces());
  copyPiece = b.times(piece, pieceElements());
  copyTarget = b.plus(b.times(copyRow, tile.stageBytes), swizzled(copyRow, piece));
  for (int64_t row = 0; row < tile.rows; row += rowsAPass())
    leftRows.push_back(operands.leftStart(b.smaller(b.plus(b.plus(firstRow, copyRow), row), lastRow)));
  bool isWhole = operands.columns % tile.columns == 0;
  Value column = b.plus(firstColumn, copyRow);
  for (int64_t pass = 0; pass < tile.columns; pass += rowsAPass()) {
    Value clamped = isWhole ? column : b.smaller(b.plus(column, pass), b.index(operands.columns - 1));
    weightRows.push_back({b.times(clamped, operands.weightStep), isWhole ? pass * operands.weightStep : 0});
  }
  for (int64_t stage = 0; stage + 1 < tile.stages; ++stage) {
    int64_t k = stage * tile.stageBytes / getBytes(b.dtype);
    copyStage(b.index(stage * tile.stageBytes * (tile.rows + tile.columns)), b.plus(copyPiece, k));
  }
}

/// Copies this thread's pieces at element `k` to the stage at byte `stage`: zeros beyond the last k, which are also
/// what a stage beyond the last one gets, so that the number of groups under way is always the same.
void MatrixLoop::copyStage(Value stage, Value k) {
  Type element = getStorageType(b.getContext(), b.dtype);
  Value exists = b.isLess(k, b.index(operands.depth));
  Value shift = operands.leftShift ? operands.leftShift(k) : k;
  Value target = b.address(shared, b.plus(stage, copyTarget), b.getI8Type());
  auto copy = [&](int64_t row, int64_t end, Value source) {
    Value isRow = row + rowsAPass() <= end ? Value() : b.isLess(copyRow, b.index(end - row));
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
  Value lane = b.lane(), warp = b.warp();
  int64_t warpsAcross = tile.columns / tile.warpColumns;
  warpRow = b.times(b.quotient(warp, warpsAcross), tile.warpRows);
  warpColumn = b.times(b.remainder(warp, warpsAcross), tile.warpColumns);
  Value leftLane = b.remainder(lane, 16), leftPiece = b.quotient(lane, 16);
  Value weightLane = b.plus(b.remainder(lane, 8), b.times(b.quotient(lane, 16), 8));
  Value weightPiece = b.remainder(b.quotient(lane, 8), 2);
  Value leftBytes = b.times(b.plus(warpRow, leftLane), tile.stageBytes);
  Value weightBytes = b.times(b.plus(b.plus(warpColumn, weightLane), tile.rows), tile.stageBytes);
  for (int64_t piece = 0; piece < pieces(); piece += 2) {
    leftFragments.push_back(b.plus(leftBytes, swizzled(leftLane, b.plus(leftPiece, piece))));
    weightFragments.push_back(b.plus(weightBytes, swizzled(weightLane, b.plus(weightPiece, piece))));
  }
}

/// `count` times four registers, from rows 16 apart.
MatrixLoop::Values MatrixLoop::loadFragments(Value stage, Value offset, int64_t first, int64_t count) {
  Values fragments;
  Value start = b.address(shared, b.plus(stage, offset), b.getI8Type());
  for (int64_t i = first; i < first + count; ++i)
    llvm::append_range(fragments,
                       b.loadMatrix(b.address(start, b.index(i * 16 * tile.stageBytes), b.getI8Type()), 4));
  return fragments;
}

/// One step of k: multiplies `now` and returns the fragments of step `step` of the stage at `stage`. Those of 16 rows
/// are loaded when the products that use the ones before are behind, into the same registers; all columns' are used to
/// the end, and so need two sets. Neighbouring products share an operand, which the matrix units then need not fetch
/// again: hence the turns.
MatrixLoop::Fragments MatrixLoop::multiply(const Fragments &now, Values &sums, Value stage, int64_t step) {
  Fragments next;
  next.weights = loadFragments(stage, weightFragments[step], 0, columnTiles() / 2);
  for (int64_t i = 0; i < rowTiles(); ++i) {
    for (int64_t turn = 0; turn < columnTiles(); ++turn) {
      int64_t j = i % 2 == 0 ? turn : columnTiles() - 1 - turn, at = 4 * (i * columnTiles() + j);
      Values product = b.multiply(ArrayRef(now.left).slice(4 * i, 4), ArrayRef(now.weights).slice(2 * j, 2),
                                  ArrayRef(sums).slice(at, 4));
      llvm::copy(product, sums.begin() + at);
    }
    llvm::append_range(next.left, loadFragments(stage, leftFragments[step], i, 1));
  }
  return next;
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

/// Carried: the byte offset of the stage read before, which is free for the next copies; that of the stage to read;
/// this thread's next k to copy; all sums; the fragments of the stage's first step.
void MatrixLoop::run() {
  int64_t bytes = tile.stageBytes * (tile.rows + tile.columns),
          elements = tile.stageBytes / getBytes(b.dtype);
  int64_t lastStep = pieces() / 2 - 1, numSums = 4 * rowTiles() * columnTiles();
  prepareFragments();
  b.waitCopies(tile.stages - 2);
  b.barrier();
  Values initial = {b.index((tile.stages - 1) * bytes), b.index(0),
                    b.plus(copyPiece, (tile.stages - 1) * elements)};
  initial.append(numSums, b.constant(0));
  llvm::append_range(initial, loadFragments(b.index(0), leftFragments[0], 0, rowTiles()));
  llvm::append_range(initial, loadFragments(b.index(0), weightFragments[0], 0, columnTiles() / 2));
  Values last = b.loop(b.index(0), b.index(steps()), 1, initial, [&](Value, ValueRange carried) {
    Value free = carried[0], stage = carried[1], k = carried[2];
    Values sums(carried.slice(3, numSums));
    Fragments fragments = {Values(carried.slice(3 + numSums, 4 * rowTiles())),
                           Values(carried.drop_front(3 + numSums + 4 * rowTiles()))};
    Value after = b.plus(stage, bytes);
    Value next = b.select(b.isLess(stage, b.index((tile.stages - 1) * bytes)), after, b.index(0));
    copyStage(free, k);
    for (int64_t step = 0; step < lastStep; ++step)
      fragments = multiply(fragments, sums, stage, step + 1);
    b.waitCopies(tile.stages - 2);
    b.barrier();
    fragments = multiply(fragments, sums, next, 0);
    Values yielded = {stage, next, b.plus(k, elements)};
    llvm::append_range(yielded, sums);
    llvm::append_range(yielded, fragments.left);
    llvm::append_range(yielded, fragments.weights);
    return yielded;
  });
  sums.assign(last.begin() + 3, last.begin() + 3 + numSums);
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

void MatrixLoop::forEachResult(llvm::function_ref<void(Value, Value, ValueRange)> emit) {
  int64_t eights = tile.warpColumns / kResultColumns;
  Value memory = b.address(shared, b.times(b.warp(), 16 * resultStep()), b.getF32Type());
  auto synchroniseWarp = [&] { NVVM::SyncWarpOp::create(b, arith::ConstantIntOp::create(b, -1, 32)); };
  b.waitCopies(0);
  b.barrier(); // The stages' memory is free.
  for (int64_t rowTile = 0; rowTile < rowTiles(); ++rowTile) {
    if (rowTile > 0)
      synchroniseWarp();
    storeResults(rowTile, memory);
    synchroniseWarp();
    b.loop(b.index(0), b.index(16 * eights), 32, [&](Value first) {
      Value item = b.plus(first, b.lane());
      Value row = b.quotient(item, eights), eight = b.remainder(item, eights);
      Value flip = b.remainder(b.plus(b.quotient(eight, 4), row), 2);
      Value start = b.plus(b.times(row, resultStep()), b.times(eight, 8));
      Values values;
      for (int64_t half : {0, 1}) {
        Value place = half ? b.minus(b.index(1), flip) : flip;
        Value four = b.load(memory, b.plus(start, b.times(place, 4)), b.getF32Type(), 4);
        for (int64_t lane = 0; lane < 4; ++lane)
          values.push_back(b.extract(four, lane));
      }
      emit(b.plus(b.plus(warpRow, row), 16 * rowTile), b.plus(warpColumn, b.times(eight, 8)), values);
    });
  }
}
