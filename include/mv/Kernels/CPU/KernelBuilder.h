//===- KernelBuilder.h - What all CPU kernel emitters build with ----*- C++ -*-===//
//
// A kernel family writes its loops with a KernelBuilder, which knows the target, makes phase functions with
// the signature of Emitter.h, and collects what the package has to know.
//
// Every buffer is a one-dimensional memref of f32, whatever its tensor's rank: addresses are sums of element
// offsets. That keeps the address arithmetic in sight (a halo, a padded channel stride and a packed panel are
// all just strides) and gives LLVM one index per access, whose constant part goes into the instruction.
//
//     KernelBuilder b(kernel, target, module);
//     b.beginPhase();
//     b.forEachWorkgroup([&](Value workgroup) {
//       Value sum = b.loop(b.index(0), b.index(64), b.target.lanes, {b.splat(0.0)}, [&](Value k, ValueRange
//       carried) {
//         return SmallVector<Value>{b.add(carried[0], b.loadVector(b.input(0), b.index(0), k))};
//       })[0];
//       ...
//     });
//     b.endPhase(/*items=*/196, /*group=*/14, /*multiplier=*/1);
//     return b.finish();
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_CPU_KERNELBUILDER_H
#define MV_KERNELS_CPU_KERNELBUILDER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mv/Kernels/CPU/Emitter.h"
#include "mv/Kernels/Common/IndexBuilder.h"

namespace mv::cpu {

/// A kernel's input or result as a phase function sees it.
struct Buffer {
  mlir::Value memory;          ///< memref<N x f32>; of a picture memref<N x i8>
  mlir::RankedTensorType type; ///< As stored: with layout or packing.
  StoredShape stored;

  int64_t channels() const { return type.getShape().back(); }
};

class KernelBuilder : public IndexBuilder {
public:
  KernelBuilder(plan::KernelOp kernel, const Target &target, mlir::ModuleOp module);

  plan::KernelOp kernel;
  mlir::Block &body;
  const Target &target;

  //===--------------------------------------------------------------------===//
  // Phases
  //===--------------------------------------------------------------------===//

  /// Starts the next phase function; the builder then inserts into it.
  void beginPhase();

  /// A loop over the workgroups [begin, end) of the phase.
  void forEachWorkgroup(llvm::function_ref<void(mlir::Value workgroup)> emit);

  /// The same for work that the workgroups of one call share, such as rows in scratch memory: `carried` holds
  /// index values that survive from one workgroup to the next, -1 at first.
  void
  forEachWorkgroup(unsigned carried,
                   llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value, mlir::ValueRange)> emit);

  /// Ends the phase, which runs on ceil(batch items / group) multiplier workgroups.
  void endPhase(int64_t items, int64_t group, int64_t multiplier);

  /// What the package needs to know of all phases.
  plan::ImplementationAttr finish();

  mlir::Value batch() { return function.getArgument(firstIndexArgument()); }

  /// The buffer of a kernel's input, given by number or by the block argument that stands for it in the body.
  Buffer input(unsigned index) { return bufferOf(index, inputType(index)); }
  Buffer input(mlir::Value argument) {
    return input(mlir::cast<mlir::BlockArgument>(argument).getArgNumber());
  }
  Buffer result(unsigned index = 0) { return bufferOf(numInputs() + index, resultType(index)); }

  /// memref<N x f32>; image i has [i * workspaceElements(), (i + 1) * workspaceElements()).
  mlir::Value workspace() { return function.getArgument(numInputs() + numResults()); }
  int64_t workspaceElements() { return kernel.getWorkspace() / 4; }

  unsigned numInputs() { return kernel.getFunctionType().getNumInputs(); }
  unsigned numResults() { return kernel.getFunctionType().getNumResults(); }
  mlir::RankedTensorType inputType(unsigned index);
  mlir::RankedTensorType resultType(unsigned index);

  /// A part of the worker's scratch memory, aligned to 64 bytes: memref<`elements` x f32>. Its contents
  /// survive from workgroup to workgroup within one call of the phase function, not longer.
  mlir::Value allocateScratch(int64_t elements);

  //===--------------------------------------------------------------------===//
  // Scalars and vectors of target.lanes elements
  //===--------------------------------------------------------------------===//

  mlir::VectorType vectorType() { return mlir::VectorType::get({target.lanes}, getF32Type()); }
  mlir::Value constant(double value);
  mlir::Value splat(double value);
  mlir::Value broadcast(mlir::Value scalar);

  mlir::Value add(mlir::Value a, mlir::Value b);
  mlir::Value sub(mlir::Value a, mlir::Value b);
  mlir::Value mul(mlir::Value a, mlir::Value b);
  mlir::Value div(mlir::Value a, mlir::Value b);
  /// a * b + c, scalars or vectors; rounded once where the target can.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  /// The larger of two numbers, in one instruction; NaN in `a` stays NaN.
  mlir::Value maximum(mlir::Value a, mlir::Value b);

  /// Sum (maximum) over the lanes, pairwise: the order is given by the lanes alone.
  mlir::Value sumLanes(mlir::Value vector);
  mlir::Value maximumLanes(mlir::Value vector);

  mlir::Value loadScalar(mlir::Value memory, mlir::Value offset);
  void storeScalar(mlir::Value scalar, mlir::Value memory, mlir::Value offset);
  mlir::Value load(mlir::Value memory, mlir::Value offset);
  void store(mlir::Value vector, mlir::Value memory, mlir::Value offset);

  /// The lanes that are below `channels`, for a vector that begins at `channel`; may be none.
  mlir::Value lanesBelow(mlir::Value channel, int64_t channels);
  /// The same for a `channel` that is a multiple of the lanes and below `channels`; null when all lanes are,
  /// always.
  mlir::Value channelMask(mlir::Value channel, int64_t channels);
  /// `vector` with zeros where `mask` (may be null) is false.
  mlir::Value zeroOutside(mlir::Value mask, mlir::Value vector);

  /// Channels [channel, channel + lanes) of the position or row that begins at `base`. Where storage is
  /// padded to whole vectors, what lies there (zeros); else zeros beyond the last channel, and no access
  /// beyond it.
  mlir::Value loadVector(const Buffer &buffer, mlir::Value base, mlir::Value channel);
  /// Stores a vector of channels likewise: zeros into the padding channels, nothing beyond what is stored.
  void storeVector(mlir::Value vector, const Buffer &buffer, mlir::Value base, mlir::Value channel);

  /// Zeros in [offset, offset + count), count static.
  void fillZeros(mlir::Value memory, mlir::Value offset, int64_t count);

private:
  unsigned firstIndexArgument() { return numInputs() + numResults() + (kernel.getWorkspace() > 0 ? 1 : 0); }
  Buffer bufferOf(unsigned argument, mlir::RankedTensorType type);
  mlir::Value reduceLanes(mlir::Value vector,
                          llvm::function_ref<mlir::Value(mlir::Value, mlir::Value)> combine);

  mlir::ModuleOp module;
  mlir::func::FuncOp function;
  llvm::SmallVector<plan::PhaseAttr> phases;
  int64_t scratchBytes = 0;    ///< Of the current phase.
  int64_t maxScratchBytes = 0; ///< Of all phases.
};

} // namespace mv::cpu

#endif // MV_KERNELS_CPU_KERNELBUILDER_H
