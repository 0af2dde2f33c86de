//===- Passes.h - The passes of the fusion stage --------------------*- C++ -*-===//
//
// From coarse model ops to kernel regions. Each pass is described in Passes.td; lib/Pipeline orders them.
//
//===----------------------------------------------------------------------===//

#ifndef MV_FUSION_PASSES_H
#define MV_FUSION_PASSES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"
#include "mv/IR/MVDialect.h"

namespace mv {

#define GEN_PASS_DECL
#include "mv/Fusion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mv/Fusion/Passes.h.inc"

} // namespace mv

#endif // MV_FUSION_PASSES_H
