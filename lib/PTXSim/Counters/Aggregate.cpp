//===- Aggregate.cpp - From a launch's workers to a kernel's sums ---*- C++ -*-===//

#include "PTXSim/Counters/Aggregate.h"

namespace mv::ptxsim {
namespace {

/// Time of a matrix operation on elements of `bits`, relative to f16 on the same unit.
double weightOf(unsigned bits) {
  return bits == 64 ? 16 : bits == 32 ? 2 : bits == 16 ? 1 : bits == 8 ? 0.5 : 0.25;
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

} // namespace mv::ptxsim
