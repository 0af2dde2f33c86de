//===- CUDADriver.h - The CUDA driver, found at run time ------------*- C++ -*-===//
//
// libcuda.so.1 comes with the GPU's driver and is on no other machine, so it is opened when a session asks for a GPU.
// The few declarations of its interface that are needed are here: its binary interface is stable, and the runtime is
// built without a CUDA toolkit.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_RUNTIME_CUDADRIVER_H
#define MV_LIB_RUNTIME_CUDADRIVER_H

#include "mv/Support/Status.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace mv::runtime::cuda {

using Result = int;
using Address = unsigned long long; ///< On the device.
using Context = struct ContextTag *;
using Module = struct ModuleTag *;
using Function = struct FunctionTag *;
using Stream = struct StreamTag *;
using Event = struct EventTag *;
using Graph = struct GraphTag *;
using GraphExec = struct GraphExecTag *;

inline constexpr Result kSuccess = 0, kOutOfMemory = 2, kNoDevice = 100, kInvalidImage = 200, kNoBinary = 209,
                        kUnsupportedPTX = 222, kNotSupported = 801;
inline constexpr int kCapabilityMajor = 75, kCapabilityMinor = 76;        // CUdevice_attribute
inline constexpr int kMaxDynamicShared = 8;                               // CUfunction_attribute
inline constexpr int kErrorLog = 5, kErrorLogBytes = 6;                   // CUjit_option
inline constexpr unsigned kNonBlocking = 1;                               // CUstream_flags
inline constexpr unsigned kDisableTiming = 2;                             // CUevent_flags
inline constexpr int kMemoryType = 2, kIsManaged = 8, kDeviceOrdinal = 9; // CUpointer_attribute
inline constexpr unsigned kHostMemory = 1, kDeviceMemory = 2;             // CUmemorytype
inline constexpr int kCaptureThreadLocal = 1;                             // CUstreamCaptureMode

/// Host and device share one space of addresses: a pointer of either kind is an address.
inline Address addressOf(const void *pointer) { return reinterpret_cast<uintptr_t>(pointer); }

/// Name here, name in the library, parameters.
#define MV_CUDA_FUNCTIONS(X)                                                                                 \
  X(init, "cuInit", unsigned)                                                                                \
  X(driverGetVersion, "cuDriverGetVersion", int *)                                                           \
  X(getErrorName, "cuGetErrorName", Result, const char **)                                                   \
  X(getErrorString, "cuGetErrorString", Result, const char **)                                               \
  X(deviceGetCount, "cuDeviceGetCount", int *)                                                               \
  X(deviceGet, "cuDeviceGet", int *, int)                                                                    \
  X(deviceGetName, "cuDeviceGetName", char *, int, int)                                                      \
  X(deviceGetAttribute, "cuDeviceGetAttribute", int *, int, int)                                             \
  X(primaryRetain, "cuDevicePrimaryCtxRetain", Context *, int)                                               \
  X(primaryRelease, "cuDevicePrimaryCtxRelease_v2", int)                                                     \
  X(pushCurrent, "cuCtxPushCurrent_v2", Context)                                                             \
  X(popCurrent, "cuCtxPopCurrent_v2", Context *)                                                             \
  X(moduleLoad, "cuModuleLoadDataEx", Module *, const void *, unsigned, int *, void **)                      \
  X(moduleUnload, "cuModuleUnload", Module)                                                                  \
  X(moduleGetFunction, "cuModuleGetFunction", Function *, Module, const char *)                              \
  X(functionSetAttribute, "cuFuncSetAttribute", Function, int, int)                                          \
  X(memGetInfo, "cuMemGetInfo_v2", size_t *, size_t *)                                                       \
  X(memAlloc, "cuMemAlloc_v2", Address *, size_t)                                                            \
  X(memFree, "cuMemFree_v2", Address)                                                                        \
  X(pointerGetAttributes, "cuPointerGetAttributes", unsigned, const int *, void **, Address)                 \
  X(memHostAlloc, "cuMemHostAlloc", void **, size_t, unsigned)                                               \
  X(memFreeHost, "cuMemFreeHost", void *)                                                                    \
  X(copyAsync, "cuMemcpyAsync", Address, Address, size_t, Stream)                                            \
  X(fillAsync, "cuMemsetD8Async", Address, unsigned char, size_t, Stream)                                    \
  X(streamCreate, "cuStreamCreate", Stream *, unsigned)                                                      \
  X(streamDestroy, "cuStreamDestroy_v2", Stream)                                                             \
  X(streamSynchronize, "cuStreamSynchronize", Stream)                                                        \
  X(streamGetContext, "cuStreamGetCtx", Stream, Context *)                                                   \
  X(streamWaitEvent, "cuStreamWaitEvent", Stream, Event, unsigned)                                           \
  X(beginCapture, "cuStreamBeginCapture_v2", Stream, int)                                                    \
  X(endCapture, "cuStreamEndCapture", Stream, Graph *)                                                       \
  X(graphInstantiate, "cuGraphInstantiateWithFlags", GraphExec *, Graph, unsigned long long)                 \
  X(graphDestroy, "cuGraphDestroy", Graph)                                                                   \
  X(graphExecDestroy, "cuGraphExecDestroy", GraphExec)                                                       \
  X(graphLaunch, "cuGraphLaunch", GraphExec, Stream)                                                         \
  X(eventCreate, "cuEventCreate", Event *, unsigned)                                                         \
  X(eventDestroy, "cuEventDestroy_v2", Event)                                                                \
  X(eventRecord, "cuEventRecord", Event, Stream)                                                             \
  X(eventSynchronize, "cuEventSynchronize", Event)                                                           \
  X(eventElapsed, "cuEventElapsedTime", float *, Event, Event)                                               \
  X(launch, "cuLaunchKernel", Function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,          \
    unsigned, Stream, void **, void **)

/// The functions of libcuda.so.1, all there.
class Driver {
public:
  /// Opens the library and initialises the driver, once for the process; or says what is missing.
  static StatusOr<const Driver *> get();

#define MV_CUDA_DECLARE(name, symbol, ...) Result (*name)(__VA_ARGS__) = nullptr;
  MV_CUDA_FUNCTIONS(MV_CUDA_DECLARE)
#undef MV_CUDA_DECLARE

  /// "CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory access was encountered)".
  std::string describe(Result result) const;
  /// Ok, or an Unavailable status: "cannot `what`: ...", or that the GPU failed, whatever was tried.
  Status check(Result result, std::string_view what) const;

private:
  Status load();
};

/// Makes a context the calling thread's for a while.
class Current {
public:
  Current(const Driver &driver, Context context) : driver_(driver) { driver_.pushCurrent(context); }
  ~Current() {
    Context ignored;
    driver_.popCurrent(&ignored);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  const Driver &driver_;
};

} // namespace mv::runtime::cuda

#endif // MV_LIB_RUNTIME_CUDADRIVER_H
