//===- CPUCode.h - Machine code of a module's kernels for CPUs ------*- C++ -*-===//

#ifndef MV_LIB_PIPELINE_CPUCODE_H
#define MV_LIB_PIPELINE_CPUCODE_H

#include "mlir/Pass/PassManager.h"
#include "mv/Kernels/CodeGen/MachineCode.h"
#include "mv/Pipeline/Pipeline.h"
#include "mv/Support/Status.h"

namespace mv {

/// A pass manager with a tool's instrumentation.
using ConfigurePasses = llvm::function_ref<mlir::LogicalResult(mlir::PassManager &)>;

/// The instruction sets of a kernels-stage module on their way to machine code.
class CPUCode {
public:
  explicit CPUCode(mlir::ModuleOp module);

  /// To the LLVM dialect.
  Status lower(ConfigurePasses configure);

  /// How many instruction sets there are; compile() takes each, at the same time on several threads.
  size_t size() const { return units.size(); }
  /// To an object file; for Stage::LLVM and Stage::Assembly to text.
  Status compile(size_t index, Stage stage);

  /// What LLVM and Assembly print.
  void print(llvm::raw_ostream &os) const;
  StatusOr<std::vector<cpu::MachineCode>> link() const;

private:
  struct Unit {
    const cpu::Target *target;
    mlir::ModuleOp module;
    std::string output = {}; ///< Text, or the object file's bytes.
  };

  std::vector<Unit> units;
};

} // namespace mv

#endif // MV_LIB_PIPELINE_CPUCODE_H
