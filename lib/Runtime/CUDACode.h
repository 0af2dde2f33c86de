//===- CUDACode.h - A package's kernels, loaded on an NVIDIA GPU ----*- C++ -*-===//
//
// Each session has its own: kernels whose blocks wait for each other keep counters in variables of the image, which are
// for one launch at a time.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_RUNTIME_CUDACODE_H
#define MV_LIB_RUNTIME_CUDACODE_H

#include "CUDAModel.h"

namespace mv::runtime {

class CUDACode {
public:
  struct Launch {
    cuda::Function function;
    uint64_t items, group, multiplier;
    unsigned threads, shared;
  };
  struct Variant {
    int64_t batch; ///< The least.
    std::vector<Launch> launches;
  };

  explicit CUDACode(const CUDAModel &model) : model_(model), driver_(model.driver()) {}
  ~CUDACode();
  CUDACode(const CUDACode &) = delete;
  CUDACode &operator=(const CUDACode &) = delete;

  /// Loads the image that fits the model's GPU best, and finds its functions.
  Status load();

  const std::string &target() const { return target_; }
  /// A kernel's variants by rising batch; there are none where no program for GPUs runs it.
  std::span<const Variant> variants(uint32_t kernel) const { return kernels_[kernel]; }
  const std::vector<Launch> &launches(uint32_t kernel, int64_t batch) const;

private:
  Status loadImage();
  Status loadImage(uint32_t image);
  Status prepareKernels();
  Status prepareLaunch(const package::Launch &launch, std::vector<Launch> &launches);

  const CUDAModel &model_;
  const cuda::Driver &driver_;
  cuda::Module module_ = nullptr;
  std::string target_;
  std::vector<std::vector<Variant>> kernels_;
};

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CUDACODE_H
