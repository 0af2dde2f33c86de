//===- CUDADriver.cpp - The CUDA driver, found at run time ----------------------===//

#include "CUDADriver.h"

#include <algorithm>
#include <dlfcn.h>
#include <iterator>

using namespace mv;
using namespace mv::runtime;
using namespace mv::runtime::cuda;

/// CUDA 12.0: the first that knows all functions used here and the PTX that the compiler writes.
static constexpr int kLeastVersion = 12000;
static constexpr const char *kLibrary = "libcuda.so.1";

static std::string versionText(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

std::string Driver::describe(Result result) const {
  const char *name = nullptr, *text = nullptr;
  if (getErrorName(result, &name) != kSuccess || !name)
    return "error " + std::to_string(result) + " of the CUDA driver";
  if (getErrorString(result, &text) != kSuccess || !text)
    return name;
  return std::string(name) + " (" + text + ")";
}

/// Errors of the GPU itself, after which it does nothing any more for this process: memory and links that are damaged, and
/// what a kernel can die of. Work runs on its own, so the call that tells of them is just any later one.
static bool isFailureOfGPU(Result result) {
  constexpr Result kFailures[] = {214, 220, 226, 700, 702, 710, 714, 715, 716, 717, 718, 719};
  return std::find(std::begin(kFailures), std::end(kFailures), result) != std::end(kFailures);
}

Status Driver::check(Result result, std::string_view what) const {
  if (result == kSuccess)
    return Status();
  if (isFailureOfGPU(result))
    return Status::unavailable(
        "the GPU failed: " + describe(result) +
        "; what it was given is lost: run it again, and if it fails again check the GPU (nvidia-smi)");
  return Status::unavailable("cannot " + std::string(what) + ": " + describe(result));
}

/// Function and data pointers are alike to dlsym.
template <typename Pointer> static Status resolve(void *library, const char *symbol, Pointer &function) {
  function = reinterpret_cast<Pointer>(dlsym(library, symbol));
  if (function)
    return Status();
  return Status::unavailable(std::string("the NVIDIA driver is too old: its ") + kLibrary + " has no " +
                             symbol + "; install a driver for CUDA " + versionText(kLeastVersion) +
                             " or later");
}

Status Driver::load() {
  void *library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL); // Stays open: the driver keeps threads of its own.
  if (!library)
    return Status::unavailable(std::string("there is no NVIDIA driver on this machine: ") + kLibrary +
                               " cannot be opened; install one, or use the device 'cpu'");
  // The version first: what is missing in an old driver is no more than a consequence.
  MV_RETURN_IF_ERROR(resolve(library, "cuDriverGetVersion", driverGetVersion));
  int version = 0;
  if (const Result asked = driverGetVersion(&version); asked != kSuccess)
    return Status::unavailable("cannot ask the NVIDIA driver for its version: error " +
                               std::to_string(asked));
  if (version < kLeastVersion)
    return Status::unavailable("the NVIDIA driver is too old: it is for CUDA " + versionText(version) +
                               ", mv needs one for CUDA " + versionText(kLeastVersion) +
                               " or later; install a newer one, or use the device 'cpu'");
#define MV_CUDA_RESOLVE(name, symbol, ...) MV_RETURN_IF_ERROR(resolve(library, symbol, name));
  MV_CUDA_FUNCTIONS(MV_CUDA_RESOLVE)
#undef MV_CUDA_RESOLVE
  const Result started = init(0);
  if (started == kNoDevice)
    return Status::unavailable(
        "there is no NVIDIA GPU on this machine, or CUDA_VISIBLE_DEVICES hides it; use the "
        "device 'cpu'");
  return check(started, "start the NVIDIA driver");
}

StatusOr<const Driver *> Driver::get() {
  static Driver driver;
  static const Status status = driver.load();
  if (!status.ok())
    return status;
  return &driver;
}
