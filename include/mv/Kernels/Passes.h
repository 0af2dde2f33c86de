//===- Passes.h - Passes on emitted kernels -------------------------*- C++ -*-===//

#ifndef MV_KERNELS_PASSES_H
#define MV_KERNELS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace mv {

#define GEN_PASS_DECL
#include "mv/Kernels/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "mv/Kernels/Passes.h.inc"

} // namespace mv

#endif // MV_KERNELS_PASSES_H
