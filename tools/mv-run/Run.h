//===- Run.h - What mv-run does -------------------------------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_RUN_H
#define MV_TOOLS_RUN_RUN_H

#include "Options.h"

namespace mv::run {

/// Does what the options ask for. CheckFailed: --expect found a difference. Failed calls of the runtime throw
/// mv::Error.
Status runTool(const Options &options);

} // namespace mv::run

#endif // MV_TOOLS_RUN_RUN_H
