//===- Outputs.h - What a model returns, image by image -------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_OUTPUTS_H
#define MV_TOOLS_RUN_OUTPUTS_H

#include "AlignedFloats.h"

#include "mv/Support/Status.h"
#include "mv/mv.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv::run {

/// One output of the model.
struct OutputSpec {
  std::string name;           ///< "logits", "pooled", "stage0" ... "stage3"
  std::vector<int64_t> shape; ///< Of one image.
  size_t elements;            ///< Of one image.
};

/// The index of the output called `name`.
std::optional<size_t> findOutput(std::span<const OutputSpec> outputs, std::string_view name);

/// The names of `outputs`, for messages: "logits, pooled".
std::string outputNames(std::span<const OutputSpec> outputs);

/// Room for outputs of several images, each output as one tensor [images, shape...]. Of outputs that are not
/// kept there is no memory and pointers are null, which is what the runtime takes for "not wanted".
class OutputStore {
public:
  /// In ordinary memory, or in memory that `session` writes to fastest, and which must outlive the object then.
  OutputStore(std::vector<OutputSpec> outputs, size_t images, const std::vector<bool> &kept,
              Session *session = nullptr);

  size_t images() const { return images_; }
  const std::vector<OutputSpec> &outputs() const { return outputs_; }
  bool isKept(size_t output) const { return kept_[output]; }
  std::span<const float> values(size_t output) const { return values_[output]; }
  std::span<const float> valuesOf(size_t output, size_t image) const;
  /// [images, shape...]
  std::vector<int64_t> shapeOf(size_t output) const;
  /// Where the runtime is to write from image `first` on, one pointer per output.
  std::vector<float *> pointers(size_t first);

private:
  std::vector<OutputSpec> outputs_;
  size_t images_;
  std::vector<bool> kept_;
  std::vector<AlignedFloats> own_;
  std::vector<std::unique_ptr<HostMemory>> lent_;
  std::vector<std::span<float>> values_; ///< In one of the two.
};

/// Writes what is kept as a safetensors file; on error there is no file. `pictures`, unless empty, are the
/// names of the rows' pictures, for --expect to check the order by.
Status saveOutputs(const std::string &path, const OutputStore &store,
                   const std::vector<std::string> &pictures);

} // namespace mv::run

#endif // MV_TOOLS_RUN_OUTPUTS_H
