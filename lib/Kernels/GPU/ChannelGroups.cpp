//===- ChannelGroups.cpp - One thread, some channels ----------------------------===//

#include "ChannelGroups.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

static constexpr int64_t kThreads = 256;

int64_t mv::gpu::groupChannels(KernelBuilder &b) {
  FunctionType type = b.kernel.getFunctionType();
  auto isNarrow = [](Type each) {
    return storedShape(cast<RankedTensorType>(each)).element.getIntOrFloatBitWidth() <= 16;
  };
  return llvm::all_of(type.getInputs(), isNarrow) && llvm::all_of(type.getResults(), isNarrow) ? 8 : 4;
}

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
  int64_t channels = groupChannels(b), groups = ceilDiv(epilogue.storedChannels(), channels);
  int64_t items = rows * groups;
  bool inPlanes = isa_and_present<ToNCHWOp>(epilogue.getMovement());
  if (epilogue.hasGaps())
    epilogue.fillGaps(b.quotient(b.plus(b.times(b.batch(), items), kThreads - 1), kThreads));
  Value index = b.plus(b.times(b.block(), kThreads), b.thread());
  b.when(b.isLess(index, b.times(b.batch(), items)), [&] {
    Value image = b.quotient(index, items), inImage = b.remainder(index, items);
    Value row = inPlanes ? b.remainder(inImage, rows) : b.quotient(inImage, groups);
    Value group = inPlanes ? b.quotient(inImage, rows) : b.remainder(inImage, groups);
    Value channel = b.times(group, channels);
    epilogue.store(epilogue.locate(Position::flat(image, row)), channel, compute(image, row, channel));
  });
  b.endLaunch(items, kThreads, 1);
}
