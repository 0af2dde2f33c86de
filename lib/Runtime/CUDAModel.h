//===- CUDAModel.h - A package's parameters on an NVIDIA GPU --------*- C++ -*-===//
//
// The parameters of a package in the memory of one GPU. Nothing in them changes, so that all sessions of a package on a
// GPU share them.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_RUNTIME_CUDAMODEL_H
#define MV_LIB_RUNTIME_CUDAMODEL_H

#include "CUDADriver.h"

#include "mv/Package/Reader.h"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mv::runtime {

/// The programs that are ours.
inline constexpr std::string_view kCUDAPrograms = "cuda";

class CUDAModel {
public:
  /// The package on the GPU of number `index`: as it is there, or loaded now.
  static StatusOr<std::shared_ptr<const CUDAModel>>
  get(const std::shared_ptr<const package::PackageFile> &package, uint64_t index);
  ~CUDAModel();
  CUDAModel(const CUDAModel &) = delete;
  CUDAModel &operator=(const CUDAModel &) = delete;

  const package::PackageFile &package() const { return *package_; }
  const cuda::Driver &driver() const { return *driver_; }
  /// The GPU's primary context, which the model keeps alive.
  cuda::Context context() const { return context_; }
  int device() const { return device_; }
  unsigned capability() const { return capability_; }
  const std::string &description() const { return description_; }

  cuda::Address parameter(uint32_t index) const { return parameters_ + parameterOffsets_[index]; }

private:
  explicit CUDAModel(std::shared_ptr<const package::PackageFile> package) : package_(std::move(package)) {}

  Status open(uint64_t index);
  Status load();
  Status uploadParameters();
  Status copyParameters(cuda::Stream stream);

  std::shared_ptr<const package::PackageFile> package_;
  const cuda::Driver *driver_ = nullptr;
  int device_ = 0;
  unsigned capability_ = 0; ///< 80: 8.0.
  cuda::Context context_ = nullptr;
  std::string description_;
  cuda::Address parameters_ = 0;
  std::vector<uint64_t> parameterOffsets_;
};

/// Of a parameter and of each part of a run's memory: what the driver's own allocations have.
inline constexpr uint64_t kCUDAPartAlignment = 256;

/// Bytes that a part of device memory takes.
constexpr uint64_t cudaPartBytes(uint64_t bytes) {
  return package::alignUp(bytes + package::kReadablePadding, kCUDAPartAlignment);
}

/// Why there is no memory on the current context's GPU: `result`, for `purpose`, which needs `bytes` of it.
Status cannotAllocate(const cuda::Driver &driver, cuda::Result result, const std::string &purpose,
                      uint64_t bytes);

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CUDAMODEL_H
