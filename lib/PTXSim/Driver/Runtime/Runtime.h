//===- Runtime.h - The CUDA runtime over the driver interface -------*- C++ -*-===//
//
// The parts of libcudart.so.13 that programs compiled by nvcc use, written on the public driver
// interface alone. It is needed because NVIDIA's runtime asks the driver to prove that it is
// NVIDIA's; ours is not, and does not pretend to be. A program that was linked with `nvcc -cudart
// shared` finds this library in place of the original when cuda-sim puts its folder first; for one
// that contains the original, see StaticRuntime.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_RUNTIME_RUNTIME_H
#define MV_LIB_PTXSIM_DRIVER_RUNTIME_RUNTIME_H

#pragma GCC visibility push(default)
#include <cuda_runtime_api.h>
#pragma GCC visibility pop

#include <cuda.h>

/// Exports `name` under its per-thread-default-stream name too; see MV_DRIVER_PER_THREAD in the driver's
/// CUDAHeader.h.
#define MV_RUNTIME_PER_THREAD(name, suffix)                                                                  \
  extern "C" __attribute__((visibility("default"), alias(#name))) decltype(name) name##suffix;

namespace mv::ptxsim::runtime {

/// Initialises the driver and makes the primary context of the thread's device current, unless a context is.
CUresult ensureContext();

/// Remembers an error for cudaGetLastError. The runtime's codes are the driver's, with a few more.
cudaError_t finish(cudaError_t error);
inline cudaError_t finish(CUresult result) { return finish(static_cast<cudaError_t>(result)); }

/// Body of a function that needs a context: `body()` returns a CUresult.
template <typename Body> cudaError_t withContext(Body body) {
  CUresult result = ensureContext();
  return finish(result == CUDA_SUCCESS ? body() : result);
}

/// The library's kernel behind the address of a host stub, a cudaKernel_t or a cudaFunction_t.
CUresult kernelOf(const void *function, CUfunction &kernel);
/// Where the variable is that `symbol` stands for on the host.
CUresult symbolOf(const void *symbol, CUdeviceptr &address, size_t &bytes);

inline CUdeviceptr addressOf(const void *pointer) { return reinterpret_cast<CUdeviceptr>(pointer); }
inline CUmemLocation locationOf(cudaMemLocation location) {
  CUmemLocation result = {};
  result.type = static_cast<CUmemLocationType>(location.type);
  result.id = location.id;
  return result;
}

} // namespace mv::ptxsim::runtime

#endif // MV_LIB_PTXSIM_DRIVER_RUNTIME_RUNTIME_H
