//===- KernelNames.h - Readable names for kernels -------------------*- C++ -*-===//

#ifndef MV_PLAN_KERNELNAMES_H
#define MV_PLAN_KERNELNAMES_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Location.h"

#include <string>

namespace mv {

/// A name that says what the kernel with this body does and on which shape: conv2d_3x3_56x56x80_gelu,
/// layer_norm_linear_m196_k320_n1280_gelu. Letters, digits and underscores; different kernels may get the
/// same.
std::string getKernelName(mlir::Block &body);

/// The part of the model a location names (levels.2.blocks.3.mixer.scan): the first name in it; empty without
/// one.
llvm::StringRef getPartName(mlir::Location location);

} // namespace mv

#endif // MV_PLAN_KERNELNAMES_H
