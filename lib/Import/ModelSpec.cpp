//===- ModelSpec.cpp - The tensors a model needs --------------------------------===//

#include "mv/Import/ModelSpec.h"

using namespace mv;

static constexpr int64_t kStates = 8;   ///< Of the scan, per channel.
static constexpr int64_t kConvTaps = 3; ///< Of the mixer's depthwise convolutions.

namespace {

/// Lists tensors under a prefix, in the checkpoint's naming.
class TensorList {
public:
  void add(const std::string &name, std::vector<int64_t> shape) {
    tensors.push_back({name, std::move(shape)});
  }

  void affine(const std::string &name, std::vector<int64_t> shape, bool bias = true) {
    int64_t outputs = shape.front();
    add(name + ".weight", std::move(shape));
    if (bias)
      add(name + ".bias", {outputs});
  }

  /// num_batches_tracked is for training only, and not expected.
  void batchNorm(const std::string &name, int64_t channels) {
    for (const char *part : {".weight", ".bias", ".running_mean", ".running_var"})
      add(name + part, {channels});
  }

  std::vector<ExpectedTensor> tensors;
};

} // namespace

static void addConvBlock(TensorList &list, const ModelSpec &spec, const std::string &block, int64_t width) {
  for (const char *index : {"1", "2"}) {
    list.affine(block + ".conv" + index, {width, width, 3, 3});
    list.batchNorm(block + ".norm" + index, width);
  }
  if (spec.layerScaleConv)
    list.add(block + ".gamma", {width});
}

static void addMixer(TensorList &list, const ModelSpec &spec, const std::string &mixer, int level) {
  int64_t width = spec.width(level), inner = spec.innerWidth(level), rank = spec.stepRank(level);
  list.affine(mixer + ".in_proj", {width, width}, /*bias=*/false);
  list.affine(mixer + ".conv1d_x", {inner, 1, kConvTaps}, /*bias=*/false);
  list.affine(mixer + ".conv1d_z", {inner, 1, kConvTaps}, /*bias=*/false);
  list.affine(mixer + ".x_proj", {rank + 2 * kStates, inner}, /*bias=*/false);
  list.affine(mixer + ".dt_proj", {inner, rank});
  list.add(mixer + ".A_log", {inner, kStates});
  list.add(mixer + ".D", {inner});
  list.affine(mixer + ".out_proj", {width, width}, /*bias=*/false);
}

static void addAttention(TensorList &list, const ModelSpec &spec, const std::string &mixer, int level) {
  int64_t width = spec.width(level);
  list.affine(mixer + ".qkv", {3 * width, width}, spec.qkvBias);
  if (spec.qkNorm) {
    list.affine(mixer + ".q_norm", {spec.headDim(level)});
    list.affine(mixer + ".k_norm", {spec.headDim(level)});
  }
  list.affine(mixer + ".proj", {width, width});
}

static void addWindowBlock(TensorList &list, const ModelSpec &spec, const std::string &block, int level,
                           bool isAttention) {
  int64_t width = spec.width(level), hidden = spec.mlpWidth[level];
  list.affine(block + ".norm1", {width});
  if (isAttention)
    addAttention(list, spec, block + ".mixer", level);
  else
    addMixer(list, spec, block + ".mixer", level);
  list.affine(block + ".norm2", {width});
  list.affine(block + ".mlp.fc1", {hidden, width});
  list.affine(block + ".mlp.fc2", {width, hidden});
  if (spec.layerScale) {
    list.add(block + ".gamma_1", {width});
    list.add(block + ".gamma_2", {width});
  }
}

std::vector<ExpectedTensor> mv::expectedTensors(const ModelSpec &spec) {
  TensorList list;
  list.affine("patch_embed.conv_down.0", {spec.inDim, spec.inChans, 3, 3}, /*bias=*/false);
  list.batchNorm("patch_embed.conv_down.1", spec.inDim);
  list.affine("patch_embed.conv_down.3", {spec.dim, spec.inDim, 3, 3}, /*bias=*/false);
  list.batchNorm("patch_embed.conv_down.4", spec.dim);
  for (int level = 0; level < kLevels; ++level) {
    std::string prefix = "levels." + std::to_string(level);
    int64_t width = spec.width(level);
    for (int64_t i = 0; i < spec.depths[level]; ++i) {
      std::string block = prefix + ".blocks." + std::to_string(i);
      if (level < kFirstWindowLevel)
        addConvBlock(list, spec, block, width);
      else
        addWindowBlock(list, spec, block, level, spec.isAttention(level, i));
    }
    if (spec.outNorm[level])
      list.affine("outnorm" + std::to_string(level), {width});
    if (level + 1 < kLevels)
      list.affine(prefix + ".downsample.reduction.0", {2 * width, width, 3, 3}, /*bias=*/false);
  }
  if (spec.hasNorm)
    list.batchNorm("norm", spec.width(kLevels - 1));
  if (spec.numClasses > 0)
    list.affine("head", {spec.numClasses, spec.width(kLevels - 1)});
  return std::move(list.tensors);
}

ModelSpec mv::specFromConfig(const ModelConfig &config) {
  constexpr int64_t kPublishedClasses = 1000;
  ModelSpec spec;
  spec.name = config.name;
  spec.inChans = config.inChans;
  spec.inDim = config.inDim;
  spec.dim = config.dim;
  spec.depths = config.depths;
  spec.numHeads = config.numHeads;
  spec.windowSize = config.windowSize;
  for (int level = 0; level < kLevels; ++level)
    spec.mlpWidth[level] = config.mlpWidth(level);
  spec.layerScale = config.layerScale.value_or(false);
  spec.layerScaleConv = config.layerScaleConv.value_or(false);
  spec.qkvBias = config.qkvBias.value_or(true);
  spec.qkNorm = config.qkNorm.value_or(false);
  spec.numClasses = config.numClasses.value_or(
      config.labels.empty() ? kPublishedClasses : static_cast<int64_t>(config.labels.size()));
  spec.preprocessing = config.preprocessing;
  if (spec.numClasses > 0)
    spec.labels = config.labels;
  return spec;
}
