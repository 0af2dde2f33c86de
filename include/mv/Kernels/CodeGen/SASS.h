//===- SASS.h - What a GPU's machine code says about a kernel -------*- C++ -*-===//
//
// Reads the listing of `cuobjdump -sass` and finds each function's main loop: of the loops with matrix instructions
// the one where they are densest. Each instruction of Volta and later carries the cycles the scheduler waits before
// it issues the warp's next one (its stall count, bits 105 to 108 of the 128; see Jia et al., arXiv 1804.06826): their sum
// over the loop is a lower bound of a warp's time for one turn when nothing else makes it wait.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_CODEGEN_SASS_H
#define MV_KERNELS_CODEGEN_SASS_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mv::gpu {

/// Instructions of one loop, or of all of a function.
struct InstructionCounts {
  int64_t all = 0;
  int64_t matrix = 0;              ///< HMMA, IMMA, DMMA, and their warpgroup forms.
  int64_t stalls = 0;              ///< Sum of the stall counts, at least one each.
  int64_t local = 0;               ///< Loads from and stores to local memory: spills.
  llvm::StringMap<int64_t> byName; ///< Without modifiers: LDSM, LDGSTS, IADD3.
};

struct SASSFunction {
  std::string name;
  InstructionCounts total;
  bool hasMainLoop = false;
  InstructionCounts mainLoop;
};

/// The functions of a listing, in its order. Lines that are no instructions are passed over.
std::vector<SASSFunction> parseSASS(llvm::StringRef listing);

} // namespace mv::gpu

#endif // MV_KERNELS_CODEGEN_SASS_H
