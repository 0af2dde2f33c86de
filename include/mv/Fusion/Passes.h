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

#include <functional>

namespace mv {

/// What the fusion of attention has to know about kernels without depending on them.
struct AttentionFusionOptions {
  /// Whether there is a kernel that computes q, k and v of this attention itself, for a dtype; null: there is.
  std::function<bool(AttentionOp, llvm::StringRef dtype)> canFuse;
};

/// `mv-fuse-attention-input` with options; the generated `createFuseAttentionInput()` is the same with none.
std::unique_ptr<mlir::Pass> createFuseAttentionInputPass(AttentionFusionOptions options);

#define GEN_PASS_DECL
#include "mv/Fusion/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mv/Fusion/Passes.h.inc"

} // namespace mv

#endif // MV_FUSION_PASSES_H
