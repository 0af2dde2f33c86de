//===- Counters.h - What a kernel did, and what a chip needs for it -*- C++ -*-===//
//
// Counters are exact: they are counted while the kernel runs. The bounds are not a model of time: each says
// how long one unit of a named chip is busy if everything else is free, so a kernel takes at least the
// longest of them.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_COUNTERS_H
#define MV_PTXSIM_COUNTERS_H

#include "mv/PTXSim/DeviceProfile.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv::ptxsim {

enum class InstructionClass : uint8_t {
  Integer,
  Float32,
  Float64,
  Half,
  Convert,
  Compare,
  Move,
  Transcendental,
  Matrix,
  LoadGlobal,
  StoreGlobal,
  LoadShared,
  StoreShared,
  Local,
  ParameterConstant,
  Atomic,
  AsyncCopy,
  Barrier,
  Collective,
  Control,
  Other,
};
inline constexpr unsigned instructionClassCount = unsigned(InstructionClass::Other) + 1;
std::string_view instructionClassName(InstructionClass kind);

/// What an instruction asked of memory. One of cp.async asks both kinds.
struct AccessCounters {
  uint64_t sharedRequests = 0, phases = 0, idealPhases = 0;
  uint64_t globalRequests = 0, sectors = 0;
  uint64_t usedBytes = 0; ///< Distinct bytes of the sectors, in each request.
};

/// The sums of an instruction, in the order of the PTX.
struct InstructionAccess {
  uint32_t index = 0; ///< Of the instruction in its kernel.
  unsigned line = 0;
  std::string instruction, source; ///< "file.cu:12" where the PTX has .loc, else empty.
  AccessCounters counters;
};

/// Sums over all launches of one kernel.
struct KernelCounters {
  std::string kernel, module;
  uint64_t launches = 0, blocks = 0, threads = 0;
  uint64_t warpInstructions = 0;                            ///< Issued, one per warp.
  uint64_t threadInstructions = 0;                          ///< Executed, one per active lane.
  std::array<uint64_t, instructionClassCount> byClass = {}; ///< Warp instructions.
  uint64_t matrixInstructions = 0;
  uint64_t matrixFlops = 0; ///< Multiply and add counted as two.
  uint64_t matrixHalfEquivalentFlops =
      0; ///< Weighted by the unit's rate for the type: tf32 x2, int8/fp8 x1/2, f64 apart.
  uint64_t globalLoadRequests = 0, globalLoadBytes = 0,
           globalLoadSectors = 0; ///< Bytes as the lanes asked for them.
  uint64_t globalStoreRequests = 0, globalStoreBytes = 0, globalStoreSectors = 0;
  uint64_t sharedRequests = 0, sharedPhases = 0, sharedIdealPhases = 0; ///< Phases: passes over the 32 banks.
  uint64_t sharedBytes = 0;
  uint64_t atomics = 0; ///< Lanes' atomic operations.
  uint64_t branches = 0, divergentBranches = 0;
  uint64_t barriers = 0;
  uint64_t uniqueGlobalBytes =
      0; ///< Distinct bytes of global memory touched, in sectors: what DRAM must move at least.
  std::vector<InstructionAccess> accesses; ///< Of instructions that accessed shared or global memory.
  // Of the last launch.
  unsigned blockThreads = 0, registers = 0, sharedBytesPerBlock = 0;
  bool registersAreEstimated = true;
};

/// Lower bounds in seconds for all launches, each for one unit alone.
struct TimeBounds {
  double matrix = 0, issue = 0, shared = 0, l2 = 0, dram = 0;
  double longest() const;
  std::string_view limiter() const;
  unsigned blocksPerMultiprocessor = 0;
  double occupancy = 0; ///< Resident warps over the most possible.
};
TimeBounds timeBounds(const KernelCounters &counters, const DeviceProfile &profile);

/// A table for people and JSON for tools; both name the chip and say that the times are bounds.
std::string countersTable(std::span<const KernelCounters> counters, const DeviceProfile &profile);
std::string countersJson(std::span<const KernelCounters> counters, const DeviceProfile &profile);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_COUNTERS_H
