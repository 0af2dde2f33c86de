//===- Stem.cpp - The convolution of the image ----------------------------------===//
//
// The image has three planes of f32: too few channels for the matrix units, and another layout than all maps behind it.
// A thread computes up to 32 outputs of a pixel; neighbouring threads have neighbouring pixels, and all of them read the
// same weights at once, from shared memory, where they lie as [channel][ky][kx][output].
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kThreads = 128, kOutputs = 32, kTaps = 9;

namespace {
class StemKernel {
public:
  StemKernel(KernelBuilder &b, Conv2DOp op)
      : b(b), op(op), image(op.getInput().getDefiningOp<ToNHWCOp>().getInput()),
        channels(op.getInput().getType().getDimSize(3)), height(op.getInput().getType().getDimSize(1)),
        width(op.getInput().getType().getDimSize(2)), outputs(op.getResult().getType().getDimSize(3)),
        outWidth(op.getResult().getType().getDimSize(2)) {}

  void emit() {
    int64_t rows = countRows(op.getResult()), parts = ceilDiv(outputs, kOutputs);
    b.beginVariant(1);
    b.beginLaunch(kThreads);
    Epilogue epilogue(b, op.getResult());
    Value pixels = b.times(b.batch(), rows), part = b.remainder(b.block(), parts);
    if (epilogue.hasGaps())
      epilogue.fillGaps(b.times(b.quotient(b.plus(pixels, kThreads - 1), kThreads), parts));
    Value firstOutput = b.times(part, kOutputs);
    Value weights = loadWeights(firstOutput);
    Value pixel = b.plus(b.times(b.quotient(b.block(), parts), kThreads), b.thread());
    b.when(b.isLess(pixel, pixels), [&] {
      Value index = b.quotient(pixel, rows), row = b.remainder(pixel, rows);
      Values sums = multiply(index, row, weights, initialSums(firstOutput));
      Row addresses = epilogue.locate(Position::flat(index, row));
      for (int64_t first = 0; first < outputsAPart(); first += kGroupChannels)
        epilogue.store(addresses, b.plus(firstOutput, first), ArrayRef(sums).slice(first, kGroupChannels));
    });
    b.endLaunch(rows, kThreads, parts);
  }

private:
  int64_t outputsAPart() { return std::min(kOutputs, roundUp(outputs, kGroupChannels)); }

  /// This part's weights, [channels * 9][outputsAPart()] f32; zeros for outputs beyond the last.
  Value loadWeights(Value firstOutput) {
    int64_t taps = channels * kTaps, count = taps * outputsAPart();
    Value shared = b.allocateShared(count * 4);
    b.loop(0, ceilDiv(count, kThreads), 1, [&](Value round) {
      Value index = b.plus(b.times(round, kThreads), b.thread());
      b.when(b.isLess(index, b.index(count)), [&] {
        Value output = b.plus(firstOutput, b.remainder(index, outputsAPart()));
        Value tap = b.quotient(index, outputsAPart()), exists = b.isLess(output, b.index(outputs));
        Value source = b.plus(b.times(b.smaller(output, b.index(outputs - 1)), taps), tap);
        Value weight = b.load(b.input(op.getWeight()).memory, source, b.getF32Type());
        b.store(b.select(exists, weight, b.constant(0)), shared, index);
      });
    });
    b.barrier();
    return shared;
  }

  Values initialSums(Value firstOutput) {
    Values sums(outputsAPart(), b.constant(0));
    if (!op.getBias())
      return sums;
    sums.clear();
    for (int64_t first = 0; first < outputsAPart(); first += kGroupChannels)
      llvm::append_range(sums,
                         loadChannels(b, b.input(op.getBias()), b.index(0),
                                      b.smaller(b.plus(firstOutput, first),
                                                b.index(roundUp(outputs, kGroupChannels) - kGroupChannels)),
                                      kGroupChannels));
    return sums;
  }

  /// The element under a tap, zero outside the image. `y`, `x`: one more than the coordinate.
  Value loadElement(Value plane, Value y, Value x) {
    Value one = b.index(1);
    auto inside = [&](Value place, int64_t size) { return b.isLess(b.minus(place, one), b.index(size)); };
    auto clamped = [&](Value place, int64_t size) { // of what may be -1
      return b.smaller(b.minus(b.larger(place, one), one), b.index(size - 1));
    };
    Value exists = b.both(inside(y, height), inside(x, width));
    Value offset =
        b.plus(b.times(b.plus(b.times(plane, height), clamped(y, height)), width), clamped(x, width));
    return b.select(exists, b.load(b.input(image).memory, offset, b.getF32Type()), b.constant(0));
  }

  Values multiply(Value index, Value row, Value weights, Values initial) {
    int64_t stride = op.getStride();
    Value top = b.times(b.quotient(row, outWidth), stride),
          left = b.times(b.remainder(row, outWidth), stride);
    return b.loop(b.index(0), b.index(channels), 1, initial, [&](Value channel, ValueRange carried) {
      Values sums(carried);
      Value plane = b.plus(b.times(index, channels), channel),
            firstTap = b.times(channel, kTaps * outputsAPart());
      for (int64_t tap = 0; tap < kTaps; ++tap) {
        Value element = loadElement(plane, b.plus(top, tap / 3), b.plus(left, tap % 3));
        for (int64_t first = 0; first < outputsAPart(); first += 4) {
          Value four = b.load(weights, b.plus(firstTap, tap * outputsAPart() + first), b.getF32Type(), 4);
          for (int64_t lane = 0; lane < 4; ++lane)
            sums[first + lane] = b.fma(element, b.extract(four, lane), sums[first + lane]);
        }
      }
      return sums;
    });
  }

  KernelBuilder &b;
  Conv2DOp op;
  Value image;
  int64_t channels, height, width, outputs, outWidth;
};
} // namespace

LogicalResult mv::gpu::emitStem(KernelBuilder &b) {
  auto op = *b.body.getOps<Conv2DOp>().begin();
  StemKernel(b, op).emit();
  return success();
}
