//===- Pointwise.cpp - Kernels without a root -----------------------------------===//
//
// Pointwise ops and data movement: everything is the epilogue's loads, ops and stores. Movements that collect
// channels from elsewhere (to_nhwc, normalize, slice, concat) stand in for the root: they make the values that the pointwise ops
// start from. The others are addressing in the stores.
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"
#include "mv/Kernels/Common/PointwiseKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static RankedTensorType typeOf(Value value) { return cast<RankedTensorType>(value.getType()); }
static int64_t channelsOf(Value value) { return typeOf(value).getShape().back(); }

/// A group's scalars one by one; channels beyond the last repeat it.
static Values gather(KernelBuilder &b, Value channel, int64_t channels,
                     llvm::function_ref<Value(Value)> load) {
  Values values;
  for (int64_t lane = 0; lane < groupChannels(b); ++lane)
    values.push_back(load(b.smaller(b.plus(channel, lane), b.index(channels - 1))));
  return values;
}

static Value loadScalar(KernelBuilder &b, const Buffer &buffer, Value offset) {
  return b.toF32(b.load(buffer.memory, offset, buffer.stored.element));
}

/// The planes of a picture.
static Values collect(KernelBuilder &b, ToNHWCOp op, Value image, Value row, Value channel) {
  int64_t channels = channelsOf(op.getResult()), plane = countRows(op.getResult());
  return gather(b, channel, channels, [&](Value own) {
    Value line = b.times(b.plus(b.times(image, channels), own), plane);
    return loadScalar(b, b.input(op.getInput()), b.plus(line, row));
  });
}

/// The numbers that a pixel's bytes stand for.
static Values collect(KernelBuilder &b, NormalizeOp op, Value image, Value row, Value channel) {
  int64_t channels = channelsOf(op.getResult());
  Value pixel = b.times(b.plus(b.times(image, countRows(op.getResult())), row), channels);
  Values numbers = gather(b, channel, channels, [&](Value own) -> Value {
    Value byte = b.load(b.input(op.getInput()).memory, b.plus(pixel, own), b.getI8Type());
    return arith::UIToFPOp::create(b, b.getF32Type(), byte);
  });
  for (auto [lane, number] : llvm::enumerate(numbers)) {
    int64_t own = std::min<int64_t>(lane, channels - 1); // All channels are in the one group.
    number = b.fma(number, b.constant(float(op.getScale(own))), b.constant(float(op.getShift(own))));
  }
  return numbers;
}

/// Some channels of a row.
static Values collect(KernelBuilder &b, SliceOp op, Value image, Value row, Value channel) {
  Buffer input = b.input(op.getInput());
  Value base = rowOffset(b, op.getInput(), image, row);
  if (op.getOffset() % groupChannels(b) == 0 && channelsOf(op.getResult()) % groupChannels(b) == 0)
    return loadChannels(b, input, base, b.plus(channel, op.getOffset()), groupChannels(b));
  return gather(b, channel, channelsOf(op.getResult()),
                [&](Value own) { return loadScalar(b, input, b.plus(b.plus(base, op.getOffset()), own)); });
}

/// Two rows, one behind the other.
static Values collect(KernelBuilder &b, ConcatOp op, Value image, Value row, Value channel) {
  Value first = rowOffset(b, op.getFirst(), image, row), second = rowOffset(b, op.getSecond(), image, row);
  int64_t border = channelsOf(op.getFirst());
  return gather(b, channel, channelsOf(op.getResult()), [&](Value own) {
    Value inFirst = b.smaller(own, b.index(border - 1));
    Value inSecond = b.minus(b.larger(own, b.index(border)), b.index(border));
    Value low = loadScalar(b, b.input(op.getFirst()), b.plus(first, inFirst));
    Value high = loadScalar(b, b.input(op.getSecond()), b.plus(second, inSecond));
    return b.select(b.isLess(own, b.index(border)), low, high);
  });
}

LogicalResult mv::gpu::emitPointwise(KernelBuilder &b) {
  auto emitCollecting = [&](auto op) {
    emitChannelGroups(
        b, op.getResult(), countRows(op.getResult()),
        [&](Value image, Value row, Value channel) { return collect(b, op, image, row, channel); });
  };
  return emitPointwiseKernel(b.kernel, emitCollecting, [&](Value activation) {
    emitChannelGroups(b, nullptr, countRows(activation),
                      [&](Value, Value, Value) { return Values(groupChannels(b), b.constant(0)); });
  });
}
