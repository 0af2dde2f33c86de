//===- ModelConfig.cpp - What a checkpoint's config.json says -------------------===//

#include "mv/Import/ModelConfig.h"
#include "ConfigFields.h"
#include "mv/Support/Json.h"
#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <cmath>

using namespace mv;
using nlohmann::json;

//===----------------------------------------------------------------------===//
// Limits
//
// Far above every published variant (the largest: dim 256, depth 20, window 32, 739.6 M parameters), and low
// enough that no product of shapes overflows and no config makes the compiler run for days.
//===----------------------------------------------------------------------===//

static constexpr IntegerRange kWidths{1, 8192};
static constexpr IntegerRange kDepths{0, 512};
static constexpr IntegerRange kHeads{1, 4096};
static constexpr IntegerRange kWindows{1, 4096};
static constexpr IntegerRange kClasses{0, 10'000'000};
static constexpr IntegerRange kChannels{1, 1024};
static constexpr IntegerRange kImageSides{1, 65536};
static constexpr double kMaxMlpRatio = 64.0;

std::string_view mv::cropModeName(CropMode mode) { return mode == CropMode::Center ? "center" : "squash"; }
std::string_view mv::interpolationName(Interpolation interpolation) {
  return interpolation == Interpolation::Bicubic ? "bicubic" : "bilinear";
}

//===----------------------------------------------------------------------===//
// Groups of fields
//===----------------------------------------------------------------------===//

/// The very first published revisions keep everything under `args`.
static Status mergeArgs(json::object_t &fields, const std::string &where) {
  auto args = fields.find("args");
  if (args == fields.end())
    return Status();
  const auto *inner = args->second.get_ptr<const json::object_t *>();
  if (!inner)
    return Status(); // An unknown key of that name.
  for (const auto &[name, value] : *inner) {
    auto [entry, isNew] = fields.try_emplace(name, value);
    if (!isNew && entry->second != value)
      return Status::invalidInput(where + ": field " + quote(name) +
                                  " contradicts itself: " + jsonExcerpt(entry->second) + " at the top, " +
                                  jsonExcerpt(value) + " under 'args'");
  }
  return Status();
}

static Status checkModelType(const ConfigFields &fields) {
  const json *type = fields.findValue("model_type");
  if (type && *type == "mambavision")
    return Status();
  if (type)
    return fields.wrongValue("model_type", "\"mambavision\"", *type);
  // Early configs have no model_type; the class they name is as good.
  const json *classes = fields.findValue("architectures");
  const auto *list = classes ? classes->get_ptr<const json::array_t *>() : nullptr;
  for (size_t i = 0; list && i < list->size(); ++i)
    if (const auto *name = (*list)[i].get_ptr<const std::string *>();
        name && name->starts_with("MambaVision"))
      return Status();
  return fields.error("model_type", "\"mambavision\"", "no such field; is this a MambaVision config?");
}

static Status readShape(const ConfigFields &fields, ModelConfig &config) {
  MV_RETURN_IF_ERROR(fields.require({"dim", "in_dim", "depths", "num_heads", "window_size"}));
  MV_RETURN_IF_ERROR(fields.readInteger("dim", kWidths, config.dim));
  MV_RETURN_IF_ERROR(fields.readInteger("in_dim", kWidths, config.inDim));
  MV_RETURN_IF_ERROR(fields.readInteger("in_chans", kChannels, config.inChans));
  MV_RETURN_IF_ERROR(fields.readIntegers("depths", kDepths, config.depths));
  MV_RETURN_IF_ERROR(fields.readIntegers("num_heads", kHeads, config.numHeads));
  MV_RETURN_IF_ERROR(fields.readIntegers("window_size", kWindows, config.windowSize));
  MV_RETURN_IF_ERROR(fields.readNumber("mlp_ratio", config.mlpRatio));
  // Written so that it also refuses a NaN. Level 2 has the narrowest MLP.
  if (!(config.mlpRatio > 0 && config.mlpRatio <= kMaxMlpRatio) || config.mlpWidth(2) < 1)
    return fields.wrongValue("mlp_ratio",
                             "a number above 0 and up to 64 that leaves the MLPs at least one channel",
                             *fields.findValue("mlp_ratio"));
  // A level's blocks from ceil(depth / 2) on are attention: a depth of 1 has none. Levels 0 and 1 have no
  // heads.
  for (int level = 2; level < kLevels; ++level)
    if (config.depths[level] >= 2 && config.width(level) % config.numHeads[level] != 0)
      return fields.error("num_heads",
                          "a divisor of the " + std::to_string(config.width(level)) + " channels of level " +
                              std::to_string(level) + " (dim " + std::to_string(config.dim) + ")",
                          std::to_string(config.numHeads[level]) + " at position " + std::to_string(level));
  return Status();
}

/// layer_scale and layer_scale_conv: a number says the gammas exist, null says they do not, absence says
/// nothing. The number itself is an initial value for training.
static Status readLayerScale(const ConfigFields &fields, const char *field, std::optional<bool> &out) {
  const json *value = fields.find(field);
  if (!value)
    return Status();
  if (!value->is_number() && !value->is_null())
    return fields.wrongValue(field, "a number or null", *value);
  out = value->is_number();
  return Status();
}

/// The published code calls its switch for q/k norms `qk_scale`, and takes any true value.
static Status readQkNorm(const ConfigFields &fields, ModelConfig &config) {
  MV_RETURN_IF_ERROR(fields.readBool("qk_norm", config.qkNorm));
  const json *scale = fields.findValue("qk_scale");
  if (!scale)
    return Status();
  if (!scale->is_boolean() && !scale->is_number())
    return fields.wrongValue("qk_scale", "a number, true, false or null", *scale);
  bool isOn = *scale != false && *scale != 0;
  if (config.qkNorm && *config.qkNorm != isOn)
    return fields.wrongValue(
        "qk_scale", "the same as 'qk_norm', which is " + std::string(isOn ? "false" : "true"), *scale);
  config.qkNorm = isOn;
  return Status();
}

static Status readLabels(const ConfigFields &fields, ModelConfig &config) {
  const json *value = fields.findValue("id2label");
  if (!value)
    return Status();
  const auto *entries = value->get_ptr<const json::object_t *>();
  if (!entries)
    return fields.wrongValue("id2label", "an object {\"0\": label, ...}", *value);
  for (size_t i = 0; i < entries->size(); ++i) {
    auto entry = entries->find(std::to_string(i));
    if (entry == entries->end())
      return fields.error("id2label", "the keys \"0\" to \"" + std::to_string(entries->size() - 1) + "\"",
                          std::to_string(entries->size()) + " keys without \"" + std::to_string(i) + "\"");
    const auto *label = entry->second.get_ptr<const std::string *>();
    if (!label)
      return fields.error("id2label", "a string for every key",
                          jsonExcerpt(entry->second) + " for \"" + entry->first + "\"");
    config.labels.push_back(*label);
  }
  if (config.numClasses && *config.numClasses != 0 && !config.labels.empty() &&
      uint64_t(*config.numClasses) != config.labels.size())
    return fields.error("id2label",
                        std::to_string(*config.numClasses) + " labels, since 'num_classes' is " +
                            std::to_string(*config.numClasses),
                        std::to_string(config.labels.size()) + " labels");
  return Status();
}

//===----------------------------------------------------------------------===//
// Preprocessing
//===----------------------------------------------------------------------===//

static Status readInputSize(const ConfigFields &fields, ModelConfig &config) {
  if (!fields.findValue("input_size"))
    return Status();
  int64_t size[3];
  MV_RETURN_IF_ERROR(fields.readIntegers("input_size", kImageSides, size));
  if (size[0] != config.inChans)
    return fields.wrongValue("input_size",
                             "[channels, height, width] with " + std::to_string(config.inChans) +
                                 " channels ('in_chans')",
                             *fields.findValue("input_size"));
  config.preprocessing.height = size[1];
  config.preprocessing.width = size[2];
  return Status();
}

static Status readNormalisation(const ConfigFields &fields, ModelConfig &config) {
  ImagePreprocessing &image = config.preprocessing;
  // The published defaults are those of ImageNet. Other channel counts have none: leave such input as it is.
  image.mean.assign(size_t(config.inChans), 0.0);
  image.std.assign(size_t(config.inChans), 1.0);
  if (config.inChans == 3) {
    image.mean = {0.485, 0.456, 0.406};
    image.std = {0.229, 0.224, 0.225};
  }
  MV_RETURN_IF_ERROR(fields.readNumbers("mean", image.mean));
  MV_RETURN_IF_ERROR(fields.readNumbers("std", image.std));
  for (double value : image.std)
    if (!(value > 0) || static_cast<float>(value) == 0)
      return fields.wrongValue("std", "numbers above 0", *fields.findValue("std"));
  return Status();
}

static Status readPreprocessing(const ConfigFields &fields, ModelConfig &config) {
  ImagePreprocessing &image = config.preprocessing;
  MV_RETURN_IF_ERROR(readInputSize(fields, config));
  MV_RETURN_IF_ERROR(readNormalisation(fields, config));
  MV_RETURN_IF_ERROR(fields.readNumber("crop_pct", image.cropPct));
  if (!(image.cropPct > 0 && image.cropPct <= 1) ||
      double(std::max(image.height, image.width)) / image.cropPct > double(kImageSides.high))
    return fields.wrongValue("crop_pct",
                             "a number above 0 and up to 1, with input_size / crop_pct at most 65536",
                             *fields.findValue("crop_pct"));
  std::string mode(cropModeName(image.cropMode)), interpolation(interpolationName(image.interpolation));
  MV_RETURN_IF_ERROR(fields.readString("crop_mode", mode));
  if (mode != "center" && mode != "squash")
    return fields.error("crop_mode", "\"center\" or \"squash\"", quote(mode));
  image.cropMode = mode == "center" ? CropMode::Center : CropMode::Squash;
  MV_RETURN_IF_ERROR(fields.readString("interpolation", interpolation));
  if (interpolation != "bicubic" && interpolation != "bilinear")
    return fields.error("interpolation", "\"bicubic\" or \"bilinear\"", quote(interpolation));
  image.interpolation = interpolation == "bicubic" ? Interpolation::Bicubic : Interpolation::Bilinear;
  return Status();
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

StatusOr<ModelConfig> mv::parseModelConfig(std::string_view text, const std::string &path) {
  constexpr size_t kMaxPath = 4096;
  std::string where = quote(path, kMaxPath);
  json root;
  MV_RETURN_IF_ERROR(parseJson(text, where, root));
  auto *object = root.get_ptr<json::object_t *>();
  if (!object)
    return Status::invalidInput(where + ": expected a JSON object, found type " + root.type_name());
  MV_RETURN_IF_ERROR(mergeArgs(*object, where));
  ConfigFields fields(std::move(*object), where);

  ModelConfig config;
  config.path = path;
  config.text = text;
  MV_RETURN_IF_ERROR(checkModelType(fields));
  MV_RETURN_IF_ERROR(readShape(fields, config));
  if (fields.findValue("num_classes"))
    MV_RETURN_IF_ERROR(fields.readInteger("num_classes", kClasses, config.numClasses.emplace()));
  MV_RETURN_IF_ERROR(readLayerScale(fields, "layer_scale", config.layerScale));
  MV_RETURN_IF_ERROR(readLayerScale(fields, "layer_scale_conv", config.layerScaleConv));
  MV_RETURN_IF_ERROR(fields.readBool("qkv_bias", config.qkvBias));
  MV_RETURN_IF_ERROR(readQkNorm(fields, config));
  MV_RETURN_IF_ERROR(readLabels(fields, config));
  MV_RETURN_IF_ERROR(readPreprocessing(fields, config));
  MV_RETURN_IF_ERROR(fields.readString("_name_or_path", config.name));
  return config;
}

StatusOr<ModelConfig> mv::readModelConfig(const std::string &path) {
  MV_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  std::span<const std::byte> bytes = file.bytes();
  return parseModelConfig({reinterpret_cast<const char *>(bytes.data()), bytes.size()}, path);
}
