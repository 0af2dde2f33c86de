//===- LLVMBackend.cpp - LLVM's passes and code generators, for any device ------===//

#include "LLVMBackend.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/TargetParser/Triple.h"

using namespace mv;
using llvm::Expected;
using llvm::StringRef;

Expected<LLVMBackend> LLVMBackend::create(StringRef triple, StringRef cpu, StringRef features,
                                          std::optional<llvm::CodeModel::Model> codeModel) {
  std::string message;
  llvm::Triple parsed(triple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(parsed, message);
  if (!backend)
    return llvm::createStringError("LLVM makes no code for %s: %s", triple.str().c_str(), message.c_str());
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only the fused products that the kernels ask for
  std::unique_ptr<llvm::TargetMachine> machine(backend->createTargetMachine(
      parsed, cpu, features, options, llvm::Reloc::PIC_, codeModel, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return llvm::createStringError("LLVM makes no code for '%s'", cpu.str().c_str());
  return LLVMBackend(std::move(machine));
}

Expected<std::unique_ptr<llvm::Module>> LLVMBackend::translate(mlir::Operation *module,
                                                               llvm::LLVMContext &context) const {
  StringRef name = machine->getTargetCPU();
  std::unique_ptr<llvm::Module> translated = mlir::translateModuleToLLVMIR(module, context, name);
  if (!translated)
    return llvm::createStringError("the kernels for %s do not translate to LLVM IR", name.str().c_str());
  translated->setTargetTriple(machine->getTargetTriple());
  translated->setDataLayout(machine->createDataLayout());
  return translated;
}

/// VectorCombine takes loads of 16 bytes apart where their parts are used one by one. On a GPU they do not come together
/// again, and loads of numbers that a loop carries, made ahead of their use, are then moved behind it.
static bool isWanted(StringRef pass, const llvm::Triple &triple) {
  return !triple.isNVPTX() || pass != "VectorCombinePass";
}

/// LLVM's own vectorisers and unroller would only undo the choice of registers, and there is no library to call.
void LLVMBackend::optimize(llvm::Module &module, llvm::OptimizationLevel level) const {
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = false;
  tuning.SLPVectorization = false;
  tuning.LoopUnrolling = false;
  tuning.LoopInterleaving = false;
  llvm::PassInstrumentationCallbacks callbacks;
  callbacks.registerShouldRunOptionalPassCallback(
      [&](StringRef pass, llvm::Any) { return isWanted(pass, machine->getTargetTriple()); });
  llvm::PassBuilder builder(machine.get(), tuning, std::nullopt, &callbacks);
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  functions.registerPass([&] {
    llvm::TargetLibraryInfoImpl library(machine->getTargetTriple());
    library.disableAllFunctions();
    return llvm::TargetLibraryAnalysis(library);
  });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(level).run(module, modules);
}

Expected<std::string> LLVMBackend::emit(llvm::Module &module, llvm::CodeGenFileType type) const {
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream os(buffer);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, nullptr, type))
    return llvm::createStringError("LLVM cannot write such a file for '%s'",
                                   machine->getTargetCPU().str().c_str());
  passes.run(module);
  return std::string(buffer);
}
