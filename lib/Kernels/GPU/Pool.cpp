//===- Pool.cpp - Mean over a map's positions -----------------------------------===//
//
// A block takes 64 channels of an image, whose positions some threads share: a thread loads 16 bytes of each of its own.
// Their sums meet in the warp, then in shared memory, in an order that the map's size gives. There 16 threads take four
// channels each, which are 16 bytes of parameters and of a result in f32.
//
//===----------------------------------------------------------------------===//

#include "ChannelGroups.h"
#include "Families.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kThreads = 128, kChannels = 64, kWarps = kThreads / 32;
/// Channels of a thread in the end.
static constexpr int64_t kFour = 4, kFours = kChannels / kFour;
/// Blocks of a multiprocessor: half of the threads it can hold, with 64 registers each.
static constexpr int64_t kResident = 8;

namespace {
class PoolKernel {
public:
  PoolKernel(KernelBuilder &b, PoolOp op)
      : b(b), op(op), input(b.input(op.getInput())), width(input.stored.element.isF32() ? kFour : 2 * kFour) {
  }

  Values sumSlice(Value image, Value part);
  void storeSums(Values sums, Value partial);
  Values addSums(Value partial);

private:
  int64_t groups() const { return kChannels / width; } ///< Threads that have the same positions.
  Value placeOf(Value warp, Value group, Value four);

  KernelBuilder &b;
  PoolOp op;
  Buffer input;
  int64_t width; ///< Channels of a thread at first.
};
} // namespace

/// This thread's share of its channels' sums.
Values PoolKernel::sumSlice(Value image, Value part) {
  Value slice = b.quotient(b.thread(), groups()), positions = b.index(countRows(op.getInput()));
  Value channel = b.plus(b.times(part, kChannels), b.times(b.remainder(b.thread(), groups()), width));
  channel = b.smaller(channel, b.index((ceilDiv(input.stored.channels, width) - 1) * width));
  return b.loop(b.index(0), positions, kThreads / groups(), Values(width, b.constant(0)),
                [&](Value first, ValueRange sums) {
                  Value position = b.plus(first, slice), exists = b.isLess(position, positions);
                  Value clamped = b.select(exists, position, b.index(0));
                  Value base = rowOffset(b, op.getInput(), image, clamped);
                  Values next;
                  for (auto [sum, element] : llvm::zip(sums, loadChannels(b, input, base, channel, width)))
                    next.push_back(b.add(sum, b.select(exists, element, b.constant(0))));
                  return next;
                });
}

/// Where four channels of a warp's sums lie. Of groups of eight the second four come behind all first ones, where the two
/// halves of the groups are exchanged: so eight threads that take neighbouring fours find them in different banks.
Value PoolKernel::placeOf(Value warp, Value group, Value four) {
  Value place = b.plus(b.times(warp, kFours), b.times(four, groups()));
  Value exchanged = arith::XOrIOp::create(b, group, b.times(four, groups() / 2));
  return b.times(b.plus(place, exchanged), kFour);
}

void PoolKernel::storeSums(Values sums, Value partial) {
  for (Value &sum : sums)
    for (int64_t distance = 16; distance >= groups(); distance /= 2)
      sum = b.add(sum, b.shuffleXor(sum, distance));
  b.when(b.isLess(b.lane(), b.index(groups())), [&] {
    for (int64_t four = 0; four < width / kFour; ++four)
      b.store(b.pack(ArrayRef(sums).slice(four * kFour, kFour)), partial,
              placeOf(b.warp(), b.lane(), b.index(four)), kFour);
  });
}

/// Of the thread's four channels, all warps' sums.
Values PoolKernel::addSums(Value partial) {
  int64_t foursAGroup = width / kFour;
  Value group = b.quotient(b.thread(), foursAGroup), four = b.remainder(b.thread(), foursAGroup);
  Values totals(kFour, b.constant(0));
  for (int64_t warp = 0; warp < kWarps; ++warp) {
    Value sums = b.load(partial, placeOf(b.index(warp), group, four), b.getF32Type(), kFour);
    for (int64_t lane = 0; lane < kFour; ++lane)
      totals[lane] = b.add(totals[lane], b.extract(sums, lane));
  }
  for (Value &total : totals)
    total = b.mul(total, b.constant(1.0 / double(countRows(op.getInput()))));
  return totals;
}

LogicalResult mv::gpu::emitPool(KernelBuilder &b) {
  auto op = *b.body.getOps<PoolOp>().begin();
  int64_t parts = ceilDiv(op.getInput().getType().getDimSize(3), kChannels);
  b.beginVariant(1);
  b.beginLaunch(kThreads);
  b.keepResident(kResident);
  Value partial = b.allocateShared(kWarps * kChannels * 4);
  Value image = b.quotient(b.block(), parts), part = b.remainder(b.block(), parts);
  PoolKernel kernel(b, op);
  kernel.storeSums(kernel.sumSlice(image, part), partial);
  b.barrier();
  b.when(b.isLess(b.thread(), b.index(kFours)), [&] {
    Values totals = kernel.addSums(partial);
    Value channel = b.plus(b.times(part, kChannels), b.times(b.thread(), kFour));
    for (unsigned result = 0; result < b.numResults(); ++result) {
      Epilogue epilogue(b, op.getResult(), result);
      epilogue.store(epilogue.locate(Position::flat(image, b.index(0))), channel, totals);
    }
  });
  b.endLaunch(1, 1, parts);
  return success();
}
