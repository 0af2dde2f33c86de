//===- Passes.td - From plan.kernel to machine code -----------------*- tablegen -*-===//

#ifndef MV_KERNELS_CODEGEN_PASSES_TD
#define MV_KERNELS_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def PackParametersPass : Pass<"mv-pack-parameters", "::mlir::ModuleOp"> {
  let summary = "Gives every parameter the arrangement its kernels read";
  let description = [{
    Needs: a plan. Leaves: kernels, constants and parameters whose types carry `#mv.packed` where the kernel family
    asks for it; a parameter that two kernels want differently becomes two. Skips: parameters read dense.
    Example: test/Kernels/pack-parameters.mlir.
  }];
  let dependentDialects = ["::mv::MVDialect", "::mv::plan::PlanDialect"];
}

def EmitCPUKernelsPass : Pass<"mv-emit-cpu-kernels", "::mlir::ModuleOp"> {
  let summary = "Emits every kernel for every CPU target";
  let description = [{
    Needs: a plan with packed parameters. Leaves: a nested module `@cpu_<target>` of functions for each target, and the
    kernels' `implementations`. An error names the kernel that no family takes. Example: test/Kernels/emit-cpu.mlir.
  }];
  let options = [
    ListOption<"targets", "targets", "std::string", "names of instruction sets; all when empty">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::func::FuncDialect", "::mlir::math::MathDialect",
    "::mlir::memref::MemRefDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def EmitGPUKernelsPass : Pass<"mv-emit-gpu-kernels", "::mlir::ModuleOp"> {
  let summary = "Emits every kernel of a cuda program for every GPU target";
  let description = [{
    Needs: a plan with packed parameters. Leaves: a `gpu.module @cuda_<target>` of kernels for each target, and the
    kernels' `implementations`. Skips: kernels for CPUs. An error names the kernel that no family takes.
    Example: test/Kernels/gpu-linear.mlir.
  }];
  let options = [
    ListOption<"targets", "targets", "std::string", "names of architectures; sm_80 when empty">,
  ];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::gpu::GPUDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
    "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"
  ];
}

def CPUEntryPointsPass : Pass<"mv-cpu-entry-points", "::mlir::ModuleOp"> {
  let summary = "Wraps phase functions in the package's calling convention";
  let description = [{
    Needs: a module of llvm.func that came from phase functions with bare pointers. Leaves: for each public function a
    wrapper of its name, `void (ptr buffers, i64 batch, i64 begin, i64 end, ptr scratch)`, that loads the buffers'
    addresses and calls the body, now internal. No two buffers overlap, and all are aligned to 64 bytes: the body's
    arguments say so. Example: test/Kernels/cpu-entry-points.mlir.
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

#endif // MV_KERNELS_CODEGEN_PASSES_TD
