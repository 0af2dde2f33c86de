//===- Launch.h - Making a launch from what the program passed ------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_LAUNCH_H
#define MV_LIB_PTXSIM_DRIVER_LAUNCH_H

#include "Operation.h"

namespace mv::ptxsim::driver {

/// Checks the launch as the driver does and copies its arguments; the pointers need not outlive the call.
CUresult makeKernelOperation(CUfunction handle, const LaunchConfig &config, void **arguments, void **extra,
                             KernelOperation &operation);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_LAUNCH_H
