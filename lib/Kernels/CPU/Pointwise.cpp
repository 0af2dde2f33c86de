//===- Pointwise.cpp - Kernels without a root -----------------------------------===//
//
// Pointwise ops and data movement: everything is the epilogue's loads, ops and stores. Movements that collect
// channels from elsewhere (to_nhwc, normalize, slice, concat) stand in for the root: they make the value that the
// pointwise ops start from. The others are addressing in the stores.
//
//===----------------------------------------------------------------------===//

#include "Families.h"
#include "RowPhase.h"
#include "mv/Kernels/Common/PointwiseKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }
static int64_t channelsOf(Value value) { return typeOf(value).getShape().back(); }

namespace {

/// Makes the vectors of one row that a movement collects.
using Collect = std::function<Value(Value channel)>;

/// Offset of channel 0 of a position of an input.
Value offsetOf(KernelBuilder &b, Value activation, Value image, Value row) {
  Placement placement(typeOf(activation), b.input(activation).type);
  return placement.locate(b, Position::flat(image, row)).offset;
}

/// A vector of the scalars of channels channel, channel + 1, ...; channels from `channels` on repeat the
/// last.
Value gather(KernelBuilder &b, Value channel, int64_t channels,
             llvm::function_ref<Value(Value channel)> load) {
  SmallVector<Value> scalars;
  int64_t lanes = b.target.lanes;
  for (int64_t lane = 0; lane < lanes; ++lane) {
    if (lane >= channels) { // one vector has them all
      scalars.push_back(b.constant(0.0));
      continue;
    }
    Value own = b.plus(channel, lane);
    if (channels > lanes && channels % lanes != 0)
      own = b.smaller(own, b.index(channels - 1));
    scalars.push_back(load(channels <= lanes ? b.index(lane) : own));
  }
  return vector::FromElementsOp::create(b, b.vectorType(), scalars);
}

/// The planes of a picture.
Collect collect(KernelBuilder &b, ToNHWCOp op, Value image, Value row) {
  int64_t channels = channelsOf(op.getResult()), plane = countRows(op.getResult());
  return [&b, op, image, row, channels, plane](Value channel) mutable {
    Value memory = b.input(op.getInput()).memory;
    return gather(b, channel, channels, [&](Value own) {
      return b.loadScalar(memory, b.plus(b.times(b.plus(b.times(image, channels), own), plane), row));
    });
  };
}

/// The numbers that a pixel's bytes stand for: one vector has them all.
Collect collect(KernelBuilder &b, NormalizeOp op, Value image, Value row) {
  int64_t channels = channelsOf(op.getResult());
  Value pixel = b.times(b.plus(b.times(image, countRows(op.getResult())), row), channels);
  SmallVector<float> scales(b.target.lanes), shifts(b.target.lanes); // Zero in the lanes beyond the channels.
  for (int64_t channel = 0; channel < channels; ++channel) {
    scales[channel] = float(op.getScale(channel));
    shifts[channel] = float(op.getShift(channel));
  }
  auto constants = [&b](ArrayRef<float> lanes) -> Value {
    return arith::ConstantOp::create(b, DenseElementsAttr::get(b.vectorType(), lanes));
  };
  return [&b, op, channels, pixel, scales, shifts, constants](Value channel) mutable {
    Value memory = b.input(op.getInput()).memory;
    Value bytes = gather(b, channel, channels, [&](Value own) -> Value {
      return arith::UIToFPOp::create(b, b.getF32Type(), b.loadScalar(memory, b.plus(pixel, own)));
    });
    return b.fma(bytes, constants(scales), constants(shifts));
  };
}

/// Some channels of a row. Vectors of the slice lie anywhere in the row: what reaches beyond the slice is
/// masked.
Collect collect(KernelBuilder &b, SliceOp op, Value image, Value row) {
  Value base = b.plus(offsetOf(b, op.getInput(), image, row), op.getOffset());
  return [&b, op, base](Value channel) mutable -> Value {
    int64_t size = channelsOf(op.getResult());
    Value memory = b.input(op.getInput()).memory, at = b.plus(base, channel);
    if (size == b.result().stored.channels && size % b.target.lanes == 0)
      return b.load(memory, at);
    auto type = VectorType::get({b.target.lanes}, b.getI1Type());
    Value left = arith::SubIOp::create(b, b.index(size), channel);
    Value mask = vector::CreateMaskOp::create(b, type, ValueRange{left});
    return vector::MaskedLoadOp::create(b, b.vectorType(), memory, ValueRange{at}, mask, b.splat(0.0));
  };
}

/// Two rows, one behind the other.
Collect collect(KernelBuilder &b, ConcatOp op, Value image, Value row) {
  Value first = offsetOf(b, op.getFirst(), image, row), second = offsetOf(b, op.getSecond(), image, row);
  return [&b, op, first, second](Value channel) mutable {
    int64_t border = channelsOf(op.getFirst());
    return gather(b, channel, channelsOf(op.getResult()), [&](Value own) -> Value {
      Value isFirst = b.isLess(own, b.index(border));
      Value inFirst = b.smaller(own, b.index(border - 1));
      Value inSecond = b.minus(b.larger(own, b.index(border)), b.index(border));
      Value low = b.loadScalar(b.input(op.getFirst()).memory, b.plus(first, inFirst));
      Value high = b.loadScalar(b.input(op.getSecond()).memory, b.plus(second, inSecond));
      return arith::SelectOp::create(b, isFirst, low, high);
    });
  };
}

} // namespace

LogicalResult mv::cpu::emitPointwise(KernelBuilder &b) {
  auto emitCollecting = [&](auto op) {
    Epilogue epilogue(b, op.getResult());
    emitRowPhase(
        b, epilogue, countRows(op.getResult()), 2 * channelsOf(op.getResult()),
        [&](Value image, Value row) { emitRow(b, epilogue, image, row, collect(b, op, image, row)); });
  };
  return emitPointwiseKernel(b.kernel, emitCollecting, [&](Value activation) {
    Epilogue epilogue(b, nullptr);
    emitRowPhase(b, epilogue, countRows(activation), 2 * channelsOf(activation), [&](Value image, Value row) {
      emitRow(b, epilogue, image, row, [](Value) { return Value(); });
    });
  });
}
