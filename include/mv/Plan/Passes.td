//===- Passes.td - The passes of the plan stage ---------------------*- tablegen -*-===//

#ifndef MV_PLAN_PASSES_TD
#define MV_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def Plan : Pass<"mv-plan", "::mlir::ModuleOp"> {
  let summary = "Turns functions of kernels into entry points that dispatch them on slices of an arena";
  let description = [{
    Every function with the attribute `mv.entry` becomes a `plan.entry`. A parameter, or an expression on parameters, that
    kernels read becomes one `plan.parameter`, whoever reads it, at whatever resolution; equal kernels become one
    `plan.kernel`. A value lives from the dispatch that writes it to the last that reads it; values whose lives do not
    touch may share memory (see Arena.h). Results are the caller's buffers, and may be read by later kernels.

    - Needs: functions as mv-verify-fused describes them.
    - Leaves: `plan` ops. Kernels that need a workspace have its size from `PlanOptions`.
    - Skips: functions without `mv.entry`, which mv-verify-plan then names.
    - Example: test/Plan/plan.mlir
  }];
  let dependentDialects = ["::mv::MVDialect", "::mv::plan::PlanDialect"];
}

def VerifyPlan : Pass<"mv-verify-plan", "::mlir::ModuleOp"> {
  let summary = "Checks that a plan can be run, and names all that cannot";
  let description = [{
    - (P1) A module holds parameters, kernels and entry points, besides modules of code.
    - (P2) What a dispatch reads was written before, and not overwritten since; results and workspace overlap nothing that
      is still needed, nor each other.
    - (P3) Every output is written once.
    - (P4) A workspace is as large as the kernel says.
    - (P5) Every parameter and kernel is used.
    - Example: test/Plan/verify-plan.mlir
  }];
}

#endif // MV_PLAN_PASSES_TD
