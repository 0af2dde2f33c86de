//===- Emitter.h - From a kernel's region to GPU functions ----------*- C++ -*-===//
//
// A kernel family's emitter turns a plan.kernel into gpu.func kernels, in the dialects gpu, nvvm, scf, arith,
// math, vector and llvm, for one architecture. A function has the signature
//
//     gpu.func @NAME(!llvm.ptr<1> per input, per result, [of the workspace], %batch: i32) kernel
//
// and runs on a one-dimensional grid; which block does what is the emitter's business. Types of arguments are those
// of plan.kernel's function type: an activation [B, ...] lies image behind image, each as its #mv.layout says
// (halo, channel stride, element); parameters lie as their #mv.packed says. All pointers are aligned to 256 bytes.
//
// Invariants between kernels: halos and padding channels hold zeros, which the kernel that writes an activation
// stores. No memory is read that nobody wrote, and none outside a buffer.
//
// An element of an image depends on nothing but that image: the order of every sum is given by the layer's shape
// alone, not by the batch, the variant or the grid.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_EMITTER_H
#define MV_KERNELS_GPU_EMITTER_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mv/IR/PlanDialect.h"

#include <optional>

namespace mv::gpu {

/// What the matrix units multiply. Activations and weights are stored as f16, bf16, f32 and f32.
enum class DType { F16, BF16, TF32, F32 };

std::optional<DType> parseDType(llvm::StringRef name);
llvm::StringRef getName(DType dtype);
/// Of activations and weights in memory.
mlir::Type getStorageType(mlir::MLIRContext *context, DType dtype);
inline int64_t getBytes(DType dtype) { return dtype == DType::F16 || dtype == DType::BF16 ? 2 : 4; }

/// An architecture the compiler makes code for, and the chip whose numbers decide tiles.
struct Target {
  llvm::StringRef name; ///< sm_80: LLVM's -mcpu, ptxas' -arch and the package's name.
  int64_t capability;   ///< 80
  llvm::StringRef ptx;  ///< The PTX version, as an LLVM feature: +ptx80.
  int64_t multiprocessors;
  int64_t sharedBytes;      ///< Of a multiprocessor.
  int64_t blockSharedBytes; ///< That one block may have.
};

/// Every architecture, by rising capability: sm_80, sm_86, sm_87, sm_89, sm_90, sm_100, sm_120.
llvm::ArrayRef<Target> getTargets();
const Target *findTarget(llvm::StringRef name);

/// The architecture whose PTX `target` runs: the first of those for which LLVM makes the same code of a kernel. What the
/// kernel is, its tiles for instance, is decided for each target all the same.
const Target &getCodeTarget(const Target &target);

/// Dynamic shared memory that every target's blocks can have, so that sm_80 code runs anywhere.
inline constexpr int64_t kMaxShared = 99 * 1024;

//===----------------------------------------------------------------------===//
// Decisions that do not depend on the architecture
//===----------------------------------------------------------------------===//

/// Bytes for one image that live during a dispatch, shared by its launches; 0 for most kernels. `body` is the
/// block of an mv.kernel or a plan.kernel.
int64_t getWorkspaceBytes(mlir::Block &body, DType dtype);

/// How input `index` of a kernel, a parameter, is to be packed: matrices of products `rows` in the storage type,
/// 64 elements wide; everything else `vector` or `columns` in f32. Null: dense f32.
PackedAttr getParameterPacking(mlir::Block &body, unsigned index, DType dtype);

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

class Tuning;

/// Emits `kernel` for `target` into `module` (functions named after the kernel) and returns what the package
/// needs to know. Fails with a diagnostic at the kernel when no family takes it. `tuning` may be null.
mlir::FailureOr<plan::GPUImplementationAttr> emitKernel(plan::KernelOp kernel, const Target &target,
                                                        mlir::gpu::GPUModuleOp module, Tuning *tuning);

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_EMITTER_H
