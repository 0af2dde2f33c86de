//===- CUDAImages.cpp - Which of a package's GPU images to run ------------------===//

#include "CUDAImages.h"

#include <algorithm>
#include <string>
#include <tuple>

using namespace mv;
using namespace mv::runtime;
using package::CodeKind;
using package::gpuCapability;

static std::string imageList(const package::Model &model) {
  std::string list;
  for (const package::Code *code : *model.code())
    if (code->kind() != CodeKind::Machine)
      list += (list.empty() ? "" : ", ") + code->target()->str() +
              (code->kind() == CodeKind::PTX ? " (PTX)" : " (cubin)");
  return list.empty() ? "none" : list;
}

bool mv::runtime::runsOn(const package::Code &code, unsigned capability) {
  const std::string_view target = code.target()->string_view();
  const unsigned least = gpuCapability(target);
  if (code.kind() == CodeKind::Machine || least == 0)
    return false;
  if (target.back() == 'a')
    return capability == least;
  const bool sameMajor = capability / 10 == least / 10;
  const bool anyMajor = code.kind() == CodeKind::PTX && target.back() != 'f';
  return least <= capability && (sameMajor || anyMajor);
}

const package::GPUImplementation *mv::runtime::findImplementation(const package::Kernel &kernel,
                                                                  std::string_view target) {
  if (kernel.gpu())
    for (const package::GPUImplementation *implementation : *kernel.gpu())
      if (implementation->target()->string_view() == target)
        return implementation;
  return nullptr;
}

StatusOr<std::vector<uint32_t>> mv::runtime::chooseImages(const package::Model &model, unsigned capability) {
  const std::vector<bool> used = package::kernelsOn(model, "cuda");
  const auto isComplete = [&](std::string_view target) {
    for (uint32_t index = 0; index < used.size(); ++index)
      if (used[index] && !findImplementation(*model.kernels()->Get(index), target))
        return false;
    return true;
  };
  std::vector<uint32_t> images;
  for (uint32_t index = 0; index < model.code()->size(); ++index) {
    const package::Code &code = *model.code()->Get(index);
    if (runsOn(code, capability) && isComplete(code.target()->string_view()))
      images.push_back(index);
  }
  const auto rank = [&](uint32_t index) {
    const package::Code &code = *model.code()->Get(index);
    const std::string_view target = code.target()->string_view();
    return std::tuple(code.kind() == CodeKind::Cubin, gpuCapability(target), target);
  };
  std::sort(images.begin(), images.end(),
            [&](uint32_t left, uint32_t right) { return rank(left) > rank(right); });
  if (!images.empty())
    return images;
  return Status::unavailable("the package has no code for this GPU of compute capability " +
                             std::to_string(capability / 10) + "." + std::to_string(capability % 10) +
                             ": it has images for " + imageList(model) +
                             "; compile the model with --target=sm_" + std::to_string(capability));
}
