//===- Device.cpp - What a session runs on --------------------------------------===//

#include "mv/Runtime/Device.h"

#include "CPUDevice.h"

#include "mv/Support/Text.h"

#include <algorithm>

using namespace mv;
using namespace mv::runtime;

Device::~Device() = default;

/// "cuda", or "cuda:" and a number.
static bool isCUDA(std::string_view device) {
  constexpr std::string_view kName = "cuda";
  if (!device.starts_with(kName))
    return false;
  device.remove_prefix(kName.size());
  if (device.empty())
    return true;
  return device.size() > 1 && device.front() == ':' &&
         std::all_of(device.begin() + 1, device.end(),
                     [](char digit) { return digit >= '0' && digit <= '9'; });
}

StatusOr<std::unique_ptr<Device>> Device::create(std::shared_ptr<const package::PackageFile> package,
                                                 const DeviceOptions &options) {
  if (options.device == "cpu" || options.device.empty())
    return CPUDevice::create(std::move(package), options);
  if (isCUDA(options.device))
    return Status::unavailable("device " + quote(options.device) + " is not available: neither this mv nor " +
                               quote(package->path()) + " has GPU code; use the device 'cpu'");
  return Status::invalidInput("unknown device " + quote(options.device) + ": expected cpu, cuda or cuda:N");
}
