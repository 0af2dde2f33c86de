//===- PTX.cpp - NVVM dialect to PTX text ---------------------------------------===//

#include "mv/Kernels/CodeGen/PTX.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace mlir;
using namespace mv;
using namespace mv::gpu;
using llvm::Error;
using llvm::Expected;

static const char kTriple[] = "nvptx64-nvidia-cuda";

static Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Target &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
  });
  std::string message;
  llvm::Triple triple(kTriple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!backend)
    return llvm::createStringError("LLVM has no NVPTX backend: %s", message.c_str());
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only the fused products that the kernels ask for
  std::unique_ptr<llvm::TargetMachine> machine(
      backend->createTargetMachine(triple, target.name, target.ptx, options, llvm::Reloc::PIC_, std::nullopt,
                                   llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return llvm::createStringError("LLVM makes no code for '%s'", target.name.str().c_str());
  return machine;
}

/// The kernels are tiled and unrolled already.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  llvm::PassBuilder builder(&machine, tuning);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O3).run(module, modules);
}

Expected<std::unique_ptr<llvm::Module>>
mv::gpu::createLLVMModule(mlir::gpu::GPUModuleOp module, const Target &target, llvm::LLVMContext &context) {
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context, target.name);
  if (!translated)
    return llvm::createStringError("the kernels for %s do not translate to LLVM IR",
                                   target.name.str().c_str());
  translated->setTargetTriple((*machine)->getTargetTriple());
  translated->setDataLayout((*machine)->createDataLayout());
  optimize(*translated, **machine);
  return translated;
}

Expected<std::string> mv::gpu::compileToPTX(llvm::Module &module, const Target &target) {
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream os(buffer);
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return llvm::createStringError("LLVM cannot write PTX for '%s'", target.name.str().c_str());
  passes.run(module);
  return std::string(buffer);
}
