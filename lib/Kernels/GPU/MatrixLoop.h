//===- MatrixLoop.h - The main loop of the GPU's matrix products --------*- C++ -*-===//
//
// sums[m][n] = sum_k left[m][k] weights[n][k]: both operands have k contiguous in memory, so both go the same way, in
// pieces of 16 bytes: from global to shared memory by asynchronous copies, `stages` deep, from there by ldmatrix
// without transposition into registers, one step of k ahead of the matrix units.
//
// In shared memory a row has 64 or 128 bytes of k a stage. Eight rows at the same k, which ldmatrix reads at once,
// lie in different banks because the pieces of a row are exchanged: piece c of row r lies at c ^ r (of 128 bytes; at
// c ^ (r / 2) of 64, where two rows share the width of all banks). So no padding is needed, and a thread's place is
// the same in every 16th row, which makes everything but one addition a stage a constant.
//
// What a row of the left operand is, a token or the nine pixels around a pixel, is its start in memory and a shift
// that depends on k alone.
//
//     MatrixLoop loop(b, tile, {...});
//     loop.begin(firstRow, lastRow, firstColumn);    // first copies are under way
//     loop.run();
//     loop.addChunks(...);                           // where other blocks have some of k
//     loop.forEachResult([&](Value row, Value column, ValueRange values) {...}); // eight columns
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_GPU_MATRIXLOOP_H
#define MV_LIB_KERNELS_GPU_MATRIXLOOP_H

#include "mv/Kernels/GPU/Decisions.h"
#include "mv/Kernels/GPU/KernelBuilder.h"

#include <functional>

namespace mv::gpu {

/// Columns that forEachResult hands over at once, and how far their fours lie apart: of 32-bit elements a lane has every
/// other four, so that two lanes store or load the whole of a sector.
inline constexpr int64_t kResultColumns = 8;
inline int64_t resultPieceStep(DType dtype) { return getBytes(dtype) == 2 ? 4 : 8; }

struct MatrixOperands {
  mlir::Value left; ///< !llvm.ptr<1>
  /// Where a row begins, in elements.
  std::function<mlir::Value(mlir::Value row)> leftStart;
  /// How far behind that element k lies; elements of one piece are neighbours. Null: k.
  std::function<mlir::Value(mlir::Value k)> leftShift;
  int64_t depth;      ///< Elements of k in the left operand, whole pieces of 16 bytes.
  ProductSplit split; ///< Of k.
  mlir::Value chunk;  ///< The one that this block computes; null: all of them.

  mlir::Value weights; ///< !llvm.ptr<1>: [columns][weightStep]
  int64_t weightStep, columns;
};

class MatrixLoop {
public:
  MatrixLoop(KernelBuilder &b, const ProductTile &tile, MatrixOperands operands);

  /// Starts the copies of the first stages. The block computes rows from `firstRow` on and columns from `firstColumn`
  /// on; instead of rows beyond `lastRow` and columns beyond the last it computes those again.
  void begin(mlir::Value firstRow, mlir::Value lastRow, mlir::Value firstColumn);
  /// Computes all sums into registers: where groups of warps have chunks of their own, those of the chunk. Reads the
  /// thread's place again (KernelBuilder.h).
  void run();
  /// Where sums lie that blocks share: f32 [chunks][rows][columns].
  struct SharedSums {
    mlir::Value memory; ///< !llvm.ptr<1>
    mlir::Value rows, firstRow, firstColumn;
    int64_t columns; ///< Even.
  };
  /// Stores this block's sums of its chunk.
  void storeChunk(const SharedSums &shared);
  /// Replaces the sums by those of all chunks, which other blocks have stored.
  void addChunks(const SharedSums &shared);
  /// Calls `emit` for eight columns of a row at a time, both relative to the block's first: neighbours, or from 16 the fours
  /// resultPieceStep apart. The code it emits is run by some lanes of a warp and must not synchronise.
  void
  forEachResult(llvm::function_ref<void(mlir::Value row, mlir::Value column, mlir::ValueRange values)> emit);

private:
  using Values = llvm::SmallVector<mlir::Value>;

  /// A warp's operands of one step of k: four registers for 16 rows, two for 8 columns.
  struct Fragments {
    Values left, weights;
  };

  int64_t stageElements() const { return tile.stageBytes / getBytes(b.dtype); } ///< Of k.
  /// Stages of k in all chunks but the last, and in that.
  int64_t chunkStages() const { return operands.split.depth / stageElements(); }
  int64_t lastStages() const;
  mlir::Value stagesOf(mlir::Value chunk);
  int64_t pieceElements() const { return 16 / getBytes(b.dtype); }
  int64_t pieces() const { return tile.stageBytes / 16; } ///< Of a row and stage.
  int64_t groupThreads() const { return 32 * tile.groupWarps(); }
  int64_t rowsAPass() const { return tile.copiedRows(); }
  int64_t rowTiles() const { return tile.warpRows / 16; }
  int64_t columnTiles() const { return tile.warpColumns / 8; }
  bool splitsResults() const { return resultPieceStep(b.dtype) != kResultColumns / 2; }
  /// f32 between rows of results in shared memory.
  int64_t resultStep() const {
    return splitsResults() && tile.warpColumns % 32 != 0 ? tile.warpColumns : tile.warpColumns + 8;
  }
  int64_t warpResults() const { return 16 * resultStep(); }                  ///< f32 of a warp.
  int64_t groupResults() const { return tile.groupWarps() * warpResults(); } ///< f32 of a group.

  void locateWarp();
  void groupBarrier();
  mlir::Value swizzled(mlir::Value row, mlir::Value piece);
  void copyStage(mlir::Value stage, mlir::Value k);
  void prepareFragments();
  Values loadFragments(mlir::Value stage, llvm::ArrayRef<mlir::Value> offsets, int64_t step, int64_t first,
                       int64_t count);
  Fragments multiply(const Fragments &now, Values &sums, mlir::Value stage, int64_t step,
                     llvm::function_ref<void()> copy = nullptr);
  Values runStages(mlir::Value count, mlir::ValueRange initial);
  Values addChunk(const SharedSums &shared, int64_t rowTile, mlir::Value chunk, mlir::ValueRange before);
  void forEachPair(int64_t rowTile,
                   llvm::function_ref<void(mlir::Value row, mlir::Value column, int64_t sum)> emit);
  void storeResults(int64_t rowTile, mlir::Value memory);
  void storeSplitResults(int64_t rowTile, mlir::Value memory);
  Values loadFours(mlir::Value memory, mlir::Value item, mlir::Value row, mlir::Value column);

  KernelBuilder &b;
  ProductTile tile;
  MatrixOperands operands;

  mlir::Value group;        ///< Of warps; null: there is one.
  mlir::Value groupWarp;    ///< Of the group.
  mlir::Value shared;       ///< Of the block.
  mlir::Value stages;       ///< Of the group.
  mlir::Value end;          ///< Of this block's k.
  mlir::Value copyTarget;   ///< Byte offset in a stage of what this thread copies first.
  mlir::Value copyRow;      ///< Of a pass.
  mlir::Value firstElement; ///< Of k that this thread copies.
  Values leftRows;          ///< Where they begin, in elements, one a pass.
  /// The same of weights, and a constant on top of it: so one register serves all passes.
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> weightRows;
  mlir::Value warpRow, warpColumn;
  Values leftFragments, weightFragments; ///< Byte offsets in a stage, of the first and the second step of k.
  Values sums;
};

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_MATRIXLOOP_H
