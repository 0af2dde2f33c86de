//===- Placement.cpp - Where positions lie in memory ----------------------------===//

#include "mv/Kernels/CPU/Epilogue.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

Placement::Placement(RankedTensorType logical, RankedTensorType stored, Operation *movement)
    : logical(logical), type(stored), stored(storedShape(stored)), movement(movement) {}

int64_t Placement::channelStep() const {
  return isa_and_present<ToNCHWOp>(movement) ? logical.getDimSize(1) * logical.getDimSize(2) : 1;
}

/// Positions of a line of the map, tokens of a window; matrices have one position an image.
static int64_t lineLength(RankedTensorType type) { return type.getRank() == 4 ? type.getDimSize(2) : 1; }

Value Placement::rowOf(KernelBuilder &b, const Position &position) const {
  return position.row ? position.row : b.plus(b.times(position.y, lineLength(logical)), position.x);
}

std::pair<Value, Value> Placement::coordinatesOf(KernelBuilder &b, const Position &position) const {
  if (position.y)
    return {position.y, position.x};
  int64_t length = lineLength(logical);
  return {b.quotient(position.row, length), b.remainder(position.row, length)};
}

Value Placement::mapOffset(KernelBuilder &b, Value image, Value y, Value x) const {
  int64_t halo = stored.halo, height = type.getDimSize(1) + 2 * halo, width = type.getDimSize(2) + 2 * halo;
  Value line = b.plus(b.times(image, height), b.plus(y, halo));
  return b.times(b.plus(b.times(line, width), b.plus(x, halo)), stored.channels);
}

Placement::Address Placement::locate(KernelBuilder &b, const Position &position) const {
  if (auto partition = dyn_cast_if_present<WindowPartitionOp>(movement)) {
    auto [row, column] = coordinatesOf(b, position);
    int64_t size = partition.getWindow(), columns = ceilDiv(logical.getDimSize(2), size);
    Value window = b.plus(b.times(b.quotient(row, size), columns), b.quotient(column, size));
    Value token = b.plus(b.times(b.remainder(row, size), size), b.remainder(column, size));
    return {mapOffset(b, position.image, window, token), nullptr};
  }
  if (auto reverse = dyn_cast_if_present<WindowReverseOp>(movement)) {
    int64_t size = reverse.getWindow(), height = type.getDimSize(1), width = type.getDimSize(2);
    int64_t columns = ceilDiv(width, size);
    auto [window, token] = coordinatesOf(b, position);
    Value y = b.plus(b.times(b.quotient(window, columns), size), b.quotient(token, size));
    Value x = b.plus(b.times(b.remainder(window, columns), size), b.remainder(token, size));
    Value inHeight = height % size == 0 ? Value() : b.isLess(y, b.index(height));
    Value inWidth = width % size == 0 ? Value() : b.isLess(x, b.index(width));
    return {mapOffset(b, position.image, y, x), b.both(inHeight, inWidth)};
  }
  if (isa_and_present<ToNCHWOp>(movement)) {
    int64_t imageSize = stored.elements();
    return {b.plus(b.times(position.image, imageSize), rowOf(b, position)), nullptr};
  }
  if (stored.halo > 0) {
    auto [y, x] = coordinatesOf(b, position);
    return {mapOffset(b, position.image, y, x), nullptr};
  }
  int64_t rows = logical.getRank() == 4 ? logical.getDimSize(1) * logical.getDimSize(2) : 1;
  return {b.times(b.plus(b.times(position.image, rows), rowOf(b, position)), stored.channels), nullptr};
}

//===----------------------------------------------------------------------===//
// Memory that no position maps to
//===----------------------------------------------------------------------===//

/// Height and width of the map padded to whole windows, or {0, 0} when nothing is padded.
static std::pair<int64_t, int64_t> paddedMap(RankedTensorType map, Operation *movement) {
  auto partition = dyn_cast_if_present<WindowPartitionOp>(movement);
  if (!partition)
    return {0, 0};
  int64_t size = partition.getWindow(), height = map.getDimSize(1), width = map.getDimSize(2);
  if (height % size == 0 && width % size == 0)
    return {0, 0};
  return {roundUp(height, size), roundUp(width, size)};
}

bool Placement::hasGaps() const { return stored.halo > 0 || paddedMap(logical, movement).first > 0; }

void Placement::fillGaps(KernelBuilder &b, Value memory, Value image) const {
  if (int64_t halo = stored.halo) {
    int64_t height = type.getDimSize(1) + 2 * halo, width = type.getDimSize(2) + 2 * halo,
            step = stored.channels;
    Value start = b.times(image, height * width * step);
    // The end of a line's right border and the start of the next line's left border are neighbours: one run
    // each.
    b.fillZeros(memory, start, (halo * width + halo) * step);
    b.loop(halo, height - halo - 1, 1, [&](Value y) {
      Value end = b.plus(b.times(y, width), width - halo);
      b.fillZeros(memory, b.plus(start, b.times(end, step)), 2 * halo * step);
    });
    int64_t last = (height - halo) * width - halo;
    b.fillZeros(memory, b.plus(start, last * step), (halo * width + halo) * step);
    return;
  }
  auto [height, width] = paddedMap(logical, movement);
  if (height == 0)
    return;
  auto clear = [&](Value y, Value x) {
    b.fillZeros(memory, locate(b, Position::at(image, y, x)).offset, stored.channels);
  };
  int64_t realHeight = logical.getDimSize(1), realWidth = logical.getDimSize(2);
  if (realWidth < width)
    b.loop(0, realHeight, 1, [&](Value y) { b.loop(realWidth, width, 1, [&](Value x) { clear(y, x); }); });
  if (realHeight < height)
    b.loop(realHeight, height, 1, [&](Value y) { b.loop(0, width, 1, [&](Value x) { clear(y, x); }); });
}
