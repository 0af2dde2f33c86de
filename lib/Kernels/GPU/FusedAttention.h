//===- FusedAttention.h - Attention with the product in front of it --*- C++ -*-===//
//
// One block computes one head of one window: first the head's queries, keys and values from all the window's tokens,
// then attention on them. Queries stay in registers, keys and values in shared memory; q, k and v never are in global
// memory.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_GPU_FUSEDATTENTION_H
#define MV_LIB_KERNELS_GPU_FUSEDATTENTION_H

#include "AttentionCore.h"

namespace mv::gpu {

/// `op`'s input is the result of a linear or norm_linear on an input of the kernel, and canFuseAttention says yes.
mlir::LogicalResult emitFusedAttention(KernelBuilder &b, AttentionOp op);

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_FUSEDATTENTION_H
