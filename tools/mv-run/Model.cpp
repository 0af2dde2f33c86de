//===- Model.cpp - A package, seen from one entry point -------------------------===//

#include "Model.h"

#include "mv/Support/Text.h"

#include <algorithm>

using namespace mv;
using namespace mv::run;

/// Names of entry points in an error.
static constexpr size_t kLongestList = 500;

static ImageShape shapeOf(const mv_entry_info &entry) {
  return {static_cast<int>(entry.channels),
          {static_cast<int>(entry.height), static_cast<int>(entry.width)},
          std::string_view(entry.input_type) == "u8"};
}

void Model::run(Session &session, size_t count, const void *images, std::span<float *const> wanted) const {
  const auto batch = static_cast<int64_t>(count);
  if (shape.isBytes)
    session.run(entry, batch, static_cast<const uint8_t *>(images), wanted);
  else
    session.run(entry, batch, static_cast<const float *>(images), wanted);
}

uint64_t Model::enqueue(Session &session, size_t count, const void *images,
                        std::span<float *const> wanted) const {
  const auto batch = static_cast<int64_t>(count);
  if (shape.isBytes)
    return session.enqueue(entry, batch, static_cast<const uint8_t *>(images), wanted);
  return session.enqueue(entry, batch, static_cast<const float *>(images), wanted);
}

std::optional<ClassNames> Model::classNames() const {
  std::optional<size_t> output = logits();
  if (!output)
    return std::nullopt;
  return ClassNames(outputs[*output].elements, package.labels());
}

/// What the package says about pictures, in lib/Image's terms.
static Status readPreprocessing(Model &model, const Options &options) {
  constexpr const char *kGiveTensors = "; give tensors, .npy or .safetensors files of images [N, C, H, W]";
  mv_preprocessing_info info = model.package.preprocessing();
  if (info.channels == 0)
    return Status::invalidInput(
        std::string("the model does not say how pictures become its input: it was compiled "
                    "from IR alone") +
        kGiveTensors);
  if (model.shape.channels != 3)
    return Status::invalidInput("the model takes images of " + std::to_string(model.shape.channels) +
                                (model.shape.channels == 1 ? " channel" : " channels") +
                                ", and pictures have 3" + kGiveTensors);
  Preprocessing &result = model.preprocessing;
  result.height = model.shape.resolution.height;
  result.width = model.shape.resolution.width;
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

/// The first entry point for images of this shape.
static StatusOr<uint32_t> findShape(const Package &package, const Resolution &resolution,
                                    std::optional<ImageShape> tensors) {
  const uint32_t sized =
      package.findEntry(static_cast<uint32_t>(resolution.height),
                        static_cast<uint32_t>(resolution.width)); // Or an error with all sizes.
  if (!tensors)
    return sized;
  for (uint32_t index = sized; index < package.info().entry_count; ++index) {
    const mv_entry_info entry = package.entry(index);
    if (shapeOf(entry) == *tensors)
      return index;
  }
  return sized; // Whose channels are other ones, which is found out later.
}

static StatusOr<uint32_t> findName(const Package &package, const std::string &name) {
  std::string names;
  for (uint32_t index = 0; index < package.info().entry_count; ++index) {
    const std::string found = package.entry(index).name;
    if (found == name)
      return index;
    names += (names.empty() ? "" : ", ") + found;
  }
  return Status::invalidInput("--entry: there is no entry point " + quote(name) + ": the package has " +
                              quote(names, kLongestList));
}

Status run::chooseEntry(Model &model, const Options &options, std::optional<ImageShape> tensors,
                        bool hasPictures) {
  if (options.resolution && tensors && !(*options.resolution == tensors->resolution))
    return Status::invalidInput("--resolution is " + resolutionText(*options.resolution) +
                                ", but the input tensor holds images of " +
                                resolutionText(tensors->resolution));
  if (!options.entry.empty()) {
    MV_ASSIGN_OR_RETURN(model.entry, findName(model.package, options.entry));
  } else if (options.resolution || tensors) {
    MV_ASSIGN_OR_RETURN(
        model.entry, findShape(model.package, tensors ? tensors->resolution : *options.resolution, tensors));
  }
  mv_entry_info entry = model.package.entry(model.entry);
  model.shape = shapeOf(entry);
  if (tensors && !(*tensors == model.shape))
    return Status::invalidInput("the input tensor holds images " + imageShapeText(*tensors) +
                                ", but entry point " + quote(entry.name) + " takes " +
                                imageShapeText(model.shape) +
                                (tensors->isBytes == model.shape.isBytes ? ""
                                 : model.shape.isBytes ? ", pictures that are not normalised"
                                                       : ", normalised images"));
  model.outputs.clear();
  for (uint32_t i = 0; i < entry.output_count; ++i) {
    mv_output_info output = model.package.output(model.entry, i);
    model.outputs.push_back({output.name, {output.shape, output.shape + output.rank}, output.elements});
  }
  return hasPictures ? readPreprocessing(model, options) : Status();
}
