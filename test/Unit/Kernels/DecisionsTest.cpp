//===- DecisionsTest.cpp - Tiles, panels and grids ------------------------------===//

#include "mv/Kernels/CPU/Decisions.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::cpu;

/// Packing is the same for every target, so a panel must be made of each target's vectors.
TEST(DecisionsTest, PanelsAreWholeVectorsOfEveryTarget) {
  for (bool convolution : {false, true})
    for (int64_t outputs = 1; outputs <= 700; ++outputs) {
      int64_t width = choosePanelWidth(outputs, convolution);
      EXPECT_EQ(width % 16, 0);
      EXPECT_LT(roundUp(outputs, width) - outputs, 32) << outputs;
    }
}

TEST(DecisionsTest, PanelWidthsOfT) {
  for (int64_t outputs : {160, 320, 640, 960, 1280, 1920, 2560})
    EXPECT_EQ(choosePanelWidth(outputs, false), 32);
  EXPECT_EQ(choosePanelWidth(36, false), 16); // 48 outputs instead of 64
  EXPECT_EQ(choosePanelWidth(1000, false), 32);
  EXPECT_EQ(choosePanelWidth(80, true), 80); // one panel, no output of zeros
  EXPECT_EQ(choosePanelWidth(160, true), 32);
}

/// Accumulators, one row of weights and a broadcast element fit the registers; vectors divide the panel.
TEST(DecisionsTest, TilesFitTheRegisters) {
  for (const Target &target : getTargets())
    for (int64_t width = 16; width <= 112; width += 16) {
      RegisterTile tile = chooseRegisterTile(target, width);
      EXPECT_LT(tile.rows * tile.vectors + tile.vectors, target.registers) << target.name.str();
      EXPECT_EQ(width % (tile.vectors * target.lanes), 0) << target.name.str() << " " << width;
    }
}

/// Strips cover a panel without gaps.
TEST(DecisionsTest, StripsCoverThePanel) {
  for (const Target &target : getTargets())
    for (int64_t width = 16; width <= 112; width += 16) {
      int64_t next = 0;
      for (const Strip &strip : chooseStrips(target, width)) {
        EXPECT_EQ(strip.start, next);
        EXPECT_LT(strip.tile.rows * strip.tile.vectors + strip.tile.vectors, target.registers);
        next += strip.count * strip.tile.vectors * target.lanes;
      }
      EXPECT_EQ(next, width) << target.name.str();
    }
}

TEST(DecisionsTest, RowsSplitEvenly) {
  RowSplit even = splitRows(196, 14);
  EXPECT_EQ(even.height, 14);
  EXPECT_EQ(even.tall, 14);
  EXPECT_EQ(even.low, 0);
  RowSplit uneven = splitRows(49, 6); // 4 tiles of 6, 5 of 5
  EXPECT_EQ(uneven.height, 6);
  EXPECT_EQ(uneven.tall, 4);
  EXPECT_EQ(uneven.low, 5);
  EXPECT_EQ(splitRows(1, 14).height, 1);
  for (int64_t count = 1; count < 300; ++count)
    for (int64_t maximum : {1, 4, 6, 8, 14, 28}) {
      RowSplit split = splitRows(count, maximum);
      EXPECT_LE(split.height, maximum);
      EXPECT_EQ(split.tiles(), ceilDiv(count, maximum));
      EXPECT_EQ(split.tall * split.height + split.low * (split.height - 1), count);
    }
}

/// Every tile and panel is in exactly one workgroup.
static void expectCovered(const ProductShape &shape, const ProductGrid &grid) {
  EXPECT_EQ(grid.blocks, ceilDiv(shape.tiles, grid.tilesPerBlock));
  EXPECT_EQ(grid.parts, ceilDiv(shape.panels, grid.panelsPerPart));
  EXPECT_GE(grid.blocks * grid.parts, 1);
}

/// Layers of T: enough workgroups for 16 threads, without reading large weights again and again.
TEST(DecisionsTest, GridsOfT) {
  ProductShape fc1 = {14, 14, 14 * 320, 40, 32, 320, true};        // 196 tokens, 320 to 1280 channels
  ProductShape fc1Last = {7, 7, 7 * 640, 80, 32, 640, true};       // 49 tokens, 640 to 2560 channels
  ProductShape conv = {56, 56, 58 * 80, 1, 80, 720};               // 56x56, 80 to 80 channels
  ProductShape downsample = {7, 7, 2 * 16 * 320, 20, 32, 9 * 320}; // 14x14x320 to 7x7x640
  for (const ProductShape &shape : {fc1, fc1Last, conv, downsample}) {
    ProductGrid grid = chooseProductGrid(shape);
    expectCovered(shape, grid);
    EXPECT_GE(grid.blocks * grid.parts, 16);
  }
  EXPECT_EQ(chooseProductGrid(fc1Last).blocks, 1);
  EXPECT_EQ(chooseProductGrid(downsample).blocks, 1);
}

/// What a workgroup normalises must fit a cache, however long the sequence.
TEST(DecisionsTest, LongSequencesHaveSmallBlocks) {
  ProductShape shape = {1829, 14, 14 * 1024, 32, 32, 1024, true};
  ProductGrid grid = chooseProductGrid(shape);
  expectCovered(shape, grid);
  EXPECT_LE(grid.tilesPerBlock * shape.tileElements * 4, 1 << 20);
}

/// A layer too small to share is one workgroup.
TEST(DecisionsTest, SmallLayersAreOneWorkgroup) {
  ProductGrid grid = chooseProductGrid({2, 4, 4 * 16, 1, 16, 16});
  EXPECT_EQ(grid.blocks * grid.parts, 1);
}

/// All tiles together fetch the whole next panel.
TEST(DecisionsTest, PrefetchCoversThePanel) {
  EXPECT_GE(choosePrefetchStep(7, 32) * 7, 32);
  EXPECT_EQ(choosePrefetchStep(1, 32), 32);
  EXPECT_EQ(choosePrefetchStep(200, 32), 0);
}
