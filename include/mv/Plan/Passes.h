//===- Passes.h - The passes of the plan stage ----------------------*- C++ -*-===//

#ifndef MV_PLAN_PASSES_H
#define MV_PLAN_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mv/IR/PlanDialect.h"

#include <functional>

namespace mv {

/// What the plan has to know about kernels without depending on them.
struct PlanOptions {
  /// Bytes for one image that a kernel needs while it runs, given the body of its `mv.kernel`, the device and what
  /// products multiply ("cpu" and "f32" where the function does not say); null: none do.
  std::function<int64_t(mlir::Block &, llvm::StringRef device, llvm::StringRef dtype)> getWorkspaceBytes;
};

/// `mv-plan` with options; the generated `createPlan()` is the same with none.
std::unique_ptr<mlir::Pass> createPlanPass(PlanOptions options);

#define GEN_PASS_DECL
#include "mv/Plan/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mv/Plan/Passes.h.inc"

} // namespace mv

#endif // MV_PLAN_PASSES_H
