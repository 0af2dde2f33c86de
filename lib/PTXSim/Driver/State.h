//===- State.h - The driver's process-wide state --------------------*- C++ -*-===//
//
// Every entry point takes the one mutex for as long as it runs (host functions excepted) and
// finds everything else from here. The object is never destroyed: programs call the driver
// from destructors that run after ours would.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_STATE_H
#define MV_LIB_PTXSIM_DRIVER_STATE_H

#include "Handles.h"
#include "Report.h"
#include "Settings.h"

#include <deque>
#include <new>
#include <optional>
#include <unordered_set>

namespace mv::ptxsim::driver {

/// The live objects of one kind.
template <typename T> class HandleSet {
public:
  bool contains(const T *handle) const { return live_.count(handle) != 0; }
  void insert(const T *handle) { live_.insert(handle); }
  void erase(const T *handle) { live_.erase(handle); }

private:
  std::unordered_set<const T *> live_;
};

/// Host memory the program pinned; every device sees it.
struct HostRange {
  size_t bytes = 0;
  unsigned flags = 0;
  bool allocated = false; ///< By cuMemHostAlloc and the like, rather than registered.
  bool managed = false;
};

class Driver {
public:
  static Driver &get();

  std::mutex mutex;
  bool initialized = false;
  Settings settings;
  Report report;
  std::deque<DeviceSlot> devices;

  HandleSet<CUctx_st> contexts;
  HandleSet<CUstream_st> streams;
  HandleSet<CUevent_st> events;
  HandleSet<CUmod_st> modules;
  HandleSet<CUfunc_st> functions;
  HandleSet<CUlib_st> libraries;
  HandleSet<CUkern_st> kernels;
  HandleSet<CUgraph_st> graphs;
  HandleSet<CUgraphNode_st> nodes;
  HandleSet<CUgraphExec_st> graphExecs;
  HandleSet<CUmemPoolHandle_st> pools;
  std::map<uint64_t, HostRange> hostRanges;       ///< By first address.
  std::vector<std::shared_ptr<Capture>> captures; ///< Those that are running.

  uint64_t launches = 0; ///< Kernels run so far, for Settings::lost.

  /// Reads the settings, once; the error if the environment is wrong.
  CUresult configure();
  CUresult initialize();
  DeviceSlot *device(CUdevice ordinal);
  /// Makes the engine of a device that has none yet.
  CUresult startDevice(DeviceSlot &slot);
  /// The device whose memory `address` lies in, or null.
  DeviceSlot *ownerOf(uint64_t address, PointerInfo &info);
  /// The pinned range `address` lies in, or end().
  std::map<uint64_t, HostRange>::iterator hostRangeOf(uint64_t address);

private:
  std::optional<CUresult> configured_;
};

/// The stack of current contexts of the calling thread.
std::vector<CUcontext> &contextStack();
CUcontext currentContext();

/// The CUresult for an engine's result, whose message goes to the report. Errors that kill a context are
/// remembered in it.
CUresult toResult(const Result &result, CUctx_st *context);

/// The host waits for what the context was given: what failed meanwhile comes to light. The context's sticky
/// error.
CUresult waitForAll(CUctx_st &context);

/// The stream a handle means in the current context, special handles included; null when there is none.
CUstream resolveStream(CUstream handle);
/// The function a handle means: a function, or a library's kernel in the current context.
CUresult resolveFunction(CUfunction handle, CUfunction &function);
CUresult functionOf(CUkernel kernel, CUcontext context, CUfunction &function);

/// What cuThreadExchangeStreamCaptureMode exchanges.
CUstreamCaptureMode &threadCaptureMode();

/// Refuses what a running capture forbids its thread (or every thread) to do, and invalidates the capture.
CUresult forbidDuringCapture();

/// Body of an entry point that needs cuInit only: `body(lock)`.
template <typename Body> CUresult withDriver(Body body) {
  Driver &driver = Driver::get();
  Lock lock(driver.mutex);
  if (!driver.initialized)
    return CUDA_ERROR_NOT_INITIALIZED;
  try {
    return body(lock);
  } catch (const std::bad_alloc &) {
    return CUDA_ERROR_OUT_OF_MEMORY;
  }
}

/// Body of an entry point that works in the current context, while it is alive: `body(lock, context)`.
template <typename Body> CUresult withContext(Body body) {
  return withDriver([&](Lock &lock) -> CUresult {
    CUcontext context = currentContext();
    if (!context)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (!Driver::get().contexts.contains(context))
      return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if (context->sticky != CUDA_SUCCESS)
      return context->sticky;
    return body(lock, *context);
  });
}

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_STATE_H
