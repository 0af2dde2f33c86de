//===- KernelRunner.h - Runs one kernel on plain tensors ------------*- C++ -*-===//
//
// Compiles a plan.kernel for one instruction set and runs its phases over workgroups dealt out in small
// ranges, as the runtime would. Tensors go in and come out dense, one float an element; the runner lays them
// out as the kernel's type says. Memory outside of a buffer's tensor, the workspace and the scratch memory
// are NaN before, so that what is read too early shows in the result, and what is written too far is found.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TEST_UNIT_KERNELS_KERNELRUNNER_H
#define MV_TEST_UNIT_KERNELS_KERNELRUNNER_H

#include "JIT.h"
#include "mv/Kernels/CPU/Emitter.h"

#include <vector>

namespace mv::test {

using Floats = std::vector<float>;

/// Reproducible values in [-scale, scale].
Floats randomFloats(size_t count, unsigned seed, float scale = 1);

/// max |a - b| / max |b|
double relativeError(const Floats &actual, const std::vector<double> &expected);

class KernelRunner {
public:
  /// `text` holds one plan.kernel, with parameters as they are before packing.
  static llvm::Expected<KernelRunner> create(llvm::StringRef text, const cpu::Target &target);

  /// Runs the kernel on `batch` images. `range`: workgroups of one call.
  llvm::Expected<Floats> run(int64_t batch, const std::vector<Floats> &inputs, int64_t range = 3);

  plan::ImplementationAttr implementation;

private:
  KernelRunner(JIT jit) : jit(std::move(jit)) {}

  JIT jit;
  std::vector<mlir::RankedTensorType> inputs;
  mlir::RankedTensorType result;
  int64_t workspace = 0; ///< Bytes for one image.
};

} // namespace mv::test

#endif // MV_TEST_UNIT_KERNELS_KERNELRUNNER_H
