//===- RandomWeights.cpp - Deterministic weights and inputs ---------------------===//

#include "mv/Import/RandomWeights.h"
#include "mv/Support/Text.h"

#include <cassert>
#include <cmath>
#include <optional>

using namespace mv;

//===----------------------------------------------------------------------===//
// The stream
//===----------------------------------------------------------------------===//

uint64_t mv::fnv1a64(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

uint64_t RandomStream::raw(uint64_t index) const {
  uint64_t z = start_ + (index + 1) * 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

double RandomStream::unit(uint64_t index) const {
  // The 24 bits that remain fit int32_t, whose conversion to double is one instruction.
  return static_cast<double>(static_cast<int32_t>(raw(index) >> 40)) * 0x1p-23 - 1.0;
}

//===----------------------------------------------------------------------===//
// The kinds of tensors
//===----------------------------------------------------------------------===//

namespace {

/// How `half` follows from `value`.
enum class Spread { Fixed, FanIn };

struct Rule {
  std::string_view suffix;
  double centre;
  Spread spread;
  double value; ///< `half` itself, or the gain g of float32(g * sqrt(3 / fan_in)): variance g^2 / fan_in.
};

} // namespace

/// The first rule whose suffix a name ends with counts.
static constexpr Rule kRules[] = {
    {"running_mean", 0.0, Spread::Fixed, 0.1},
    {"running_var", 1.0, Spread::Fixed, 0.5},
    {"A_log", 0.0, Spread::Fixed, 0.1}, // The centre is ln(n + 1): see kLogs.
    {"mixer.D", 1.0, Spread::Fixed, 0.25},
    {"dt_proj.bias", -2.29, Spread::Fixed, 1.15}, // Added twice before the softplus: steps from 1e-3 to 1e-1.
    {"dt_proj.weight", 0.0, Spread::FanIn, 0.5},
    {"x_proj.weight", 0.0, Spread::FanIn, 2.0},
    {"qkv.weight", 0.0, Spread::FanIn, 1.25},
    {"gamma", 0.5, Spread::Fixed,
     0.3}, // Not the config's 1e-5: the window levels would not show in the output.
    {"gamma_1", 0.5, Spread::Fixed, 0.3},
    {"gamma_2", 0.5, Spread::Fixed, 0.3},
    {"conv_down.0.weight", 0.0, Spread::FanIn, 1.4},
    {"conv_down.3.weight", 0.0, Spread::FanIn, 1.4},
    {"reduction.0.weight", 0.0, Spread::FanIn, 0.7},
    {"weight", 0.0, Spread::FanIn, 1.0}, // One-dimensional weights are norms: see ruleFor().
    {"bias", 0.0, Spread::Fixed, 0.1},
};
static constexpr Rule kNormWeight{"weight", 1.0, Spread::Fixed, 0.25};

/// ln 1 ... ln 8, written out so that no library's logarithm takes part.
static constexpr double kLogs[] = {0.0,
                                   0.6931471805599453,
                                   1.0986122886681098,
                                   1.3862943611198906,
                                   1.6094379124341003,
                                   1.791759469228055,
                                   1.9459101490553132,
                                   2.0794415416798357};
static constexpr int64_t kStates = std::size(kLogs);

static const Rule *ruleFor(std::string_view name, size_t rank) {
  for (const Rule &rule : kRules)
    if (name.ends_with(rule.suffix))
      return rule.suffix == "weight" && rank == 1 ? &kNormWeight : &rule;
  return nullptr;
}

StatusOr<RandomTensor> RandomTensor::create(std::string_view name, std::span<const int64_t> shape,
                                            uint64_t seed) {
  const Rule *rule = ruleFor(name, shape.size());
  if (!rule)
    return Status::internal("no rule for random values of tensor " + quote(name));
  double half = rule->value;
  if (rule->spread == Spread::FanIn) {
    int64_t fanIn = 1;
    for (size_t i = 1; i < shape.size(); ++i)
      fanIn *= shape[i];
    half = rule->value * std::sqrt(3.0 / static_cast<double>(fanIn));
  }
  bool isStateMatrix = rule->suffix == "A_log";
  if (isStateMatrix && (shape.empty() || shape.back() != kStates))
    return Status::internal("random tensor " + quote(name) +
                            ": expected 8 states in the last dimension, found shape " + shapeText(shape));
  return RandomTensor(RandomStream(name, seed), rule->centre, static_cast<float>(half), isStateMatrix);
}

void RandomTensor::read(int64_t begin, std::span<float> out) const {
  for (size_t i = 0; i < out.size(); ++i) {
    int64_t index = begin + static_cast<int64_t>(i);
    double centre = isStateMatrix_ ? kLogs[index % kStates] : centre_;
    out[i] = static_cast<float>(centre + half_ * stream_.unit(static_cast<uint64_t>(index)));
  }
}

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// Three streams: noise, a value per 16x16 cell, a value per image and channel. The cells give the image the
/// structure that a misplaced window, a swapped axis or a reversed scan disturbs; the mean makes the logits
/// depend on the image, which pure noise does not in a deep random network.
void mv::randomImages(int64_t batch, int64_t channels, int64_t height, int64_t width, uint64_t seed,
                      std::span<float> out) {
  constexpr int64_t kCell = 16;
  assert(int64_t(out.size()) == batch * channels * height * width);
  RandomStream noise("input", seed), cells("input.cells", seed), mean("input.mean", seed);
  int64_t cellRows = (height + kCell - 1) / kCell, cellColumns = (width + kCell - 1) / kCell;
  size_t index = 0;
  for (int64_t plane = 0; plane < batch * channels; ++plane) {
    double planeMean = 1.25 * mean.unit(uint64_t(plane));
    for (int64_t row = 0; row < height; ++row)
      for (int64_t column = 0; column < width; ++column, ++index) {
        int64_t cell = (plane * cellRows + row / kCell) * cellColumns + column / kCell;
        // Products and sums are exact in double: every term is a multiple of 2^-25 below 2.
        out[index] =
            static_cast<float>(0.25 * noise.unit(index) + 0.5 * cells.unit(uint64_t(cell)) + planeMean);
      }
  }
}
