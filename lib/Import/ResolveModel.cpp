//===- ResolveModel.cpp - Config and tensors put together -----------------------===//

#include "mv/Import/ModelSpec.h"
#include "mv/Import/WeightFile.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <charconv>
#include <set>

using namespace mv;

static constexpr size_t kMaxPath = 4096;

namespace {

/// Looks at the tensors' names and shapes and fills in the spec. Each step returns the first contradiction.
class Resolver {
public:
  Resolver(const ModelConfig &config, const WeightFile &weights)
      : config_(config), weights_(weights), spec_(specFromConfig(config)) {}

  StatusOr<ResolvedModel> run();

private:
  Status resolveBlocks();
  Status resolveFlag(const char *field, std::optional<bool> configured, bool applies, int firstLevel,
                     std::initializer_list<const char *> suffixes, bool &flag);
  Status resolveTail();
  Status resolveClasses();
  Status checkTensors(const std::vector<ExpectedTensor> &expected) const;
  void findLeftovers(const std::vector<ExpectedTensor> &expected, ResolvedModel &result) const;

  const WeightFile::Tensor *findInBlocks(int firstLevel, std::initializer_list<const char *> suffixes) const;
  std::string configFacts() const;
  std::string configName() const { return quote(config_.path, kMaxPath); }
  std::string weightsName() const { return quote(weights_.source(), kMaxPath); }

  const ModelConfig &config_;
  const WeightFile &weights_;
  ModelSpec spec_;
};

/// A tensor of a block: "levels.LEVEL.blocks.BLOCK.rest".
struct BlockName {
  int64_t level, block;
};

} // namespace

static bool consumeNumber(std::string_view &text, int64_t &value) {
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || value < 0)
    return false;
  text.remove_prefix(size_t(rest - text.data()));
  return true;
}

static bool consumeText(std::string_view &text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

static std::optional<BlockName> parseBlockName(std::string_view name) {
  BlockName result{};
  if (consumeText(name, "levels.") && consumeNumber(name, result.level) && consumeText(name, ".blocks.") &&
      consumeNumber(name, result.block) && name.starts_with('.'))
    return result;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// What the tensors decide
//===----------------------------------------------------------------------===//

/// The depths of a config and its tensors must agree in both directions: blocks the config does not know
/// would otherwise be left over, with a warning and a wrong model.
Status Resolver::resolveBlocks() {
  for (const WeightFile::Tensor &tensor : weights_.tensors()) {
    std::optional<BlockName> name = parseBlockName(tensor.name);
    if (name && name->level < kLevels && name->block >= spec_.depths[size_t(name->level)])
      return Status::invalidInput(configName() + ": field 'depths' contradicts the weights: expected " +
                                  std::to_string(spec_.depths[size_t(name->level)]) + " blocks at level " +
                                  std::to_string(name->level) + ", found " + quote(tensor.storedName) +
                                  " in " + weightsName());
  }
  return Status();
}

/// The first tensor of a block at `firstLevel` or the level after it whose name ends with one of `suffixes`.
const WeightFile::Tensor *Resolver::findInBlocks(int firstLevel,
                                                 std::initializer_list<const char *> suffixes) const {
  for (const WeightFile::Tensor &tensor : weights_.tensors()) {
    std::optional<BlockName> name = parseBlockName(tensor.name);
    if (!name || name->level < firstLevel || name->level > firstLevel + 1)
      continue;
    for (const char *suffix : suffixes)
      if (tensor.name.ends_with(suffix))
        return &tensor;
  }
  return nullptr;
}

/// Sets `flag` to whether any block has such a tensor; all of them must then, see checkTensors(). `applies`
/// is false when the model has no block that could: then the config may say what it likes.
Status Resolver::resolveFlag(const char *field, std::optional<bool> configured, bool applies, int firstLevel,
                             std::initializer_list<const char *> suffixes, bool &flag) {
  const WeightFile::Tensor *example = findInBlocks(firstLevel, suffixes);
  flag = example != nullptr;
  if (!configured || !applies || *configured == flag)
    return Status();
  std::string contradiction = configName() + ": field '" + field + "' contradicts the weights: ";
  if (example)
    return Status::invalidInput(contradiction + "expected no '..." + *suffixes.begin() + "' tensors, found " +
                                quote(example->storedName) + " in " + weightsName());
  return Status::invalidInput(contradiction + "expected '..." + *suffixes.begin() +
                              "' tensors, found none in " + weightsName());
}

Status Resolver::resolveTail() {
  for (int level = 0; level < kLevels; ++level) {
    std::string name = "outnorm" + std::to_string(level);
    spec_.outNorm[level] = weights_.find(name + ".weight") || weights_.find(name + ".bias");
  }
  const WeightFile::Tensor *head = weights_.find("head.weight");
  bool hasHead = head || weights_.find("head.bias");
  spec_.hasNorm = hasHead;
  for (const char *part : {"norm.weight", "norm.bias", "norm.running_mean", "norm.running_var"})
    spec_.hasNorm |= weights_.find(part) != nullptr;
  // A head of the wrong rank, or without its weight, is reported by checkTensors() against what the config
  // says.
  if (head && head->shape.size() == 2)
    spec_.numClasses = head->shape[0];
  else if (!hasHead)
    spec_.numClasses = 0;
  return resolveClasses();
}

Status Resolver::resolveClasses() {
  // Backbones for detection and segmentation keep the config of the classifier they come from.
  bool isBackbone =
      !spec_.hasNorm && std::find(spec_.outNorm.begin(), spec_.outNorm.end(), true) != spec_.outNorm.end();
  if (config_.numClasses && *config_.numClasses != spec_.numClasses && !isBackbone)
    return Status::invalidInput(configName() + ": field 'num_classes' contradicts the weights: expected " +
                                std::to_string(*config_.numClasses) + " classes, found " +
                                (spec_.numClasses == 0
                                     ? "no 'head.weight'"
                                     : "'head.weight' for " + std::to_string(spec_.numClasses)) +
                                " in " + weightsName());
  spec_.labels.clear();
  if (spec_.numClasses == 0 || config_.labels.empty())
    return Status();
  if (uint64_t(spec_.numClasses) != config_.labels.size())
    return Status::invalidInput(configName() + ": field 'id2label' contradicts the weights: expected " +
                                std::to_string(spec_.numClasses) + " labels for 'head.weight' in " +
                                weightsName() + ", found " + std::to_string(config_.labels.size()));
  spec_.labels = config_.labels;
  return Status();
}

//===----------------------------------------------------------------------===//
// Expected and leftover tensors
//===----------------------------------------------------------------------===//

static std::string listText(std::span<const int64_t> values) { return shapeText(values); }

std::string Resolver::configFacts() const {
  return configName() + " says dim " + std::to_string(config_.dim) + ", in_dim " +
         std::to_string(config_.inDim) + ", depths " + listText(config_.depths) + ", num_heads " +
         listText(config_.numHeads);
}

Status Resolver::checkTensors(const std::vector<ExpectedTensor> &expected) const {
  const ExpectedTensor *missing = nullptr;
  size_t missingCount = 0;
  for (const ExpectedTensor &tensor : expected) {
    const WeightFile::Tensor *found = weights_.find(tensor.name);
    if (!found) {
      missing = missing ? missing : &tensor;
      ++missingCount;
      continue;
    }
    if (found->shape != tensor.shape)
      return Status::invalidInput(weightsName() + ": tensor " + quote(found->storedName) +
                                  ": expected shape " + shapeText(tensor.shape) + ", found " +
                                  shapeText(found->shape) + "; " + configFacts());
    if (!found->isFloat())
      return Status::invalidInput(weightsName() + ": tensor " + quote(found->storedName) +
                                  ": expected type F32, F16, BF16 or F64, found " +
                                  std::string(elementTypeName(found->type)));
  }
  if (!missing)
    return Status();
  std::string others = missingCount == 1 ? "" : " (and " + std::to_string(missingCount - 1) + " more)";
  return Status::invalidInput(weightsName() + ": tensor " + quote(missing->name) + " is missing" + others +
                              ": expected shape " + shapeText(missing->shape) +
                              ", found no such tensor among " + std::to_string(weights_.tensors().size()) +
                              "; " + configFacts());
}

/// Buffers that training code saves and inference does not need.
static bool isHarmless(std::string_view name) {
  for (const char *suffix : {"num_batches_tracked", "attn_mask", "relative_position_index"})
    if (name.ends_with(suffix))
      return true;
  return false;
}

void Resolver::findLeftovers(const std::vector<ExpectedTensor> &expected, ResolvedModel &result) const {
  constexpr size_t kNamed = 20;
  std::set<std::string_view> used;
  for (const ExpectedTensor &tensor : expected)
    used.insert(tensor.name);
  for (const WeightFile::Tensor &tensor : weights_.tensors())
    if (!used.contains(tensor.name) && !isHarmless(tensor.name))
      result.leftovers.push_back(tensor.storedName);
  if (result.leftovers.empty())
    return;
  size_t count = result.leftovers.size();
  std::string warning = weightsName() + ": " + std::to_string(count) +
                        (count == 1 ? " tensor is" : " tensors are") +
                        " not part of the model and left out: ";
  for (size_t i = 0; i < std::min(count, kNamed); ++i)
    warning += (i ? ", " : "") + quote(result.leftovers[i]);
  if (count > kNamed)
    warning += " and " + std::to_string(count - kNamed) + " more";
  result.warnings.push_back(std::move(warning));
}

StatusOr<ResolvedModel> Resolver::run() {
  bool hasConvBlocks = spec_.depths[0] + spec_.depths[1] > 0;
  bool hasWindowBlocks = spec_.depths[2] + spec_.depths[3] > 0;
  bool hasAttention = spec_.depths[2] > 1 || spec_.depths[3] > 1;
  MV_RETURN_IF_ERROR(resolveBlocks());
  MV_RETURN_IF_ERROR(resolveFlag("layer_scale_conv", config_.layerScaleConv, hasConvBlocks, 0, {".gamma"},
                                 spec_.layerScaleConv));
  MV_RETURN_IF_ERROR(resolveFlag("layer_scale", config_.layerScale, hasWindowBlocks, kFirstWindowLevel,
                                 {".gamma_1", ".gamma_2"}, spec_.layerScale));
  MV_RETURN_IF_ERROR(resolveFlag("qkv_bias", config_.qkvBias, hasAttention, kFirstWindowLevel,
                                 {".mixer.qkv.bias"}, spec_.qkvBias));
  MV_RETURN_IF_ERROR(resolveFlag(
      "qk_norm", config_.qkNorm, hasAttention, kFirstWindowLevel,
      {".mixer.q_norm.weight", ".mixer.q_norm.bias", ".mixer.k_norm.weight", ".mixer.k_norm.bias"},
      spec_.qkNorm));
  MV_RETURN_IF_ERROR(resolveTail());
  std::vector<ExpectedTensor> expected = expectedTensors(spec_);
  MV_RETURN_IF_ERROR(checkTensors(expected));
  ResolvedModel result;
  findLeftovers(expected, result);
  result.spec = std::move(spec_);
  return result;
}

StatusOr<ResolvedModel> mv::resolveModel(const ModelConfig &config, const WeightFile &weights) {
  return Resolver(config, weights).run();
}
