//===- Emitter.h - From a kernel's region to CPU functions ----------*- C++ -*-===//
//
// A kernel family's emitter turns a plan.kernel into one function per phase, in upstream dialects (func, scf,
// arith, math, vector, memref), for one instruction set. A phase function has the signature
//
//     func.func @NAME(memref per input, memref per result, [memref of the workspace],
//                     %batch: index, %begin: index, %end: index, %scratch: memref<BYTES x i8>)
//
// and computes the workgroups [begin, end) of its grid; which workgroup does what is the emitter's business.
// Buffers are raw pointers at run time (bare-pointer calling convention), so memref types are static with an
// identity layout; where the batch leads, a nominal size stands for it. All pointers are aligned to 64 bytes;
// slices of the arena are followed by at least 64 readable bytes.
//
// An element of an image depends on nothing but that image: not on the batch, the ranges or the number of
// threads.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_CPU_EMITTER_H
#define MV_KERNELS_CPU_EMITTER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mv/IR/PlanDialect.h"

namespace mv::cpu {

/// An instruction set the compiler makes code for.
struct Target {
  llvm::StringRef
      name;      ///< x86-64, x86-64-v3 (AVX2, FMA), x86-64-v4 (AVX-512): LLVM's -mcpu and the package's name
  int64_t lanes; ///< f32 lanes of a vector register
  int64_t registers;        ///< vector registers
  bool hasFMA;              ///< a * b + c in one instruction
  llvm::StringRef features; ///< further LLVM features
};

/// From the most to the least capable.
llvm::ArrayRef<Target> getTargets();

//===----------------------------------------------------------------------===//
// Decisions that do not depend on the instruction set
//===----------------------------------------------------------------------===//

/// Bytes for one image that live during a dispatch, shared by its phases; 0 for most kernels. `body` is the
/// block of an mv.kernel or a plan.kernel.
int64_t getWorkspaceBytes(mlir::Block &body);

/// How input `index` of a kernel, a parameter, is to be packed; null: dense. The same for every instruction
/// set, so that a package holds each parameter once.
PackedAttr getParameterPacking(mlir::Block &body, unsigned index);

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

/// Emits `kernel` for `target` into `module` (functions named after the kernel) and returns what the package
/// needs to know. Fails with a diagnostic at the kernel when no family takes it.
mlir::FailureOr<plan::ImplementationAttr> emitKernel(plan::KernelOp kernel, const Target &target,
                                                     mlir::ModuleOp module);

} // namespace mv::cpu

#endif // MV_KERNELS_CPU_EMITTER_H
