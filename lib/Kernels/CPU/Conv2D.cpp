//===- Conv2D.cpp - Direct 3x3 convolution --------------------------------------===//
//
// Pixels of an output row are the rows of a matrix product whose k runs over (ky, kx, channel). A map is
// stored with a border of zeros, so there are no border cases; and where pixels follow each other without
// padding channels, the three pixels that a ky needs are one run of 3C elements:
//
//     for ky: for k < 3C:  registers[pixel] += input[y + ky][x + pixel stride][k] * weight[panel][ky][k][...]
//
// A workgroup computes some output rows of one image and some panels of weights. A map that is stored without
// a border (only when layouts are not chosen) is copied into one in scratch memory first, row by row as
// needed.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "MatrixTile.h"
#include "mv/Kernels/CPU/Decisions.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

namespace {

class Conv2DEmitter {
public:
  Conv2DEmitter(KernelBuilder &b, Conv2DOp op);
  void emit();

private:
  /// Output lines [first, last) of an image; what they read begins at `start`.
  struct Lines {
    Value image, first, last, start;
  };
  /// One of them.
  struct Line {
    Value image, y, start;
  };
  /// Outputs from `column` on and their weights.
  struct Columns {
    Value column, weights;
    int64_t vectors;
  };

  RowSplit splitOf(const Strip &strip) const { return splitRows(result.getDimSize(2), strip.tile.rows); }
  int64_t tilesBefore(size_t strip) const;
  bool isStaged() const { return storedShape(stored).halo != 1; }
  void stageLines(Value image, Value firstLine, Value lastLine);
  MatrixTile::Accumulators emitProduct(const MatrixTile &matrix, Value start, const Columns &at, Value next);
  void emitTile(const Line &line, Value x, Value index, int64_t pixels, const Columns &at);
  void emitLine(const Line &line, const RowSplit &split, Value firstIndex, const Columns &at);
  void emitPanel(const Lines &lines, Value column, Value weights);

  KernelBuilder &b;
  Conv2DOp op;
  BlockArgument activation;
  RankedTensorType stored, result; ///< Of the input, as stored; of the convolution.
  int64_t channels, outputs, stride, panelWidth;
  int64_t pixelStep, lineStep;        ///< Elements between pixels and lines of what the product reads.
  llvm::SmallVector<Strip, 2> strips; ///< Of a panel.
  ProductGrid grid;
  PanelColumns columns;
  int64_t prefetchStep;

  // Of the phase.
  std::optional<Epilogue> epilogue;
  Value left, tileMemory;
};

} // namespace

Conv2DEmitter::Conv2DEmitter(KernelBuilder &b, Conv2DOp op)
    : b(b), op(op), activation(cast<BlockArgument>(op.getInput())), result(op.getResult().getType()) {
  stored = b.inputType(activation.getArgNumber());
  channels = stored.getShape().back();
  outputs = result.getShape().back();
  stride = op.getStride();
  panelWidth = getPanelWidth(b, op.getWeight());
  strips = chooseStrips(b.target, panelWidth);
  pixelStep = isStaged() ? channels : storedShape(stored).channels;
  lineStep = (stored.getDimSize(2) + 2) * pixelStep;
  // A line of the result is a tile of the grid.
  grid = chooseProductGrid({result.getDimSize(1), result.getDimSize(2), stride * lineStep,
                            ceilDiv(outputs, panelWidth), panelWidth, 9 * channels, isStaged()});
  columns = {panelWidth, 9 * channels * panelWidth, panelWidth, roundUp(outputs, panelWidth)};
  prefetchStep = choosePrefetchStep(grid.tilesPerBlock * tilesBefore(strips.size()), panelWidth);
}

/// Tiles that one line takes in the strips before `strip`.
int64_t Conv2DEmitter::tilesBefore(size_t strip) const {
  int64_t tiles = 0;
  for (const Strip &before : ArrayRef(strips).take_front(strip))
    tiles += before.count * splitOf(before).tiles();
  return tiles;
}

/// Copies padded lines [firstLine, lastLine) of a map without a border to scratch memory.
void Conv2DEmitter::stageLines(Value image, Value firstLine, Value lastLine) {
  int64_t height = stored.getDimSize(1), width = stored.getDimSize(2);
  Buffer input = b.input(activation);
  Placement placement(cast<RankedTensorType>(activation.getType()), input.type);
  b.loop(firstLine, lastLine, 1, [&](Value line) {
    Value target = b.times(b.minus(line, firstLine), lineStep);
    b.fillZeros(left, target, lineStep);
    Value inside = b.both(b.isLess(b.index(0), line), b.isLess(line, b.index(height + 1)));
    b.when(inside, [&] {
      Value y = b.minus(line, b.index(1));
      b.loop(0, width, 1, [&](Value x) {
        Value source = placement.locate(b, Position::at(image, y, x)).offset;
        Value pixel = b.plus(target, b.times(b.plus(x, 1), pixelStep));
        b.loop(0, channels, 1, [&](Value channel) {
          b.storeScalar(b.loadScalar(input.memory, b.plus(source, channel)), left, b.plus(pixel, channel));
        });
      });
    });
  });
}

/// The product of one tile: the loops over ky, over kx where pixels do not follow each other, and over the
/// channels.
MatrixTile::Accumulators Conv2DEmitter::emitProduct(const MatrixTile &matrix, Value start, const Columns &at,
                                                    Value next) {
  bool contiguous = pixelStep == channels;
  int64_t runs = contiguous ? 1 : 3, length = contiguous ? 3 * channels : channels;
  // k-th step of the run (ky, kx)
  auto stepsBefore = [&](Value ky, Value kx) {
    return b.plus(b.times(ky, 3 * channels), b.times(kx, channels));
  };
  auto accumulators = matrix.begin(b, op.getBias(), at.column);
  return b.loop(b.index(0), b.index(3), 1, accumulators, [&](Value ky, ValueRange outer) {
    return b.loop(b.index(0), b.index(runs), 1, outer, [&](Value kx, ValueRange inner) {
      Value steps = stepsBefore(ky, kx);
      Value leftStart = b.plus(start, b.plus(b.times(ky, lineStep), b.times(kx, pixelStep)));
      Value fetch = next ? b.plus(next, b.times(steps, prefetchStep)) : Value();
      return matrix.accumulate(b, leftStart, b.plus(at.weights, b.times(steps, panelWidth)), length, inner,
                               fetch);
    });
  });
}

/// Output pixels [x, x + pixels) of a line; `index`: of the tile among those of the panel.
void Conv2DEmitter::emitTile(const Line &line, Value x, Value index, int64_t pixels, const Columns &at) {
  MatrixTile matrix{pixels,     at.vectors,  left, stride * pixelStep, b.input(op.getWeight()).memory,
                    panelWidth, prefetchStep};
  Value next = prefetchStart(b, columns, at.column, index, 9 * channels, prefetchStep);
  Value start = b.plus(line.start, b.times(x, stride * pixelStep));
  finishTile(b, *epilogue, matrix, emitProduct(matrix, start, at, next), tileMemory, at.column,
             columns.outputs % panelWidth == 0,
             [&](Value i) { return Position::at(line.image, line.y, b.plus(x, i)); });
}

/// A line's tall tiles, then its low ones; `firstIndex`: of the first of them.
void Conv2DEmitter::emitLine(const Line &line, const RowSplit &split, Value firstIndex, const Columns &at) {
  b.loop(0, split.tall, 1, [&](Value index) {
    emitTile(line, b.times(index, split.height), b.plus(firstIndex, index), split.height, at);
  });
  int64_t done = split.tall * split.height, low = split.height - 1;
  if (split.low > 0)
    b.loop(0, split.low, 1, [&](Value index) {
      Value x = b.plus(b.times(index, low), done);
      emitTile(line, x, b.plus(firstIndex, b.plus(index, split.tall)), low, at);
    });
}

/// All strips of a panel, each with all lines of the workgroup.
void Conv2DEmitter::emitPanel(const Lines &lines, Value column, Value weights) {
  bool isWhole = columns.outputs % panelWidth == 0;
  for (auto [number, strip] : llvm::enumerate(strips)) {
    RowSplit split = splitOf(strip);
    int64_t width = strip.tile.vectors * b.target.lanes, before = tilesBefore(number);
    b.loop(0, strip.count, 1, [&](Value repeat) {
      Value shift = b.plus(b.times(repeat, width), strip.start);
      Columns at = {b.plus(column, shift), b.plus(weights, shift), strip.tile.vectors};
      b.when(isWhole ? Value() : b.isLess(at.column, b.index(columns.outputs)), [&] {
        b.loop(lines.first, lines.last, 1, [&](Value y) {
          Value index = b.minus(y, lines.first);
          Value tile = b.times(b.plus(b.times(repeat, grid.tilesPerBlock), index), split.tiles());
          Line line = {lines.image, y, b.plus(lines.start, b.times(index, stride * lineStep))};
          emitLine(line, split, b.plus(tile, before * grid.tilesPerBlock), at);
        });
      });
    });
  }
}

void Conv2DEmitter::emit() {
  b.beginPhase();
  epilogue.emplace(b, op.getResult());
  int64_t tileElements = 0;
  for (const Strip &strip : strips)
    tileElements = std::max(tileElements, splitOf(strip).height * strip.tile.vectors * b.target.lanes);
  tileMemory = b.allocateScratch(tileElements);
  left = b.input(activation).memory;
  if (isStaged())
    left = b.allocateScratch(((grid.tilesPerBlock - 1) * stride + 3) * lineStep);
  int64_t height = result.getDimSize(1);
  columns.outputs = std::min(columns.outputs, epilogue->storedChannels());
  b.forEachWorkgroup([&](Value workgroup) {
    Value block = b.quotient(workgroup, grid.parts), part = b.remainder(workgroup, grid.parts);
    Value image = b.quotient(block, grid.blocks);
    Value first = b.times(b.remainder(block, grid.blocks), grid.tilesPerBlock);
    Value last = b.smaller(b.plus(first, grid.tilesPerBlock), b.index(height));
    if (epilogue->hasGaps())
      b.when(b.isEqual(b.remainder(workgroup, grid.blocks * grid.parts), b.index(0)),
             [&] { epilogue->fillGaps(image); });
    Value firstLine = b.times(first, stride); // in the padded map
    if (isStaged())
      stageLines(image, firstLine, b.plus(b.times(b.minus(last, b.index(1)), stride), 3));
    Value leftStart = isStaged()
                          ? b.index(0)
                          : b.times(b.plus(b.times(image, stored.getDimSize(1) + 2), firstLine), lineStep);
    Lines lines = {image, first, last, leftStart};
    forEachColumn(b, grid, columns, part,
                  [&](Value column, Value weights) { emitPanel(lines, column, weights); });
  });
  b.endPhase(grid.blocks, 1, grid.parts);
}

LogicalResult mv::cpu::emitConv2D(KernelBuilder &b) {
  for (Operation &op : b.body)
    if (auto conv = dyn_cast<Conv2DOp>(op))
      Conv2DEmitter(b, conv).emit();
  return success();
}
