//===- RowNorm.cpp - Layer norm of one row --------------------------------------===//

#include "RowNorm.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mv;
using namespace mv::cpu;

/// Vectors added up side by side: an addition takes four cycles.
static constexpr int64_t kChains = 4;

using Terms = SmallVector<Value, 2>;

/// Sums over a row's channels of the `count` vectors `terms(channel)`, which are zero beyond the last
/// channel.
static Terms sumOverChannels(KernelBuilder &b, int64_t channels, int64_t count,
                             llvm::function_ref<Terms(Value)> terms) {
  int64_t lanes = b.target.lanes, step = kChains * lanes, whole = channels / step * step;
  SmallVector<Value> sums(kChains * count, b.splat(0.0));
  auto addTerms = [&](MutableArrayRef<Value> chain, Value channel) {
    for (auto [sum, term] : llvm::zip(chain, terms(channel)))
      sum = b.add(sum, term);
  };
  auto chainOf = [&](MutableArrayRef<Value> all, int64_t chain) { return all.slice(chain * count, count); };
  if (whole > 0)
    sums = b.loop(b.index(0), b.index(whole), step, sums, [&](Value channel, ValueRange carried) {
      SmallVector<Value> next = llvm::to_vector(carried);
      for (int64_t chain = 0; chain < kChains; ++chain)
        addTerms(chainOf(next, chain), b.plus(channel, chain * lanes));
      return next;
    });
  for (int64_t channel = whole, chain = 0; channel < channels; channel += lanes, ++chain)
    addTerms(chainOf(sums, chain), b.index(channel));
  Terms totals;
  for (int64_t i = 0; i < count; ++i)
    totals.push_back(
        b.sumLanes(b.add(b.add(sums[i], sums[count + i]), b.add(sums[2 * count + i], sums[3 * count + i]))));
  return totals;
}

RowStatistics mv::cpu::emitRowStatistics(KernelBuilder &b, const Buffer &input, Value offset, double eps) {
  int64_t channels = input.channels();
  Value count = b.constant(double(channels));
  auto at = [&](Value channel) { return b.loadVector(input, offset, channel); };
  Terms sum = sumOverChannels(b, channels, 1, [&](Value channel) { return Terms{at(channel)}; });
  Value mean = b.broadcast(b.div(sum[0], count));
  Terms sums = sumOverChannels(b, channels, 2, [&](Value channel) {
    Value difference = b.zeroOutside(b.channelMask(channel, channels), b.sub(at(channel), mean));
    return Terms{difference, b.mul(difference, difference)};
  });
  Value rest = b.div(sums[0], count);
  Value variance = b.sub(b.div(sums[1], count), b.mul(rest, rest));
  Value deviation = math::SqrtOp::create(b, b.add(variance, b.constant(eps)));
  Value inverse = b.div(b.constant(1.0), deviation);
  return {mean, b.broadcast(inverse), b.broadcast(b.sub(b.constant(0.0), b.mul(rest, inverse)))};
}

Value mv::cpu::emitNormalised(KernelBuilder &b, const RowStatistics &statistics, const Buffer &input,
                              Value offset, const Buffer &weight, const Buffer &bias, Value channel) {
  Value difference = b.sub(b.loadVector(input, offset, channel), statistics.mean);
  Value normal = b.fma(difference, statistics.inverseDeviation, statistics.shift);
  Value zero = b.index(0);
  Value scaled = b.fma(normal, b.loadVector(weight, zero, channel), b.loadVector(bias, zero, channel));
  return b.zeroOutside(b.channelMask(channel, input.channels()), scaled);
}
