//===- Device.cpp - The simulated device ----------------------------*- C++ -*-===//

#include "mv/PTXSim/Device.h"
#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Checks/Segments.h"
#include "PTXSim/Counters/Aggregate.h"
#include "PTXSim/Machine/Builtins.h"
#include "PTXSim/Machine/Launch.h"
#include "PTXSim/Machine/LoadedModule.h"
#include "mv/Support/ThreadPool.h"

#include <algorithm>
#include <cstring>
#include <mutex>

namespace mv::ptxsim {
namespace {

constexpr uint64_t heapBytes = 8 << 20; ///< What cudaLimitMallocHeapSize is by default.

/// The checks of speed judge what was counted.
Options complete(Options options) {
  options.counters |= options.checks.anyOfSpeed();
  return options;
}

class SimulatedDevice final : public Device {
public:
  SimulatedDevice(const DeviceProfile &profile, Options options)
      : profile_(profile), options_(complete(std::move(options))), lock_(std::make_shared<std::mutex>()),
        memory_(options_, options_.memoryLimit ? options_.memoryLimit : profile.memoryBytes),
        log_(options_.maxReports), pool_(options_.hostThreads) {}

  bool usable() const { return memory_.reserved(); }
  const DeviceProfile &profile() const override { return profile_; }
  const Options &options() const override { return options_; }

  Result allocate(uint64_t bytes, uint64_t &address) override;
  Result free(uint64_t address) override;
  uint64_t freeBytes() const override;
  uint64_t totalBytes() const override { return memory_.capacity(); }
  Result registerHost(void *host, uint64_t bytes, bool managed) override;
  Result unregisterHost(void *host) override;
  Result queryPointer(uint64_t address, PointerInfo &info) const override;
  Result copyIn(uint64_t device, const void *host, uint64_t bytes) override;
  Result copyOut(void *host, uint64_t device, uint64_t bytes) override;
  Result copyWithin(uint64_t destination, uint64_t source, uint64_t bytes) override;
  Result fill(uint64_t device, uint32_t value, unsigned elementBytes, uint64_t width, uint64_t height,
              uint64_t pitch) override;
  Result loadModule(std::string_view ptx, const ModuleOptions &options,
                    std::shared_ptr<Module> &module) override;
  Result launch(const Kernel &kernel, const LaunchConfig &config,
                std::span<const std::byte> parameters) override;
  std::vector<CheckReport> reports() const override;
  std::vector<KernelCounters> counters() const override;
  void clearReports() override { log_.clear(); }
  void clearCounters() override;
  std::vector<CheckReport> leaks() const override;

private:
  Result checkRange(uint64_t address, uint64_t bytes, std::string_view what, Allocation *&allocation);
  Result checkLaunch(const LoadedKernel &kernel, const LaunchConfig &config, size_t parameterBytes) const;
  Result ensureHeap();
  Result prepareWorkspace();
  void prepareShadows();
  void addCounters(const LoadedKernel &kernel, const Launch &launch,
                   const std::vector<std::unique_ptr<Worker>> &workers);

  const DeviceProfile profile_;
  const Options options_;
  std::shared_ptr<std::mutex> lock_; ///< Shared with modules, which free their variables.
  Memory memory_;
  ReportLog log_;
  Segments segments_;
  ThreadPool pool_;
  std::unique_ptr<DeviceHeap> heap_;
  uint64_t gridWorkspace_ = 0;
  std::vector<KernelCounters> counters_;
  uint64_t launches_ = 0;
};

Result SimulatedDevice::allocate(uint64_t bytes, uint64_t &address) {
  std::lock_guard guard(*lock_);
  return memory_.allocate(bytes, address);
}

Result SimulatedDevice::free(uint64_t address) {
  std::lock_guard guard(*lock_);
  return memory_.free(address);
}

uint64_t SimulatedDevice::freeBytes() const {
  std::lock_guard guard(*lock_);
  return memory_.capacity() - memory_.used();
}

Result SimulatedDevice::registerHost(void *host, uint64_t bytes, bool managed) {
  std::lock_guard guard(*lock_);
  return memory_.registerHost(reinterpret_cast<uint64_t>(host), bytes, managed);
}

Result SimulatedDevice::unregisterHost(void *host) {
  std::lock_guard guard(*lock_);
  return memory_.unregisterHost(reinterpret_cast<uint64_t>(host));
}

Result SimulatedDevice::queryPointer(uint64_t address, PointerInfo &info) const {
  std::lock_guard guard(*lock_);
  const Allocation *allocation = const_cast<Memory &>(memory_).find(address, 1);
  if (!allocation)
    return Result(Error::NotFound, "address belongs to no allocation");
  info = {allocation->base, allocation->size, allocation->host, allocation->managed};
  return {};
}

Result SimulatedDevice::checkRange(uint64_t address, uint64_t bytes, std::string_view what,
                                   Allocation *&allocation) {
  allocation = memory_.find(address, bytes);
  if (allocation || bytes == 0)
    return {};
  return Result(Error::InvalidValue, std::string(what) + " of " + std::to_string(bytes) +
                                         " bytes is not within one allocation of the device");
}

Result SimulatedDevice::copyIn(uint64_t device, const void *host, uint64_t bytes) {
  std::lock_guard guard(*lock_);
  Allocation *allocation;
  PTXSIM_RETURN_IF_ERROR(checkRange(device, bytes, "copy to the device", allocation));
  if (bytes == 0)
    return {};
  std::memmove(reinterpret_cast<void *>(device), host, bytes);
  if (allocation->init)
    allocation->init->setRange(device - allocation->shadowBase, bytes);
  return {};
}

Result SimulatedDevice::copyOut(void *host, uint64_t device, uint64_t bytes) {
  std::lock_guard guard(*lock_);
  Allocation *allocation;
  PTXSIM_RETURN_IF_ERROR(checkRange(device, bytes, "copy from the device", allocation));
  if (bytes)
    std::memmove(host, reinterpret_cast<const void *>(device), bytes);
  return {};
}

Result SimulatedDevice::copyWithin(uint64_t destination, uint64_t source, uint64_t bytes) {
  std::lock_guard guard(*lock_);
  Allocation *to, *from;
  PTXSIM_RETURN_IF_ERROR(checkRange(destination, bytes, "destination of a copy", to));
  PTXSIM_RETURN_IF_ERROR(checkRange(source, bytes, "source of a copy", from));
  if (bytes == 0)
    return {};
  std::memmove(reinterpret_cast<void *>(destination), reinterpret_cast<const void *>(source), bytes);
  if (to->init && from->init)
    to->init->copyFrom(*from->init, source - from->shadowBase, destination - to->shadowBase, bytes);
  else if (to->init)
    to->init->setRange(destination - to->shadowBase, bytes);
  return {};
}

Result SimulatedDevice::fill(uint64_t device, uint32_t value, unsigned elementBytes, uint64_t width,
                             uint64_t height, uint64_t pitch) {
  std::lock_guard guard(*lock_);
  if (elementBytes != 1 && elementBytes != 2 && elementBytes != 4)
    return Result(Error::InvalidValue, "fill with elements of " + std::to_string(elementBytes) + " bytes");
  if (device % elementBytes || (height > 1 && pitch % elementBytes))
    return Result(Error::InvalidValue, "fill of a misaligned range");
  for (uint64_t row = 0; row < height; ++row) {
    uint64_t address = device + row * pitch, bytes = width * elementBytes;
    Allocation *allocation;
    PTXSIM_RETURN_IF_ERROR(checkRange(address, bytes, "fill", allocation));
    if (bytes == 0)
      continue;
    uint8_t *to = reinterpret_cast<uint8_t *>(address);
    if (elementBytes == 1)
      std::memset(to, int(value & 255), bytes);
    else
      for (uint64_t i = 0; i < width; ++i)
        std::memcpy(to + i * elementBytes, &value, elementBytes);
    if (allocation->init)
      allocation->init->setRange(address - allocation->shadowBase, bytes);
  }
  return {};
}

Result SimulatedDevice::loadModule(std::string_view ptx, const ModuleOptions &options,
                                   std::shared_ptr<Module> &module) {
  auto loaded = std::make_shared<LoadedModule>(memory_, lock_);
  Result result;
  {
    std::lock_guard guard(*lock_); // Not held when a module that failed to load frees its variables.
    result = loaded->load(ptx, options, profile_);
  }
  if (result.ok())
    module = std::move(loaded);
  return result;
}

std::string triple(const Dim3 &d) {
  return "(" + std::to_string(d.x) + "," + std::to_string(d.y) + "," + std::to_string(d.z) + ")";
}

Result SimulatedDevice::checkLaunch(const LoadedKernel &kernel, const LaunchConfig &config,
                                    size_t parameterBytes) const {
  const FunctionInfo &info = kernel.info_;
  const Dim3 &grid = config.grid, &block = config.block, &required = info.requiredBlock;
  std::string who = "launch of " + info.name + ": ";
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 0x7fffffffu || grid.y > 65535 || grid.z > 65535)
    return Result(Error::InvalidValue, who + "grid " + triple(grid) + " is out of range");
  if (block.x == 0 || block.y == 0 || block.z == 0 || block.x > 1024 || block.y > 1024 || block.z > 64 ||
      block.volume() > profile_.maxThreadsPerBlock)
    return Result(Error::InvalidValue, who + "block " + triple(block) + " is out of range");
  if (config.cluster.volume() != 1)
    return Result(Error::NotSupported,
                  who + "clusters of more than one block are not supported by the simulator");
  if (block.volume() > info.maxThreads)
    return Result(Error::OutOfResources, who + std::to_string(block.volume()) +
                                             " threads in a block, the kernel allows " +
                                             std::to_string(info.maxThreads));
  if (required.x && (required.x != block.x || required.y != block.y || required.z != block.z))
    return Result(Error::InvalidValue,
                  who + "block " + triple(block) + ", the kernel requires " + triple(required));
  if (uint64_t(info.staticShared) + config.dynamicShared > profile_.sharedPerBlockOptin)
    return Result(Error::OutOfResources, who + std::to_string(info.staticShared) + " static and " +
                                             std::to_string(config.dynamicShared) +
                                             " dynamic bytes of shared memory, a block has " +
                                             std::to_string(profile_.sharedPerBlockOptin));
  if (parameterBytes != info.parameterBytes)
    return Result(Error::InvalidValue, who + std::to_string(parameterBytes) +
                                           " bytes of parameters, the kernel takes " +
                                           std::to_string(info.parameterBytes));
  unsigned resident = occupancyBlocks(profile_, info, unsigned(block.volume()), config.dynamicShared);
  if (resident == 0 && !info.registersAreEstimated)
    return Result(Error::OutOfResources, who + "a block of " + std::to_string(block.volume()) +
                                             " threads with " + std::to_string(info.registers) +
                                             " registers each does not fit");
  if (config.cooperative && grid.volume() > uint64_t(std::max(resident, 1u)) * profile_.multiprocessors)
    return Result(Error::CooperativeTooLarge,
                  who + std::to_string(grid.volume()) + " blocks, " +
                      std::to_string(uint64_t(resident) * profile_.multiprocessors) +
                      " can be resident at once");
  return {};
}

Result SimulatedDevice::ensureHeap() {
  if (heap_)
    return {};
  uint64_t base = 0;
  PTXSIM_RETURN_IF_ERROR(memory_.allocate(heapBytes, base, true));
  heap_ = std::make_unique<DeviceHeap>(base, heapBytes);
  return {};
}

/// A size, then the grid barrier's word, both as cooperative groups expect them.
Result SimulatedDevice::prepareWorkspace() {
  constexpr uint32_t bytes = 64;
  if (!gridWorkspace_)
    PTXSIM_RETURN_IF_ERROR(memory_.allocate(bytes, gridWorkspace_, true));
  std::memset(reinterpret_cast<void *>(gridWorkspace_), 0, bytes);
  std::memcpy(reinterpret_cast<void *>(gridWorkspace_), &bytes, sizeof(bytes));
  Allocation *allocation = memory_.find(gridWorkspace_, bytes);
  if (allocation->init)
    allocation->init->setRange(gridWorkspace_ - allocation->shadowBase, bytes);
  return {};
}

/// Marks of earlier launches that must not stay.
void SimulatedDevice::prepareShadows() {
  bool restart = options_.checks.race && segments_.mostlyUsed();
  for (const auto &[base, allocation] : memory_.allocations()) {
    if (restart)
      allocation->race->clearAll();
    std::fill(allocation->touched.begin(), allocation->touched.end(), 0);
  }
  if (restart)
    segments_.restart();
}

Result SimulatedDevice::launch(const Kernel &kernel, const LaunchConfig &config,
                               std::span<const std::byte> parameters) {
  std::lock_guard guard(*lock_);
  const LoadedKernel &loaded = static_cast<const LoadedKernel &>(kernel);
  PTXSIM_RETURN_IF_ERROR(checkLaunch(loaded, config, parameters.size()));
  if (loaded.program.usesHeap)
    PTXSIM_RETURN_IF_ERROR(ensureHeap());
  if (config.cooperative)
    PTXSIM_RETURN_IF_ERROR(prepareWorkspace());
  prepareShadows();
  Launch launch(loaded.program, options_, profile_, memory_);
  launch.grid = config.grid;
  launch.blockShape = config.block;
  launch.dynamicShared = config.dynamicShared;
  launch.sharedBytes = loaded.program.staticShared + config.dynamicShared;
  launch.cooperative = config.cooperative;
  launch.heap = heap_.get();
  launch.gridWorkspace = config.cooperative ? gridWorkspace_ : 0;
  launch.gridId = ++launches_;
  launch.parameters.resize(parameters.size());
  if (!parameters.empty())
    std::memcpy(launch.parameters.data(), parameters.data(), parameters.size());
  std::unique_ptr<Checker> checker;
  if (options_.checks.anyWhileRunning()) {
    checker =
        std::make_unique<Checker>(options_.checks, log_, segments_, loaded.program, loaded.module->name(),
                                  config.grid, config.block, loaded.module->files());
    launch.checker = checker.get();
  }
  launch.prepare();
  unsigned count = unsigned(std::min<uint64_t>(pool_.size(), config.grid.volume()));
  std::vector<std::unique_ptr<Worker>> workers;
  for (unsigned i = 0; i < count; ++i)
    workers.push_back(std::make_unique<Worker>(launch));
  auto work = [&](unsigned, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      launch.work(*workers[size_t(i)], unsigned(i), count);
  };
  if (count == 1)
    launch.work(*workers[0], 0, 1);
  else
    pool_.parallelFor(count, 1, work);
  if (options_.counters)
    addCounters(loaded, launch, workers);
  return launch.result;
}

void SimulatedDevice::addCounters(const LoadedKernel &kernel, const Launch &launch,
                                  const std::vector<std::unique_ptr<Worker>> &workers) {
  auto entry = std::find_if(counters_.begin(), counters_.end(), [&](const KernelCounters &c) {
    return c.kernel == kernel.info_.name && c.module == kernel.module->name();
  });
  if (entry == counters_.end()) {
    entry = counters_.insert(counters_.end(), KernelCounters());
    entry->kernel = kernel.info_.name;
    entry->module = kernel.module->name();
  }
  entry->launches += 1;
  entry->blocks += launch.grid.volume();
  entry->threads += launch.grid.volume() * launch.blockThreads;
  entry->blockThreads = launch.blockThreads;
  entry->registers = kernel.info_.registers;
  entry->registersAreEstimated = kernel.info_.registersAreEstimated;
  entry->sharedBytesPerBlock = launch.sharedBytes;
  for (const auto &worker : workers)
    addWorker(*entry, kernel.program, *worker);
  addAccesses(*entry, kernel.program, kernel.module->files(), workers);
}

std::vector<CheckReport> SimulatedDevice::reports() const {
  std::vector<CheckReport> found = log_.all();
  std::lock_guard guard(*lock_);
  std::ranges::move(findWaste(counters_, options_.checks), std::back_inserter(found));
  return found;
}

std::vector<KernelCounters> SimulatedDevice::counters() const {
  std::lock_guard guard(*lock_);
  return counters_;
}

void SimulatedDevice::clearCounters() {
  std::lock_guard guard(*lock_);
  counters_.clear();
}

std::vector<CheckReport> SimulatedDevice::leaks() const {
  std::lock_guard guard(*lock_);
  std::vector<CheckReport> found;
  for (const auto &[base, allocation] : memory_.allocations()) {
    if (allocation->isGlobal || allocation->host)
      continue;
    CheckReport report;
    report.kind = CheckKind::Leak;
    report.space = "global";
    report.address = base;
    report.message = "allocation number " + std::to_string(allocation->identifier) + " of " +
                     std::to_string(allocation->size) + " bytes was never freed";
    found.push_back(std::move(report));
  }
  return found;
}

/// Whether this host can execute the machine's code.
bool hostIsCapable() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#else
  return true;
#endif
}

} // namespace

std::unique_ptr<Device> Device::create(const DeviceProfile &profile, Options options, Result *result) {
  auto fail = [&](Error error, std::string message) {
    if (result)
      *result = Result(error, std::move(message));
    return nullptr;
  };
  if (!hostIsCapable())
    return fail(Error::NotSupported, "the simulator needs a CPU with AVX2, FMA and F16C (x86-64-v3)");
  auto device = std::make_unique<SimulatedDevice>(profile, std::move(options));
  if (!device->usable())
    return fail(Error::OutOfMemory, "cannot reserve address space for " +
                                        std::to_string(device->totalBytes()) +
                                        " bytes of device memory (is there a limit, ulimit -v?)");
  if (result)
    *result = {};
  return device;
}

} // namespace mv::ptxsim
