//===- Attributes.h - What a profile answers to an attribute query --*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_DRIVER_ATTRIBUTES_H
#define MV_LIB_PTXSIM_DRIVER_ATTRIBUTES_H

#include "CUDAHeader.h"
#include "mv/PTXSim/DeviceProfile.h"

#include <optional>

namespace mv::ptxsim::driver {

/// Empty for attributes that cuda.h does not know. Those of features that are not simulated (textures aside,
/// whose sizes are facts of the architecture) are 0: not supported.
std::optional<int> deviceAttribute(const DeviceProfile &profile, CUdevice ordinal,
                                   CUdevice_attribute attribute);

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_ATTRIBUTES_H
