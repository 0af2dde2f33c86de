//===- MachineCode.h - LLVM dialect to a position-independent blob --*- C++ -*-===//
//
// The machine code of one instruction set is one block of bytes: text and constants, linked at address 0,
// with no relocation left and no external symbol, so that it runs wherever it is mapped, read-only and
// executable.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_CODEGEN_MACHINECODE_H
#define MV_KERNELS_CODEGEN_MACHINECODE_H

#include "mlir/IR/BuiltinOps.h"
#include "mv/Kernels/CPU/Emitter.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mv::cpu {

struct MachineCode {
  std::string target;
  std::vector<std::byte> bytes;
  llvm::StringMap<uint64_t> functions; ///< Offset of every public function.
};

/// Translates a nested module of LLVM-dialect functions and optimises it for `target`.
llvm::Expected<std::unique_ptr<llvm::Module>> createLLVMModule(mlir::ModuleOp module, const Target &target,
                                                               llvm::LLVMContext &context);

/// Compiles an optimised module to an object file's bytes, or to assembly. It is of no use after that.
llvm::Expected<std::string> compileToObject(llvm::Module &module, const Target &target);
llvm::Expected<std::string> printAssembly(llvm::Module &module, const Target &target);

/// Links the object with lld. Fails when a symbol is undefined (LLVM made a library call) or a relocation is
/// left. Not thread-safe, as lld is not.
llvm::Expected<MachineCode> linkObject(llvm::StringRef object, const Target &target);

} // namespace mv::cpu

#endif // MV_KERNELS_CODEGEN_MACHINECODE_H
