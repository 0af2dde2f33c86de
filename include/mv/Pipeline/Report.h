//===- Report.h - Work and bytes of every kernel --------------------*- C++ -*-===//

#ifndef MV_PIPELINE_REPORT_H
#define MV_PIPELINE_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mv/Kernels/CodeGen/MachineFacts.h"
#include "mv/Support/Status.h"

#include <string>

namespace mv {

/// By GPU target ("sm_80"), what the tools say of its functions.
using MachineFactsByTarget = llvm::StringMap<gpu::FunctionFacts>;

/// Describes every dispatch of a plan: work, bytes, the time below which it cannot run on the stated machine and the
/// unit that sets it; for GPUs also its launches and what `facts` says of their machine code. To `path`: JSON for .json,
/// a self-contained page for .html, text otherwise; to standard error when it is empty.
Status writeReport(mlir::ModuleOp module, const std::string &path, const MachineFactsByTarget &facts = {});

} // namespace mv

#endif // MV_PIPELINE_REPORT_H
