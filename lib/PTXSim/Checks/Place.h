//===- Place.h - The memory an access goes to, for the checks -------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_CHECKS_PLACE_H
#define MV_LIB_PTXSIM_CHECKS_PLACE_H

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Machine/Memory.h"

namespace mv::ptxsim {

/// An allocation of global memory, or the block's shared memory.
struct Checker::Place {
  Allocation *allocation;
  uint64_t base; ///< Address that offset 0 of the shadows stands for.
  InitShadow *init;
  RaceShadow *race;
  const uint8_t *shared;

  std::string_view space() const { return allocation ? "global" : "shared"; }
  const uint8_t *host(uint64_t address) const {
    return shared ? shared + address : reinterpret_cast<const uint8_t *>(address);
  }
  std::string describe(uint64_t address) const {
    if (!allocation)
      return "shared address " + std::to_string(address);
    return "offset " + std::to_string(address - allocation->base) + " of " +
           (allocation->host       ? "registered host memory"
            : allocation->isGlobal ? "a variable"
                                   : "an allocation") +
           " of " + std::to_string(allocation->size) + " bytes";
  }
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_CHECKS_PLACE_H
