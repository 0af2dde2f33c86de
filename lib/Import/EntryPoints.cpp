//===- EntryPoints.cpp - What a package is to answer ----------------------------===//

#include "mv/Import/EntryPoints.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <charconv>

using namespace mv;

/// What the package's format holds; keeps products of sizes far from overflow.
static constexpr int64_t kMaxSide = 65536;

std::string mv::entryPointName(Resolution resolution) {
  return "forward_" + std::to_string(resolution.height) + "x" + std::to_string(resolution.width);
}

/// The parts of "a,b,c"; empty parts too, since they are mistakes.
static std::vector<std::string_view> splitAtCommas(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == text.npos)
      return parts;
    text.remove_prefix(comma + 1);
  }
}

static bool parseSide(std::string_view text, int64_t &side) {
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), side);
  return error == std::errc() && rest == text.data() + text.size() && side >= 1 && side <= kMaxSide;
}

static StatusOr<Resolution> parseResolution(std::string_view text) {
  Resolution resolution{};
  size_t cross = text.find('x');
  if (cross == text.npos || !parseSide(text.substr(0, cross), resolution.height) ||
      !parseSide(text.substr(cross + 1), resolution.width))
    return Status::invalidInput("resolution " + quote(text) + ": expected HxW with sides from 1 to " +
                                std::to_string(kMaxSide) + ", for example 224x224");
  return resolution;
}

static Status checkDistinct(std::span<const Resolution> resolutions) {
  for (size_t i = 0; i < resolutions.size(); ++i)
    if (std::find(resolutions.begin(), resolutions.begin() + i, resolutions[i]) != resolutions.begin() + i)
      return Status::invalidInput("resolution '" + std::to_string(resolutions[i].height) + "x" +
                                  std::to_string(resolutions[i].width) + "': expected once, found twice");
  return Status();
}

StatusOr<std::vector<Resolution>> mv::parseResolutions(std::string_view text) {
  std::vector<Resolution> resolutions;
  for (std::string_view part : splitAtCommas(text)) {
    MV_ASSIGN_OR_RETURN(Resolution resolution, parseResolution(part));
    resolutions.push_back(resolution);
  }
  MV_RETURN_IF_ERROR(checkDistinct(resolutions));
  return resolutions;
}

StatusOr<std::vector<Resolution>> mv::selectResolutions(const ModelSpec &spec,
                                                        std::span<const Resolution> resolutions) {
  if (resolutions.empty())
    return std::vector<Resolution>{{spec.preprocessing.height, spec.preprocessing.width}};
  for (Resolution resolution : resolutions)
    if (std::min(resolution.height, resolution.width) < 1 ||
        std::max(resolution.height, resolution.width) > kMaxSide)
      return Status::invalidInput("resolution " + std::to_string(resolution.height) + "x" +
                                  std::to_string(resolution.width) + ": expected sides from 1 to " +
                                  std::to_string(kMaxSide));
  MV_RETURN_IF_ERROR(checkDistinct(resolutions));
  return std::vector<Resolution>(resolutions.begin(), resolutions.end());
}

StatusOr<InputType> mv::parseInputType(std::string_view text) {
  if (text == "f32")
    return InputType::F32;
  if (text == "u8")
    return InputType::U8;
  return Status::invalidInput("input type " + quote(text) +
                              ": expected f32 (normalised images) or u8 (pictures)");
}

/// The flags of `selection` that `name` stands for; none for an unknown name.
static std::vector<bool *> flagsOf(OutputSelection &selection, std::string_view name) {
  if (name == "logits")
    return {&selection.logits};
  if (name == "pooled")
    return {&selection.pooled};
  std::vector<bool *> flags;
  for (int level = 0; level < kLevels; ++level)
    if (name == "stages" || name == "stage" + std::to_string(level))
      flags.push_back(&selection.stages[level]);
  return flags;
}

StatusOr<OutputSelection> mv::selectOutputs(const ModelSpec &spec, std::span<const std::string> names) {
  OutputSelection selection;
  if (names.empty()) {
    selection.logits = selection.pooled = spec.hasNorm;
    selection.stages.fill(!spec.hasNorm);
    return selection;
  }
  for (const std::string &name : names) {
    std::vector<bool *> flags = flagsOf(selection, name);
    if (flags.empty())
      return Status::invalidInput("output " + quote(name) +
                                  ": expected logits, pooled, stages, or one of stage0 to stage3");
    for (bool *flag : flags) {
      if (*flag)
        return Status::invalidInput("output " + quote(name) + ": expected once, found twice");
      *flag = true;
    }
    if (!spec.hasNorm && (name == "logits" || name == "pooled"))
      return Status::invalidInput("output " + quote(name) +
                                  ": expected a checkpoint with the tensors 'norm.*', found "
                                  "a backbone without; use --outputs=stages");
  }
  return selection;
}
