//===- Channels.h - Loads of neighbouring channels ------------------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_GPU_CHANNELS_H
#define MV_LIB_KERNELS_GPU_CHANNELS_H

#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

/// The channels of a thread come in pieces of four, 16 bytes of f32. Where threads load 16 bytes at a time and have eight
/// channels each, two neighbours exchange pieces: a thread has every other one, so that together they have a sector.
inline constexpr int64_t kPieceChannels = 4;

/// The most neighbouring elements that one access may take where channels begin at multiples of `count` and positions
/// lie `step` elements apart; `pieceStep`: as of channelAt.
int64_t accessLanes(int64_t count, int64_t step, mlir::Type element, int64_t pieceStep = kPieceChannels);

/// Of a thread's channels from `channel` on, whose pieces begin `pieceStep` apart (kPieceChannels: they are neighbours):
/// number `index`, and how many channels they are of a whole of.
mlir::Value channelAt(KernelBuilder &b, mlir::Value channel, int64_t index, int64_t pieceStep);
inline int64_t channelsAround(int64_t count, int64_t pieceStep) {
  return pieceStep == kPieceChannels ? count : count / kPieceChannels * pieceStep;
}

/// Channels [channel, channel + count) of the position or row that begins at `base`, as f32, in the widest accesses that
/// the layout allows; those beyond what is stored are anything. `channel` is a multiple of `count` (1, 2, 4 or 8), or of
/// a piece where these are apart.
llvm::SmallVector<mlir::Value> loadChannels(KernelBuilder &b, const Buffer &buffer, mlir::Value base,
                                            mlir::Value channel, int64_t count,
                                            int64_t pieceStep = kPieceChannels);

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_CHANNELS_H
