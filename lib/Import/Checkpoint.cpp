//===- Checkpoint.cpp - From a path to a checked model --------------------------===//

#include "mv/Import/Checkpoint.h"
#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <filesystem>

using namespace mv;
namespace fs = std::filesystem;

static constexpr size_t kMaxPath = 4096;

StatusOr<CheckpointLocation> mv::locateCheckpoint(const std::string &source, const std::string &weights) {
  std::error_code ignored;
  fs::path path = source;
  CheckpointLocation location{source, weights};
  if (fs::is_directory(path, ignored)) {
    location.configPath = (path / "config.json").string();
    if (!fs::exists(location.configPath, ignored))
      return Status::invalidInput(quote(source, kMaxPath) +
                                  ": expected a checkpoint folder with config.json, found none in it");
  } else if (!fs::exists(path, ignored)) {
    return Status::invalidInput(quote(source, kMaxPath) +
                                ": expected a checkpoint folder or a config.json, found no such file");
  } else if (path.extension() == ".safetensors") {
    return Status::invalidInput(quote(source, kMaxPath) +
                                ": expected a checkpoint folder or a config.json, found "
                                "weights; pass the config, and these with --weights=");
  }
  if (location.weights.empty()) {
    fs::path folder = fs::path(location.configPath).parent_path();
    location.weights = folder.empty() ? "." : folder.string();
  }
  return location;
}

//===----------------------------------------------------------------------===//
// Licence
//===----------------------------------------------------------------------===//

static std::string_view trim(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\"'";
  size_t begin = text.find_first_not_of(kAround);
  if (begin == text.npos)
    return {};
  return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

std::string mv::licenceFromReadme(std::string_view readme) {
  // Front matter: lines between two lines "---" at the very beginning. One level of "key: value" is enough.
  std::string_view license, name;
  bool isFirst = true;
  while (!readme.empty()) {
    size_t end = std::min(readme.find('\n'), readme.size());
    std::string_view line = readme.substr(0, end);
    readme.remove_prefix(std::min(end + 1, readme.size()));
    bool isFence = trim(line) == "---";
    if (isFirst != isFence)
      break; // No front matter, or its end.
    if (isFirst) {
      isFirst = false;
      continue;
    }
    if (line.starts_with("license:"))
      license = trim(line.substr(line.find(':') + 1));
    else if (line.starts_with("license_name:"))
      name = trim(line.substr(line.find(':') + 1));
  }
  return std::string(name.empty() ? license : name);
}

/// Of the weights, so from the README beside them, wherever the config is.
static std::string findLicence(const ModelConfig &config, const WeightFile &weights) {
  // A checkpoint need not have a README, and its front matter need not name a licence.
  fs::path readme = fs::path(weights.source()).parent_path() / "README.md";
  std::string licence;
  if (StatusOr<MappedFile> file = MappedFile::open(readme.string()); file.ok())
    licence = licenceFromReadme({reinterpret_cast<const char *>(file->bytes().data()), file->bytes().size()});
  if (licence.empty() && config.name.starts_with("nvidia/MambaVision"))
    return "cc-by-nc-sa-4.0"; // What the authors publish their weights under.
  return licence;
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

StatusOr<Checkpoint> mv::loadCheckpoint(const std::string &source, const std::string &weightsOption,
                                        ThreadPool &pool) {
  MV_ASSIGN_OR_RETURN(CheckpointLocation location, locateCheckpoint(source, weightsOption));
  MV_ASSIGN_OR_RETURN(ModelConfig config, readModelConfig(location.configPath));
  MV_ASSIGN_OR_RETURN(WeightFile weights, WeightFile::open(location.weights, config));
  MV_ASSIGN_OR_RETURN(ResolvedModel model, resolveModel(config, weights));
  MV_RETURN_IF_ERROR(checkValues(model.spec, weights, pool));
  std::string licence = weights.isRandom() ? std::string() : findLicence(config, weights);
  if (weights.isRandom())
    model.warnings.push_back("the weights are made up (" + weights.source() + "): answers will mean nothing");
  return Checkpoint{std::move(config),          std::move(weights),        std::move(model.spec),
                    std::move(model.leftovers), std::move(model.warnings), std::move(licence)};
}
