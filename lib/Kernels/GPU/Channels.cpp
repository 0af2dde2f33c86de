//===- Channels.cpp - Loads of neighbouring channels ----------------------------===//

#include "Channels.h"

using namespace mlir;
using namespace mv;
using namespace mv::gpu;

int64_t mv::gpu::accessLanes(int64_t count, int64_t step, Type element, int64_t pieceStep) {
  constexpr int64_t kAccessBits = 128;
  int64_t together = pieceStep == kPieceChannels ? count : std::min(count, kPieceChannels);
  int64_t lanes = std::min<int64_t>(together, kAccessBits / element.getIntOrFloatBitWidth());
  while (step % lanes != 0)
    lanes /= 2;
  return lanes;
}

Value mv::gpu::channelAt(KernelBuilder &b, Value channel, int64_t index, int64_t pieceStep) {
  return b.plus(channel, index / kPieceChannels * pieceStep + index % kPieceChannels);
}

SmallVector<Value> mv::gpu::loadChannels(KernelBuilder &b, const Buffer &buffer, Value base, Value channel,
                                         int64_t count, int64_t pieceStep) {
  int64_t stored = buffer.type.isDynamicDim(0) ? buffer.stored.channels : buffer.stored.sizes.back();
  int64_t lanes = accessLanes(count, stored, buffer.stored.element, pieceStep);
  SmallVector<Value> values;
  for (int64_t first = 0; first < count; first += lanes) {
    Value at = channelAt(b, channel, first, pieceStep);
    if (stored % channelsAround(count, pieceStep) != 0)
      at = b.smaller(at, b.index(stored - lanes));
    Value loaded = b.toF32(b.load(buffer.memory, b.plus(base, at), buffer.stored.element, lanes));
    for (int64_t lane = 0; lane < lanes; ++lane)
      values.push_back(b.extract(loaded, lane));
  }
  return values;
}
