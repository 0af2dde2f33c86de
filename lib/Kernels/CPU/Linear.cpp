//===- Linear.cpp - Matrix products over the channels ---------------------------===//
//
// A workgroup computes some rows of one image and some panels of packed weights, all of k at once: panels
// outermost, so that a panel is read from far once and from the second-level cache for every further tile of
// rows.
//
//     for panel, for tile of rows:  registers += rows x panel over k;  epilogue
//
// The rows are read where they lie if neighbours are a fixed distance apart. If a layer norm stands in front,
// or the rows lie in a map with a halo, the workgroup first writes them to scratch memory, once for all
// panels, and once for all workgroups of a call that share the rows.
//
// Matrices [B, C] have one row an image: their tiles run across images, what is left over goes row by row.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "MatrixTile.h"
#include "RowNorm.h"
#include "mv/Kernels/CPU/Decisions.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

namespace {

/// One workgroup's rows [begin, end), of `image`, or of all images where each is one row.
struct RowRange {
  Value image, begin, end;
  Value leftStart; ///< Where `begin` lies in the product's left operand.
};

class LinearEmitter {
public:
  LinearEmitter(KernelBuilder &b, LinearOp op);
  void emit();

private:
  bool isMatrix() { return op.getInput().getType().getRank() == 2; }
  bool isStaged() { return norm || storedShape(stored).halo > 0; }
  Position positionOf(const RowRange &range, Value row) {
    return isMatrix() ? Position::flat(row, b.index(0)) : Position::flat(range.image, row);
  }
  Value tileStart(Value index);

  RowRange rangeOfWorkgroup(Value block, Value &firstTile, Value &lastTile);
  void stageRows(const RowRange &range);
  void emitTile(const RowRange &range, Value row, Value index, int64_t height, Value column, Value weights);
  void emitImageTiles(const RowRange &range, Value firstTile, Value lastTile, Value column, Value weights);
  void emitMatrixTiles(const RowRange &range, Value column, Value weights);

  KernelBuilder &b;
  LinearOp op;
  LayerNormOp norm;
  BlockArgument activation;
  RankedTensorType stored; ///< Of `activation`.
  int64_t depth, outputs, panelWidth;
  RegisterTile tile;
  RowSplit split;
  ProductGrid grid;
  PanelColumns columns;
  int64_t prefetchStep;

  // Of the phase.
  std::optional<Epilogue> epilogue;
  Value left, tileMemory;
  int64_t leftStep = 0;
};

} // namespace

LinearEmitter::LinearEmitter(KernelBuilder &b, LinearOp op)
    : b(b), op(op), norm(op.getInput().getDefiningOp<LayerNormOp>()) {
  activation = cast<BlockArgument>(norm ? norm.getInput() : op.getInput());
  stored = b.inputType(activation.getArgNumber());
  outputs = op.getWeight().getType().getDimSize(0);
  depth = op.getWeight().getType().getDimSize(1);
  panelWidth = getPanelWidth(b, op.getWeight());
  tile = chooseRegisterTile(b.target, panelWidth);
  split = splitRows(isMatrix() ? tile.rows : stored.getDimSize(1) * stored.getDimSize(2), tile.rows);
  grid = chooseProductGrid({split.tiles(), split.height, split.height * depth, ceilDiv(outputs, panelWidth),
                            panelWidth, depth, isStaged()});
  columns = {panelWidth, depth * panelWidth, tile.vectors * b.target.lanes, roundUp(outputs, panelWidth)};
  prefetchStep = choosePrefetchStep(grid.tilesPerBlock * (panelWidth / columns.tileWidth), panelWidth);
}

/// First row of an image's tile: all before it are `height` rows high, but for the low ones.
Value LinearEmitter::tileStart(Value index) {
  Value start = b.times(index, split.height);
  if (split.low == 0)
    return start;
  return b.minus(start, b.minus(b.larger(index, b.index(split.tall)), b.index(split.tall)));
}

//===----------------------------------------------------------------------===//
// The left operand
//===----------------------------------------------------------------------===//

RowRange LinearEmitter::rangeOfWorkgroup(Value block, Value &firstTile, Value &lastTile) {
  RowRange range;
  if (isMatrix()) {
    range.begin = b.times(block, split.height);
    range.end = b.smaller(b.plus(range.begin, split.height), b.batch());
    range.leftStart = isStaged() ? b.index(0) : b.times(range.begin, leftStep);
    return range;
  }
  range.image = b.quotient(block, grid.blocks);
  firstTile = b.times(b.remainder(block, grid.blocks), grid.tilesPerBlock);
  lastTile = b.plus(firstTile, grid.tilesPerBlock);
  if (split.tiles() % grid.tilesPerBlock != 0)
    lastTile = b.smaller(lastTile, b.index(split.tiles()));
  range.begin = tileStart(firstTile);
  range.end = tileStart(lastTile);
  int64_t rows = stored.getDimSize(1) * stored.getDimSize(2);
  range.leftStart =
      isStaged() ? b.index(0) : b.times(b.plus(b.times(range.image, rows), range.begin), leftStep);
  return range;
}

/// Writes the rows, normalised where there is a norm, to scratch memory.
void LinearEmitter::stageRows(const RowRange &range) {
  Buffer input = b.input(activation);
  Placement placement(cast<RankedTensorType>(activation.getType()), input.type);
  b.loop(range.begin, range.end, 1, [&](Value row) {
    Value source = placement.locate(b, positionOf(range, row)).offset;
    Value target = b.times(b.minus(row, range.begin), leftStep);
    std::optional<RowStatistics> statistics;
    if (norm)
      statistics = emitRowStatistics(b, input, source, norm.getEps().convertToDouble());
    b.loop(0, depth, b.target.lanes, [&](Value channel) {
      Value vector = norm ? emitNormalised(b, *statistics, input, source, b.input(norm.getWeight()),
                                           b.input(norm.getBias()), channel)
                          : b.loadVector(input, source, channel);
      b.store(vector, left, b.plus(target, channel));
    });
  });
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// `index`: of the tile within the block.
void LinearEmitter::emitTile(const RowRange &range, Value row, Value index, int64_t height, Value column,
                             Value weights) {
  MatrixTile matrix{height,     tile.vectors, left, leftStep, b.input(op.getWeight()).memory,
                    panelWidth, prefetchStep};
  Value leftStart = b.plus(range.leftStart, b.times(b.minus(row, range.begin), leftStep));
  Value strip = b.remainder(b.quotient(column, columns.tileWidth), panelWidth / columns.tileWidth);
  Value round = b.plus(b.times(strip, grid.tilesPerBlock), index);
  Value next = prefetchStart(b, columns, column, round, depth, prefetchStep);
  auto accumulators =
      matrix.accumulate(b, leftStart, weights, depth, matrix.begin(b, op.getBias(), column), next);
  finishTile(b, *epilogue, matrix, accumulators, tileMemory, column, columns.outputs % columns.tileWidth == 0,
             [&](Value i) { return positionOf(range, b.plus(row, i)); });
}

/// The tall tiles among [firstTile, lastTile), then the low ones.
void LinearEmitter::emitImageTiles(const RowRange &range, Value firstTile, Value lastTile, Value column,
                                   Value weights) {
  Value border = b.index(split.tall);
  Value lastTall = split.low == 0 ? lastTile : b.smaller(lastTile, border);
  b.loop(firstTile, lastTall, 1, [&](Value index) {
    emitTile(range, tileStart(index), b.minus(index, firstTile), split.height, column, weights);
  });
  if (split.low == 0)
    return;
  b.loop(b.larger(firstTile, border), lastTile, 1, [&](Value index) {
    emitTile(range, tileStart(index), b.minus(index, firstTile), split.height - 1, column, weights);
  });
}

/// One full tile, or fewer rows one by one.
void LinearEmitter::emitMatrixTiles(const RowRange &range, Value column, Value weights) {
  Value whole =
      b.plus(range.begin, b.times(b.quotient(b.minus(range.end, range.begin), split.height), split.height));
  b.loop(range.begin, whole, split.height,
         [&](Value row) { emitTile(range, row, b.index(0), split.height, column, weights); });
  b.loop(whole, range.end, 1, [&](Value row) { emitTile(range, row, b.index(0), 1, column, weights); });
}

void LinearEmitter::emit() {
  b.beginPhase();
  epilogue.emplace(b, op.getResult());
  tileMemory = b.allocateScratch(split.height * tile.vectors * b.target.lanes);
  left = b.input(activation).memory;
  leftStep = storedShape(stored).channels;
  if (isStaged()) {
    leftStep = roundUp(depth, 16);
    left = b.allocateScratch(grid.tilesPerBlock * split.height * leftStep);
  }
  columns.outputs = std::min(columns.outputs, epilogue->storedChannels());
  b.forEachWorkgroup(1, [&](Value workgroup, ValueRange carried) {
    Value block = b.quotient(workgroup, grid.parts), part = b.remainder(workgroup, grid.parts);
    Value firstTile, lastTile;
    RowRange range = rangeOfWorkgroup(block, firstTile, lastTile);
    if (isStaged())
      b.when(b.isDifferent(block, carried[0]), [&] { stageRows(range); });
    if (epilogue->hasGaps())
      b.when(b.isEqual(b.remainder(workgroup, grid.blocks * grid.parts), b.index(0)),
             [&] { epilogue->fillGaps(range.image); });
    forEachColumn(b, grid, columns, part, [&](Value column, Value weights) {
      if (isMatrix())
        emitMatrixTiles(range, column, weights);
      else
        emitImageTiles(range, firstTile, lastTile, column, weights);
    });
    return SmallVector<Value>{block};
  });
  b.endPhase(isMatrix() ? 1 : grid.blocks, isMatrix() ? split.height : 1, grid.parts);
}

LogicalResult mv::cpu::emitLinear(KernelBuilder &b) {
  LinearOp linear;
  for (Operation &op : b.body)
    if (auto found = dyn_cast<LinearOp>(op))
      linear = found;
  LinearEmitter(b, linear).emit();
  return success();
}
