//===- CUDAModel.cpp - A package's parameters on an NVIDIA GPU ----------------------===//

#include "CUDAModel.h"

#include "CUDAImages.h"
#include "Programs.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>

using namespace mv;
using namespace mv::runtime;
using package::BufferKind;

//===----------------------------------------------------------------------===//
// Sharing
//===----------------------------------------------------------------------===//

namespace {

/// What is where. Reading gigabytes takes seconds, so each pair of package and GPU has a lock of its own.
class LoadedModels {
public:
  struct Place {
    std::mutex mutex;
    std::weak_ptr<const CUDAModel> model;
  };
  using Key =
      std::pair<const package::PackageFile *, uint64_t>; // A model keeps its package, and so the address.

  static LoadedModels &get() {
    static LoadedModels models;
    return models;
  }

  std::shared_ptr<Place> place(const Key &key) {
    const std::lock_guard lock(mutex_);
    std::erase_if(places_, [](const auto &entry) {
      return entry.second.use_count() == 1 && entry.second->model.expired();
    });
    std::shared_ptr<Place> &place = places_[key];
    if (!place)
      place = std::make_shared<Place>();
    return place;
  }

private:
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Place>> places_;
};

} // namespace

StatusOr<std::shared_ptr<const CUDAModel>>
CUDAModel::get(const std::shared_ptr<const package::PackageFile> &package, uint64_t index) {
  MV_RETURN_IF_ERROR(checkPrograms(*package, kCUDAPrograms));
  const auto place = LoadedModels::get().place({package.get(), index});
  const std::lock_guard lock(place->mutex);
  if (std::shared_ptr<const CUDAModel> loaded = place->model.lock())
    return loaded;
  std::shared_ptr<CUDAModel> model(new CUDAModel(package));
  MV_RETURN_IF_ERROR(model->open(index));
  MV_RETURN_IF_ERROR(model->load());
  place->model = model;
  return std::shared_ptr<const CUDAModel>(std::move(model));
}

//===----------------------------------------------------------------------===//
// The GPU
//===----------------------------------------------------------------------===//

Status CUDAModel::open(uint64_t index) {
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

CUDAModel::~CUDAModel() {
  if (!context_)
    return;
  {
    const cuda::Current current(*driver_, context_);
    if (parameters_)
      driver_->memFree(parameters_);
  }
  driver_->primaryRelease(device_);
}

Status CUDAModel::load() {
  MV_RETURN_IF_ERROR(chooseImages(package_->model(), capability_).status()); // Before gigabytes are copied.
  const cuda::Current current(*driver_, context_);
  return uploadParameters();
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

Status mv::runtime::cannotAllocate(const cuda::Driver &driver, cuda::Result result,
                                   const std::string &purpose, uint64_t bytes) {
  size_t free = 0, total = 0;
  if (result != cuda::kOutOfMemory || driver.memGetInfo(&free, &total) != cuda::kSuccess)
    return driver.check(result, "allocate GPU memory for " + purpose);
  return Status::unavailable(
      purpose + " needs " + std::to_string(bytes) + " bytes of GPU memory: " + std::to_string(free) + " of " +
      std::to_string(total) + " are free; free some, or use a smaller batch or a larger GPU");
}

static constexpr uint64_t kUnused = UINT64_MAX;

/// The parameters that the cuda programs read, in the order of the model.
Status CUDAModel::uploadParameters() {
  parameterOffsets_.assign(package_->model().parameters()->size(), kUnused);
  for (const package::Entry *entry : *package_->model().entries())
    for (const package::Dispatch *dispatch : *package::findProgram(*entry, kCUDAPrograms)->dispatches())
      for (const package::Buffer *buffer : *dispatch->buffers())
        if (buffer->kind() == BufferKind::Parameter)
          parameterOffsets_[buffer->index()] = 0;
  uint64_t bytes = 0;
  for (uint32_t index = 0; index < parameterOffsets_.size(); ++index) {
    if (parameterOffsets_[index] == kUnused)
      continue;
    parameterOffsets_[index] = bytes;
    bytes += cudaPartBytes(package_->parameter(index).size());
  }
  if (bytes == 0)
    return Status();
  if (const cuda::Result result = driver_->memAlloc(&parameters_, bytes); result != cuda::kSuccess)
    return cannotAllocate(*driver_, result, "loading the model's parameters", bytes);
  // A stream of our own: the default one would wait for others of the process, and they for it.
  cuda::Stream stream = nullptr;
  MV_RETURN_IF_ERROR(driver_->check(driver_->streamCreate(&stream, cuda::kNonBlocking), "create a stream"));
  const Status copied = copyParameters(stream);
  driver_->streamDestroy(stream);
  return copied;
}

Status CUDAModel::copyParameters(cuda::Stream stream) {
  const std::string what = "copy parameters to the GPU";
  for (uint32_t index = 0; index < parameterOffsets_.size(); ++index) {
    if (parameterOffsets_[index] == kUnused)
      continue;
    const std::span<const std::byte> bytes = package_->parameter(index);
    MV_RETURN_IF_ERROR(driver_->check(
        driver_->copyAsync(parameter(index), cuda::addressOf(bytes.data()), bytes.size(), stream), what));
  }
  return driver_->check(driver_->streamSynchronize(stream), what);
}
