//===- EmitPackage.h - A kernels-stage module to a package ----------*- C++ -*-===//

#ifndef MV_PIPELINE_EMITPACKAGE_H
#define MV_PIPELINE_EMITPACKAGE_H

#include "mlir/IR/BuiltinOps.h"
#include "mv/Kernels/CodeGen/MachineCode.h"
#include "mv/Package/Writer.h"
#include "mv/Reference/Parameters.h"
#include "mv/Support/Status.h"
#include "mv/Support/ThreadPool.h"

namespace mv {

struct Checkpoint;

/// Writes the plan of `module`, the parameters it names, `code` for CPUs and `images` for GPUs to `path`. `checkpoint` (null for IR
/// without one) gives labels, preprocessing, config and licence note.
Status emitPackage(mlir::ModuleOp module, llvm::ArrayRef<cpu::MachineCode> code,
                   llvm::ArrayRef<package::CodeBlob> images, const reference::ParameterSource &parameters,
                   const Checkpoint *checkpoint, ThreadPool &pool, const std::string &path);

} // namespace mv

#endif // MV_PIPELINE_EMITPACKAGE_H
