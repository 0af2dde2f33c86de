//===- Families.h - The kernel families of the CPU ------------------*- C++ -*-===//
//
// One function a family. It emits all phases of the builder's kernel; what it cannot take it refuses with a
// diagnostic at the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_CPU_FAMILIES_H
#define MV_LIB_KERNELS_CPU_FAMILIES_H

#include "mv/Kernels/CPU/KernelBuilder.h"

namespace mv::cpu {

mlir::LogicalResult emitAttention(KernelBuilder &b);
mlir::LogicalResult emitConv1D(KernelBuilder &b);
mlir::LogicalResult emitConv2D(KernelBuilder &b);
mlir::LogicalResult emitLayerNorm(KernelBuilder &b);
mlir::LogicalResult emitLinear(KernelBuilder &b);
mlir::LogicalResult emitPointwise(KernelBuilder &b);
mlir::LogicalResult emitPool(KernelBuilder &b);
mlir::LogicalResult emitSelectiveScan(KernelBuilder &b);

/// Workspace of the families that use one, bytes for one image.
int64_t getAttentionWorkspaceBytes(mlir::Block &body);
int64_t getSelectiveScanWorkspaceBytes(mlir::Block &body);

} // namespace mv::cpu

#endif // MV_LIB_KERNELS_CPU_FAMILIES_H
