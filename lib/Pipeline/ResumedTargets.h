//===- ResumedTargets.h - Which targets printed IR still leaves open ----*- C++ -*-===//

#ifndef MV_LIB_PIPELINE_RESUMEDTARGETS_H
#define MV_LIB_PIPELINE_RESUMEDTARGETS_H

#include "mv/Pipeline/Compile.h"

namespace mv {

/// From the fusion stage on IR has been made for certain devices, and from the kernels stage on for certain
/// targets. Narrows targets that the user did not name to those; those that were named must be in the IR, as must
/// the type of products on GPUs. `reached`: the last stage the module has been through.
/// InvalidInput: the IR has no program for a device or target, or one in another type.
Status fitTargets(mlir::ModuleOp module, Stage reached, CompileOptions &options);

} // namespace mv

#endif // MV_LIB_PIPELINE_RESUMEDTARGETS_H
