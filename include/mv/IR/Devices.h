//===- Devices.h - Where an entry point's function runs -------------*- C++ -*-===//
//
// `mv-select-devices` makes one function of each entry point for every kind of device and says in the
// function's attributes which it is for. A function without them is for CPUs and computes in f32.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IR_DEVICES_H
#define MV_IR_DEVICES_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Types.h"

namespace mv {

inline constexpr llvm::StringLiteral kDeviceAttribute = "mv.device"; ///< "cuda"
inline constexpr llvm::StringLiteral kDTypeAttribute = "mv.dtype";   ///< "f16", "bf16", "tf32", "f32"
inline constexpr llvm::StringLiteral kNameAttribute = "mv.name"; ///< The entry point's name in the package.
/// Of a module of kernels: the instruction set or architecture that they are made for.
inline constexpr llvm::StringLiteral kTargetAttribute = "mv.target";

/// The types that products can be computed in.
inline constexpr llvm::StringLiteral kDTypes[] = {"f16", "bf16", "tf32", "f32"};

/// "cpu" or "cuda", for a function or any op in it.
llvm::StringRef getDevice(mlir::Operation *op);
/// What the function's products multiply.
llvm::StringRef getDType(mlir::Operation *op);
inline bool isForCUDA(mlir::Operation *op) { return getDevice(op) == "cuda"; }

/// The type that products of `dtype` round their operands to: f16, bf16, tf32 or f32.
mlir::Type getOperandType(mlir::MLIRContext *context, llvm::StringRef dtype);
/// The type that activations of the function are stored in: f16, bf16 or f32.
mlir::Type getStorageType(mlir::Operation *op);

} // namespace mv

#endif // MV_IR_DEVICES_H
