//===- Report.h - Work and bytes of every kernel --------------------*- C++ -*-===//

#ifndef MV_PIPELINE_REPORT_H
#define MV_PIPELINE_REPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mv/Support/Status.h"

#include <string>

namespace mv {

/// Describes every dispatch of a plan: work, bytes, and the time below which it cannot run on the stated
/// machine. To `path`: JSON for .json, a self-contained page for .html, text otherwise; to standard error
/// when it is empty.
Status writeReport(mlir::ModuleOp module, const std::string &path);

} // namespace mv

#endif // MV_PIPELINE_REPORT_H
