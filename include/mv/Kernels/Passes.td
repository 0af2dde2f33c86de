//===- Passes.td - Passes on emitted kernels ------------------------*- tablegen -*-===//

#ifndef MV_KERNELS_PASSES_TD
#define MV_KERNELS_PASSES_TD

include "mlir/Pass/PassBase.td"

def ExpandMath : Pass<"mv-expand-math"> {
  let summary = "Replaces exp, exp2, log1p, erf and tanh by polynomials";
  let description = [{
    A math op on vectors would become one call of the C library for each lane, and kernels have no library. Each is
    replaced by arithmetic that holds its stated error (lib/Kernels/Common/ExpandMath.cpp) on every instruction set.
    `fma=false`, for machines without fused multiply-add, where `llvm.fma` is a library call too, also replaces
    `math.fma` and `vector.fma` by a product and a sum. `gpu`: exp, division and square root become the GPU's
    approximate instructions instead, which err by two units in the last place.

    Needs: nothing. Leaves: no exp, exp2, log1p, erf or tanh on f32 or vectors of f32. Skips: other element types.
    Example: test/Kernels/expand-math.mlir
  }];
  let options = [Option<"fma", "fma", "bool", "true", "The machine has a fused multiply-add">,
                 Option<"gpu", "gpu", "bool", "false", "The machine is a GPU">];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect"];
}

#endif // MV_KERNELS_PASSES_TD
