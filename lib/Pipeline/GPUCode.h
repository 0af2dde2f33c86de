//===- GPUCode.h - PTX and cubins of a module's kernels for GPUs ----*- C++ -*-===//
//
// Most of a model's kernels are the same for several architectures, tiles and all; and LLVM takes longer over them than
// anything before. So each distinct function is compiled once, as a module of its own (which also keeps all cores busy),
// and an architecture's PTX is put together from the texts. Cubins are made from the whole of it.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PIPELINE_GPUCODE_H
#define MV_LIB_PIPELINE_GPUCODE_H

#include "CPUCode.h"
#include "mlir/IR/OwningOpRef.h"
#include "mv/Kernels/CodeGen/MachineFacts.h"
#include "mv/Kernels/CodeGen/PTX.h"
#include "mv/Package/Writer.h"
#include "mv/Pipeline/Report.h"
#include "mv/Support/ThreadPool.h"

namespace mv {

class GPUCode {
public:
  /// Finds the distinct functions of a kernels-stage module, which stays as it is.
  explicit GPUCode(mlir::ModuleOp module);

  /// To PTX; for Stage::LLVM to LLVM IR.
  Status compile(ConfigurePasses configure, ThreadPool &pool, Stage stage);

  /// How many architectures there are; assemble() takes each, at the same time on several threads.
  size_t size() const { return images.size(); }
  /// To a cubin. `describe`: and says what the tools know of it.
  Status assemble(size_t index, const std::string &ptxas, bool describe);

  /// What assemble() found ptxas to have spilled, a line each.
  std::vector<std::string> slowFunctions() const;

  /// The PTX of all architectures, or each distinct function's LLVM IR.
  void print(llvm::raw_ostream &os, Stage stage) const;
  std::vector<package::CodeBlob> blobs() const;
  MachineFactsByTarget facts() const;

private:
  /// A function without a name, alone in a module of `scratch`.
  struct Function {
    mlir::gpu::GPUModuleOp module;
    const gpu::Target *target; ///< That it is compiled for.
    std::string name;          ///< One that it has.
    std::string llvm = {};
    gpu::PTXFunction ptx = {};
    Status status = {};
  };
  /// An architecture, with the names of its functions.
  struct Image {
    const gpu::Target *target;
    std::vector<std::pair<std::string, size_t>> functions = {};
    std::string ptx = {}, cubin = {};
    gpu::FunctionFacts facts = {};
  };

  size_t add(mlir::gpu::GPUFuncOp function, const gpu::Target &target);
  static Status compile(Function &function, Stage stage);

  mlir::OwningOpRef<mlir::ModuleOp> scratch;
  std::vector<Function> functions;
  std::vector<Image> images;
};

} // namespace mv

#endif // MV_LIB_PIPELINE_GPUCODE_H
