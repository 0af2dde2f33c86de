//===- MachineCode.cpp - LLVM dialect to object code ----------------------------===//

#include "mv/Kernels/CodeGen/MachineCode.h"

#include "LLVMBackend.h"

#include "llvm/Support/TargetSelect.h"

#include <mutex>

using namespace mlir;
using namespace mv;
using namespace mv::cpu;
using llvm::Error;
using llvm::Expected;

static Expected<LLVMBackend> createBackend(const Target &target) {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeX86AsmParser();
  });
  return LLVMBackend::create("x86_64-unknown-linux-gnu", target.name, target.features,
                             llvm::CodeModel::Small);
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

Expected<std::unique_ptr<llvm::Module>> cpu::createLLVMModule(ModuleOp module, const Target &target,
                                                              llvm::LLVMContext &context) {
  Expected<LLVMBackend> backend = createBackend(target);
  if (!backend)
    return backend.takeError();
  Expected<std::unique_ptr<llvm::Module>> translated = backend->translate(module, context);
  if (!translated)
    return translated.takeError();
  setFunctionAttributes(**translated, target);
  backend->optimize(**translated, llvm::OptimizationLevel::O2);
  return translated;
}

static Expected<std::string> emit(llvm::Module &module, const Target &target, llvm::CodeGenFileType type) {
  Expected<LLVMBackend> backend = createBackend(target);
  if (!backend)
    return backend.takeError();
  return backend->emit(module, type);
}

Expected<std::string> cpu::compileToObject(llvm::Module &module, const Target &target) {
  return emit(module, target, llvm::CodeGenFileType::ObjectFile);
}

Expected<std::string> cpu::printAssembly(llvm::Module &module, const Target &target) {
  return emit(module, target, llvm::CodeGenFileType::AssemblyFile);
}
