//===- GPUPackage.h - A package with GPU code ------------------------*- C++ -*-===//

#ifndef MV_TEST_UNIT_RUNTIME_CUDA_GPUPACKAGE_H
#define MV_TEST_UNIT_RUNTIME_CUDA_GPUPACKAGE_H

#include "Runtime/TestSession.h"

namespace mv::test {

inline constexpr float kLevel = 80;

inline std::unique_ptr<package::LaunchT> launch(const char *function, uint64_t items, uint64_t group,
                                                uint64_t multiplier) {
  auto result = std::make_unique<package::LaunchT>();
  result->function = function;
  result->items = items;
  result->group = group;
  result->multiplier = multiplier;
  result->threads = 32;
  return result;
}

inline void addGPU(package::KernelT &kernel, const char *target,
                   std::vector<std::unique_ptr<package::LaunchT>> launches) {
  auto variant = std::make_unique<package::VariantT>();
  variant->batch = 1;
  variant->launches = std::move(launches);
  auto implementation = std::make_unique<package::GPUImplementationT>();
  implementation->target = target;
  implementation->variants.push_back(std::move(variant));
  kernel.gpu.push_back(std::move(implementation));
}

template <typename... Launches> std::vector<std::unique_ptr<package::LaunchT>> list(Launches... launches) {
  std::vector<std::unique_ptr<package::LaunchT>> result;
  (result.push_back(std::move(launches)), ...);
  return result;
}

inline package::CodeBlob readPTX(const std::string &target) {
  std::ifstream stream(MV_TEST_PTX, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(stream), {}};
  package::CodeBlob blob;
  blob.target = target;
  blob.kind = package::CodeKind::PTX;
  blob.bytes.resize(content.size() + 1); // And the zero byte.
  std::memcpy(blob.bytes.data(), content.data(), content.size());
  return blob;
}

/// Not a real one: the simulator refuses all.
inline package::CodeBlob fakeCubin(const std::string &target) {
  package::CodeBlob blob = readPTX(target);
  blob.kind = package::CodeKind::Cubin;
  std::memcpy(blob.bytes.data(),
              "\x7f"
              "ELF",
              4);
  return blob;
}

/// The test model for GPUs of `target` alone, or with `change`.
template <typename Change = void (*)(package::ModelT &)>
std::string writeGPUPackage(
    const TemporaryFolder &folder, std::vector<package::CodeBlob> code,
    Change change = [](package::ModelT &) {}) {
  package::ModelT model = testModel({});
  model.entries[0] = testEntry("cuda");
  std::string last;
  for (const package::CodeBlob &blob : code) {
    if (blob.target == last)
      continue;
    last = blob.target;
    addGPU(*model.kernels[0], last.c_str(), list(launch("scale", kElements, 32, 1)));
    addGPU(*model.kernels[1], last.c_str(),
           list(launch("centreSum", 1, 1, 2), launch("centreSubtract", kElements, 32, 1)));
    addGPU(*model.kernels[2], last.c_str(), list(launch("summary", 1, 32, 1)));
  }
  change(model);
  const std::string path = folder.file("gpu.mvx");
  const Status status = package::writePackage(path, std::move(model), code, fillTestParameter);
  if (!status.ok())
    throw std::runtime_error(status.message());
  return path;
}

inline mv_session_options onDevice(const char *device) {
  mv_session_options options = MV_SESSION_OPTIONS_INIT;
  options.device = device;
  return options;
}

inline void expectRight(Session &session, int64_t batch) {
  const std::vector<float> images = testImages(batch);
  EXPECT_EQ(runSession(session, images, batch), expectedOutputs(images, batch, kLevel)) << batch;
}

} // namespace mv::test

#endif // MV_TEST_UNIT_RUNTIME_CUDA_GPUPACKAGE_H
