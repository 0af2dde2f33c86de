//===- Channels.h - Loads of neighbouring channels ------------------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_GPU_CHANNELS_H
#define MV_LIB_KERNELS_GPU_CHANNELS_H

#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

/// The most neighbouring elements that one access may take where channels begin at multiples of `count` and positions
/// lie `step` elements apart.
int64_t accessLanes(int64_t count, int64_t step, mlir::Type element);

/// Channels [channel, channel + count) of the position or row that begins at `base`, as f32, in the widest accesses that
/// the layout allows; those beyond what is stored are anything. `channel` is a multiple of `count` (1, 2, 4 or 8).
llvm::SmallVector<mlir::Value> loadChannels(KernelBuilder &b, const Buffer &buffer, mlir::Value base,
                                            mlir::Value channel, int64_t count);

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_CHANNELS_H
