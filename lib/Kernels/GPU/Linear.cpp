//===- Linear.cpp - Matrix products over the channels ---------------------------===//
//
// A row is a token, a pixel or an image's vector. A layer norm in front of the product (norm_linear) is taken out of
// the sums: these run over the rows as they are stored, and a row's mean and deviation are applied to the finished
// sums. The block computes them while its first copies are under way.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "ProductKernel.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

namespace {

class LinearKernel : public ProductKernel {
public:
  LinearKernel(KernelBuilder &b, LinearOp op)
      : ProductKernel(b, op.getResult(), op.getInput(), op.getWeight(), op.getBias()) {}
  LinearKernel(KernelBuilder &b, NormLinearOp op)
      : ProductKernel(b, op.getResult(), op.getInput(), op.getWeight(), op.getBias()), norm(op) {}

protected:
  int64_t depth() const override { return stored().channels; }
  Value leftStart(Value row) override;
  void prepare(const ProductTile &tile, Value firstRow, Value lastRow) override;
  void adjust(Value row, Value column, SmallVector<Value> &values) override;

private:
  /// How a row is dealt out to lanes for the norm: pieces of 16 bytes, of `elements` each.
  struct RowPieces {
    int64_t elements, pieces, lanes;
  };
  RowPieces rowPieces();
  SmallVector<Value> loadRow(Value start);
  std::pair<Value, Value> statisticsOf(ValueRange elements);

  NormLinearOp norm;
  Value means, deviations; ///< f32 in shared memory, one a row of the block; 1 / deviation, to be exact.
};

} // namespace

Value LinearKernel::leftStart(Value row) {
  if (stored().halo == 0)
    return b.times(row, stored().channels);
  Placement placement(withoutLayout(storedType()), storedType());
  return placement.locate(b, positionOf(row)).offset;
}

//===----------------------------------------------------------------------===//
// The norm
//===----------------------------------------------------------------------===//

/// Elements of its rows a lane loads before it uses any, so that a warp waits once for many.
static constexpr int64_t kElementsUnderWay = 96;

/// Lanes that share a row of `pieces` times 16 bytes: as many as leave the fewest without a piece, half of them where
/// that costs nothing, for fewer exchanges. It decides the order of the sums, and so depends on the shape alone.
static int64_t chooseRowLanes(int64_t pieces, int64_t pieceElements) {
  int64_t best = 32;
  for (int64_t lanes : {16, 8})
    if (roundUp(pieces, lanes) <= roundUp(pieces, best) &&
        ceilDiv(pieces, lanes) * pieceElements <= kElementsUnderWay)
      best = lanes;
  return best;
}

LinearKernel::RowPieces LinearKernel::rowPieces() {
  int64_t elements = 16 / getBytes(b.dtype), pieces = ceilDiv(stored().channels, elements);
  int64_t lanes = chooseRowLanes(pieces, elements);
  return {elements, pieces, lanes};
}

/// A lane's elements of a row, in f32: zeros beyond the last piece or what lies there.
SmallVector<Value> LinearKernel::loadRow(Value start) {
  Type element = getStorageType(b.getContext(), b.dtype);
  auto [piece, pieces, lanes] = rowPieces();
  SmallVector<Value> elements;
  for (int64_t first = 0; first < pieces; first += lanes) {
    Value index = b.plus(b.remainder(b.lane(), lanes), first);
    Value clamped = first + lanes > pieces ? b.smaller(index, b.index(pieces - 1)) : index;
    Value loaded = b.load(b.input(activation).memory, b.plus(start, b.times(clamped, piece)), element, piece);
    Value numbers = b.toF32(loaded);
    for (int64_t i = 0; i < piece; ++i)
      elements.push_back(b.extract(numbers, i));
  }
  return elements;
}

/// Mean and 1 / sqrt(variance + eps) of a row that lies in the registers of some lanes.
std::pair<Value, Value> LinearKernel::statisticsOf(ValueRange elements) {
  int64_t channels = storedType().getShape().back();
  auto [piece, pieces, lanes] = rowPieces();
  Value lane = b.times(b.remainder(b.lane(), lanes), piece);
  auto sum = [&, piece = piece, lanes = lanes](llvm::function_ref<Value(Value, Value)> addTo) {
    Value total = b.constant(0);
    for (auto [index, element] : llvm::enumerate(elements)) {
      int64_t first = int64_t(index) / piece * lanes * piece + int64_t(index) % piece; // Of lane 0.
      Value longer = addTo(total, element);
      bool isWhole = first + (lanes - 1) * piece < channels;
      total = isWhole ? longer : b.select(b.isLess(b.plus(lane, first), b.index(channels)), longer, total);
    }
    return b.mul(b.sumLanes(total, lanes), b.constant(1.0 / double(channels)));
  };
  Value mean = sum([&](Value total, Value element) { return b.add(total, element); });
  Value variance = sum([&](Value total, Value element) {
    Value centred = b.sub(element, mean);
    return b.fma(centred, centred, total);
  });
  return {mean, b.rsqrt(b.add(variance, b.constant(norm.getEps().convertToDouble())))};
}

/// A warp has several rows at a time: those its lanes share, and as many times that as it has registers for.
void LinearKernel::prepare(const ProductTile &tile, Value firstRow, Value lastRow) {
  if (!norm)
    return;
  means = b.allocateShared(tile.rows * 4);
  deviations = b.allocateShared(tile.rows * 4);
  auto [piece, pieces, lanes] = rowPieces();
  int64_t elements = ceilDiv(pieces, lanes) * piece, rowsAtOnce = 32 / lanes;
  int64_t rowsAWarp = tile.rows / tile.warps(), together = 1;
  while (2 * together * elements <= kElementsUnderWay && 2 * together * rowsAtOnce <= rowsAWarp)
    together *= 2;
  Value warpRow = b.plus(b.times(b.warp(), rowsAWarp), b.quotient(b.lane(), lanes));
  Value isFirst = b.isEqual(b.remainder(b.lane(), lanes), b.index(0));
  b.loop(b.index(0), b.index(rowsAWarp), together * rowsAtOnce, [&, rowsAtOnce = rowsAtOnce](Value first) {
    SmallVector<SmallVector<Value>> rows;
    Value blockRow = b.plus(warpRow, first);
    for (int64_t i = 0; i < together; ++i) {
      Value row = b.smaller(b.plus(b.plus(firstRow, blockRow), i * rowsAtOnce), lastRow);
      rows.push_back(loadRow(leftStart(row)));
    }
    for (auto [i, row] : llvm::enumerate(rows)) {
      auto [mean, deviation] = statisticsOf(row);
      b.when(isFirst, [&, mean = mean, deviation = deviation] {
        b.store(mean, means, b.plus(blockRow, int64_t(i) * rowsAtOnce));
        b.store(deviation, deviations, b.plus(blockRow, int64_t(i) * rowsAtOnce));
      });
    }
  });
}

void LinearKernel::adjust(Value row, Value column, SmallVector<Value> &values) {
  if (!norm)
    return;
  Value mean = b.load(means, row, b.getF32Type()), deviation = b.load(deviations, row, b.getF32Type());
  Value shift = b.sub(b.constant(0), mean);
  for (auto [value, sum] : llvm::zip(values, loadVector(norm.getSums(), column)))
    value = b.mul(b.fma(shift, sum, value), deviation);
}

LogicalResult mv::gpu::emitLinear(KernelBuilder &b) {
  for (Operation &op : b.body) {
    if (auto linear = dyn_cast<LinearOp>(op))
      return LinearKernel(b, linear).emit();
    if (auto linear = dyn_cast<NormLinearOp>(op))
      return LinearKernel(b, linear).emit();
  }
  return b.kernel.emitError("a linear kernel without mv.linear or mv.norm_linear");
}
