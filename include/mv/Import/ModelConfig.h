//===- ModelConfig.h - What a checkpoint's config.json says ---------*- C++ -*-===//
//
// The fields of a Hugging Face config that matter for inference, each checked for type and range. What a
// config leaves open stays open here (std::nullopt) until the tensors are known: see resolveModel in
// ModelSpec.h.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMPORT_MODELCONFIG_H
#define MV_IMPORT_MODELCONFIG_H

#include "mv/Support/Status.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mv {

constexpr int kLevels = 4;

enum class CropMode { Center, Squash };
enum class Interpolation { Bicubic, Bilinear };

std::string_view cropModeName(CropMode mode);
std::string_view interpolationName(Interpolation interpolation);

/// How a picture becomes an input tensor.
struct ImagePreprocessing {
  int64_t height = 224, width = 224;
  double cropPct = 1.0; ///< In (0, 1].
  CropMode cropMode = CropMode::Center;
  Interpolation interpolation = Interpolation::Bicubic; ///< What the published evaluation uses.
  std::vector<double> mean, std;                        ///< One per input channel; std > 0.
};

struct ModelConfig {
  std::string path; ///< Names the config in messages.
  std::string text; ///< The file as read.
  std::string name; ///< `_name_or_path`, or empty.

  int64_t dim = 0, inDim = 0;
  int64_t inChans = 3;
  std::array<int64_t, kLevels> depths{}, numHeads{}, windowSize{};
  double mlpRatio = 4.0;

  // Left out by published configs: the tensors decide.
  std::optional<int64_t> numClasses;
  std::optional<bool> layerScale;     ///< Window blocks have gamma_1 and gamma_2.
  std::optional<bool> layerScaleConv; ///< Conv blocks have gamma.
  std::optional<bool> qkvBias, qkNorm;

  ImagePreprocessing preprocessing;
  std::vector<std::string> labels; ///< id2label in order; empty when the config has none.

  /// Channels of level `level`: dim doubles from each level to the next.
  int64_t width(int level) const { return dim << level; }
  /// Hidden channels of the MLPs of level `level`.
  int64_t mlpWidth(int level) const { return static_cast<int64_t>(double(width(level)) * mlpRatio); }
};

/// Reads and checks the config at `path`. Unknown keys are ignored, as the published code does.
StatusOr<ModelConfig> readModelConfig(const std::string &path);

/// The same from text; `path` only names it in messages.
StatusOr<ModelConfig> parseModelConfig(std::string_view text, const std::string &path);

} // namespace mv

#endif // MV_IMPORT_MODELCONFIG_H
