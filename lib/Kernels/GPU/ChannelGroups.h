//===- ChannelGroups.h - One thread, some channels ------------------*- C++ -*-===//
//
// What kernels without a matrix product share: a thread computes and stores some neighbouring channels of a position, 16
// bytes of the widest elements.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_GPU_CHANNELGROUPS_H
#define MV_LIB_KERNELS_GPU_CHANNELGROUPS_H

#include "Channels.h"
#include "mv/Kernels/GPU/Epilogue.h"

namespace mv::gpu {

/// Channels of a thread: eight where a kernel's inputs and results are all of 16 bits, else four.
int64_t groupChannels(KernelBuilder &b);

using Values = llvm::SmallVector<mlir::Value>;
/// The values of the group's channels from `channel` on, of row `row` (y * X + x) of `image`.
using ComputeGroup = llvm::function_ref<Values(mlir::Value image, mlir::Value row, mlir::Value channel)>;

/// Offset of channel 0 of a position of an input.
mlir::Value rowOffset(KernelBuilder &b, mlir::Value activation, mlir::Value image, mlir::Value row);

/// Emits a launch whose threads go through all groups of channels of `rows` positions an image.
void emitChannelGroups(KernelBuilder &b, mlir::Value root, int64_t rows, ComputeGroup compute);

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_CHANNELGROUPS_H
