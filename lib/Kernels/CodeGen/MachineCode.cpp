//===- MachineCode.cpp - LLVM dialect to object code ----------------------------===//

#include "mv/Kernels/CodeGen/MachineCode.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Triple.h"

#include <mutex>

using namespace mlir;
using namespace mv;
using namespace mv::cpu;
using llvm::Error;
using llvm::Expected;

static const char kTriple[] = "x86_64-unknown-linux-gnu";

static Expected<std::unique_ptr<llvm::TargetMachine>> createTargetMachine(const Target &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
  });
  std::string message;
  llvm::Triple triple(kTriple);
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, message);
  if (!backend)
    return llvm::createStringError("LLVM has no x86 backend: %s", message.c_str());
  llvm::TargetOptions options;
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict; // only the fused products that the kernels ask for
  std::unique_ptr<llvm::TargetMachine> machine(
      backend->createTargetMachine(triple, target.name, target.features, options, llvm::Reloc::PIC_,
                                   llvm::CodeModel::Small, llvm::CodeGenOptLevel::Aggressive));
  if (!machine)
    return llvm::createStringError("LLVM makes no code for '%s'", target.name.str().c_str());
  return machine;
}

/// Attributes every function needs: no calls invented (no-builtins), and the full vector width.
static void setFunctionAttributes(llvm::Module &module, const Target &target) {
  std::string width = std::to_string(target.lanes * 32);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("target-cpu", target.name);
    if (!target.features.empty())
      function.addFnAttr("target-features", target.features);
    function.addFnAttr("prefer-vector-width", width);
    function.addFnAttr("min-legal-vector-width", width);
    function.addFnAttr("no-builtins");
    function.addFnAttr(llvm::Attribute::NoUnwind);
    if (!function.hasLocalLinkage())
      function.setVisibility(llvm::GlobalValue::HiddenVisibility);
  }
}

/// The kernels are vectorised, unrolled and tiled already: LLVM's own vectorisers and unroller would only
/// undo the choice of registers.
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
  functions.registerPass([&] {
    llvm::TargetLibraryInfoImpl library(machine.getTargetTriple());
    library.disableAllFunctions();
    return llvm::TargetLibraryAnalysis(library);
  });
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

Expected<std::unique_ptr<llvm::Module>> cpu::createLLVMModule(ModuleOp module, const Target &target,
                                                              llvm::LLVMContext &context) {
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context, target.name);
  if (!translated)
    return llvm::createStringError("the kernels for %s do not translate to LLVM IR",
                                   target.name.str().c_str());
  translated->setTargetTriple((*machine)->getTargetTriple());
  translated->setDataLayout((*machine)->createDataLayout());
  setFunctionAttributes(*translated, target);
  optimize(*translated, **machine);
  return translated;
}

static Error emit(llvm::Module &module, const Target &target, llvm::raw_pwrite_stream &os,
                  llvm::CodeGenFileType type) {
  Expected<std::unique_ptr<llvm::TargetMachine>> machine = createTargetMachine(target);
  if (!machine)
    return machine.takeError();
  llvm::legacy::PassManager passes;
  if ((*machine)->addPassesToEmitFile(passes, os, nullptr, type))
    return llvm::createStringError("LLVM cannot write such a file for '%s'", target.name.str().c_str());
  passes.run(module);
  return Error::success();
}

Expected<std::string> cpu::compileToObject(llvm::Module &module, const Target &target) {
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream os(buffer);
  if (Error error = emit(module, target, os, llvm::CodeGenFileType::ObjectFile))
    return std::move(error);
  return std::string(buffer);
}

Error cpu::printAssembly(llvm::Module &module, const Target &target, llvm::raw_ostream &os) {
  llvm::SmallString<0> buffer;
  llvm::raw_svector_ostream assembly(buffer);
  if (Error error = emit(module, target, assembly, llvm::CodeGenFileType::AssemblyFile))
    return error;
  os << buffer;
  return Error::success();
}
