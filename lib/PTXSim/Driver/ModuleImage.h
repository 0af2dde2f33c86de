//===- ModuleImage.h - From what a program loads to PTX -------------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_MODULEIMAGE_H
#define MV_LIB_PTXSIM_DRIVER_MODULEIMAGE_H

#include "CUDAHeader.h"
#include "mv/PTXSim/DeviceProfile.h"

#include <string>

namespace mv::ptxsim::driver {

/// The PTX that `image` holds for `profile`. On failure returns the driver's error and says why in `log`.
CUresult readImage(const void *image, const DeviceProfile &profile, std::string &ptx, std::string &log);

/// Copies `log` to the buffer of the options CU_JIT_INFO_LOG_BUFFER or CU_JIT_ERROR_LOG_BUFFER, cut to its
/// size, and sets the size option to what was written. Options that are not given are left alone.
void writeLog(const std::string &log, bool isError, unsigned count, CUjit_option *options, void **values);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_MODULEIMAGE_H
