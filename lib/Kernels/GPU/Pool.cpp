//===- Pool.cpp - Mean over a map's positions -----------------------------------===//
//
// A block takes 64 channels of an image: eight groups of eight, by 16 threads that share the positions. Their sums meet
// in the warp, then in shared memory, in an order that the map's size gives.
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kThreads = 128, kGroups = 8, kChannels = kGroups * kGroupChannels;
/// Blocks of a multiprocessor: half of the threads it can hold, with 64 registers each.
static constexpr int64_t kResident = 8;
static constexpr int64_t kSlices = kThreads / kGroups, kWarps = kThreads / 32;

/// This thread's share of the sums of eight channels.
static Values sumSlice(KernelBuilder &b, PoolOp op, Value image, Value channel) {
  Buffer input = b.input(op.getInput());
  Value slice = b.quotient(b.thread(), kGroups), positions = b.index(countRows(op.getInput()));
  return b.loop(b.index(0), positions, kSlices, Values(kGroupChannels, b.constant(0)),
                [&](Value first, ValueRange sums) {
                  Value position = b.plus(first, slice), exists = b.isLess(position, positions);
                  Value clamped = b.select(exists, position, b.index(0));
                  Value base = rowOffset(b, op.getInput(), image, clamped);
                  Values next;
                  for (auto [sum, element] :
                       llvm::zip(sums, loadChannels(b, input, base, channel, kGroupChannels)))
                    next.push_back(b.add(sum, b.select(exists, element, b.constant(0))));
                  return next;
                });
}

LogicalResult mv::gpu::emitPool(KernelBuilder &b) {
  auto op = *b.body.getOps<PoolOp>().begin();
  int64_t parts = ceilDiv(op.getInput().getType().getDimSize(3), kChannels);
  int64_t stored = storedShape(cast<RankedTensorType>(b.kernel.getFunctionType().getInput(
                                   cast<BlockArgument>(op.getInput()).getArgNumber())))
                       .channels;
  b.beginVariant(1);
  b.beginLaunch(kThreads);
  b.keepResident(kResident);
  Value partial = b.allocateShared(kWarps * kChannels * 4);
  Value image = b.quotient(b.block(), parts), part = b.remainder(b.block(), parts);
  Value group = b.remainder(b.thread(), kGroups);
  Value channel = b.plus(b.times(part, kChannels), b.times(group, kGroupChannels));
  Value lastGroup = b.index((ceilDiv(stored, kGroupChannels) - 1) * kGroupChannels);
  Values sums = sumSlice(b, op, image, b.smaller(channel, lastGroup));
  for (Value &sum : sums)
    for (int64_t distance = 16; distance >= kGroups; distance /= 2)
      sum = b.add(sum, b.shuffleXor(sum, distance));
  Value place = b.times(group, kGroupChannels);
  b.when(b.isLess(b.lane(), b.index(kGroups)), [&] {
    for (int64_t half : {0, 4})
      b.store(b.pack(ArrayRef(sums).slice(half, 4)), partial,
              b.plus(b.plus(b.times(b.warp(), kChannels), place), half), 4);
  });
  b.barrier();
  b.when(b.isLess(b.thread(), b.index(kGroups)), [&] {
    Values totals(kGroupChannels, b.constant(0));
    for (int64_t warp = 0; warp < kWarps; ++warp)
      for (int64_t lane = 0; lane < kGroupChannels; ++lane)
        totals[lane] =
            b.add(totals[lane], b.load(partial, b.plus(place, warp * kChannels + lane), b.getF32Type()));
    for (Value &total : totals)
      total = b.mul(total, b.constant(1.0 / double(countRows(op.getInput()))));
    for (unsigned result = 0; result < b.numResults(); ++result) {
      Epilogue epilogue(b, op.getResult(), result);
      epilogue.store(epilogue.locate(Position::flat(image, b.index(0))), channel, totals);
    }
  });
  b.endLaunch(1, 1, parts);
  return success();
}
