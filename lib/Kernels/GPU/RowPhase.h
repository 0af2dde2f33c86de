//===- RowPhase.h - Kernels that go position by position ------------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_GPU_ROWPHASE_H
#define MV_LIB_KERNELS_GPU_ROWPHASE_H

#include "mv/Kernels/GPU/Epilogue.h"

namespace mv::gpu {

/// Makes `count` channels of one position, from `channel` on, in f32. A thread may be asked for channels beyond the
/// last: what it makes of them is dropped or replaced by zeros.
using EmitChannels = llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value image, mlir::Value row,
                                                                       mlir::Value channel, int64_t count)>;

/// A launch in which each thread takes some channels of one of `rows` positions of an image: those of one access to
/// the result. Neighbouring threads store neighbours.
void emitRowPhase(KernelBuilder &b, Epilogue &epilogue, int64_t rows, EmitChannels emit);

/// A variant of one launch of `threads` threads a block over blocks that take `group` of the `items` of all images.
/// `emit` gets what its block knows; gaps of the result are filled.
void emitItems(KernelBuilder &b, Epilogue &epilogue, int64_t threads, int64_t items, int64_t group,
               llvm::function_ref<void(mlir::Value lastItem)> emit);

/// Channels that one access to the result takes: 16 bytes.
int64_t channelsAThread(KernelBuilder &b);

/// Positions of an image of an activation.
int64_t countRows(mlir::Value activation);

/// Offset of channel 0 of a position of an input.
mlir::Value offsetOf(KernelBuilder &b, mlir::Value activation, mlir::Value image, mlir::Value row);

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_ROWPHASE_H
