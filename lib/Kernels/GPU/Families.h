//===- Families.h - The kernel families of GPUs ---------------------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_GPU_FAMILIES_H
#define MV_LIB_KERNELS_GPU_FAMILIES_H

#include "mv/Kernels/GPU/KernelBuilder.h"

namespace mv::gpu {

// Each emits all variants of the builder's kernel, or fails with a diagnostic at the kernel.
mlir::LogicalResult emitAttention(KernelBuilder &b);
mlir::LogicalResult emitConv1D(KernelBuilder &b);
mlir::LogicalResult emitConv2D(KernelBuilder &b);
mlir::LogicalResult emitLayerNorm(KernelBuilder &b);
mlir::LogicalResult emitLinear(KernelBuilder &b);
mlir::LogicalResult emitPointwise(KernelBuilder &b);
mlir::LogicalResult emitPool(KernelBuilder &b);
mlir::LogicalResult emitSelectiveScan(KernelBuilder &b);
/// A conv2d that reads the image, its mv.to_nhwc or mv.normalize included.
mlir::LogicalResult emitStem(KernelBuilder &b);

/// Outputs that a block of the stem computes, of so many: the width of the panels its weights are packed in.
int64_t getStemOutputs(int64_t outputs);

int64_t getSelectiveScanWorkspaceBytes(mlir::Block &body, DType dtype);
/// `root`: a linear, norm_linear or conv2d.
int64_t getProductWorkspaceBytes(mlir::Operation *root, DType dtype);

} // namespace mv::gpu

#endif // MV_LIB_KERNELS_GPU_FAMILIES_H
