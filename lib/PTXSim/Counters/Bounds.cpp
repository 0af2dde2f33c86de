//===- Bounds.cpp - What a chip needs at least for a kernel ---------*- C++ -*-===//

#include "mv/PTXSim/Counters.h"
#include "mv/PTXSim/Device.h"

#include <algorithm>

namespace mv::ptxsim {

std::string_view instructionClassName(InstructionClass kind) {
  constexpr std::string_view names[] = {
      "integer",      "float32",     "float64",        "half",       "convert",
      "compare",      "move",        "transcendental", "matrix",     "load_global",
      "store_global", "load_shared", "store_shared",   "local",      "parameter_constant",
      "atomic",       "async_copy",  "barrier",        "collective", "control",
      "other"};
  static_assert(std::size(names) == instructionClassCount);
  return names[unsigned(kind)];
}

unsigned occupancyBlocks(const DeviceProfile &profile, const FunctionInfo &kernel, unsigned blockThreads,
                         unsigned dynamicShared) {
  unsigned warps = (std::max(blockThreads, 1u) + 31) / 32;
  unsigned blocks =
      std::min(profile.maxBlocksPerMultiprocessor, profile.maxThreadsPerMultiprocessor / 32 / warps);
  // Registers are handed out to warps in units of 256; shared memory to blocks in units of 128 bytes.
  unsigned perWarp = (std::max(kernel.registers, 1u) * 32 + 255) / 256 * 256;
  unsigned warpsByRegisters = profile.registersPerMultiprocessor / perWarp / 4 * 4;
  blocks = std::min(blocks, warpsByRegisters / warps);
  unsigned shared = (kernel.staticShared + dynamicShared + profile.sharedReservedPerBlock + 127) / 128 * 128;
  return std::min(blocks, profile.sharedPerMultiprocessor / std::max(shared, 1u));
}

double TimeBounds::longest() const { return std::max({matrix, issue, shared, l2, dram}); }

std::string_view TimeBounds::limiter() const {
  double most = longest();
  return most == 0        ? "none"
         : most == matrix ? "matrix"
         : most == dram   ? "dram"
         : most == l2     ? "l2"
         : most == shared ? "shared"
                          : "issue";
}

TimeBounds timeBounds(const KernelCounters &c, const DeviceProfile &profile) {
  TimeBounds bounds;
  double clocks = profile.clockKHz * 1e3, chip = clocks * profile.multiprocessors;
  bounds.matrix = double(c.matrixHalfEquivalentFlops) / (chip * profile.denseHalfFlopsPerClock);
  bounds.issue = double(c.warpInstructions) / (chip * profile.warpInstructionsPerClock);
  bounds.shared = double(c.sharedPhases) * 128 / (chip * profile.sharedBytesPerClock);
  bounds.l2 = double(c.globalLoadSectors + c.globalStoreSectors) * 32 / (clocks * profile.l2BytesPerClock);
  bounds.dram = double(c.uniqueGlobalBytes) / profile.dramBytesPerSecond;
  FunctionInfo info;
  info.registers = c.registers;
  info.staticShared = c.sharedBytesPerBlock;
  bounds.blocksPerMultiprocessor = occupancyBlocks(profile, info, c.blockThreads, 0);
  bounds.occupancy = double(bounds.blocksPerMultiprocessor * ((c.blockThreads + 31) / 32)) /
                     (profile.maxThreadsPerMultiprocessor / 32);
  return bounds;
}

} // namespace mv::ptxsim
