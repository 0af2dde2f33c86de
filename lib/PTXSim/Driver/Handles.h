//===- Handles.h - The objects behind the driver's handles ----------*- C++ -*-===//
//
// A handle is the address of one of these objects. cuda.h declares the types without saying
// what they are; here they are defined, so that no handle is ever cast. Every live object is
// in its HandleSet (State.h), and a handle that is in none is refused, never followed.
//
// All of them are guarded by Driver::mutex.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_HANDLES_H
#define MV_LIB_PTXSIM_DRIVER_HANDLES_H

#include "CUDAHeader.h"
#include "Operation.h"
#include "mv/PTXSim/Device.h"

#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace mv::ptxsim::driver {

/// Hands out numbers that are never used twice; the driver interface shows them as ids.
uint64_t nextId();

/// A simulated device. The engine behind it is made when the first context is.
struct DeviceSlot {
  CUdevice ordinal = 0;
  const DeviceProfile *profile = nullptr;
  std::unique_ptr<Device> engine;
  CUcontext primary = nullptr;
  unsigned primaryRetains = 0, primaryFlags = 0;
  CUmemoryPool defaultPool = nullptr, currentPool = nullptr;
  bool failed = false; ///< A context of it was killed; what that had allocated cannot be freed any more.
};

/// One running capture; shared by every stream that takes part and every event recorded in it.
struct Capture {
  uint64_t id = nextId();
  CUgraph graph = nullptr;
  bool ownsGraph = true; ///< False when the program gave the graph (cuStreamBeginCaptureToGraph).
  CUstream origin = nullptr;
  CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  std::thread::id thread;
  bool active = true, invalidated = false;
};

} // namespace mv::ptxsim::driver

struct CUstream_st {
  CUcontext context = nullptr;
  unsigned flags = CU_STREAM_DEFAULT;
  int priority = 0;
  uint64_t id = mv::ptxsim::driver::nextId();
  bool legacy = false; ///< The legacy default stream, which waits for every blocking stream.
  std::shared_ptr<mv::ptxsim::driver::Capture> capture;
  std::vector<CUgraphNode> captureTails; ///< What the next captured operation depends on.
};

struct CUevent_st {
  CUcontext context = nullptr;
  unsigned flags = CU_EVENT_DEFAULT;
  bool recorded = false;
  std::chrono::steady_clock::time_point time;
  std::shared_ptr<mv::ptxsim::driver::Capture> capture; ///< Set when last recorded in a capture.
  std::vector<CUgraphNode> captureTails;
};

struct CUctx_st {
  mv::ptxsim::driver::DeviceSlot *device = nullptr;
  bool primary = false;
  unsigned flags = 0;
  uint64_t id = mv::ptxsim::driver::nextId();
  CUresult sticky = CUDA_SUCCESS; ///< The error that killed the context.
  CUresult lost = CUDA_SUCCESS;   ///< That which will, once the host waits: nothing runs any more.
  CUstream_st legacyStream;
  std::map<std::thread::id, std::unique_ptr<CUstream_st>> perThreadStreams;
  std::map<CUlimit, size_t> limits;
  CUfunc_cache cacheConfig = CU_FUNC_CACHE_PREFER_NONE;
  std::set<uint64_t> allocations; ///< Freed with the context.
  std::set<CUmodule> modules;
  std::set<CUstream> streams;
  std::set<CUevent> events;

  mv::ptxsim::Device &engine() const { return *device->engine; }
};

/// A kernel of a module in one context.
struct CUfunc_st {
  CUmodule module = nullptr;
  const mv::ptxsim::Kernel *kernel = nullptr;
  CUkernel origin = nullptr; ///< The library's kernel this was made from, if any.
  int maxDynamicShared = 0;
  int carveout = -1;
  bool nonPortableCluster = false;

  const mv::ptxsim::FunctionInfo &info() const { return kernel->info(); }
};

struct CUmod_st {
  CUcontext context = nullptr;
  std::shared_ptr<mv::ptxsim::Module> code;
  std::vector<std::unique_ptr<CUfunc_st>> functions; ///< One for each kernel, in the module's order.
};

/// A library is a module that is loaded into each context that uses it, when it first does.
struct CUlib_st {
  std::string ptx, name;
  std::vector<std::unique_ptr<CUkern_st>> kernels;
  std::map<CUcontext, CUmodule> modules;
};

struct CUkern_st {
  CUlibrary library = nullptr;
  std::string name;
  std::map<CUfunction_attribute, int> attributes; ///< Set before a function was made from it.
};

struct CUgraphNode_st {
  CUgraph graph = nullptr;
  uint64_t id = mv::ptxsim::driver::nextId();
  uint64_t clonedFrom = 0; ///< The id of the node this is a copy of.
  mv::ptxsim::driver::Operation operation;
  std::vector<CUgraphNode> dependencies;
};

struct CUgraph_st {
  CUgraph_st() = default;
  ~CUgraph_st(); ///< Its handle and its nodes' are none any more.
  CUgraph_st(const CUgraph_st &) = delete;

  uint64_t id = mv::ptxsim::driver::nextId();
  std::vector<std::unique_ptr<CUgraphNode_st>> nodes; ///< In the order they were added.
  bool nested = false; ///< Owned by a child graph node; the program may look at it and not destroy it.

  CUgraphNode add(mv::ptxsim::driver::Operation operation, std::vector<CUgraphNode> dependencies);
  /// The nodes in an order that respects the dependencies and otherwise the order of addition; shorter than
  /// `nodes` when there is a cycle.
  std::vector<CUgraphNode> sorted() const;
  std::unique_ptr<CUgraph_st> clone() const;
};

struct CUgraphExec_st {
  struct Step {
    uint64_t node; ///< The id of the node it was made from.
    mv::ptxsim::driver::Operation operation;
    std::vector<uint64_t> dependencies;
    bool enabled = true;
  };
  cuuint64_t flags = 0;
  CUcontext context = nullptr;
  std::vector<Step> steps;

  Step *find(CUgraphNode node);
};

struct CUmemPoolHandle_st {
  CUdevice device = 0;
  std::map<CUmemPool_attribute, uint64_t> attributes;
};

#endif // MV_LIB_PTXSIM_DRIVER_HANDLES_H
