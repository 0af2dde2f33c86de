//===- RowPhase.h - A phase over the positions of all images --------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_CPU_ROWPHASE_H
#define MV_LIB_KERNELS_CPU_ROWPHASE_H

#include "mv/Kernels/CPU/Epilogue.h"

namespace mv::cpu {

/// A whole phase in which `emit` handles position `row` of `rows` of an image, all independent, by way of
/// `epilogue`. `elements`: about how many elements a row touches, which decides how many rows a workgroup
/// takes.
void emitRowPhase(KernelBuilder &b, Epilogue &epilogue, int64_t rows, int64_t elements,
                  llvm::function_ref<void(mlir::Value image, mlir::Value row)> emit);

/// Hands channels of one row to the epilogue, vector by vector.
void emitRow(KernelBuilder &b, Epilogue &epilogue, mlir::Value image, mlir::Value row,
             llvm::function_ref<mlir::Value(mlir::Value channel)> emit);

} // namespace mv::cpu

#endif // MV_LIB_KERNELS_CPU_ROWPHASE_H
