//===- AttentionCore.h - Attention on tiles in shared memory --------*- C++ -*-===//
//
// A warp owns 16 queries of one head and walks over tiles of keys with an online softmax (arXiv 2205.14135): of each
// query it keeps the largest score so far, the sum of exponentials and the result, and rescales the latter two when the
// largest score grows. All three live in registers, in the layout that the matrix units leave their results in:
//
//   scores  (16 queries x 8 keys a product)      lane 4g + t has queries g and g + 8, keys 2t and 2t + 1
//   P       the first operand of P V             the same registers: see `weigh`
//   result  (16 queries x 8 channels a product)  like the scores
//
// So a row's maximum and sum are over the four lanes of a quad, and P never goes through memory.
//
// Heads as columns. Head h's channels begin at h headDim, which need not be a multiple of the 16 bytes in which memory is
// copied (headDim 49). A tile then holds the whole 16-byte units that the head touches, its first channel at column
// `shift` < 8, which is the same for q, k and v where the channels are a multiple of the unit. Queries are zero in the
// columns of other heads, which takes those columns of the keys out of the scores; columns of the result that belong to
// other heads are not stored. That costs no product more than padding the head to a multiple of 16 does.
//
// Banks. Rows of a tile lie one behind the other without padding, and within a row units are exchanged, by an exclusive or
// of the unit's number with some bits of the row's: as many as the row's units are divisible by two. Then these lie in
// different banks: units that follow each other, over the ends of rows too (what neighbouring threads copy); 8 rows at one
// unit (what a load of a matrix reads); and rows 0 to 3 or 4 to 7 at two (what a warp reads of values of 32 bits).
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_GPU_ATTENTIONCORE_H
#define MV_LIB_KERNELS_GPU_ATTENTIONCORE_H

#include "mv/Kernels/GPU/Epilogue.h"
#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

/// The sizes of an attention, and how its heads lie in tiles.
struct AttentionShape {
  int64_t windows, tokens, channels, heads, headDim;
  mlir::Type element; ///< Of tiles.
  int64_t unit;       ///< Elements in 16 bytes.
  int64_t maxShift;   ///< Columns in front of a head's first channel at most.
  int64_t span;       ///< Columns that a head may touch, from the first on.
  int64_t width;      ///< Columns of a tile, and elements from row to row: span, filled up to whole products.

  /// `shifted`: heads lie where memory's units put them; else from column 0 on.
  AttentionShape(AttentionOp op, DType dtype, bool shifted);

  int64_t units() const { return width / unit; } ///< Of a row: an even number.
  int64_t bytes(int64_t rows) const { return rows * width * element.getIntOrFloatBitWidth() / 8; }

  /// Units whose order within a row is exchanged: the largest power of two that divides a row's, 8 at most.
  int64_t exchangedUnits() const { return std::min<int64_t>(8, units() & -units()); }
  /// Where unit `first + unit` of a row lies, an address: `first` is 0 or, where `unit` is even, may be 1.
  mlir::Value locate(KernelBuilder &b, mlir::Value tile, mlir::Value row, mlir::Value first,
                     int64_t unit = 0) const;
};

/// One head of one window of one image, and the first of the warp's 16 queries.
struct AttentionPlace {
  mlir::Value image, window, head, shift, query;
};

class AttentionCore {
public:
  AttentionCore(KernelBuilder &b, AttentionOp op, const AttentionShape &shape);

  /// Queries of a step across their columns, depth() each: the first operand of a product.
  using Queries = llvm::function_ref<llvm::SmallVector<mlir::Value>(int64_t step)>;
  /// A step of the warp's queries, from a tile in shared memory whose row `row` is its first.
  llvm::SmallVector<mlir::Value> loadQueries(mlir::Value tile, mlir::Value row, int64_t step);
  int64_t steps() const { return shape.width / b.depth(); }

  /// Sums as a product leaves them, of a depth's columns: as another product's first operand. For elements of 32 bits its
  /// depth is in the order 0, 2, 4, 6, 1, 3, 5, 7.
  llvm::SmallVector<mlir::Value> asFirstOperand(mlir::ValueRange sums);

  /// No keys seen yet: what `weigh` carries from tile to tile.
  llvm::SmallVector<mlir::Value> begin();

  /// Scores of the queries for the `count` keys (a multiple of 16) in `tile`, in units of log2; those from `valid`
  /// on are minus infinity.
  llvm::SmallVector<mlir::Value> score(Queries queries, mlir::Value tile, int64_t count, int64_t valid);
  /// Adds the keys' values, in `tile`, by their scores.
  llvm::SmallVector<mlir::Value> weigh(mlir::ValueRange scores, mlir::Value tile, mlir::ValueRange state);
  /// Stores the result. `staging`: the warp's 16 rows of a tile in shared memory that nobody reads any more.
  void finish(mlir::ValueRange state, const AttentionPlace &place, Epilogue &epilogue, mlir::Value staging);

  /// Products across a head.
  int64_t resultTiles() const { return ceilDiv(shape.span, 8); }

private:
  static constexpr int64_t kMaxima = 0, kSums = 2, kResult = 4; ///< In the state: two rows a lane.

  llvm::SmallVector<mlir::Value> exponentials(mlir::ValueRange scores, llvm::SmallVector<mlir::Value> &state);
  void addProducts(mlir::ValueRange weights, mlir::Value tile, llvm::SmallVector<mlir::Value> &state);
  void addWideProducts(mlir::ValueRange weights, mlir::Value tile, llvm::SmallVector<mlir::Value> &state);
  enum class Store { Pairs, Units, Words }; ///< From registers, or through shared memory.
  Store chooseStore(const Epilogue &epilogue);
  void stageRow(mlir::ValueRange values, mlir::Value row, mlir::Value staging);
  void storeUnits(const AttentionPlace &place, Epilogue &epilogue, mlir::Value staging);
  void storeWords(const AttentionPlace &place, Epilogue &epilogue, mlir::Value staging);
  llvm::SmallVector<mlir::Value> loadWord(mlir::Value staging, mlir::Value row, mlir::Value column,
                                          mlir::Value lead);
  void storeWord(mlir::ValueRange values, mlir::Value channel, mlir::ValueRange mine, const Row &row,
                 Epilogue &epilogue);
  Row locateQuery(mlir::Value query, const AttentionPlace &place, Epilogue &epilogue);
  void storePadding(const Row &row, mlir::Value exists, const AttentionPlace &place, Epilogue &epilogue);
  void storeRow(mlir::ValueRange values, mlir::Value query, const AttentionPlace &place, Epilogue &epilogue);

  KernelBuilder &b;
  AttentionOp op;
  AttentionShape shape;
  double factor; ///< From products to scores in units of log2.
};

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_ATTENTIONCORE_H
