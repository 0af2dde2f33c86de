//===- MatrixTile.h - The register tile of matrix products ----------*- C++ -*-===//
//
// rows x vectors accumulators that live in registers while a loop runs over k. The body's order matters: the
// vectors of packed weights first, then row by row load, broadcast, multiply-add. With all loads first LLVM
// spills, and half of the speed is gone.
//
// What follows a product is applied to the accumulators where it takes few instructions. Else they go to a
// small tile in scratch memory, from which rows are read back one by one: a polynomial's code is there once,
// and so is the address arithmetic of a window's rows.
//
// Weights are read once for a workgroup's rows, at more than what memory delivers while the first tile of
// rows runs and at nothing after. So every tile fetches its share of the next panel.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_CPU_MATRIXTILE_H
#define MV_LIB_KERNELS_CPU_MATRIXTILE_H

#include "mv/Kernels/CPU/Decisions.h"
#include "mv/Kernels/CPU/Epilogue.h"

namespace mv::cpu {

struct MatrixTile {
  int64_t rows, vectors;
  mlir::Value left;         ///< Rows, element by element along k.
  int64_t leftStep;         ///< Elements from one row of the tile to the next.
  mlir::Value right;        ///< Packed weights.
  int64_t rightStep;        ///< Elements from one k to the next: the panel's width.
  int64_t prefetchStep = 0; ///< Elements to fetch ahead at each k; 0: none.

  using Accumulators = llvm::SmallVector<mlir::Value>;

  /// All rows begin with the outputs' elements of `bias`, a block argument (null: zeros).
  Accumulators begin(KernelBuilder &b, mlir::Value bias, mlir::Value column) const;

  /// Adds left[leftStart + k] right[rightStart + k rightStep] for k in [0, length), and fetches
  /// `prefetchStep` elements a step from right[prefetchStart] on.
  Accumulators accumulate(KernelBuilder &b, mlir::Value leftStart, mlir::Value rightStart, int64_t length,
                          mlir::ValueRange accumulators, mlir::Value prefetchStart = nullptr) const;

  /// Writes the accumulators to `tile`, row by row.
  void spill(KernelBuilder &b, mlir::ValueRange accumulators, mlir::Value tile) const;
};

/// Hands a tile's results to the epilogue: outputs [column, column + vectors lanes) of its rows, row i being
/// at `position(i)`. `memory`: scratch for the tile. `isWhole`: all outputs of all such tiles are stored.
void finishTile(KernelBuilder &b, Epilogue &epilogue, const MatrixTile &tile, mlir::ValueRange accumulators,
                mlir::Value memory, mlir::Value column, bool isWhole,
                llvm::function_ref<Position(mlir::Value row)> position);

/// How a product's columns lie: packed panels of `width` outputs, `elements` apart, computed `tileWidth`
/// outputs at a time; `outputs` of them are wanted.
struct PanelColumns {
  int64_t width, elements, tileWidth, outputs;
};

/// A loop over the columns of part `part` of a grid, one register tile's width at a time: `emit` gets the
/// first output and where its weights begin.
void forEachColumn(KernelBuilder &b, const ProductGrid &grid, PanelColumns columns, mlir::Value part,
                   llvm::function_ref<void(mlir::Value column, mlir::Value weights)> emit);

/// Where the tile number `index` of those that share the panel of `column` begins to fetch the next panel,
/// each tile `length` steps of `step` elements (from choosePrefetchStep; null when that is 0).
mlir::Value prefetchStart(KernelBuilder &b, PanelColumns columns, mlir::Value column, mlir::Value index,
                          int64_t length, int64_t step);

/// Width of the panels that `weight`, a block argument, is packed in.
int64_t getPanelWidth(KernelBuilder &b, mlir::Value weight);

} // namespace mv::cpu

#endif // MV_LIB_KERNELS_CPU_MATRIXTILE_H
