//===- Decisions.cpp - Tiles, panels and grids of the CPU's matrix products ------------===//

#include "mv/Kernels/CPU/Decisions.h"

using namespace mv;
using namespace mv::cpu;

llvm::ArrayRef<Target> mv::cpu::getTargets() {
  static const Target targets[] = {
      {"x86-64-v4", 16, 32, true, "-prefer-256-bit"},
      {"x86-64-v3", 8, 16, true, ""},
      {"x86-64", 4, 16, false, ""},
  };
  return targets;
}

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Outputs of the widest panel that is cut into strips.
static constexpr int64_t kWidestPanel = 112;
/// Below so many outputs, half a panel of zeros costs more than panels of 16, whose tiles load one scalar for
/// each product.
static constexpr int64_t kNarrowOutputs = 128;

int64_t mv::cpu::choosePanelWidth(int64_t outputs, bool convolution) {
  int64_t rounded = roundUp(outputs, 16);
  if (rounded % 32 == 0)
    return 32;
  if (convolution)
    return rounded <= kWidestPanel ? rounded : 32;
  return rounded < kNarrowOutputs ? 16 : 32;
}

// Accumulators, the vectors of one row of weights, and one or two registers for the other operand must fit.
// Without spills, of the FMA peak on Zen 4 and on Sapphire Rapids in %: AVX-512 14x32 98 and 91 to 94, 8x48
// 98 and 88; AVX2 6x16 98. Wide tiles of few rows read too much of the second-level cache on the latter: 5x80
// 98 and 80, 4x80 98 and 75; 28x16 loads a scalar for every product.
static constexpr RegisterTile kOneVector = {28, 1}, kTwoVectors = {14, 2}, kThreeVectors = {8, 3};
static constexpr RegisterTile kAVX2Tile = {6, 2}, kSSETile = {4, 2};

RegisterTile mv::cpu::chooseRegisterTile(const Target &target, int64_t panelWidth) {
  if (target.lanes == 16)
    return panelWidth % 32 == 0 ? kTwoVectors : kOneVector;
  return target.lanes == 8 ? kAVX2Tile : kSSETile;
}

llvm::SmallVector<Strip, 2> mv::cpu::chooseStrips(const Target &target, int64_t panelWidth) {
  int64_t vectors = panelWidth / target.lanes;
  if (target.lanes < 16 || vectors % 2 == 0 || vectors == 1) {
    RegisterTile tile = chooseRegisterTile(target, panelWidth);
    return {{tile, 0, vectors / tile.vectors}};
  }
  llvm::SmallVector<Strip, 2> strips = {{kThreeVectors, 0, 1}};
  if (vectors > 3)
    strips.push_back({kTwoVectors, 3 * target.lanes, (vectors - 3) / 2});
  return strips;
}

int64_t RowSplit::start(int64_t index) const { return index * height - std::max<int64_t>(0, index - tall); }

RowSplit mv::cpu::splitRows(int64_t count, int64_t maximum) {
  int64_t tiles = ceilDiv(count, maximum), height = ceilDiv(count, tiles);
  int64_t low = tiles * height - count;
  return {height, tiles - low, low};
}

//===----------------------------------------------------------------------===//
// Grids
//===----------------------------------------------------------------------===//

// What a grid costs, in cycles of a core. Coarse figures: they weigh a few percent against each other.

static constexpr int64_t kMostThreads = 16;
/// Multiplications and additions of a cycle.
static constexpr double kFlopsPerCycle = 64;
/// A workgroup's start: index arithmetic, the first misses.
static constexpr double kWorkgroupCycles = 500;
/// An element that a workgroup reads from the second-level cache for the first time; most of it is hidden.
static constexpr double kNearElementCycles = 0.03;
/// An element of weights that do not stay there from one block of rows to the next.
static constexpr double kFarElementCycles = 0.3;
/// Elements of weights that do.
static constexpr double kNearWeights = 192 * 1024;
/// Preparing an element of a row, again for each part.
static constexpr double kPreparationCycles = 0.1;
/// Left operand of a workgroup: with a panel it stays in a second-level cache.
static constexpr int64_t kBlockElements = 128 * 1024;

/// What a grid of equal workgroups takes on 2 to kMostThreads threads, as a multiple of perfect balance.
static double imbalance(int64_t workgroups) {
  double sum = 0;
  for (int64_t threads = 2; threads <= kMostThreads; ++threads)
    sum += double(ceilDiv(workgroups, threads) * threads) / double(workgroups);
  return sum / double(kMostThreads - 1);
}

static double gridCycles(const ProductShape &shape, const ProductGrid &grid) {
  double workgroups = double(grid.blocks) * double(grid.parts);
  double flops = 2.0 * double(grid.tilesPerBlock * shape.tileRows) *
                 double(grid.panelsPerPart * shape.panelWidth) * double(shape.depth) * workgroups;
  double weights = double(shape.panels) * double(shape.panelWidth * shape.depth);
  double rows = double(shape.tiles) * double(shape.tileElements);
  // Every block reads all weights, every part all rows.
  double reads =
      double(grid.blocks) * weights * (weights <= kNearWeights ? kNearElementCycles : kFarElementCycles) +
      double(grid.parts) * rows * kNearElementCycles;
  double preparation = shape.isPrepared ? double(grid.parts) * rows * kPreparationCycles : 0;
  return flops / kFlopsPerCycle * imbalance(grid.blocks * grid.parts) + reads + preparation +
         workgroups * kWorkgroupCycles;
}

ProductGrid mv::cpu::chooseProductGrid(const ProductShape &shape) {
  ProductGrid best{};
  double least = 0;
  int64_t mostTiles = std::clamp<int64_t>(kBlockElements / shape.tileElements, 1, shape.tiles);
  for (int64_t tiles = 1; tiles <= mostTiles; ++tiles)
    for (int64_t panels = 1; panels <= shape.panels; ++panels) {
      ProductGrid grid = {tiles, ceilDiv(shape.tiles, tiles), panels, ceilDiv(shape.panels, panels)};
      double cycles = gridCycles(shape, grid);
      if (best.blocks > 0 && cycles >= least)
        continue;
      best = grid;
      least = cycles;
    }
  return best;
}

/// A panel's first tile of this many waits for memory no longer than the others take together.
static constexpr int64_t kPrefetchTiles = 16;

int64_t mv::cpu::choosePrefetchStep(int64_t tiles, int64_t panelWidth) {
  return tiles > kPrefetchTiles ? 0 : ceilDiv(panelWidth, tiles);
}
