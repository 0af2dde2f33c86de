//===- Memory.h - Device memory of a context ------------------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_MEMORY_H
#define MV_LIB_PTXSIM_DRIVER_MEMORY_H

#include "CUDAHeader.h"

namespace mv::ptxsim::driver {

CUresult allocate(CUctx_st &context, size_t bytes, CUdeviceptr &address);
CUresult release(CUctx_st &context, CUdeviceptr address);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_MEMORY_H
