//===- CUDACode.cpp - Loading a package's kernels on an NVIDIA GPU --------------===//

#include "CUDACode.h"

#include "CUDAImages.h"

#include "mv/Support/Text.h"

#include <array>
#include <cstring>

using namespace mv;
using namespace mv::runtime;

/// A function must ask for more dynamic shared memory than this.
static constexpr unsigned kDefaultShared = 48 << 10;

CUDACode::~CUDACode() {
  if (!module_)
    return;
  const cuda::Current current(driver_, model_.context());
  driver_.moduleUnload(module_);
}

Status CUDACode::load() {
  const cuda::Current current(driver_, model_.context());
  MV_RETURN_IF_ERROR(loadImage());
  return prepareKernels();
}

/// Whether a cubin was refused as such, so that PTX is worth a try: by a device it is not for after all, or by a
/// simulator, which runs PTX only.
static bool refusesCubin(cuda::Result result) {
  return result == cuda::kNoBinary || result == cuda::kInvalidImage || result == cuda::kNotSupported ||
         result == cuda::kUnsupportedPTX;
}

Status CUDACode::loadImage() {
  const package::Model &model = model_.package().model();
  MV_ASSIGN_OR_RETURN(const std::vector<uint32_t> images, chooseImages(model, model_.capability()));
  for (const uint32_t image : images) {
    MV_RETURN_IF_ERROR(loadImage(image));
    if (module_)
      return Status();
  }
  return Status::unavailable(
      "the GPU of compute capability " + std::to_string(model_.capability() / 10) + "." +
      std::to_string(model_.capability() % 10) +
      " takes none of the package's images for it; compile for one of its targets as PTX");
}

/// Ok without a module if the image is one that others may stand in for.
Status CUDACode::loadImage(uint32_t image) {
  const package::Code &code = *model_.package().model().code()->Get(image);
  std::array<char, 4096> log = {};
  std::array<int, 2> options = {cuda::kErrorLog, cuda::kErrorLogBytes};
  std::array<void *, 2> values = {log.data(), reinterpret_cast<void *>(log.size())};
  const cuda::Result result =
      driver_.moduleLoad(&module_, model_.package().sectionBytes(model_.package().codeSection(image)).data(),
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
  if (result == cuda::kUnsupportedPTX)
    return Status::unavailable("the NVIDIA driver is too old for the package's PTX for " +
                               code.target()->str() + (reason.empty() ? "" : ", " + quote(reason)) +
                               "; install a newer one, or compile where there is ptxas");
  return driver_.check(result, "load the package's " + std::string(isCubin ? "cubin" : "PTX") + " for " +
                                   code.target()->str() + (reason.empty() ? "" : ", " + quote(reason)));
}

Status CUDACode::prepareKernels() {
  const package::Model &model = model_.package().model();
  const std::vector<bool> used = package::kernelsOn(model, kCUDAPrograms);
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

Status CUDACode::prepareLaunch(const package::Launch &launch, std::vector<Launch> &launches) {
  cuda::Function function = nullptr;
  MV_RETURN_IF_ERROR(driver_.check(driver_.moduleGetFunction(&function, module_, launch.function()->c_str()),
                                   "find function " + quote(launch.function()->string_view()) +
                                       " in the package's image for " + target_));
  if (launch.shared() > kDefaultShared)
    MV_RETURN_IF_ERROR(driver_.check(
        driver_.functionSetAttribute(function, cuda::kMaxDynamicShared, static_cast<int>(launch.shared())),
        "give function " + quote(launch.function()->string_view()) + " the " +
            std::to_string(launch.shared()) + " bytes of shared memory that it needs"));
  launches.push_back(
      {function, launch.items(), launch.group(), launch.multiplier(), launch.threads(), launch.shared()});
  return Status();
}

const std::vector<CUDACode::Launch> &CUDACode::launches(uint32_t kernel, int64_t batch) const {
  const Variant *last = nullptr;
  for (const Variant &variant : kernels_[kernel])
    if (variant.batch <= batch)
      last = &variant; // The first is for a batch of 1 on.
  return last->launches;
}
