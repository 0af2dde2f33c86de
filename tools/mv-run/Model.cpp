//===- Model.cpp - A package, seen from one entry point -------------------------===//

#include "Model.h"

#include "mv/Support/Text.h"

#include <algorithm>

using namespace mv;
using namespace mv::run;

std::optional<ClassNames> Model::classNames() const {
  std::optional<size_t> output = logits();
  if (!output)
    return std::nullopt;
  return ClassNames(outputs[*output].elements, package.labels());
}

/// What the package says about pictures, in lib/Image's terms.
static Status readPreprocessing(Model &model, const Options &options) {
  mv_preprocessing_info info = model.package.preprocessing();
  if (info.channels != 3)
    return Status::invalidInput("expected a model of 3 colour channels, found " +
                                std::to_string(info.channels));
  Preprocessing &result = model.preprocessing;
  result.height = model.resolution.height;
  result.width = model.resolution.width;
  std::copy_n(info.mean, 3, result.mean.begin());
  std::copy_n(info.deviation, 3, result.deviation.begin());
  result.cropFraction = info.crop_pct;
  if (!(info.crop_pct > 0 && info.crop_pct <= 1))
    return Status::invalidInput("the model's crop_pct is " + std::to_string(info.crop_pct) +
                                ": expected a number above 0 and at most 1");

  std::string cropMode = info.crop_mode, interpolation = info.interpolation;
  if (cropMode != "center" && cropMode != "squash")
    return Status::invalidInput("the model's crop_mode is " + quote(cropMode) +
                                ", which is not supported: expected center or squash");
  result.cropMode = cropMode == "squash" ? CropMode::Squash : CropMode::Center;
  std::optional<Interpolation> known =
      options.interpolation ? options.interpolation : parseInterpolation(interpolation);
  if (!known)
    return Status::invalidInput("the model's interpolation is " + quote(interpolation) +
                                ", which is not supported; choose one with --interpolation=bicubic");
  result.interpolation = *known;
  return {};
}

Status run::chooseEntry(Model &model, const Options &options, std::optional<Resolution> tensorResolution) {
  std::optional<Resolution> wanted = options.resolution ? options.resolution : tensorResolution;
  if (options.resolution && tensorResolution && !(*options.resolution == *tensorResolution))
    return Status::invalidInput("--resolution is " + resolutionText(*options.resolution) +
                                ", but the input tensor holds images of " +
                                resolutionText(*tensorResolution));
  if (wanted)
    model.entry =
        model.package.findEntry(static_cast<uint32_t>(wanted->height), static_cast<uint32_t>(wanted->width));

  mv_entry_info entry = model.package.entry(model.entry);
  model.resolution = {static_cast<int>(entry.height), static_cast<int>(entry.width)};
  model.outputs.clear();
  for (uint32_t i = 0; i < entry.output_count; ++i) {
    mv_output_info output = model.package.output(model.entry, i);
    model.outputs.push_back({output.name, {output.shape, output.shape + output.rank}, output.elements});
  }
  return readPreprocessing(model, options);
}
