//===- CUDADriver.cpp - The CUDA driver, found at run time ----------------------===//

#include "CUDADriver.h"

#include <dlfcn.h>

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

Status Driver::check(Result result, const std::string &what) const {
  if (result == kSuccess)
    return Status();
  return Status::unavailable("cannot " + what + ": " + describe(result));
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
#define MV_CUDA_RESOLVE(name, symbol, ...) MV_RETURN_IF_ERROR(resolve(library, symbol, name));
  MV_CUDA_FUNCTIONS(MV_CUDA_RESOLVE)
#undef MV_CUDA_RESOLVE
  int version = 0;
  MV_RETURN_IF_ERROR(check(driverGetVersion(&version), "ask the NVIDIA driver for its version"));
  if (version < kLeastVersion)
    return Status::unavailable("the NVIDIA driver is too old: it is for CUDA " + versionText(version) +
                               ", mv needs one for CUDA " + versionText(kLeastVersion) + " or later");
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
