//===- Pipeline.h - The order of the passes -------------------------*- C++ -*-===//
//
// The only place where passes are ordered, and the only struct of options.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PIPELINE_PIPELINE_H
#define MV_PIPELINE_PIPELINE_H

#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringSet.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mv {

namespace gpu {
class Tuning;
} // namespace gpu

/// The stages in the order they run; the names are those of --compile-to.
enum class Stage { Import, Fusion, Plan, Kernels, LLVM, Assembly, PTX, Package };

/// import, fusion, plan, kernels, llvm, asm, ptx; nothing for another name.
std::optional<Stage> parseStage(llvm::StringRef name);

struct PipelineOptions {
  std::vector<std::string> cpuTargets; ///< Instruction sets; all when empty.
  std::vector<std::string> gpuTargets; ///< Architectures of GPUs (sm_80), for cuda.
  std::vector<std::string> devices;    ///< cpu, cuda; cpu when empty.
  std::string dtype = "f16";           ///< What products on cuda multiply.
  std::shared_ptr<gpu::Tuning> tuning; ///< Tiles of products on GPUs that were measured; null: none.
  llvm::StringSet<> disabled;          ///< Passes to leave out, by name (mv-fold-batch-norm).
};

/// The passes that may be left out.
bool isOptionalPass(llvm::StringRef name);

void buildFusionPipeline(mlir::OpPassManager &passes, const PipelineOptions &options);
void buildPlanPipeline(mlir::OpPassManager &passes, const PipelineOptions &options);
void buildKernelsPipeline(mlir::OpPassManager &passes, const PipelineOptions &options);

/// From emitted functions of upstream dialects to the LLVM dialect, for the nested modules of a kernels-stage
/// module. `hasFMA`: whether the instruction set has fused products.
void buildLLVMPipeline(mlir::OpPassManager &passes, bool hasFMA);

/// From a gpu.module's emitted kernels to the LLVM and NVVM dialects.
void buildNVVMPipeline(mlir::OpPassManager &passes);

/// The pipelines by name for mv-opt: mv-fusion, mv-plan-stage, mv-kernels.
void registerPipelines();

} // namespace mv

#endif // MV_PIPELINE_PIPELINE_H
