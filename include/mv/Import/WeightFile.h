//===- WeightFile.h - The tensors of a checkpoint -------------------*- C++ -*-===//
//
// One view of what may be a safetensors file, a folder with one, a folder with several and an index, or a
// rule that computes random values. Tensors go by their canonical names: a checkpoint's own prefix ("model."
// in Hugging Face checkpoints, "module." from data-parallel training, "encoder.", "backbone.", or several of
// them) is taken off. Nothing is copied: values are converted when and where somebody reads them.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMPORT_WEIGHTFILE_H
#define MV_IMPORT_WEIGHTFILE_H

#include "mv/Import/ModelConfig.h"
#include "mv/Import/RandomWeights.h"
#include "mv/Support/Safetensors.h"
#include "mv/Support/Status.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv {

/// `name` without the prefixes that say how a checkpoint was saved: "module.model.head.bias" -> "head.bias".
std::string_view canonicalName(std::string_view name);

class WeightFile {
public:
  struct Tensor {
    std::string name;       ///< Canonical.
    std::string storedName; ///< As in the file.
    ElementType type;
    std::vector<int64_t> shape;

    int64_t elementCount() const;
    bool isFloat() const;
    bool isRandom() const { return random_.has_value(); }
    /// The bytes in the file; only when not random.
    std::span<const std::byte> bytes() const { return view_->data; }
    /// Elements [begin, begin + out.size()) as float32. Float types only. Safe from several threads.
    void readFloats(int64_t begin, std::span<float> out) const;

  private:
    friend class WeightFile;
    const TensorView *view_ = nullptr;
    std::optional<RandomTensor> random_;
  };

  /// `source` is FILE, FOLDER or random:SEED. Random weights have the tensors the published code would create
  /// for `config`; otherwise `config` is not looked at.
  static StatusOr<WeightFile> open(const std::string &source, const ModelConfig &config);
  static StatusOr<WeightFile> openFile(const std::string &path);
  /// Files listed in `indexPath` (a model.safetensors.index.json), beside it.
  static StatusOr<WeightFile> openIndex(const std::string &indexPath);
  static StatusOr<WeightFile> createRandom(const ModelConfig &config, uint64_t seed);

  /// A file's path, an index's path, or "random:SEED": for messages.
  const std::string &source() const { return source_; }
  bool isRandom() const { return files_.empty(); }
  const std::vector<Tensor> &tensors() const { return tensors_; } ///< Sorted by canonical name.
  const Tensor *find(std::string_view name) const;
  /// The files behind it: one, several for shards, none for random weights.
  const std::vector<SafetensorsFile> &files() const { return files_; }

private:
  WeightFile() = default;
  static StatusOr<WeightFile> fromFiles(std::vector<SafetensorsFile> files, std::string source);

  std::string source_;
  std::vector<SafetensorsFile> files_;
  std::vector<Tensor> tensors_;
};

} // namespace mv

#endif // MV_IMPORT_WEIGHTFILE_H
