//===- LayerNorm.cpp - Norm over the channels -----------------------------------===//
//
// A warp holds a row in its registers: every 32nd group of four channels a lane, 16 bytes of the parameters. Mean first,
// then the variance of the differences from it.
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kThreads = 256, kLanes = 32, kGroupChannels = 4;

namespace {
class LayerNormKernel {
public:
  LayerNormKernel(KernelBuilder &b, LayerNormOp op)
      : b(b), op(op), channels(op.getInput().getType().getShape().back()) {}

  void emitRow(Epilogue &epilogue, Value image, Value row) {
    Buffer input = b.input(op.getInput());
    Value base = rowOffset(b, op.getInput(), image, row);
    SmallVector<Values> groups;
    for (int64_t first = 0; first < channels; first += kLanes * kGroupChannels) {
      Values group = loadChannels(b, input, base, clampedChannel(first), kGroupChannels);
      for (auto [lane, value] : llvm::enumerate(group))
        value = zeroBeyond(first, lane, value);
      groups.push_back(group);
    }
    Value mean = meanOf(groups, [](Value value) { return value; });
    Value variance = meanOf(groups, [&](Value value) {
      Value centred = b.sub(value, mean);
      return b.mul(centred, centred);
    });
    Value scale = b.rsqrt(b.add(variance, b.constant(op.getEps().convertToDouble())));
    storeRow(epilogue, epilogue.locate(Position::flat(image, row)), groups, mean, scale);
  }

private:
  Value channelOf(int64_t first) { return b.plus(b.times(b.lane(), kGroupChannels), first); }
  /// A group that exists, whatever the lane.
  Value clampedChannel(int64_t first) {
    int64_t last = (ceilDiv(channels, kGroupChannels) - 1) * kGroupChannels;
    if (first + kLanes * kGroupChannels <= channels)
      return channelOf(first);
    return b.smaller(channelOf(first), b.index(last));
  }
  Value zeroBeyond(int64_t first, int64_t lane, Value value) {
    if (first + kLanes * kGroupChannels <= channels)
      return value;
    return b.select(b.isLess(b.plus(channelOf(first), lane), b.index(channels)), value, b.constant(0));
  }

  Value meanOf(ArrayRef<Values> groups, llvm::function_ref<Value(Value)> map) {
    Value sum = b.constant(0);
    for (auto [index, group] : llvm::enumerate(groups))
      for (auto [lane, value] : llvm::enumerate(group))
        sum = b.add(sum, zeroBeyond(int64_t(index) * kLanes * kGroupChannels, lane, map(value)));
    return b.mul(b.sumLanes(sum), b.constant(1.0 / double(channels)));
  }

  void storeRow(Epilogue &epilogue, const Row &row, ArrayRef<Values> groups, Value mean, Value scale) {
    for (auto [index, group] : llvm::enumerate(groups)) {
      int64_t first = int64_t(index) * kLanes * kGroupChannels;
      Value channel = clampedChannel(first);
      Values weights = loadChannels(b, b.input(op.getWeight()), b.index(0), channel, kGroupChannels);
      Values biases = loadChannels(b, b.input(op.getBias()), b.index(0), channel, kGroupChannels);
      Values results;
      for (auto [value, weight, bias] : llvm::zip(group, weights, biases))
        results.push_back(b.fma(b.mul(b.sub(value, mean), scale), weight, bias));
      epilogue.store(row, channelOf(first), results);
    }
  }

  KernelBuilder &b;
  LayerNormOp op;
  int64_t channels;
};
} // namespace

LogicalResult mv::gpu::emitLayerNorm(KernelBuilder &b) {
  auto op = *b.body.getOps<LayerNormOp>().begin();
  if (!isa<BlockArgument>(op.getInput()))
    return b.kernel.emitOpError("a layer norm must read an input of the kernel");
  int64_t rows = countRows(op.getInput()), warps = kThreads / kLanes;
  b.beginVariant(1);
  b.beginLaunch(kThreads);
  Epilogue epilogue(b, op.getResult());
  if (epilogue.hasGaps())
    epilogue.fillGaps(b.quotient(b.plus(b.times(b.batch(), rows), warps - 1), warps));
  Value row = b.plus(b.times(b.block(), warps), b.warp());
  b.when(b.isLess(row, b.times(b.batch(), rows)),
         [&] { LayerNormKernel(b, op).emitRow(epilogue, b.quotient(row, rows), b.remainder(row, rows)); });
  b.endLaunch(rows, warps, 1);
  return success();
}
