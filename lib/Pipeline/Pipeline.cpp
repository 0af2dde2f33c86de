//===- Pipeline.cpp - The order of the passes -----------------------------------===//

#include "mv/Pipeline/Pipeline.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"
#include "mv/Fusion/Passes.h"
#include "mv/Kernels/CPU/Emitter.h"
#include "mv/Kernels/CodeGen/Passes.h"
#include "mv/Kernels/GPU/Emitter.h"
#include "mv/Kernels/Passes.h"
#include "mv/Plan/Passes.h"

using namespace mlir;
using namespace mv;
namespace gpu = mv::gpu;

std::optional<Stage> mv::parseStage(StringRef name) {
  static constexpr std::pair<StringLiteral, Stage> kStages[] = {
      {"import", Stage::Import},   {"fusion", Stage::Fusion}, {"plan", Stage::Plan},
      {"kernels", Stage::Kernels}, {"llvm", Stage::LLVM},     {"asm", Stage::Assembly},
      {"ptx", Stage::PTX}};
  for (auto [text, stage] : kStages)
    if (text == name)
      return stage;
  return std::nullopt;
}

bool mv::isOptionalPass(StringRef name) {
  return llvm::is_contained({"mv-fold-batch-norm", "mv-fold-layer-scale", "mv-fold-attention-scale",
                             "mv-fuse-mixer", "mv-fuse-pointwise", "mv-fuse-norm", "mv-fold-norm",
                             "mv-fuse-attention-input", "mv-fuse-stem", "mv-remove-window-copies",
                             "mv-choose-layouts", "mv-drop-dead-parameters"},
                            name);
}

namespace {
/// Adds function passes, leaving out those that were switched off.
class FunctionPasses {
public:
  FunctionPasses(OpPassManager &passes, const PipelineOptions &options)
      : passes_(passes), options_(options) {}

  void add(std::unique_ptr<Pass> pass) {
    if (!options_.disabled.contains(pass->getArgument()))
      passes_.addNestedPass<func::FuncOp>(std::move(pass));
  }

private:
  OpPassManager &passes_;
  const PipelineOptions &options_;
};
} // namespace

void mv::buildFusionPipeline(OpPassManager &passes, const PipelineOptions &options) {
  SelectDevicesOptions select;
  select.devices.assign(options.devices.begin(), options.devices.end());
  select.dtype = options.dtype;
  passes.addPass(createSelectDevices(select));
  FunctionPasses functions(passes, options);
  functions.add(createDecompose());
  functions.add(createFoldBatchNorm());
  functions.add(createFoldLayerScale()); // after batch norm: then a scale meets the convolution itself
  functions.add(createFoldAttentionScale());
  functions.add(createCSEPass());
  functions.add(createFuseMixer()); // before the general fusion, which would take the mixer apart
  functions.add(createFusePointwise());
  functions.add(createFuseNorm()); // after it: kernels of products have their epilogue
  functions.add(createFoldNorm()); // after it: norm and product are in one kernel
  functions.add(createFuseAttentionInput());
  functions.add(createFuseStem());
  functions.add(createRemoveWindowCopies());
  functions.add(createFormKernels());
  functions.add(createChooseLayouts());
  functions.add(createDropDeadParameters());
  functions.add(createVerifyFused());
}

void mv::buildPlanPipeline(OpPassManager &passes, const PipelineOptions &) {
  PlanOptions plan;
  plan.getWorkspaceBytes = [](Block &body, StringRef device, StringRef dtype) {
    std::optional<gpu::DType> parsed = gpu::parseDType(dtype);
    return device == "cuda" && parsed ? gpu::getWorkspaceBytes(body, *parsed) : cpu::getWorkspaceBytes(body);
  };
  passes.addPass(createPlanPass(plan));
  passes.addPass(createVerifyPlan());
}

void mv::buildKernelsPipeline(OpPassManager &passes, const PipelineOptions &options) {
  passes.addPass(createPackParametersPass());
  if (options.devices.empty() || llvm::is_contained(options.devices, "cpu")) {
    EmitCPUKernelsPassOptions emit;
    emit.targets.assign(options.cpuTargets.begin(), options.cpuTargets.end());
    passes.addPass(createEmitCPUKernelsPass(emit));
    auto &modules = passes.nest<ModuleOp>();
    modules.addNestedPass<func::FuncOp>(createCanonicalizerPass());
    modules.addNestedPass<func::FuncOp>(createCSEPass());
  }
  if (llvm::is_contained(options.devices, "cuda")) {
    EmitGPUKernelsPassOptions emit;
    emit.targets.assign(options.gpuTargets.begin(), options.gpuTargets.end());
    passes.addPass(createEmitGPUKernelsPass(emit, options.tuning.get()));
    auto &functions = passes.nest<mlir::gpu::GPUModuleOp>().nest<mlir::gpu::GPUFuncOp>();
    functions.addPass(createCanonicalizerPass());
    functions.addPass(createCSEPass());
  }
}

void mv::buildLLVMPipeline(OpPassManager &passes, bool hasFMA) {
  ExpandMathOptions math;
  math.fma = hasFMA;
  passes.addPass(createExpandMath(math));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(memref::createExpandStridedMetadataPass());
  passes.addPass(createLowerAffinePass());
  passes.addPass(createSCFToControlFlowPass());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createConvertMathToLLVMPass());
  passes.addPass(createConvertIndexToLLVMPass());
  passes.addPass(createFinalizeMemRefToLLVMConversionPass());
  ConvertFuncToLLVMPassOptions functions;
  functions.useBarePtrCallConv = true;
  passes.addPass(createConvertFuncToLLVMPass(functions));
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createConvertControlFlowToLLVMPass());
  passes.addPass(createUBToLLVMConversionPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCPUEntryPointsPass());
}

void mv::buildNVVMPipeline(OpPassManager &passes) {
  constexpr unsigned kIndexBits = 32;
  ExpandMathOptions math;
  math.gpu = true;
  passes.addPass(createExpandMath(math));
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
  passes.addPass(createSCFToControlFlowPass());
  // Takes arith, cf and vector along, by the interfaces that registerAllDialects registers: all with this index.
  ConvertGpuOpsToNVVMOpsOptions gpuOptions;
  gpuOptions.indexBitwidth = kIndexBits;
  gpuOptions.useBarePtrCallConv = true;
  passes.addPass(createConvertGpuOpsToNVVMOps(gpuOptions));
  passes.addPass(createReconcileUnrealizedCastsPass());
  passes.addPass(createCanonicalizerPass());
  passes.addPass(createCSEPass());
}

void mv::registerPipelines() {
  auto add = [](StringRef name, StringRef summary, void (*build)(OpPassManager &, const PipelineOptions &)) {
    PassPipelineRegistration<>(name, summary,
                               [build](OpPassManager &passes) { build(passes, PipelineOptions()); });
  };
  add("mv-fusion", "The fusion stage: model ops to kernel regions", buildFusionPipeline);
  add("mv-plan-stage", "The plan stage: kernel regions to dispatches on one arena", buildPlanPipeline);
  add("mv-kernels", "The kernels stage: every kernel emitted for every CPU target", buildKernelsPipeline);
}
