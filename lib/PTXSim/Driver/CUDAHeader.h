//===- CUDAHeader.h - cuda.h, with its functions exported -----------*- C++ -*-===//
//
// The library is compiled with hidden visibility; what cuda.h declares is what it exports.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_CUDAHEADER_H
#define MV_LIB_PTXSIM_DRIVER_CUDAHEADER_H

#pragma GCC visibility push(default)
#include <cuda.h>
#pragma GCC visibility pop

#if CUDA_VERSION < 13000
#error "the simulator needs the cuda.h of CUDA 13 or later"
#endif

#define MV_DRIVER_PASTE_INNER(a, b) a##b
#define MV_DRIVER_PASTE(a, b) MV_DRIVER_PASTE_INNER(a, b)
#define MV_DRIVER_TEXT_INNER(a) #a
#define MV_DRIVER_TEXT(a) MV_DRIVER_TEXT_INNER(a)

/// Exports `name` under its per-thread-default-stream name too (`suffix` is _ptds or _ptsz). Streams run in
/// the order of the calls here, so that the legacy and the per-thread default stream differ in capture only,
/// and there by their handles.
#define MV_DRIVER_PER_THREAD(name, suffix)                                                                   \
  extern "C" __attribute__((visibility("default"),                                                           \
                            alias(MV_DRIVER_TEXT(name)))) decltype(name) MV_DRIVER_PASTE(name, suffix);

#endif // MV_LIB_PTXSIM_DRIVER_CUDAHEADER_H
