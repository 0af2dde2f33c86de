//===- ModelSpec.h - The model a checkpoint holds -------------------*- C++ -*-===//
//
// A config leaves open what its tensors show: which blocks have layer scales, whether qkv has a bias, how
// many classes there are, whether there is a classifier at all. resolveModel() puts the two together, checks
// every tensor the model needs, and reports where config and tensors contradict each other. From here on
// nothing is optional.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMPORT_MODELSPEC_H
#define MV_IMPORT_MODELSPEC_H

#include "mv/Import/ModelConfig.h"
#include "mv/Support/Status.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mv {

class ThreadPool;
class WeightFile;

constexpr int kFirstWindowLevel = 2; ///< Levels 0 and 1 hold conv blocks, levels 2 and 3 window blocks.

struct ModelSpec {
  std::string name; ///< For humans; may be empty.
  int64_t inChans = 3, inDim = 0, dim = 0;
  std::array<int64_t, kLevels> depths{}, numHeads{}, windowSize{}, mlpWidth{};
  bool layerScaleConv = false; ///< Every conv block has gamma.
  bool layerScale = false;     ///< Every window block has gamma_1 and gamma_2.
  bool qkvBias = true;
  bool qkNorm = false;
  bool hasNorm = true;                 ///< The tail: batch norm and pooling. Detection backbones have none.
  int64_t numClasses = 1000;           ///< 0: no head; the logits are the pooled features.
  std::array<bool, kLevels> outNorm{}; ///< A LayerNorm on the stage map of that level.
  ImagePreprocessing preprocessing;
  std::vector<std::string> labels; ///< Empty, or numClasses of them.

  int64_t width(int level) const { return dim << level; }
  int64_t innerWidth(int level) const { return width(level) / 2; }
  /// Rank of the scan's step-size projection.
  int64_t stepRank(int level) const { return (width(level) + 15) / 16; }
  int64_t headDim(int level) const { return width(level) / numHeads[level]; }
  /// The first ceil(depth / 2) blocks of a window level mix by scan, the rest by attention.
  int64_t mixerCount(int level) const { return (depths[level] + 1) / 2; }
  bool isAttention(int level, int64_t block) const {
    return level >= kFirstWindowLevel && block >= mixerCount(level);
  }
};

/// A tensor a model needs. All are of a float type.
struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
};

/// In the order of the data flow.
std::vector<ExpectedTensor> expectedTensors(const ModelSpec &spec);

/// What the published code would build from the config alone; used for random weights.
ModelSpec specFromConfig(const ModelConfig &config);

struct ResolvedModel {
  ModelSpec spec;
  std::vector<std::string> leftovers; ///< Tensors that nothing uses, by the name in the file.
  std::vector<std::string> warnings;  ///< One line each.
};

/// Errors: a tensor that is missing, has another shape or is not of a float type, and every contradiction
/// between config and tensors. The values are not looked at: see checkValues().
StatusOr<ResolvedModel> resolveModel(const ModelConfig &config, const WeightFile &weights);

/// Reads every value the model uses: each must be finite, and the variance of a batch norm not negative. The
/// message names the first offender in the order of expectedTensors(), whatever the number of threads.
Status checkValues(const ModelSpec &spec, const WeightFile &weights, ThreadPool &pool);

} // namespace mv

#endif // MV_IMPORT_MODELSPEC_H
