//===- Decisions.h - Tiles, panels and grids of the CPU's matrix products ----*- C++ -*-===//
//
// Pure functions of shapes and targets. What they decide never touches the order of a sum: a register tile's
// width and height, the rows and panels of a workgroup only say which elements are computed together.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_CPU_DECISIONS_H
#define MV_KERNELS_CPU_DECISIONS_H

#include "mv/Kernels/CPU/Emitter.h"

namespace mv::cpu {

/// Outputs of one panel of packed weights, a multiple of 16 for every instruction set to take its vectors
/// from.
int64_t choosePanelWidth(int64_t outputs, bool convolution);

/// A register tile: rows of the result times vectors of target.lanes outputs.
struct RegisterTile {
  int64_t rows, vectors;
};

/// The tile for the panels of linear layers; its vectors divide the panel.
RegisterTile chooseRegisterTile(const Target &target, int64_t panelWidth);

/// Outputs [start, start + count * tile) of a panel, which one kind of tile computes.
struct Strip {
  RegisterTile tile;
  int64_t start, count;
};
/// The strips that make up a convolution's panel.
llvm::SmallVector<Strip, 2> chooseStrips(const Target &target, int64_t panelWidth);

/// `count` rows in as few tiles of at most `maximum` rows as possible, all of the same height or one less:
/// `tall` tiles of `height` rows, then `low` tiles of `height` - 1.
struct RowSplit {
  int64_t height, tall, low;

  int64_t tiles() const { return tall + low; }
  /// First row of tile `index`.
  int64_t start(int64_t index) const;
};
RowSplit splitRows(int64_t count, int64_t maximum);

/// What a product's grid depends on.
struct ProductShape {
  int64_t tiles;        ///< Of an image's rows.
  int64_t tileRows;     ///< Rows of a tile.
  int64_t tileElements; ///< That a tile reads on the left, and no other tile.
  int64_t panels;
  int64_t panelWidth;
  int64_t depth;           ///< Length of the sums.
  bool isPrepared = false; ///< Rows are normalised or copied before they are read.
};

/// How a product's work is dealt out: every image's tiles in `blocks` runs of `tilesPerBlock`, all panels in
/// `parts` runs of `panelsPerPart`. A workgroup is one block and part.
struct ProductGrid {
  int64_t tilesPerBlock, blocks, panelsPerPart, parts;
};
ProductGrid chooseProductGrid(const ProductShape &shape);

/// Elements of the next panel to fetch at each k, where `tiles` register tiles share a panel of `panelWidth`;
/// 0 where there are so many that the wait for the first one does not count.
int64_t choosePrefetchStep(int64_t tiles, int64_t panelWidth);

} // namespace mv::cpu

#endif // MV_KERNELS_CPU_DECISIONS_H
