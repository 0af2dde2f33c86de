//===- Inputs.h - What a run works on -------------------------------*- C++ -*-===//
//
// The arguments of the command line, spread out: one entry per image, in the order of the
// results. A folder stands for the pictures below it, sorted by path; a tensor file for its rows.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TOOLS_RUN_INPUTS_H
#define MV_TOOLS_RUN_INPUTS_H

#include "Options.h"

#include "mv/Image/Preprocess.h"
#include "mv/Support/Safetensors.h"
#include "mv/Support/ThreadPool.h"

#include <memory>

namespace mv::run {

/// Normalised images, f32-convertible [N, C, H, W], or pictures, u8 [N, H, W, C], kept mapped.
struct TensorInput {
  std::string path;
  TensorView images;
  std::shared_ptr<const void> file; ///< Owns what `images` points to.

  ImageShape shape() const;
};

/// One image.
struct Input {
  std::string name;                          ///< Path of the picture, or "images.npy[3]".
  std::shared_ptr<const TensorInput> tensor; ///< Null for a picture.
  int64_t row = 0;

  bool isPicture() const { return !tensor; }
};

class InputList {
public:
  /// Looks at every argument, but decodes no picture yet.
  static StatusOr<InputList> collect(const std::vector<std::string> &arguments);

  size_t size() const { return inputs_.size(); }
  const Input &operator[](size_t index) const { return inputs_[index]; }
  auto begin() const { return inputs_.begin(); }
  auto end() const { return inputs_.end(); }
  bool hasPictures() const;

  /// The shape of the tensors' images, whose size pictures must be brought to as well; an error when two tensors
  /// differ.
  StatusOr<std::optional<ImageShape>> tensorShape() const;

  /// Writes images [begin, begin + count), which are of this shape or pictures, to `out`, reading and decoding in
  /// parallel.
  Status load(size_t begin, size_t count, const ImageShape &shape, const Preprocessing &preprocessing,
              ThreadPool &pool, void *out) const;

private:
  Status addArgument(const std::string &path);
  Status addFolder(const std::string &path);
  Status addTensor(const std::string &path, TensorInput tensor);

  std::vector<Input> inputs_;
};

} // namespace mv::run

#endif // MV_TOOLS_RUN_INPUTS_H
