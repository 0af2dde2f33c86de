//===- EmitGPUKernels.cpp - Every kernel for every GPU target -------------------===//

#include "EmitKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mv/IR/Devices.h"
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
  EmitGPUKernelsPass(EmitGPUKernelsPassOptions options, mv::gpu::Tuning *tuning)
      : EmitGPUKernelsPassBase(std::move(options)), tuning(tuning) {}

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
    module->setAttr(kTargetAttribute, builder.getStringAttr(target.name));
    return emitKernels(getOperation(), /*forCUDA=*/true, [&](plan::KernelOp kernel) {
      return mv::gpu::emitKernel(kernel, target, module, tuning);
    });
  }

private:
  mv::gpu::Tuning *tuning = nullptr;
};

} // namespace

std::unique_ptr<Pass> mv::createEmitGPUKernelsPass(EmitGPUKernelsPassOptions options,
                                                   mv::gpu::Tuning *tuning) {
  return std::make_unique<EmitGPUKernelsPass>(std::move(options), tuning);
}
