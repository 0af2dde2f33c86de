//===- MatrixTile.cpp - The register tile of matrix products --------------------===//

#include "MatrixTile.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

MatrixTile::Accumulators MatrixTile::begin(KernelBuilder &b, Value bias, Value column) const {
  Accumulators first, all;
  for (int64_t j = 0; j < vectors; ++j)
    first.push_back(bias ? b.loadVector(b.input(bias), b.index(0), b.plus(column, j * b.target.lanes))
                         : b.splat(0.0));
  for (int64_t i = 0; i < rows; ++i)
    all.append(first);
  return all;
}

/// Cache lines are 16 elements on every x86 machine.
static constexpr int64_t kLineElements = 16;

static void emitPrefetch(KernelBuilder &b, const MatrixTile &tile, Value start) {
  for (int64_t offset = 0; offset < tile.prefetchStep; offset += kLineElements)
    memref::PrefetchOp::create(b, tile.right, ValueRange{b.plus(start, offset)}, /*isWrite=*/false,
                               /*localityHint=*/2, /*isDataCache=*/true);
}

MatrixTile::Accumulators MatrixTile::accumulate(KernelBuilder &b, Value leftStart, Value rightStart,
                                                int64_t length, ValueRange accumulators,
                                                Value prefetchStart) const {
  return b.loop(b.index(0), b.index(length), 1, accumulators, [&](Value k, ValueRange carried) {
    Value leftAt = b.plus(leftStart, k), rightAt = b.plus(rightStart, b.times(k, rightStep));
    SmallVector<Value> weights;
    for (int64_t j = 0; j < vectors; ++j)
      weights.push_back(b.load(right, b.plus(rightAt, j * b.target.lanes)));
    if (prefetchStart)
      emitPrefetch(b, *this, b.plus(prefetchStart, b.times(k, prefetchStep)));
    Accumulators next;
    for (int64_t i = 0; i < rows; ++i) {
      Value element = b.broadcast(b.loadScalar(left, b.plus(leftAt, i * leftStep)));
      for (int64_t j = 0; j < vectors; ++j)
        next.push_back(b.fma(element, weights[j], carried[i * vectors + j]));
    }
    return next;
  });
}

void MatrixTile::spill(KernelBuilder &b, ValueRange accumulators, Value tile) const {
  for (int64_t i = 0; i < rows * vectors; ++i)
    b.store(accumulators[i], tile, b.index(i * b.target.lanes));
}

/// From the registers, everything in a row.
static void finishInPlace(KernelBuilder &b, Epilogue &epilogue, const MatrixTile &tile,
                          ValueRange accumulators, Value column,
                          llvm::function_ref<Position(Value)> position) {
  for (int64_t i = 0; i < tile.rows; ++i) {
    Row row = epilogue.locate(position(b.index(i)));
    for (int64_t j = 0; j < tile.vectors; ++j)
      epilogue.store(row, b.plus(column, j * b.target.lanes), accumulators[i * tile.vectors + j]);
  }
}

void mv::cpu::finishTile(KernelBuilder &b, Epilogue &epilogue, const MatrixTile &tile,
                         ValueRange accumulators, Value memory, Value column, bool isWhole,
                         llvm::function_ref<Position(Value)> position) {
  int64_t lanes = b.target.lanes, width = tile.vectors * lanes, stored = epilogue.storedChannels();
  if (isWhole && epilogue.isCheap())
    return finishInPlace(b, epilogue, tile, accumulators, column, position);
  tile.spill(b, accumulators, memory);
  // The last panel may end in vectors beyond the stored channels.
  Value end = isWhole ? b.index(width) : b.smaller(b.index(width), b.minus(b.index(stored), column));
  b.loop(0, tile.rows, 1, [&](Value i) {
    Row row = epilogue.locate(position(i));
    Value start = b.times(i, width);
    auto storeVector = [&](Value offset) {
      epilogue.store(row, b.plus(column, offset), b.load(memory, b.plus(start, offset)));
    };
    if (isWhole && tile.vectors <= 2) // two independent polynomials fill the pipeline
      for (int64_t j = 0; j < tile.vectors; ++j)
        storeVector(b.index(j * lanes));
    else
      b.loop(b.index(0), end, lanes, storeVector);
  });
}

void mv::cpu::forEachColumn(KernelBuilder &b, const ProductGrid &grid, PanelColumns columns, Value part,
                            llvm::function_ref<void(Value, Value)> emit) {
  int64_t perPanel = columns.width / columns.tileWidth, all = ceilDiv(columns.outputs, columns.tileWidth);
  Value first = b.times(part, grid.panelsPerPart * perPanel);
  Value last = b.plus(first, grid.panelsPerPart * perPanel);
  if (grid.parts * grid.panelsPerPart * perPanel > all)
    last = b.smaller(last, b.index(all));
  b.loop(first, last, 1, [&](Value index) {
    Value panel = b.times(b.quotient(index, perPanel), columns.elements);
    Value inPanel = b.times(b.remainder(index, perPanel), columns.tileWidth);
    emit(b.times(index, columns.tileWidth), b.plus(panel, inPanel));
  });
}

Value mv::cpu::prefetchStart(KernelBuilder &b, PanelColumns columns, Value column, Value index,
                             int64_t length, int64_t step) {
  if (step == 0)
    return nullptr;
  Value next = b.times(b.plus(b.quotient(column, columns.width), 1), columns.elements);
  return b.plus(next, b.times(index, length * step));
}

int64_t mv::cpu::getPanelWidth(KernelBuilder &b, Value weight) {
  RankedTensorType type = b.inputType(cast<BlockArgument>(weight).getArgNumber());
  return cast<PackedAttr>(type.getEncoding()).getWidth();
}
