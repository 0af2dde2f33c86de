//===- EmitCPUKernels.cpp - Every kernel for every CPU target -------------------===//

#include "EmitKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mv/IR/Devices.h"
#include "mv/Kernels/CPU/Emitter.h"
#include "mv/Kernels/CodeGen/Passes.h"

using namespace mlir;
using namespace mv;

namespace mv {
#define GEN_PASS_DEF_EMITCPUKERNELSPASS
#include "mv/Kernels/CodeGen/Passes.h.inc"
} // namespace mv

/// x86-64-v4 -> cpu_x86_64_v4
static std::string moduleName(StringRef target) {
  std::string name = "cpu_" + target.str();
  llvm::replace(name, '-', '_');
  return name;
}

namespace {

struct EmitCPUKernelsPass : mv::impl::EmitCPUKernelsPassBase<EmitCPUKernelsPass> {
  using EmitCPUKernelsPassBase::EmitCPUKernelsPassBase;

  void runOnOperation() override {
    for (const std::string &name : targets)
      if (llvm::none_of(cpu::getTargets(), [&](const cpu::Target &target) { return target.name == name; })) {
        getOperation().emitError("no CPU target is called '") << name << "'";
        return signalPassFailure();
      }
    for (const cpu::Target &target : cpu::getTargets())
      if (targets.empty() || llvm::is_contained(targets, target.name.str()))
        if (failed(emitFor(target)))
          return signalPassFailure();
  }

  LogicalResult emitFor(const cpu::Target &target) {
    OpBuilder builder = OpBuilder::atBlockEnd(getOperation().getBody());
    auto module = ModuleOp::create(builder, getOperation().getLoc(), moduleName(target.name));
    module->setAttr(kTargetAttribute, builder.getStringAttr(target.name));
    return emitKernels(getOperation(), /*forCUDA=*/false,
                       [&](plan::KernelOp kernel) { return cpu::emitKernel(kernel, target, module); });
  }
};

} // namespace
