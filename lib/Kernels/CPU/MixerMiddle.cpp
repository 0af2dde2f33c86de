//===- MixerMiddle.cpp - What stands in front of a mixer's scan -----------------===//
//
// All of it is independent from token to token, but for the convolution's two neighbours, which are inputs.
// So one phase runs over tiles of tokens: convolution and SiLU, the projection to step rank, B and C, and the
// projection to step sizes, each on rows that the one before left in the first-level cache.
//
//===----------------------------------------------------------------------===//

#include "MixerMiddle.h"

#include "MatrixTile.h"
#include "TokenConv.h"
#include "mv/Kernels/CPU/Decisions.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

static int64_t channelsOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

MixerWorkspace::MixerWorkspace(MixerMiddle middle) {
  ArrayRef<int64_t> shape = middle.conv.getInput().getType().getShape();
  rows = shape[1] * shape[2];
  convStride = roundUp(shape[3], 16);
  // Products write whole panels, and the next row begins behind them.
  auto stride = [](LinearOp op) {
    int64_t outputs = channelsOf(op.getResult());
    return roundUp(outputs, choosePanelWidth(outputs, /*convolution=*/false));
  };
  projectStride = stride(middle.project);
  stepStride = stride(middle.stepProject);
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// Workgroups of an image at most.
static constexpr int64_t kWorkgroups = 32;

namespace {

class ProjectionEmitter {
public:
  ProjectionEmitter(KernelBuilder &b, MixerMiddle middle) : b(b), middle(middle), layout(middle) {}
  void emit();

private:
  void emitTile(Value image, Value firstRow, int64_t height);
  void emitConvolution(Value image, Value row);
  void emitProduct(LinearOp op, const RowPlane &left, const RowPlane &result, Value image, Value firstRow,
                   int64_t height);
  void emitSoftplus(Value image, Value row);

  KernelBuilder &b;
  MixerMiddle middle;
  MixerWorkspace layout;
  RowPlane conv, project, step;
};

} // namespace

/// One token: all channels to the workspace, the second half also to the result.
void ProjectionEmitter::emitConvolution(Value image, Value row) {
  int64_t tokens = middle.conv.getInput().getType().getDimSize(2), lanes = b.target.lanes;
  int64_t channels = channelsOf(middle.conv.getResult()), half = channels / 2;
  TokenConv at(b, middle.conv, image, b.quotient(row, tokens), b.remainder(row, tokens));
  Value target = conv.at(b, image, row);
  b.loop(0, channels, lanes, [&](Value channel) {
    Value activated = middle.silu.emitElement(b, b.getLoc(), at.emit(channel));
    b.store(activated, conv.memory, b.plus(target, channel));
  });

  Buffer result = b.result();
  Value z = b.plus(target, half);
  Value resultRow = b.times(b.plus(b.times(image, layout.rows), row), result.stored.channels);
  Value resultZ = b.plus(resultRow, half);
  int64_t whole = half / lanes * lanes;
  auto copy = [&](Value channel) { return b.load(conv.memory, b.plus(z, channel)); };
  if (whole > 0)
    b.loop(0, whole, lanes,
           [&](Value channel) { b.store(copy(channel), result.memory, b.plus(resultZ, channel)); });
  b.loop(whole, half, 1, [&](Value channel) {
    b.storeScalar(b.loadScalar(conv.memory, b.plus(z, channel)), result.memory, b.plus(resultZ, channel));
  });
  b.fillZeros(result.memory, b.plus(resultRow, channels), result.stored.channels - channels);
}

/// `height` rows of a product, written with the padding of their panels.
void ProjectionEmitter::emitProduct(LinearOp op, const RowPlane &left, const RowPlane &result, Value image,
                                    Value firstRow, int64_t height) {
  int64_t width = getPanelWidth(b, op.getWeight()), depth = channelsOf(op.getInput());
  int64_t outputs = channelsOf(op.getResult()), vectors = chooseRegisterTile(b.target, width).vectors;
  MatrixTile tile{height, vectors, left.memory, left.rowStride, b.input(op.getWeight()).memory, width};
  Value leftStart = left.at(b, image, firstRow), target = result.at(b, image, firstRow);
  ProductGrid everything{1, 1, ceilDiv(outputs, width), 1};
  PanelColumns columns{width, depth * width, vectors * b.target.lanes, outputs};
  forEachColumn(b, everything, columns, b.index(0), [&](Value column, Value weights) {
    auto sums = tile.accumulate(b, leftStart, weights, depth, tile.begin(b, op.getBias(), column));
    for (int64_t i = 0; i < height; ++i)
      for (int64_t j = 0; j < vectors; ++j)
        b.store(sums[i * vectors + j], result.memory,
                b.plus(b.plus(target, column), i * result.rowStride + j * b.target.lanes));
  });
}

/// In place: 28 polynomials in a register tile would be much code.
void ProjectionEmitter::emitSoftplus(Value image, Value row) {
  Value start = step.at(b, image, row);
  b.loop(0, channelsOf(middle.softplus.getResult()), b.target.lanes, [&](Value channel) {
    Value at = b.plus(start, channel);
    b.store(middle.softplus.emitElement(b, b.getLoc(), b.load(step.memory, at)), step.memory, at);
  });
}

void ProjectionEmitter::emitTile(Value image, Value firstRow, int64_t height) {
  b.loop(0, height, 1, [&](Value i) { emitConvolution(image, b.plus(firstRow, i)); });
  emitProduct(middle.project, conv, project, image, firstRow, height);
  emitProduct(middle.stepProject, project, step, image, firstRow, height);
  b.loop(0, height, 1, [&](Value i) { emitSoftplus(image, b.plus(firstRow, i)); });
}

void ProjectionEmitter::emit() {
  // Both products take tiles of the same rows; the wider one is limited to fewer.
  RowSplit split = splitRows(layout.rows, chooseRegisterTile(b.target, 32).rows);
  int64_t perGroup = ceilDiv(split.tiles(), kWorkgroups), groups = ceilDiv(split.tiles(), perGroup);
  b.beginPhase();
  int64_t image = b.workspaceElements();
  conv = {b.workspace(), image, 0, layout.convStride};
  project = {b.workspace(), image, layout.projectOffset(), layout.projectStride};
  step = {b.workspace(), image, layout.stepOffset(), layout.stepStride};
  b.forEachWorkgroup([&](Value workgroup) {
    Value image = b.quotient(workgroup, groups);
    Value first = b.times(b.remainder(workgroup, groups), perGroup);
    Value last = b.smaller(b.plus(first, perGroup), b.index(split.tiles()));
    Value border = b.index(split.tall);
    b.loop(first, b.smaller(last, border), 1,
           [&](Value tile) { emitTile(image, b.times(tile, split.height), split.height); });
    if (split.low > 0)
      b.loop(b.larger(first, border), last, 1, [&](Value tile) {
        emitTile(image, b.plus(b.times(tile, split.height - 1), split.tall), split.height - 1);
      });
  });
  b.endPhase(groups, 1, 1);
}

void mv::cpu::emitMixerProjections(KernelBuilder &b, MixerMiddle middle) {
  ProjectionEmitter(b, middle).emit();
}
