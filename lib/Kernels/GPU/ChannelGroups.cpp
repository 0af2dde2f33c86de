//===- ChannelGroups.cpp - One thread, eight channels ---------------------------===//

#include "ChannelGroups.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kThreads = 256;

Value mv::gpu::rowOffset(KernelBuilder &b, Value activation, Value image, Value row) {
  Placement placement(cast<RankedTensorType>(activation.getType()), b.input(activation).type);
  return placement.locate(b, Position::flat(image, row)).offset;
}

/// Neighbouring threads store neighbouring memory: the next group of channels, or the next position where a plane for
/// each channel is stored.
void mv::gpu::emitChannelGroups(KernelBuilder &b, Value root, int64_t rows, ComputeGroup compute) {
  b.beginVariant(1);
  b.beginLaunch(kThreads);
  Epilogue epilogue(b, root);
  int64_t groups = ceilDiv(epilogue.storedChannels(), kGroupChannels), items = rows * groups;
  bool inPlanes = isa_and_present<ToNCHWOp>(epilogue.getMovement());
  if (epilogue.hasGaps())
    epilogue.fillGaps(b.quotient(b.plus(b.times(b.batch(), items), kThreads - 1), kThreads));
  Value index = b.plus(b.times(b.block(), kThreads), b.thread());
  b.when(b.isLess(index, b.times(b.batch(), items)), [&] {
    Value image = b.quotient(index, items), inImage = b.remainder(index, items);
    Value row = inPlanes ? b.remainder(inImage, rows) : b.quotient(inImage, groups);
    Value group = inPlanes ? b.quotient(inImage, rows) : b.remainder(inImage, groups);
    Value channel = b.times(group, kGroupChannels);
    epilogue.store(epilogue.locate(Position::flat(image, row)), channel, compute(image, row, channel));
  });
  b.endLaunch(items, kThreads, 1);
}
