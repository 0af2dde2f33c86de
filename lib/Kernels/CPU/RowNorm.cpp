//===- RowNorm.cpp - Layer norm of one row --------------------------------------===//

#include "RowNorm.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

/// Vectors added up side by side: an addition takes four cycles.
static constexpr int64_t kChains = 4;

/// Sum over a row's channels of `term(channel)`, a vector that is zero beyond the last channel.
static Value sumOverChannels(KernelBuilder &b, int64_t channels, llvm::function_ref<Value(Value)> term) {
  int64_t lanes = b.target.lanes, step = kChains * lanes, whole = channels / step * step;
  SmallVector<Value> sums(kChains, b.splat(0.0));
  if (whole > 0)
    sums = b.loop(b.index(0), b.index(whole), step, sums, [&](Value channel, ValueRange carried) {
      SmallVector<Value> next;
      for (int64_t chain = 0; chain < kChains; ++chain)
        next.push_back(b.add(carried[chain], term(b.plus(channel, chain * lanes))));
      return next;
    });
  for (int64_t channel = whole, chain = 0; channel < channels; channel += lanes, ++chain)
    sums[chain] = b.add(sums[chain], term(b.index(channel)));
  return b.sumLanes(b.add(b.add(sums[0], sums[1]), b.add(sums[2], sums[3])));
}

RowStatistics mv::cpu::emitRowStatistics(KernelBuilder &b, const Buffer &input, Value offset, double eps) {
  int64_t channels = input.channels();
  Value count = b.constant(double(channels));
  auto at = [&](Value channel) { return b.loadVector(input, offset, channel); };
  Value mean = b.broadcast(b.div(sumOverChannels(b, channels, at), count));
  Value squares = sumOverChannels(b, channels, [&](Value channel) {
    Value difference = b.zeroOutside(b.channelMask(channel, channels), b.sub(at(channel), mean));
    return b.mul(difference, difference);
  });
  Value variance = b.add(b.div(squares, count), b.constant(eps));
  Value deviation = math::SqrtOp::create(b, variance);
  return {mean, b.broadcast(b.div(b.constant(1.0), deviation))};
}

Value mv::cpu::emitNormalised(KernelBuilder &b, const RowStatistics &statistics, const Buffer &input,
                              Value offset, const Buffer &weight, const Buffer &bias, Value channel) {
  Value difference = b.sub(b.loadVector(input, offset, channel), statistics.mean);
  Value normal = b.mul(difference, statistics.inverseDeviation);
  Value zero = b.index(0);
  Value scaled = b.fma(normal, b.loadVector(weight, zero, channel), b.loadVector(bias, zero, channel));
  return b.zeroOutside(b.channelMask(channel, input.channels()), scaled);
}
