//===- Operation.h - One thing a stream can do ----------------------*- C++ -*-===//
//
// An operation is data. A stream runs it at once; a stream that is being captured adds it to
// a graph; an instantiated graph runs its copies in order. So there is one place that knows
// how to run each kind, `execute`, and captured work cannot behave differently.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_OPERATION_H
#define MV_LIB_PTXSIM_DRIVER_OPERATION_H

#include "CUDAHeader.h"
#include "mv/PTXSim/Device.h"

#include <cstddef>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

namespace mv::ptxsim::driver {

struct KernelOperation {
  CUfunction function = nullptr;
  LaunchConfig config;
  std::vector<std::byte> parameters; ///< Packed as the kernel's PTX lays them out.
  std::vector<void *> pointers;      ///< Into `parameters`, one for each; what a query of the node shows.
};

/// Covers copies of one, two and three dimensions: a flat copy is one row of one plane.
struct CopyOperation {
  CUDA_MEMCPY3D copy = {};
};

struct FillOperation {
  CUdeviceptr destination = 0;
  uint32_t value = 0;
  unsigned elementBytes = 1;
  size_t width = 0, height = 1, pitch = 0;
};

struct HostOperation {
  CUhostFn function = nullptr;
  void *data = nullptr;
};

struct EmptyOperation {};

struct EventRecordOperation {
  CUevent event = nullptr;
};

struct EventWaitOperation {
  CUevent event = nullptr;
};

struct ChildGraphOperation {
  std::shared_ptr<CUgraph_st> graph;
};

using Operation = std::variant<EmptyOperation, KernelOperation, CopyOperation, FillOperation, HostOperation,
                               EventRecordOperation, EventWaitOperation, ChildGraphOperation>;
using Lock = std::unique_lock<std::mutex>;

/// Runs `operation` now. Host functions run without the lock, since they may take as long as they like.
CUresult execute(Lock &lock, CUctx_st &context, const Operation &operation);

/// Hands `operation` to a stream: runs it, or adds it to the graph that is being captured.
CUresult submit(Lock &lock, CUstream stream, Operation operation);

CUgraphNodeType nodeType(const Operation &operation);

CopyOperation flatCopy(CUmemorytype toType, CUdeviceptr to, CUmemorytype fromType, CUdeviceptr from,
                       size_t bytes);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_OPERATION_H
