//===- JIT.h - Runs emitted functions inside a test -----------------*- C++ -*-===//
//
// Lowers upstream dialects to LLVM, compiles for one CPU and hands out pointers to functions. Nothing is
// linked in: a function that would call a library cannot be looked up.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TEST_UNIT_KERNELS_JIT_H
#define MV_TEST_UNIT_KERNELS_JIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace llvm::orc {
class LLJIT;
}

namespace mv::test {

/// A context with the dialects of kernels, mv and plan.
mlir::MLIRContext &getContext();

/// Whether this machine can run code for `cpu` (x86-64, x86-64-v3 or x86-64-v4).
bool canRun(llvm::StringRef cpu);

class JIT {
public:
  /// Compiles `module`, which is lowered in place. `cpu` also decides whether mv-expand-math may use fma.
  static llvm::Expected<JIT> compile(mlir::ModuleOp module, llvm::StringRef cpu);

  /// Like compile, of the text of a module.
  static llvm::Expected<JIT> compile(llvm::StringRef text, llvm::StringRef cpu);

  JIT(JIT &&);
  ~JIT();

  /// The function's address; an error when it refers to what is not in the module.
  llvm::Expected<void *> lookup(llvm::StringRef name);

private:
  explicit JIT(std::unique_ptr<llvm::orc::LLJIT> jit);
  std::unique_ptr<llvm::orc::LLJIT> jit;
};

} // namespace mv::test

#endif // MV_TEST_UNIT_KERNELS_JIT_H
