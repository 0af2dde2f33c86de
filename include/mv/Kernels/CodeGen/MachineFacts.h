//===- MachineFacts.h - What NVIDIA's tools say of a GPU function ---*- C++ -*-===//

#ifndef MV_KERNELS_CODEGEN_MACHINEFACTS_H
#define MV_KERNELS_CODEGEN_MACHINEFACTS_H

#include "mv/Kernels/CodeGen/SASS.h"

#include <optional>

namespace mv::gpu {

/// What a function of a cubin takes, as far as the tools were there to say so.
struct MachineFacts {
  std::optional<int64_t> registers; ///< Of a thread.
  int64_t spillBytes = 0;           ///< Stored to local memory, of a thread.
  std::optional<SASSFunction> code;
};

/// By function.
using FunctionFacts = llvm::StringMap<MachineFacts>;

/// Adds what `ptxas -v` printed.
void addPtxasInfo(llvm::StringRef text, FunctionFacts &facts);
/// Adds what `cuobjdump -sass` printed.
void addListing(llvm::StringRef listing, FunctionFacts &facts);

} // namespace mv::gpu

#endif // MV_KERNELS_CODEGEN_MACHINEFACTS_H
