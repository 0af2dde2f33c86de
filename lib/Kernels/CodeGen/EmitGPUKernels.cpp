//===- EmitGPUKernels.cpp - Every kernel for every GPU target -------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mv/Kernels/CodeGen/Passes.h"
#include "mv/Kernels/GPU/Emitter.h"

using namespace mlir;
using namespace mv;

namespace mv {
#define GEN_PASS_DEF_EMITGPUKERNELSPASS
#include "mv/Kernels/CodeGen/Passes.h.inc"
} // namespace mv

namespace {

struct EmitGPUKernelsPass : mv::impl::EmitGPUKernelsPassBase<EmitGPUKernelsPass> {
  using EmitGPUKernelsPassBase::EmitGPUKernelsPassBase;

  void runOnOperation() override {
    SmallVector<std::string> names(targets.begin(), targets.end());
    if (names.empty())
      names.push_back("sm_80");
    for (const std::string &name : names) {
      const mv::gpu::Target *target = mv::gpu::findTarget(name);
      if (!target) {
        getOperation().emitError("no GPU target is called '") << name << "'";
        return signalPassFailure();
      }
      if (failed(emitFor(*target)))
        return signalPassFailure();
    }
  }

  LogicalResult emitFor(const mv::gpu::Target &target) {
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto module =
        mlir::gpu::GPUModuleOp::create(builder, getOperation().getLoc(), "cuda_" + target.name.str());
    module->setAttr("mv.target", builder.getStringAttr(target.name));
    bool complete = true;
    for (auto kernel : getOperation().getOps<plan::KernelOp>()) {
      if (kernel.getDevice() != "cuda")
        continue;
      FailureOr<plan::GPUImplementationAttr> implementation = mv::gpu::emitKernel(kernel, target, module);
      if (failed(implementation)) {
        complete = false;
        continue;
      }
      SmallVector<Attribute> all(kernel.getImplementations().getValue());
      all.push_back(*implementation);
      kernel.setImplementationsAttr(builder.getArrayAttr(all));
    }
    return success(complete);
  }
};

} // namespace
