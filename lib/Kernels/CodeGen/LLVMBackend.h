//===- LLVMBackend.h - LLVM's passes and code generators, for any device -*- C++ -*-===//
//
// What the code for CPUs and for GPUs have in common: kernels are tiled, unrolled and vectorised when they come here.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_KERNELS_CODEGEN_LLVMBACKEND_H
#define MV_LIB_KERNELS_CODEGEN_LLVMBACKEND_H

#include "mlir/IR/Operation.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/OptimizationLevel.h"
#include "llvm/Support/CodeGen.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

#include <memory>
#include <string>

namespace mv {

class LLVMBackend {
public:
  /// `cpu` and `features`: LLVM's -mcpu and -mattr. The target's components are to be initialised.
  static llvm::Expected<LLVMBackend> create(llvm::StringRef triple, llvm::StringRef cpu,
                                            llvm::StringRef features,
                                            std::optional<llvm::CodeModel::Model> codeModel = std::nullopt);

  /// A module of the LLVM dialect as LLVM IR for this target.
  llvm::Expected<std::unique_ptr<llvm::Module>> translate(mlir::Operation *module,
                                                          llvm::LLVMContext &context) const;

  void optimize(llvm::Module &module, llvm::OptimizationLevel level) const;

  /// Assembly or an object file's bytes. It leaves `module` unfit for anything else.
  llvm::Expected<std::string> emit(llvm::Module &module, llvm::CodeGenFileType type) const;

private:
  explicit LLVMBackend(std::unique_ptr<llvm::TargetMachine> machine) : machine(std::move(machine)) {}

  std::unique_ptr<llvm::TargetMachine> machine;
};

} // namespace mv

#endif // MV_LIB_KERNELS_CODEGEN_LLVMBACKEND_H
