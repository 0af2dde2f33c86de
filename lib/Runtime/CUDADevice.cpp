//===- CUDADevice.cpp - Preparing a package for an NVIDIA GPU -------------------===//

#include "CUDADevice.h"

#include "CUDAImages.h"
#include "Programs.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <array>
#include <climits>

using namespace mv;
using namespace mv::runtime;
using package::alignUp;
using package::BufferKind;
using package::kReadablePadding;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// The programs that are ours.
static constexpr std::string_view kName = "cuda";
/// Of a parameter and of each part of a run's memory: what the driver's own allocations have.
static constexpr uint64_t kPartAlignment = 256;
/// A function must ask for more dynamic shared memory than this.
static constexpr unsigned kDefaultShared = 48 << 10;
/// Kernels count blocks, items and elements with signed numbers of 32 bits. Elements are of 2 bytes at least.
static constexpr uint64_t kMaxItems = INT32_MAX;
static constexpr uint64_t kMaxBufferBytes = UINT32_MAX;

/// Bytes that a part of device memory takes.
static uint64_t partBytes(uint64_t bytes) { return alignUp(bytes + kReadablePadding, kPartAlignment); }

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

StatusOr<std::unique_ptr<Device>> CUDADevice::create(std::shared_ptr<const package::PackageFile> package,
                                                     const DeviceOptions &options, uint64_t index) {
  MV_RETURN_IF_ERROR(checkPrograms(*package, kName));
  std::unique_ptr<CUDADevice> device(new CUDADevice(std::move(package), options));
  MV_RETURN_IF_ERROR(device->open(index));
  const cuda::Current current(*device->driver_, device->context_);
  MV_RETURN_IF_ERROR(device->driver_->check(
      device->driver_->streamCreate(&device->stream_, cuda::kNonBlocking), "create a stream"));
  MV_RETURN_IF_ERROR(device->loadImage());
  MV_RETURN_IF_ERROR(device->prepareKernels());
  for (const package::Entry *entry : *device->package_->model().entries())
    device->prepareEntry(*entry);
  MV_RETURN_IF_ERROR(device->uploadParameters());
  return std::unique_ptr<Device>(std::move(device));
}

Status CUDADevice::open(uint64_t index) {
  MV_ASSIGN_OR_RETURN(driver_, cuda::Driver::get());
  int count = 0;
  MV_RETURN_IF_ERROR(driver_->check(driver_->deviceGetCount(&count), "count the GPUs"));
  if (index >= static_cast<uint64_t>(std::max(count, 0)))
    return Status::unavailable("device 'cuda:" + std::to_string(index) +
                               "' is not available: " + (count == 1 ? "there is " : "there are ") +
                               std::to_string(count) + (count == 1 ? " GPU" : " GPUs") + ", from cuda:0 on");
  const std::string what = "use GPU " + std::to_string(index);
  MV_RETURN_IF_ERROR(driver_->check(driver_->deviceGet(&device_, static_cast<int>(index)), what));
  int major = 0, minor = 0;
  MV_RETURN_IF_ERROR(
      driver_->check(driver_->deviceGetAttribute(&major, cuda::kCapabilityMajor, device_), what));
  MV_RETURN_IF_ERROR(
      driver_->check(driver_->deviceGetAttribute(&minor, cuda::kCapabilityMinor, device_), what));
  capability_ = static_cast<unsigned>(major * 10 + minor);
  std::array<char, 256> name = {};
  MV_RETURN_IF_ERROR(driver_->check(driver_->deviceGetName(name.data(), name.size() - 1, device_), what));
  description_ = name.data();
  return driver_->check(driver_->primaryRetain(&context_, device_), what);
}

CUDADevice::~CUDADevice() {
  if (!context_)
    return;
  {
    const cuda::Current current(*driver_, context_);
    releaseMemory();
    for (cuda::Event event : events_)
      driver_->eventDestroy(event);
    if (parameters_)
      driver_->memFree(parameters_);
    if (module_)
      driver_->moduleUnload(module_);
    if (stream_)
      driver_->streamDestroy(stream_);
  }
  driver_->primaryRelease(device_);
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// Whether a cubin was refused as such, so that PTX is worth a try: by a device it is not for after all, or by a
/// simulator, which runs PTX only.
static bool refusesCubin(cuda::Result result) {
  return result == cuda::kNoBinary || result == cuda::kInvalidImage || result == cuda::kNotSupported ||
         result == cuda::kUnsupportedPTX;
}

Status CUDADevice::loadImage() {
  const package::Model &model = package_->model();
  MV_ASSIGN_OR_RETURN(const std::vector<uint32_t> images, chooseImages(model, capability_));
  for (const uint32_t image : images) {
    MV_RETURN_IF_ERROR(load(image));
    if (module_)
      return Status();
  }
  return Status::unavailable(
      "the GPU of compute capability " + std::to_string(capability_ / 10) + "." +
      std::to_string(capability_ % 10) +
      " takes none of the package's images for it; compile for one of its targets as PTX");
}

/// Ok without a module if the image is one that others may stand in for.
Status CUDADevice::load(uint32_t image) {
  const package::Code &code = *package_->model().code()->Get(image);
  std::array<char, 4096> log = {};
  std::array<int, 2> options = {cuda::kErrorLog, cuda::kErrorLogBytes};
  std::array<void *, 2> values = {log.data(), reinterpret_cast<void *>(log.size())};
  const cuda::Result result =
      driver_->moduleLoad(&module_, package_->sectionBytes(package_->codeSection(image)).data(),
                          options.size(), options.data(), values.data());
  if (result == cuda::kSuccess) {
    target_ = code.target()->str();
    return Status();
  }
  module_ = nullptr;
  const bool isCubin = code.kind() == package::CodeKind::Cubin;
  if (isCubin && refusesCubin(result))
    return Status();
  std::string_view reason(log.data(), strnlen(log.data(), log.size()));
  reason = reason.substr(0, reason.find('\n'));
  return driver_->check(result, "load the package's " + std::string(isCubin ? "cubin" : "PTX") + " for " +
                                    code.target()->str() + (reason.empty() ? "" : ", " + quote(reason)));
}

Status CUDADevice::prepareKernels() {
  const package::Model &model = package_->model();
  const std::vector<bool> used = package::kernelsOn(model, kName);
  kernels_.resize(used.size());
  for (uint32_t index = 0; index < used.size(); ++index) {
    if (!used[index])
      continue;
    // There is one: images without are not chosen.
    for (const package::Variant *variant :
         *findImplementation(*model.kernels()->Get(index), target_)->variants()) {
      Variant &prepared = kernels_[index].emplace_back();
      prepared.batch = variant->batch();
      for (const package::Launch *launch : *variant->launches())
        MV_RETURN_IF_ERROR(prepareLaunch(*launch, prepared.launches));
    }
  }
  return Status();
}

Status CUDADevice::prepareLaunch(const package::Launch &launch, std::vector<Launch> &launches) {
  cuda::Function function = nullptr;
  MV_RETURN_IF_ERROR(driver_->check(
      driver_->moduleGetFunction(&function, module_, launch.function()->c_str()),
      "find function " + quote(launch.function()->string_view()) + " in the package's image for " + target_));
  if (launch.shared() > kDefaultShared)
    MV_RETURN_IF_ERROR(driver_->check(
        driver_->functionSetAttribute(function, cuda::kMaxDynamicShared, static_cast<int>(launch.shared())),
        "give function " + quote(launch.function()->string_view()) + " the " +
            std::to_string(launch.shared()) + " bytes of shared memory that it needs"));
  launches.push_back(
      {function, launch.items(), launch.group(), launch.multiplier(), launch.threads(), launch.shared()});
  return Status();
}

void CUDADevice::prepareEntry(const package::Entry &entry) {
  const package::Program &program = *package::findProgram(entry, kName);
  EntryInfo &info = entries_.emplace_back();
  info.arenaBytes = program.arena();
  info.inputBytes = package::inputBytes(entry);
  for (const package::Output *output : *entry.outputs())
    info.outputs.push_back(package::outputBytes(*output));
  for (const package::Dispatch *dispatch : *program.dispatches()) {
    Step &step = info.steps.emplace_back();
    step.kernel = dispatch->kernel();
    for (const package::Buffer *buffer : *dispatch->buffers())
      step.buffers.push_back(*buffer);
  }
  info.batchLimit = batchLimitOf(info);
}

/// The largest batch whose buffers and grids the kernels' 32-bit numbers can count, whatever the variant.
int64_t CUDADevice::batchLimitOf(const EntryInfo &entry) const {
  uint64_t limit = kMaxBufferBytes / entry.inputBytes;
  for (const uint64_t bytes : entry.outputs)
    limit = std::min(limit, kMaxBufferBytes / bytes);
  for (const Step &step : entry.steps) {
    for (const package::Buffer &buffer : step.buffers)
      if (buffer.kind() == BufferKind::Slice)
        limit = std::min(limit, kMaxBufferBytes / buffer.bytes());
    for (const Variant &variant : kernels_[step.kernel])
      for (const Launch &launch : variant.launches) {
        const uint64_t items = kMaxItems - std::min(kMaxItems, launch.group);
        limit = std::min(limit, items / launch.items);
        // Blocks: (batch * items / group + 1) * multiplier.
        const uint64_t groups = kMaxItems / launch.multiplier;
        limit = std::min(limit,
                         groups == 0 ? 0 : (groups - 1) * std::min(launch.group, kMaxItems) / launch.items);
      }
  }
  return static_cast<int64_t>(limit);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

StatusOr<cuda::Address> CUDADevice::allocate(uint64_t bytes, const std::string &purpose) {
  cuda::Address memory = 0;
  const cuda::Result result = driver_->memAlloc(&memory, bytes);
  if (result == cuda::kSuccess)
    return memory;
  size_t free = 0, total = 0;
  if (result != cuda::kOutOfMemory || driver_->memGetInfo(&free, &total) != cuda::kSuccess)
    return driver_->check(result, "allocate GPU memory for " + purpose);
  return Status::unavailable(purpose + " needs " + std::to_string(bytes) + " bytes of GPU memory: " +
                             std::to_string(free) + " of " + std::to_string(total) + " are free");
}

/// The parameters that the cuda programs read, in the order of the model.
Status CUDADevice::uploadParameters() {
  constexpr uint64_t kUnused = UINT64_MAX;
  parameterOffsets_.assign(package_->model().parameters()->size(), kUnused);
  for (const EntryInfo &entry : entries_)
    for (const Step &step : entry.steps)
      for (const package::Buffer &buffer : step.buffers)
        if (buffer.kind() == BufferKind::Parameter)
          parameterOffsets_[buffer.index()] = 0;
  uint64_t bytes = 0;
  for (uint32_t index = 0; index < parameterOffsets_.size(); ++index) {
    if (parameterOffsets_[index] == kUnused)
      continue;
    parameterOffsets_[index] = bytes;
    bytes += partBytes(package_->parameter(index).size());
  }
  if (bytes == 0)
    return Status();
  MV_ASSIGN_OR_RETURN(parameters_, allocate(bytes, "the model's parameters"));
  for (uint32_t index = 0; index < parameterOffsets_.size(); ++index) {
    if (parameterOffsets_[index] == kUnused)
      continue;
    const std::span<const std::byte> parameter = package_->parameter(index);
    MV_RETURN_IF_ERROR(driver_->check(driver_->copyToDeviceAsync(parameters_ + parameterOffsets_[index],
                                                                 parameter.data(), parameter.size(), stream_),
                                      "copy parameters to the GPU"));
  }
  return driver_->check(driver_->streamSynchronize(stream_), "copy parameters to the GPU");
}

CUDADevice::Layout CUDADevice::layOut(const EntryInfo &entry, int64_t batch) const {
  const auto images = static_cast<uint64_t>(batch);
  Layout layout;
  layout.input = partBytes(images * entry.arenaBytes);
  uint64_t end = layout.input + partBytes(images * entry.inputBytes);
  for (const uint64_t bytes : entry.outputs) {
    layout.outputs.push_back(end);
    end += partBytes(images * bytes);
  }
  layout.bytes = end;
  return layout;
}

uint64_t CUDADevice::runBytes(uint32_t entry, int64_t batch) const {
  const Layout layout = layOut(entries_[entry], batch);
  return layout.bytes + (layout.bytes - layout.input);
}

/// Together with the graphs, which hold its addresses.
void CUDADevice::releaseMemory() {
  dropGraphs();
  if (memory_)
    driver_->memFree(memory_);
  if (staging_)
    driver_->memFreeHost(staging_);
  memory_ = 0;
  staging_ = nullptr;
  memoryBytes_ = stagingBytes_ = 0;
}

Status CUDADevice::reserve(uint32_t index, int64_t batch) {
  const Layout layout = layOut(entries_[index], batch);
  const uint64_t stagingBytes = layout.bytes - layout.input;
  if (layout.bytes <= memoryBytes_ && stagingBytes <= stagingBytes_)
    return Status();
  const cuda::Current current(*driver_, context_);
  const uint64_t wanted = std::max(layout.bytes, memoryBytes_);
  const uint64_t wantedStaging = std::max(stagingBytes, stagingBytes_);
  releaseMemory(); // The old block first: the two together may be more than there is.
  const package::Entry &entry = *package_->model().entries()->Get(index);
  const std::string purpose =
      "a batch of " + std::to_string(batch) + " images of " + quote(entry.name()->string_view());
  MV_ASSIGN_OR_RETURN(memory_, allocate(wanted, purpose));
  memoryBytes_ = wanted;
  void *staging = nullptr;
  MV_RETURN_IF_ERROR(driver_->check(driver_->memHostAlloc(&staging, wantedStaging, 0),
                                    "allocate the " + std::to_string(wantedStaging) +
                                        " bytes of pinned memory for " + purpose));
  staging_ = static_cast<std::byte *>(staging);
  stagingBytes_ = wantedStaging;
  return Status();
}
