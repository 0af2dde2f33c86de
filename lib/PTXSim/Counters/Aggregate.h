//===- Aggregate.h - From a launch's workers to a kernel's sums -----*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_COUNTERS_AGGREGATE_H
#define MV_LIB_PTXSIM_COUNTERS_AGGREGATE_H

#include "PTXSim/Machine/Launch.h"

#include <span>

namespace mv::ptxsim {

/// Adds what `worker` counted, by instruction and by request, to `sums`.
void addWorker(KernelCounters &sums, const Program &program, const Worker &worker);

/// Adds what the workers' instructions asked of memory.
void addAccesses(KernelCounters &sums, const Program &program, const std::map<uint32_t, std::string> &files,
                 std::span<const std::unique_ptr<Worker>> workers);

/// What the checks of speed find in the sums.
std::vector<CheckReport> findWaste(std::span<const KernelCounters> counters, const Checks &checks);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_COUNTERS_AGGREGATE_H
