//===- Tools.cpp - Profilers and private interfaces ----------------------------------------===//

#include "State.h"

using namespace mv::ptxsim::driver;

/// The driver's undocumented tables. NVIDIA's CUDA runtime asks for them, and checks with one of them that it
/// talks to NVIDIA's driver; the simulator does not pretend to be that. Programs that use the runtime are
/// served by the libcudart.so.13 beside this library instead (Runtime/).
CUresult cuGetExportTable(const void **table, const CUuuid *) {
  if (!table)
    return CUDA_ERROR_INVALID_VALUE;
  *table = nullptr;
  Driver &driver = Driver::get();
  Lock lock(driver.mutex);
  driver.report.privateTable();
  return CUDA_ERROR_NOT_FOUND;
}

// A profiler would be told by these where to look; the counters look everywhere.
extern "C" __attribute__((visibility("default"))) CUresult cuProfilerStart() { return CUDA_SUCCESS; }
extern "C" __attribute__((visibility("default"))) CUresult cuProfilerStop() { return CUDA_SUCCESS; }
