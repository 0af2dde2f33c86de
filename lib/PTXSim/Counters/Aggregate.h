//===- Aggregate.h - From a launch's workers to a kernel's sums -----*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_COUNTERS_AGGREGATE_H
#define MV_LIB_PTXSIM_COUNTERS_AGGREGATE_H

#include "PTXSim/Machine/Launch.h"

namespace mv::ptxsim {

/// Adds what `worker` counted, by instruction and by request, to `sums`.
void addWorker(KernelCounters &sums, const Program &program, const Worker &worker);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_COUNTERS_AGGREGATE_H
