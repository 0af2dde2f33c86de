//===- RandomImages.cpp - Input made up by a rule -------------------------------===//

#include "RandomImages.h"

#include <string_view>

using namespace mv;
using namespace mv::run;

static uint64_t fnv1a64(std::string_view text) {
  uint64_t hash = 0xCBF29CE484222325;
  for (char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

namespace {

/// A sequence of numbers in [-1, 1) with random access.
class Stream {
public:
  Stream(std::string_view name, uint64_t seed) : start_(fnv1a64(name) ^ seed) {}

  double operator[](uint64_t index) const {
    uint64_t z = start_ + (index + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return static_cast<double>(z >> 40) * 0x1p-23 - 1.0;
  }

private:
  uint64_t start_;
};

} // namespace

void run::makeRandomImages(uint64_t seed, Resolution resolution, size_t first, size_t count, float *out) {
  constexpr uint64_t kCell = 16, kChannels = 3;
  const Stream noise("input", seed), cells("input.cells", seed), mean("input.mean", seed);
  auto height = static_cast<uint64_t>(resolution.height), width = static_cast<uint64_t>(resolution.width);
  uint64_t cellRows = (height + kCell - 1) / kCell, cellColumns = (width + kCell - 1) / kCell;
  for (uint64_t plane = kChannels * first; plane < kChannels * (first + count); ++plane)
    for (uint64_t y = 0; y < height; ++y)
      for (uint64_t x = 0; x < width; ++x) {
        uint64_t cell = (plane * cellRows + y / kCell) * cellColumns + x / kCell;
        *out++ = static_cast<float>(0.25 * noise[(plane * height + y) * width + x] + 0.5 * cells[cell] +
                                    1.25 * mean[plane]);
      }
}
