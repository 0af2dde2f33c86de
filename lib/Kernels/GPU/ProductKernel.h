//===- ProductKernel.h - A kernel around one matrix product --------------*- C++ -*-===//
//
// What linear layers and convolutions share: the variants and their grids, which rows and columns a block computes,
// the bias and the epilogue. Rows run over the positions of all images, so that a tile may span two of them.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_GPU_PRODUCTKERNEL_H
#define MV_LIB_KERNELS_GPU_PRODUCTKERNEL_H

#include "MatrixLoop.h"
#include "mv/Kernels/GPU/Epilogue.h"

namespace mv::gpu {

class ProductKernel {
public:
  /// `root`'s result is the product of `input` and `weight`, with `bias` or null.
  ProductKernel(KernelBuilder &b, mlir::Value root, mlir::Value input, mlir::Value weight, mlir::Value bias);
  virtual ~ProductKernel() = default;

  mlir::LogicalResult emit();

protected:
  /// Elements of k of the left operand in memory.
  virtual int64_t depth() const = 0;
  virtual mlir::Value leftStart(mlir::Value row) = 0;
  /// Null where it is k.
  virtual std::function<mlir::Value(mlir::Value k)> leftShift() { return nullptr; }
  /// Computes what `adjust` needs of a block's rows, while the first copies are under way.
  virtual void prepare(const ProductTile &, mlir::Value /*firstRow*/, mlir::Value /*lastRow*/) {}
  /// What the sums of columns [column, column + 8) become before the bias is added; `row`: of the block.
  virtual void adjust(mlir::Value /*row*/, mlir::Value /*column*/,
                      llvm::SmallVector<mlir::Value> & /*values*/) {}
  virtual mlir::LogicalResult check();

  /// How the left operand lies in memory.
  mlir::RankedTensorType storedType() const;
  StoredShape stored() const { return storedShape(storedType()); }

  /// Where `row` of all images' rows lies.
  Position positionOf(mlir::Value row);
  /// Eight of a vector of parameters.
  llvm::SmallVector<mlir::Value> loadVector(mlir::Value parameter, mlir::Value column);

  KernelBuilder &b;
  mlir::Value root, weight, bias;
  mlir::BlockArgument activation; ///< Null: computed in the kernel.
  mlir::RankedTensorType result;
  ProductShape shape;

private:
  /// A variant's blocks. Those of the same rows follow each other: the rows are then in the second-level cache, as are all
  /// weights; and those that share a tile's sums are neighbours.
  struct Grid {
    int64_t across, chunks; ///< Tiles across the columns; blocks that share a tile.
    mlir::Value tile;       ///< Of the grid.
    mlir::Value rows, firstRow, firstColumn;
    mlir::Value chunk; ///< Null: all.
  };

  bool isFlat(const Epilogue &epilogue);
  Grid locateBlock(const ProductVariant &variant);
  MatrixOperands operandsOf(const Grid &grid);
  void emitLaunch(const ProductVariant &variant, int64_t mostBatch);
  mlir::Value isLastToArrive(const Grid &grid, int64_t mostTiles);
  void storeResults(MatrixLoop &loop, const ProductTile &tile, Epilogue &epilogue, const Grid &grid);

  ProductSplit split;
};

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_PRODUCTKERNEL_H
