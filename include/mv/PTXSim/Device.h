//===- Device.h - The simulated device --------------------------------*- C++ -*-===//
//
// The one interface of the simulator's engine: memory, modules, launches, reports and counters. The driver's
// entry points (lib/PTXSim/Driver) are a thin layer over it; tests may use it without them.
//
//   auto device = Device::create(*findProfile("sm_80"), {});
//   std::shared_ptr<Module> module;
//   Result loaded = device->loadModule(text, {}, module);
//   uint64_t buffer = 0;
//   Result allocated = device->allocate(4096, buffer);
//   Result launched = device->launch(*module->findKernel("scale"), {.grid = {4}, .block = {256}},
//   parameters);
//
// Addresses. A device address is an address of the host process too: device memory is reserved from the
// host's address space, and host memory that was registered (`registerHost`) is its own device address. A
// kernel can reach nothing else: every access is checked against the allocations, so that a wild pointer is
// an error and never a crash. Shared, local and parameter windows of the generic address space lie above
// 2^48, where no host memory is.
//
// Time. Everything is synchronous: a copy or a launch has happened when the call returns. Ordering between
// streams is the driver layer's business. Calls may come from several threads; launches run one after the
// other.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_DEVICE_H
#define MV_PTXSIM_DEVICE_H

#include "mv/PTXSim/CheckReport.h"
#include "mv/PTXSim/Counters.h"
#include "mv/PTXSim/DeviceProfile.h"
#include "mv/PTXSim/Result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv::ptxsim {

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
  uint64_t volume() const { return uint64_t(x) * y * z; }
};

/// What a Device does besides computing. Fixed when the device is created.
struct Options {
  Checks checks = {};       ///< Which checks run; none by default.
  bool counters = false;    ///< Count per kernel, see Device::counters.
  unsigned hostThreads = 0; ///< Threads that blocks are spread over; 0: one per CPU.
  uint64_t instructionLimit =
      0;                      ///< Warp instructions of one block after which a launch is a Timeout; 0: none.
  uint64_t memoryLimit = 0;   ///< Device memory in bytes; 0: the profile's.
  unsigned maxReports = 1000; ///< Distinct check reports that are kept.
  /// Receives what kernels print with printf; stdout when empty.
  std::function<void(std::string_view)> output = {};
};

/// One kernel parameter as the kernel's PTX declares it.
struct ParameterInfo {
  uint32_t offset, size, alignment;
};

struct FunctionInfo {
  std::string name;
  std::vector<ParameterInfo> parameters;
  uint32_t parameterBytes = 0;    ///< Size of the packed parameter buffer.
  uint32_t staticShared = 0;      ///< Bytes of shared memory the PTX declares.
  uint32_t localBytes = 0;        ///< Per thread.
  uint32_t constantBytes = 0;     ///< Of the module.
  uint32_t maxThreads = 1024;     ///< .maxntid / .reqntid, else the device's limit.
  Dim3 requiredBlock = {0, 0, 0}; ///< .reqntid; 0 when absent.
  uint32_t minBlocks = 0;         ///< .minnctapersm; 0 when absent.
  uint32_t registers =
      0; ///< 32-bit registers a thread: ModuleOptions::registers, else an estimate (live values).
  bool registersAreEstimated = true;
  uint32_t ptxVersion = 0;         ///< 10 * major + minor of .version.
  uint32_t targetArchitecture = 0; ///< 80 for .target sm_80.
};

/// A kernel of a loaded module. Lives as long as its Module.
class Kernel {
public:
  virtual ~Kernel() = default;
  virtual const FunctionInfo &info() const = 0;
};

struct GlobalInfo {
  std::string name;
  uint64_t address = 0, size = 0;
  bool constant = false; ///< In .const rather than .global.
  bool managed = false;  ///< .attribute(.managed)
};

/// A loaded module. Its globals are freed with the last reference; the Device must outlive it.
class Module {
public:
  virtual ~Module() = default;
  virtual std::span<const std::unique_ptr<Kernel>> kernels() const = 0;
  virtual std::span<const GlobalInfo> globals() const = 0;
  virtual uint32_t ptxVersion() const = 0;
  virtual uint32_t targetArchitecture() const = 0;
  /// The decoded kernels as text, for cuda-sim --dump.
  virtual std::string dump() const = 0;

  const Kernel *findKernel(std::string_view name) const;
  const GlobalInfo *findGlobal(std::string_view name) const;
};

struct ModuleOptions {
  std::string name = "module"; ///< Shown in reports and messages.
  /// Registers of a kernel as ptxas counts them, where the caller knows them; 0: unknown.
  std::function<uint32_t(std::string_view kernel)> registers = {};
  unsigned newestPTX =
      0; ///< PTX of a later .version is refused, as 10 * major + minor; 0: all that is known.
};

struct LaunchConfig {
  Dim3 grid = {}, block = {};
  Dim3 cluster = {1, 1, 1};
  uint32_t dynamicShared = 0; ///< Bytes.
  bool cooperative = false;   ///< All blocks resident at once: grid-wide barriers work.
};

/// What an address belongs to.
struct PointerInfo {
  uint64_t base = 0, size = 0;
  bool host = false; ///< Registered host memory.
  bool managed = false;
};

class Device {
public:
  /// Fails (null, and `result` says why) when the host lacks what the simulator needs: x86-64-v3, address
  /// space.
  static std::unique_ptr<Device> create(const DeviceProfile &profile, Options options,
                                        Result *result = nullptr);
  virtual ~Device() = default;

  virtual const DeviceProfile &profile() const = 0;
  virtual const Options &options() const = 0;

  // Memory. Addresses are 256-byte aligned. Contents are uninitialised (zero unless the memory was used
  // before).
  virtual Result allocate(uint64_t bytes, uint64_t &address) = 0;
  virtual Result free(uint64_t address) = 0;
  virtual uint64_t freeBytes() const = 0;
  virtual uint64_t totalBytes() const = 0;
  /// Makes [host, host + bytes) reachable for kernels and copies under its own address. It counts as
  /// initialised.
  virtual Result registerHost(void *host, uint64_t bytes, bool managed = false) = 0;
  virtual Result unregisterHost(void *host) = 0;
  /// The allocation or registration `address` lies in; NotFound otherwise.
  virtual Result queryPointer(uint64_t address, PointerInfo &info) const = 0;

  // Copies. Device sides are bounds-checked (InvalidValue); host sides are trusted.
  virtual Result copyIn(uint64_t device, const void *host, uint64_t bytes) = 0;
  virtual Result copyOut(void *host, uint64_t device, uint64_t bytes) = 0;
  virtual Result copyWithin(uint64_t destination, uint64_t source, uint64_t bytes) = 0;
  /// Fills `width` elements of `elementBytes` (1, 2 or 4) in each of `height` rows, `pitch` bytes apart.
  virtual Result fill(uint64_t device, uint32_t value, unsigned elementBytes, uint64_t width,
                      uint64_t height = 1, uint64_t pitch = 0) = 0;

  // Modules and launches.
  virtual Result loadModule(std::string_view ptx, const ModuleOptions &options,
                            std::shared_ptr<Module> &module) = 0;
  /// Runs the whole grid. `parameters` holds info().parameterBytes bytes in the PTX layout (see
  /// ParameterInfo).
  virtual Result launch(const Kernel &kernel, const LaunchConfig &config,
                        std::span<const std::byte> parameters) = 0;

  // What was found and counted since creation (or the last clear).
  virtual std::vector<CheckReport> reports() const = 0;
  virtual std::vector<KernelCounters> counters() const = 0;
  virtual void clearReports() = 0;
  virtual void clearCounters() = 0;
  /// One Leak report per allocation that is still there (module globals excepted); call at exit.
  virtual std::vector<CheckReport> leaks() const = 0;
};

/// Blocks of `kernel` that fit one multiprocessor at once, by threads, registers, shared memory and block
/// slots.
unsigned occupancyBlocks(const DeviceProfile &profile, const FunctionInfo &kernel, unsigned blockThreads,
                         unsigned dynamicShared);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_DEVICE_H
