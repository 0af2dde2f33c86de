//===- Passes.h - From plan.kernel to machine code ------------------*- C++ -*-===//

#ifndef MV_KERNELS_CODEGEN_PASSES_H
#define MV_KERNELS_CODEGEN_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace mv {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "mv/Kernels/CodeGen/Passes.h.inc"

} // namespace mv

#endif // MV_KERNELS_CODEGEN_PASSES_H
