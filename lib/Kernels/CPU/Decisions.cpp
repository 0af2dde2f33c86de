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

int64_t mv::cpu::choosePanelWidth(int64_t outputs, bool convolution) {
  // 4x80 tiles: a pixel's value is loaded once for all of 80 outputs (97 to 99% of the FMA peak on Zen 4).
  if (convolution && outputs % 80 == 0 && outputs <= 160)
    return 80;
  return roundUp(outputs, 32) > roundUp(outputs, 16) ? 16 : 32;
}

RegisterTile mv::cpu::chooseRegisterTile(const Target &target, int64_t panelWidth) {
  // Accumulators, the vectors of one row of weights, and one or two registers for the other operand must fit.
  // The values: what ran without spills at 96 to 98% of the FMA peak (AVX-512: 14x32, 28x16, 4x80; AVX2:
  // 6x16).
  if (target.lanes == 16) {
    if (panelWidth % 80 == 0)
      return {4, 5};
    return panelWidth % 32 == 0 ? RegisterTile{14, 2} : RegisterTile{28, 1};
  }
  if (target.lanes == 8)
    return {6, 2};
  return {4, 2};
}

int64_t RowSplit::start(int64_t index) const { return index * height - std::max<int64_t>(0, index - tall); }

RowSplit mv::cpu::splitRows(int64_t count, int64_t maximum) {
  int64_t tiles = ceilDiv(count, maximum), height = ceilDiv(count, tiles);
  int64_t low = tiles * height - count;
  return {height, tiles - low, low};
}

/// Workgroups of an image: one for each of 16 cores at least, better two.
static constexpr int64_t kLeastWorkgroups = 16;
static constexpr int64_t kWorkgroups = 32;
/// Arithmetic that makes a workgroup worth its start.
static constexpr double kWorkgroupFlops = 1e6;
/// Left operand of a workgroup: with a panel it stays in a second-level cache.
static constexpr int64_t kBlockElements = 128 * 1024;

ProductGrid mv::cpu::chooseProductGrid(ProductShape shape) {
  double flops = 2.0 * shape.tiles * shape.tileRows * shape.panels * shape.panelWidth * shape.depth;
  int64_t wanted = std::clamp<int64_t>(int64_t(flops / kWorkgroupFlops), 1, kWorkgroups);
  int64_t mostTiles = std::clamp<int64_t>(kBlockElements / shape.tileElements, 1, shape.tiles);
  // Every block reads all weights, every part all rows: of the grids with enough workgroups, the one that
  // reads least.
  double weights = double(shape.panels) * shape.panelWidth * shape.depth,
         rows = double(shape.tiles) * shape.tileElements;
  ProductGrid best{};
  double least = 0;
  for (int64_t tilesPerBlock = 1; tilesPerBlock <= mostTiles; ++tilesPerBlock) {
    int64_t blocks = ceilDiv(shape.tiles, tilesPerBlock);
    int64_t panelsPerPart = std::max<int64_t>(1, shape.panels * blocks / wanted);
    int64_t parts = ceilDiv(shape.panels, panelsPerPart);
    double traffic = blocks * weights + parts * rows;
    bool enough = blocks * parts >= std::min(wanted, kLeastWorkgroups);
    if (best.blocks > 0 && (!enough || traffic >= least))
      continue;
    best = {tilesPerBlock, blocks, panelsPerPart, parts};
    least = traffic;
  }
  return best;
}

/// A panel's first tile of this many waits for memory no longer than the others take together.
static constexpr int64_t kPrefetchTiles = 16;

int64_t mv::cpu::choosePrefetchStep(int64_t tiles, int64_t panelWidth) {
  return tiles > kPrefetchTiles ? 0 : ceilDiv(panelWidth, tiles);
}
