//===- State.cpp - The driver's process-wide state -------------------------------------===//

#include "State.h"

#include <atomic>
#include <cstdio>

namespace mv::ptxsim::driver {

uint64_t nextId() {
  static std::atomic<uint64_t> next = 1;
  return next++;
}

Driver &Driver::get() {
  static Driver *driver = new Driver;
  return *driver;
}

CUresult Driver::configure() {
  if (configured_)
    return *configured_;
  StatusOr<Settings> read = readSettings();
  configured_ = read.ok() ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
  if (read.ok())
    settings = std::move(*read);
  else
    report.note(read.status().message());
  return *configured_;
}

CUresult Driver::initialize() {
  if (initialized)
    return CUDA_SUCCESS;
  if (CUresult code = configure())
    return code;
  if (settings.devices == 0)
    return CUDA_ERROR_NO_DEVICE;
  for (unsigned i = 0; i < settings.devices; ++i) {
    auto *pool = new CUmemPoolHandle_st;
    pool->device = static_cast<CUdevice>(i);
    pools.insert(pool);
    DeviceSlot &slot = devices.emplace_back();
    slot.ordinal = static_cast<CUdevice>(i);
    slot.profile = settings.profile;
    slot.defaultPool = slot.currentPool = pool;
  }
  initialized = true;
  return CUDA_SUCCESS;
}

DeviceSlot *Driver::device(CUdevice ordinal) {
  return ordinal >= 0 && static_cast<size_t>(ordinal) < devices.size() ? &devices[ordinal] : nullptr;
}

CUresult Driver::startDevice(DeviceSlot &slot) {
  if (slot.engine)
    return CUDA_SUCCESS;
  Result result;
  slot.engine = Device::create(*slot.profile, settings.options, &result);
  if (!slot.engine) {
    report.note(result.message());
    return CUDA_ERROR_DEVICE_UNAVAILABLE;
  }
  for (const auto &[address, range] : hostRanges)
    if (CUresult code =
            toResult(slot.engine->registerHost(reinterpret_cast<void *>(address), range.bytes, range.managed),
                     nullptr))
      return code;
  return CUDA_SUCCESS;
}

DeviceSlot *Driver::ownerOf(uint64_t address, PointerInfo &info) {
  for (DeviceSlot &slot : devices)
    if (slot.engine && slot.engine->queryPointer(address, info).ok() && !info.host)
      return &slot;
  return nullptr;
}

std::map<uint64_t, HostRange>::iterator Driver::hostRangeOf(uint64_t address) {
  auto after = hostRanges.upper_bound(address);
  if (after == hostRanges.begin())
    return hostRanges.end();
  auto range = std::prev(after);
  return address - range->first < range->second.bytes ? range : hostRanges.end();
}

std::vector<CUcontext> &contextStack() {
  static thread_local std::vector<CUcontext> stack;
  return stack;
}

CUcontext currentContext() { return contextStack().empty() ? nullptr : contextStack().back(); }

namespace {

CUresult codeOf(Error error) {
  switch (error) {
  case Error::None:
    return CUDA_SUCCESS;
  case Error::InvalidPTX:
    return CUDA_ERROR_INVALID_PTX;
  case Error::UnsupportedPTX:
    return CUDA_ERROR_INVALID_PTX;
  case Error::UnsupportedVersion:
    return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  case Error::InvalidValue:
    return CUDA_ERROR_INVALID_VALUE;
  case Error::OutOfMemory:
    return CUDA_ERROR_OUT_OF_MEMORY;
  case Error::OutOfResources:
    return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  case Error::CooperativeTooLarge:
    return CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE;
  case Error::NotFound:
    return CUDA_ERROR_NOT_FOUND;
  case Error::NotSupported:
    return CUDA_ERROR_NOT_SUPPORTED;
  case Error::UnresolvedSymbol:
    return CUDA_ERROR_INVALID_IMAGE;
  case Error::IllegalAddress:
    return CUDA_ERROR_ILLEGAL_ADDRESS;
  case Error::MisalignedAddress:
    return CUDA_ERROR_MISALIGNED_ADDRESS;
  case Error::IllegalInstruction:
    return CUDA_ERROR_ILLEGAL_INSTRUCTION;
  case Error::InvalidAddressSpace:
    return CUDA_ERROR_INVALID_ADDRESS_SPACE;
  case Error::Assert:
    return CUDA_ERROR_ASSERT;
  case Error::Trap:
    return CUDA_ERROR_LAUNCH_FAILED;
  case Error::LaunchFailed:
    return CUDA_ERROR_LAUNCH_FAILED;
  case Error::Timeout:
    return CUDA_ERROR_LAUNCH_TIMEOUT;
  }
  return CUDA_ERROR_UNKNOWN;
}

/// From now on every call in the context is answered by `code`.
void kill(CUctx_st &context, CUresult code) {
  Driver &driver = Driver::get();
  context.sticky = code;
  context.device->failed = true;
  driver.report.tell(driver, /*exiting=*/false); // A program often ends itself at its first error.
}

} // namespace

CUresult toResult(const Result &result, CUctx_st *context) {
  if (result.ok())
    return CUDA_SUCCESS;
  Driver &driver = Driver::get();
  CUresult code = codeOf(result.error());
  if (!result.message().empty())
    driver.report.note(result.message());
  if (context && isSticky(result.error()))
    kill(*context, code);
  return code;
}

CUresult waitForAll(CUctx_st &context) {
  if (context.sticky == CUDA_SUCCESS && context.lost != CUDA_SUCCESS)
    kill(context, context.lost);
  return context.sticky;
}

CUstream resolveStream(CUstream handle) {
  CUcontext context = currentContext();
  if (handle == nullptr || handle == CU_STREAM_LEGACY)
    return context ? &context->legacyStream : nullptr;
  if (handle != CU_STREAM_PER_THREAD)
    return Driver::get().streams.contains(handle) ? handle : nullptr;
  if (!context)
    return nullptr;
  std::unique_ptr<CUstream_st> &stream = context->perThreadStreams[std::this_thread::get_id()];
  if (!stream) {
    stream = std::make_unique<CUstream_st>();
    stream->context = context;
  }
  return stream.get();
}

CUresult resolveFunction(CUfunction handle, CUfunction &function) {
  Driver &driver = Driver::get();
  function = handle;
  if (driver.functions.contains(handle))
    return CUDA_SUCCESS;
  // The launch functions take a CUkernel in the place of a CUfunction too.
  auto *kernel = reinterpret_cast<CUkernel>(handle);
  if (!driver.kernels.contains(kernel))
    return CUDA_ERROR_INVALID_HANDLE;
  return functionOf(kernel, currentContext(), function);
}

CUstreamCaptureMode &threadCaptureMode() {
  static thread_local CUstreamCaptureMode mode = CU_STREAM_CAPTURE_MODE_GLOBAL;
  return mode;
}

CUresult forbidDuringCapture() {
  Driver &driver = Driver::get();
  if (threadCaptureMode() == CU_STREAM_CAPTURE_MODE_RELAXED)
    return CUDA_SUCCESS;
  for (const std::shared_ptr<Capture> &capture : driver.captures) {
    bool forbidden = capture->mode == CU_STREAM_CAPTURE_MODE_GLOBAL ||
                     (capture->mode == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL &&
                      capture->thread == std::this_thread::get_id());
    if (forbidden) {
      capture->invalidated = true;
      return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
  }
  return CUDA_SUCCESS;
}

} // namespace mv::ptxsim::driver

using namespace mv::ptxsim::driver;

extern "C" int mvDriverUnsupported(const char *name) {
  Driver &driver = Driver::get();
  Lock lock(driver.mutex);
  driver.report.unsupported(name);
  if (driver.settings.trace)
    std::fprintf(stderr, "cuda-sim: %s is not simulated\n", name);
  return CUDA_ERROR_NOT_SUPPORTED;
}

/// Runs when the library is unloaded, which is after the program's own exit handlers.
__attribute__((destructor)) static void tellAtExit() {
  Driver &driver = Driver::get();
  Lock lock(driver.mutex,
            std::try_to_lock); // A thread that still works must not keep the process from ending.
  if (lock.owns_lock())
    driver.report.tell(driver, /*exiting=*/true);
}

CUresult cuInit(unsigned flags) {
  Driver &driver = Driver::get();
  Lock lock(driver.mutex);
  return flags == 0 ? driver.initialize() : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuDriverGetVersion(int *version) {
  if (!version)
    return CUDA_ERROR_INVALID_VALUE;
  Driver &driver = Driver::get();
  Lock lock(driver.mutex);
  *version = driver.configure() == CUDA_SUCCESS ? driver.settings.driverVersion : CUDA_VERSION;
  return CUDA_SUCCESS;
}
