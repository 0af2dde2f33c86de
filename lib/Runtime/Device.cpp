//===- Device.cpp - What a session runs on --------------------------------------===//

#include "mv/Runtime/Device.h"

#include "CPUDevice.h"
#include "CUDADevice.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <charconv>
#include <new>
#include <optional>

using namespace mv;
using namespace mv::runtime;

Device::~Device() = default;

StatusOr<uint64_t> Device::enqueue(const Run &given, void *stream) {
  if (stream)
    return Status::invalidInput("device " + quote(name()) + " has no streams: expected none");
  MV_RETURN_IF_ERROR(run(given, nullptr));
  return ++runs_;
}

Status Device::wait(uint64_t run) { return checkNumber(run, runs_); }

Status Device::checkNumber(uint64_t run, uint64_t latest) {
  if (run <= latest)
    return Status();
  return Status::invalidInput("there is no run " + std::to_string(run) + " to wait for: the latest is " +
                              std::to_string(latest));
}

StatusOr<void *> Device::allocateHost(uint64_t bytes) {
  return ::operator new(bytes, std::align_val_t(package::kBufferAlignment));
}

void Device::freeHost(void *memory) {
  ::operator delete(memory, std::align_val_t(package::kBufferAlignment));
}

/// 0 for "cuda", N for "cuda:N"; a number too large for its type stands for more GPUs than there are.
static std::optional<uint64_t> cudaIndex(std::string_view device) {
  constexpr std::string_view kName = "cuda";
  if (!device.starts_with(kName))
    return std::nullopt;
  device.remove_prefix(kName.size());
  if (device.empty())
    return 0;
  if (device.size() < 2 || device.front() != ':' ||
      !std::all_of(device.begin() + 1, device.end(), [](char digit) { return digit >= '0' && digit <= '9'; }))
    return std::nullopt;
  uint64_t index = UINT64_MAX;
  std::from_chars(device.data() + 1, device.data() + device.size(), index);
  return index;
}

StatusOr<std::unique_ptr<Device>> Device::create(std::shared_ptr<const package::PackageFile> package,
                                                 const DeviceOptions &options) {
  if (options.device == "cpu" || options.device.empty())
    return CPUDevice::create(std::move(package), options);
  if (const std::optional<uint64_t> index = cudaIndex(options.device))
    return CUDADevice::create(std::move(package), options, *index);
  return Status::invalidInput("unknown device " + quote(options.device) + ": expected cpu, cuda or cuda:N");
}
