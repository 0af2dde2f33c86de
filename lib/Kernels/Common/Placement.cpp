//===- Placement.cpp - Where positions lie in memory ----------------------------===//

#include "mv/Kernels/Common/Placement.h"

using namespace mlir;
using namespace mv;

int64_t mv::countRows(Value activation) {
  int64_t rows = 1;
  for (int64_t size : cast<RankedTensorType>(activation.getType()).getShape().drop_front().drop_back())
    rows *= size;
  return rows;
}

Placement::Placement(RankedTensorType logical, RankedTensorType stored, Operation *movement)
    : logical(logical), type(stored), stored(storedShape(stored)), movement(movement) {}

int64_t Placement::channelStep() const {
  return isInPlanes() ? logical.getDimSize(1) * logical.getDimSize(2) : 1;
}

/// Positions of a line of the map, tokens of a window; matrices have one position an image.
static int64_t lineLength(RankedTensorType type) { return type.getRank() == 4 ? type.getDimSize(2) : 1; }

Value Placement::rowOf(IndexBuilder &b, const Position &position) const {
  return position.row ? position.row : b.plus(b.times(position.y, lineLength(logical)), position.x);
}

std::pair<Value, Value> Placement::coordinatesOf(IndexBuilder &b, const Position &position) const {
  if (position.y)
    return {position.y, position.x};
  int64_t length = lineLength(logical);
  return {b.quotient(position.row, length), b.remainder(position.row, length)};
}

Value Placement::mapOffset(IndexBuilder &b, Value image, Value y, Value x) const {
  int64_t halo = stored.halo, height = type.getDimSize(1) + 2 * halo, width = type.getDimSize(2) + 2 * halo;
  Value line = b.plus(b.times(image, height), b.plus(y, halo));
  return b.times(b.plus(b.times(line, width), b.plus(x, halo)), stored.channels);
}

Placement::Address Placement::locate(IndexBuilder &b, const Position &position) const {
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
  if (isInPlanes()) {
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

void Placement::forEachGap(IndexBuilder &b, Value image,
                           llvm::function_ref<void(Value, int64_t)> fill) const {
  if (int64_t halo = stored.halo) {
    int64_t height = type.getDimSize(1) + 2 * halo, width = type.getDimSize(2) + 2 * halo,
            step = stored.channels;
    Value start = b.times(image, height * width * step);
    // The end of a line's right border and the start of the next line's left border are neighbours: one run
    // each.
    fill(start, (halo * width + halo) * step);
    b.loop(halo, height - halo - 1, 1, [&](Value y) {
      Value end = b.plus(b.times(y, width), width - halo);
      fill(b.plus(start, b.times(end, step)), 2 * halo * step);
    });
    int64_t last = (height - halo) * width - halo;
    fill(b.plus(start, last * step), (halo * width + halo) * step);
    return;
  }
  auto [height, width] = paddedMap(logical, movement);
  if (height == 0)
    return;
  auto clear = [&](Value y, Value x) { fill(locate(b, Position::at(image, y, x)).offset, stored.channels); };
  int64_t realHeight = logical.getDimSize(1), realWidth = logical.getDimSize(2);
  if (realWidth < width)
    b.loop(0, realHeight, 1, [&](Value y) { b.loop(realWidth, width, 1, [&](Value x) { clear(y, x); }); });
  if (realHeight < height)
    b.loop(realHeight, height, 1, [&](Value y) { b.loop(0, width, 1, [&](Value x) { clear(y, x); }); });
}

int64_t Placement::gapCount() const {
  if (int64_t halo = stored.halo) {
    int64_t height = type.getDimSize(1), width = type.getDimSize(2);
    return (height + 2 * halo) * (width + 2 * halo) - height * width;
  }
  auto [height, width] = paddedMap(logical, movement);
  return height == 0 ? 0 : height * width - logical.getDimSize(1) * logical.getDimSize(2);
}

/// First those beside the map's lines, `beside` a line, then whole lines.
Value Placement::gapOffset(IndexBuilder &b, Value image, Value index) const {
  if (int64_t halo = stored.halo) {
    int64_t height = type.getDimSize(1), width = type.getDimSize(2), fullWidth = width + 2 * halo;
    Value besides = b.index(height * 2 * halo);
    Value side = b.remainder(index, 2 * halo), y = b.plus(b.quotient(index, 2 * halo), halo);
    Value x = b.plus(side, b.times(b.quotient(side, halo), width)); // The right side begins behind the map.
    Value other = b.minus(index, besides), line = b.quotient(other, fullWidth);
    Value lineY = b.plus(line, b.times(b.quotient(line, halo), height)); // Lines below begin behind the map.
    Value isBeside = b.isLess(index, besides);
    Value row = b.plus(b.times(image, height + 2 * halo), b.select(isBeside, y, lineY));
    Value column = b.select(isBeside, x, b.remainder(other, fullWidth));
    return b.times(b.plus(b.times(row, fullWidth), column), stored.channels);
  }
  auto [height, width] = paddedMap(logical, movement);
  int64_t realHeight = logical.getDimSize(1), realWidth = logical.getDimSize(2), beside = width - realWidth;
  Value besides = b.index(realHeight * beside), other = b.minus(index, besides);
  Value y = b.plus(b.quotient(other, width), realHeight), x = b.remainder(other, width);
  if (beside > 0) {
    Value isBeside = b.isLess(index, besides);
    y = b.select(isBeside, b.quotient(index, beside), y);
    x = b.select(isBeside, b.plus(b.remainder(index, beside), realWidth), x);
  }
  return locate(b, Position::at(image, y, x)).offset;
}
