//===- Passes.h - From plan.kernel to machine code ------------------*- C++ -*-===//

#ifndef MV_KERNELS_CODEGEN_PASSES_H
#define MV_KERNELS_CODEGEN_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mv {

namespace gpu {
class Tuning;
} // namespace gpu

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "mv/Kernels/CodeGen/Passes.h.inc"

/// With tiles that were measured; null: none. It must outlive the pass.
std::unique_ptr<mlir::Pass> createEmitGPUKernelsPass(EmitGPUKernelsPassOptions options, gpu::Tuning *tuning);

} // namespace mv

#endif // MV_KERNELS_CODEGEN_PASSES_H
