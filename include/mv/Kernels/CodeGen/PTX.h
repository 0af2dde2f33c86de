//===- PTX.h - NVVM dialect to PTX text and cubins ------------------*- C++ -*-===//

#ifndef MV_KERNELS_CODEGEN_PTX_H
#define MV_KERNELS_CODEGEN_PTX_H

#include "mv/Kernels/GPU/Emitter.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mv::gpu {

/// What a function is called as long as it has no name: the same code may stand under several.
inline constexpr llvm::StringLiteral kNameless = "mv_nameless_kernel";

/// Translates a gpu.module that the NVVM pipeline has lowered, and optimises it for `target`.
llvm::Expected<std::unique_ptr<llvm::Module>>
createLLVMModule(mlir::gpu::GPUModuleOp module, const Target &target, llvm::LLVMContext &context);

/// A function named kNameless, and the variables it refers to.
struct PTXFunction {
  std::string declarations, text;
};

/// The only function of a module as PTX. The module is of no use after that.
llvm::Expected<PTXFunction> compileToPTX(llvm::Module &module, const Target &target);

struct NamedPTX {
  std::string name;
  const PTXFunction *ptx;
};

/// One module of PTX for `target`, whose getCodeTarget the functions were compiled for.
std::string joinPTX(llvm::ArrayRef<NamedPTX> functions, const Target &target);

/// Where ptxas is: `requested` if that is given (an error if it is no program), else in $CUDA_HOME/bin,
/// $CUDA_PATH/bin, the PATH or /usr/local/cuda/bin; empty when nowhere.
llvm::Expected<std::string> findPtxas(llvm::StringRef requested);

/// What ptxas made of PTX text, and what it said (-v) of its functions.
struct Assembly {
  std::string cubin;
  std::string info;
};

/// Runs ptxas. Fails with its messages when it fails, and when it warns of serialised warpgroup instructions (C75xx).
llvm::Expected<Assembly> assemble(const std::string &ptxas, llvm::StringRef ptx, const Target &target);

/// The listing of a cubin by the cuobjdump beside `ptxas` or in the PATH; empty where there is none.
llvm::Expected<std::string> disassemble(const std::string &ptxas, llvm::StringRef cubin);

} // namespace mv::gpu

#endif // MV_KERNELS_CODEGEN_PTX_H
