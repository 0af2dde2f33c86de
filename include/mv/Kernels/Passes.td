//===- Passes.td - Passes on emitted kernels ------------------------*- tablegen -*-===//

#ifndef MV_KERNELS_PASSES_TD
#define MV_KERNELS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"mv-cpu-expand-math"> {
  let summary = "Replaces exp, exp2, log1p, erf and tanh by polynomials";
  let description = [{
    A math op on vectors would become one call of the C library for each lane, and kernels have no library. Each is
    replaced by arithmetic that holds its stated error (lib/Kernels/CPU/ExpandMath.cpp) on every instruction set.
    `fma=false`, for machines without fused multiply-add, where `llvm.fma` is a library call too, also replaces
    `math.fma` and `vector.fma` by a product and a sum.

    Needs: nothing. Leaves: no exp, exp2, log1p, erf or tanh on f32 or vectors of f32. Skips: other element types.
    Example: test/Kernels/expand-math.mlir
  }];
  let options = [Option<"fma", "fma", "bool", "true", "The machine has a fused multiply-add">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::math::MathDialect"];
}

#endif // MV_KERNELS_PASSES_TD
