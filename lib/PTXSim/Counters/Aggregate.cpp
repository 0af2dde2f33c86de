//===- Aggregate.cpp - From a launch's workers to a kernel's sums ---*- C++ -*-===//

#include "PTXSim/Counters/Aggregate.h"

#include <algorithm>

namespace mv::ptxsim {
namespace {

/// Time of a matrix operation on elements of `bits`, relative to f16 on the same unit.
double weightOf(unsigned bits) {
  return bits == 64 ? 16 : bits == 32 ? 2 : bits == 16 ? 1 : bits == 8 ? 0.5 : 0.25;
}

void add(AccessCounters &sums, const AccessCounters &from) {
  sums.sharedRequests += from.sharedRequests;
  sums.phases += from.phases;
  sums.idealPhases += from.idealPhases;
  sums.globalRequests += from.globalRequests;
  sums.sectors += from.sectors;
  sums.usedBytes += from.usedBytes;
}

} // namespace

void addWorker(KernelCounters &sums, const Program &program, const Worker &worker) {
  for (size_t i = 0; i < program.code.size(); ++i) {
    const Inst &inst = program.code[i];
    uint64_t times = worker.executions[i];
    if ((inst.flags & flagSynthetic) || times == 0)
      continue;
    sums.warpInstructions += times;
    sums.threadInstructions += worker.lanes[i];
    sums.byClass[size_t(inst.kind)] += times;
    if (inst.kind == InstructionClass::Matrix) {
      uint64_t flops = times * inst.width * 64 * 2;
      sums.matrixInstructions += times;
      sums.matrixFlops += flops;
      sums.matrixHalfEquivalentFlops += uint64_t(double(flops) * weightOf(inst.aux));
    }
  }
  const KernelCounters &from = worker.counters;
  sums.globalLoadRequests += from.globalLoadRequests;
  sums.globalLoadBytes += from.globalLoadBytes;
  sums.globalLoadSectors += from.globalLoadSectors;
  sums.globalStoreRequests += from.globalStoreRequests;
  sums.globalStoreBytes += from.globalStoreBytes;
  sums.globalStoreSectors += from.globalStoreSectors;
  sums.sharedRequests += from.sharedRequests;
  sums.sharedPhases += from.sharedPhases;
  sums.sharedIdealPhases += from.sharedIdealPhases;
  sums.sharedBytes += from.sharedBytes;
  sums.atomics += from.atomics;
  sums.branches += from.branches;
  sums.divergentBranches += from.divergentBranches;
  sums.barriers += from.barriers;
  sums.uniqueGlobalBytes += from.uniqueGlobalBytes;
}

void addAccesses(KernelCounters &sums, const Program &program, const std::map<uint32_t, std::string> &files,
                 std::span<const std::unique_ptr<Worker>> workers) {
  for (size_t origin = 0; origin < program.origins.size(); ++origin) {
    AccessCounters found;
    for (const auto &worker : workers)
      add(found, worker->accesses[origin]);
    if (found.sharedRequests + found.globalRequests == 0)
      continue;
    const Origin &from = program.origins[origin];
    auto at =
        std::lower_bound(sums.accesses.begin(), sums.accesses.end(), origin,
                         [](const InstructionAccess &access, size_t index) { return access.index < index; });
    if (at == sums.accesses.end() || at->index != origin)
      at = sums.accesses.insert(
          at, {uint32_t(origin), from.line, std::string(from.text), sourceOf(from, files), {}});
    add(at->counters, found);
  }
}

} // namespace mv::ptxsim
