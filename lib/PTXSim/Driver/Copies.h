//===- Copies.h - Moving and filling memory -------------------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_COPIES_H
#define MV_LIB_PTXSIM_DRIVER_COPIES_H

#include "Operation.h"

namespace mv::ptxsim::driver {

/// What can be known of a copy before it runs: that its memory types are simulated and its rows fit its
/// pitches.
CUresult checkCopy(const CUDA_MEMCPY3D &copy);

CUresult runCopy(CUctx_st &context, const CUDA_MEMCPY3D &copy);
CUresult runFill(CUctx_st &context, const FillOperation &fill);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_COPIES_H
