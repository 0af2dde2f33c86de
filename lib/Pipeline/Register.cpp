//===- Register.cpp - The dialects and passes of this project -------------------===//

#include "mv/Pipeline/Register.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "mv/Fusion/Passes.h"
#include "mv/IR/MVDialect.h"
#include "mv/IR/PlanDialect.h"
#include "mv/Kernels/CodeGen/Passes.h"
#include "mv/Kernels/Passes.h"
#include "mv/Pipeline/Pipeline.h"
#include "mv/Plan/Passes.h"
#include "mv/Reference/Check.h"

using namespace mlir;

void mv::registerAllDialects(DialectRegistry &registry) {
  registry.insert<MVDialect, plan::PlanDialect, func::FuncDialect, arith::ArithDialect, math::MathDialect,
                  memref::MemRefDialect, scf::SCFDialect, vector::VectorDialect, cf::ControlFlowDialect,
                  LLVM::LLVMDialect>();
}

void mv::registerTestDialects(DialectRegistry &registry) { registry.insert<check::CheckDialect>(); }

void mv::registerAllPasses() {
  registerCanonicalizerPass();
  registerCSEPass();
  registerSymbolDCEPass();
  registerFusionPasses();
  registerPlanPasses();
  registerKernelsPasses();
  registerCodeGenPasses();
  reference::registerReferencePasses();
  registerPipelines();
}
