//===- WeightFile.cpp - The tensors of a checkpoint -----------------------------===//

#include "mv/Import/WeightFile.h"
#include "mv/Import/ModelSpec.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <tuple>

using namespace mv;

static constexpr size_t kMaxPath = 4096;
static constexpr std::string_view kRandom = "random:";
static constexpr std::string_view kIndexSuffix = ".index.json";

std::string_view mv::canonicalName(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kPrefixes = {"module.", "model.", "encoder.", "backbone."};
  auto strip = [&](std::string_view prefix) {
    bool found = name.starts_with(prefix);
    if (found)
      name.remove_prefix(prefix.size());
    return found;
  };
  while (std::any_of(kPrefixes.begin(), kPrefixes.end(), strip)) {
  }
  return name;
}

//===----------------------------------------------------------------------===//
// Tensor
//===----------------------------------------------------------------------===//

int64_t WeightFile::Tensor::elementCount() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

bool WeightFile::Tensor::isFloat() const { return random_ || view_->isFloat(); }

void WeightFile::Tensor::readFloats(int64_t begin, std::span<float> out) const {
  if (random_)
    random_->read(begin, out);
  else
    view_->readFloats(begin, out);
}

const WeightFile::Tensor *WeightFile::find(std::string_view name) const {
  auto found = std::lower_bound(tensors_.begin(), tensors_.end(), name,
                                [](const Tensor &tensor, std::string_view key) { return tensor.name < key; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

StatusOr<WeightFile> WeightFile::fromFiles(std::vector<SafetensorsFile> files, std::string source) {
  WeightFile weights;
  weights.source_ = std::move(source);
  weights.files_ = std::move(files);
  for (const SafetensorsFile &file : weights.files_)
    for (const TensorView &view : file.tensors()) {
      Tensor tensor;
      tensor.name = canonicalName(view.name);
      tensor.storedName = view.name;
      tensor.type = view.type;
      tensor.shape = view.shape;
      tensor.view_ = &view;
      weights.tensors_.push_back(std::move(tensor));
    }
  std::sort(weights.tensors_.begin(), weights.tensors_.end(), [](const Tensor &a, const Tensor &b) {
    return std::tie(a.name, a.storedName) < std::tie(b.name, b.storedName);
  });
  auto sameName = [](const Tensor &a, const Tensor &b) { return a.name == b.name; };
  auto twice = std::adjacent_find(weights.tensors_.begin(), weights.tensors_.end(), sameName);
  if (twice != weights.tensors_.end())
    return Status::invalidInput(quote(weights.source_, kMaxPath) + ": expected tensor " + quote(twice->name) +
                                " once, found it as " + quote(twice->storedName) + " and as " +
                                quote(std::next(twice)->storedName));
  return weights;
}

StatusOr<WeightFile> WeightFile::openFile(const std::string &path) {
  std::vector<SafetensorsFile> files;
  MV_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(path));
  files.push_back(std::move(file));
  return fromFiles(std::move(files), path);
}

/// What to say when a folder has no safetensors file: name what is there instead.
static Status noWeights(const std::string &folder) {
  std::string message =
      quote(folder, kMaxPath) + ": expected model.safetensors or model.safetensors.index.json, found ";
  std::error_code ignored;
  for (const auto &entry : std::filesystem::directory_iterator(folder, ignored)) {
    std::string extension = entry.path().extension().string();
    if (extension == ".bin" || extension == ".pth" || extension == ".tar" || extension == ".pt")
      return Status::invalidInput(message + quote(entry.path().filename().string()) +
                                  "; convert it to safetensors first, mv reads no pickles");
    if (extension == ".safetensors")
      return Status::invalidInput(message + quote(entry.path().filename().string()) +
                                  "; pass it with --weights=" + entry.path().string());
  }
  return Status::invalidInput(message +
                              "neither; pass --weights=FILE, --weights=FOLDER or --weights=random:SEED");
}

/// SEED of "random:SEED".
static StatusOr<uint64_t> parseSeed(const std::string &source) {
  const char *begin = source.data() + kRandom.size(), *end = source.data() + source.size();
  uint64_t seed = 0;
  auto [rest, error] = std::from_chars(begin, end, seed);
  if (error != std::errc() || rest != end)
    return Status::invalidInput("weights " + quote(source) +
                                ": expected random:SEED with SEED an integer from 0 to 18446744073709551615");
  return seed;
}

StatusOr<WeightFile> WeightFile::open(const std::string &source, const ModelConfig &config) {
  if (source.starts_with(kRandom)) {
    MV_ASSIGN_OR_RETURN(uint64_t seed, parseSeed(source));
    return createRandom(config, seed);
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(source, ignored)) {
    std::filesystem::path folder = source;
    std::string file = (folder / "model.safetensors").string(), index = file + std::string(kIndexSuffix);
    if (std::filesystem::exists(file, ignored))
      return openFile(file);
    return std::filesystem::exists(index, ignored) ? openIndex(index) : noWeights(source);
  }
  return source.ends_with(kIndexSuffix) ? openIndex(source) : openFile(source);
}

//===----------------------------------------------------------------------===//
// Random weights
//===----------------------------------------------------------------------===//

StatusOr<WeightFile> WeightFile::createRandom(const ModelConfig &config, uint64_t seed) {
  WeightFile weights;
  weights.source_ = std::string(kRandom) + std::to_string(seed);
  for (ExpectedTensor &expected : expectedTensors(specFromConfig(config))) {
    Tensor tensor;
    MV_ASSIGN_OR_RETURN(tensor.random_, RandomTensor::create(expected.name, expected.shape, seed));
    tensor.name = tensor.storedName = std::move(expected.name);
    tensor.type = ElementType::F32;
    tensor.shape = std::move(expected.shape);
    weights.tensors_.push_back(std::move(tensor));
  }
  std::sort(weights.tensors_.begin(), weights.tensors_.end(),
            [](const Tensor &a, const Tensor &b) { return a.name < b.name; });
  return weights;
}
