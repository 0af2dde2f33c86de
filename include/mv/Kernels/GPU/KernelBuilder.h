//===- KernelBuilder.h - What all GPU kernel emitters build with ----*- C++ -*-===//
//
// A kernel family writes one gpu.func after another with a KernelBuilder, which knows the target, makes the
// functions with the signature of Emitter.h, and collects what the package has to know.
//
// Memory is an !llvm.ptr<1> (global) or !llvm.ptr<3> (shared) and an offset in elements. Integers are `index`,
// which is 32 bits wide in GPU code: offsets within one buffer stay below 2^31 elements, which the runtime checks.
//
//     KernelBuilder b(kernel, target, module, tuning);
//     b.beginVariant(/*batch=*/1);
//     b.beginLaunch(/*threads=*/128);
//     Value tile = b.allocateShared(4096);                    // before its first use
//     Value row = b.plus(b.times(b.block(), 4), b.warp());
//     b.when(b.isLess(row, b.times(b.batch(), 196)), [&] { ... });
//     b.endLaunch(/*items=*/196, /*group=*/4, /*multiplier=*/1);
//     return b.finish();
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_KERNELBUILDER_H
#define MV_KERNELS_GPU_KERNELBUILDER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mv/Kernels/Common/IndexBuilder.h"
#include "mv/Kernels/GPU/Emitter.h"

namespace mv::gpu {

/// A kernel's input or result as a function sees it.
struct Buffer {
  mlir::Value memory;          ///< !llvm.ptr<1>
  mlir::RankedTensorType type; ///< As stored: with layout or packing.
  StoredShape stored;          ///< With `stored.element`, the type in memory.

  int64_t channels() const { return type.getShape().back(); }
};

class KernelBuilder : public IndexBuilder {
public:
  KernelBuilder(plan::KernelOp kernel, const Target &target, mlir::gpu::GPUModuleOp module, Tuning *tuning);

  plan::KernelOp kernel;
  mlir::Block &body;
  const Target &target;
  DType dtype;
  Tuning *tuning; ///< What was measured on the target, or null.

  //===--------------------------------------------------------------------===//
  // Functions
  //===--------------------------------------------------------------------===//

  /// What follows is launched from a batch of `batch` on, up to the next variant's. The first has 1.
  void beginVariant(int64_t batch);
  /// Starts the next function; the builder then inserts into it.
  void beginLaunch(int64_t threads);
  /// How many blocks of the launch a multiprocessor is to hold: ptxas by itself has more of them in view, and rather spills
  /// a few registers.
  void keepResident(int64_t blocks);
  /// Ends the function, which runs on ceil(batch items / group) multiplier blocks.
  void endLaunch(int64_t items, int64_t group, int64_t multiplier);
  /// What the package needs to know of all variants.
  plan::GPUImplementationAttr finish();

  mlir::Value batch();
  mlir::Value block();  ///< Of the grid.
  mlir::Value thread(); ///< Of the block.
  mlir::Value warp();   ///< thread / 32, uniform over a warp (by a shuffle, so that the compiler knows).
  mlir::Value lane();   ///< thread % 32
  int64_t threadsABlock() const { return threads; }
  /// Reads the five above again: what is derived from them from here on is computed anew, and not kept in registers through
  /// the loop before.
  void readPlaceAgain();

  /// The buffer of a kernel's input, given by number or by the block argument that stands for it in the body.
  Buffer input(unsigned index);
  Buffer input(mlir::Value argument);
  Buffer result(unsigned index = 0);
  /// !llvm.ptr<1>; image i has [i * kernel.getWorkspace(), ...) bytes.
  mlir::Value workspace();

  unsigned numInputs() { return kernel.getFunctionType().getNumInputs(); }
  unsigned numResults() { return kernel.getFunctionType().getNumResults(); }

  /// A part of the block's dynamic shared memory, aligned to 128 bytes: !llvm.ptr<3>.
  mlir::Value allocateShared(int64_t bytes);
  /// Bytes allocated so far, and a way to let what comes later share the memory of what is dead.
  int64_t sharedBytes() const;
  void releaseShared(int64_t bytes);

  void barrier(); ///< Of the block.
  /// Of the `threads` threads, whole warps, that call it with the same number from 0 to 14.
  void barrier(mlir::Value group, int64_t threads);
  /// The lanes of a warp wait for each other, and see each other's stores.
  void syncWarp();

  //===--------------------------------------------------------------------===//
  // Blocks that wait for each other's results
  //===--------------------------------------------------------------------===//

  /// Counters of the current function, i32 each, zero when the code is loaded: !llvm.ptr<1>. Like the arena, they are for
  /// one launch at a time, which must leave zeros.
  mlir::Value allocateCounters(int64_t count);
  /// Counts one up, atomically, and from `last` to zero; what it was before, an i32.
  mlir::Value countUp(mlir::Value counters, mlir::Value index, int64_t last);
  void fence(); ///< Between memory accesses, as all blocks see them.

  //===--------------------------------------------------------------------===//
  // Memory: `offset` in elements of `element`, from a pointer to global or shared memory
  //===--------------------------------------------------------------------===//

  mlir::Value address(mlir::Value pointer, mlir::Value offset, mlir::Type element);
  /// One element, or `lanes` in one access (1, 2, 4, 8: at most 16 bytes, aligned to their size). Always in the
  /// type of memory: convert with toF32.
  mlir::Value load(mlir::Value pointer, mlir::Value offset, mlir::Type element, int64_t lanes = 1);
  void store(mlir::Value value, mlir::Value pointer, mlir::Value offset, int64_t lanes = 1);
  /// f16 or bf16 scalars and vectors to f32 and back, rounding to nearest even; nothing for f32.
  mlir::Value toF32(mlir::Value value);
  mlir::Value fromF32(mlir::Value value, mlir::Type element);
  /// Scalars to and from vectors.
  mlir::Value extract(mlir::Value vector, int64_t lane);
  mlir::Value pack(mlir::ValueRange scalars);

  /// Copies 16 bytes from global to shared memory asynchronously, past the first-level cache. `exists` (null: always):
  /// where false nothing is read and zeros are written.
  void copyAsync(mlir::Value shared, mlir::Value global, mlir::Value exists = nullptr);
  void commitCopies();
  void waitCopies(int64_t groupsInFlight);

  /// ldmatrix of 8x8 matrices of 16-bit elements (of 8x4 32-bit ones). `address`: this lane's row of 16 bytes in shared
  /// memory.
  /// `count`: 1, 2 or 4 matrices, an i32 each.
  llvm::SmallVector<mlir::Value> loadMatrix(mlir::Value address, int64_t count, bool transpose = false);
  /// m16n8k16 (f16, bf16) or m16n8k8 (tf32) on registers as loadMatrix returns them (i32 each: 4 of A, 2 of B) and four f32
  /// accumulators; for F32, three tf32 products of split operands, accurate to f32.
  llvm::SmallVector<mlir::Value> multiply(mlir::ValueRange a, mlir::ValueRange b,
                                          mlir::ValueRange accumulators);
  /// K of one `multiply`: 16 or 8 elements, always 32 bytes.
  int64_t depth() const { return 32 / getBytes(dtype); }

  //===--------------------------------------------------------------------===//
  // f32 scalars
  //===--------------------------------------------------------------------===//

  mlir::Value constant(double value);
  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value maximum(mlir::Value a, mlir::Value b);
  mlir::Value exp2(mlir::Value a);       ///< ex2.approx
  mlir::Value reciprocal(mlir::Value a); ///< rcp.approx
  mlir::Value rsqrt(mlir::Value a);

  /// Over the lanes of groups of `width` (a power of two, 32: the warp), by xor shuffles: every lane gets the result.
  mlir::Value sumLanes(mlir::Value value, int64_t width = 32);
  mlir::Value maximumLanes(mlir::Value value, int64_t width = 32);
  mlir::Value shuffleXor(mlir::Value value, int64_t mask);
  mlir::Value shuffleUp(mlir::Value value, int64_t distance);
  mlir::Value shuffleFrom(mlir::Value value, mlir::Value lane);

private:
  using Values = llvm::SmallVector<mlir::Value>;

  mlir::Value callIntrinsic(llvm::StringRef name, mlir::Type result, mlir::ValueRange operands);
  mlir::Value shuffle(mlir::Value value, mlir::Value offset, mlir::NVVM::ShflKind kind, int64_t clamp);
  Values multiplyOnce(mlir::ValueRange a, mlir::ValueRange b, mlir::ValueRange accumulators);
  Values unpack(mlir::Value structure, int64_t count);
  void finishVariant();
  void findWarp();

  mlir::gpu::GPUModuleOp module;
  mlir::gpu::GPUFuncOp function;
  int64_t threads = 0;
  int64_t sharedNow = 0, sharedMost = 0; ///< Of the current function.
  mlir::Value batchValue, blockValue, threadValue, warpValue, laneValue;
  int64_t variantBatch = 0;
  llvm::SmallVector<plan::LaunchAttr> launches; ///< Of the current variant.
  bool usesWorkspace = false;                   ///< The current variant.
  llvm::SmallVector<plan::VariantAttr> variants;
};

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_KERNELBUILDER_H
