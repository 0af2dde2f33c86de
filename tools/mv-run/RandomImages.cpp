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

void run::makeRandomImages(uint64_t seed, const ImageShape &shape, size_t first, size_t count, void *out) {
  constexpr uint64_t kCell = 16;
  const Stream noise("input", seed), cells("input.cells", seed), mean("input.mean", seed);
  auto channels = static_cast<uint64_t>(shape.channels),
       height = static_cast<uint64_t>(shape.resolution.height),
       width = static_cast<uint64_t>(shape.resolution.width);
  uint64_t cellRows = (height + kCell - 1) / kCell, cellColumns = (width + kCell - 1) / kCell;
  auto *numbers = static_cast<float *>(out);
  auto *bytes = static_cast<uint8_t *>(out);
  for (uint64_t image = 0; image < count; ++image)
    for (uint64_t channel = 0; channel < channels; ++channel)
      for (uint64_t y = 0; y < height; ++y)
        for (uint64_t x = 0; x < width; ++x) {
          const uint64_t plane = channels * (first + image) + channel;
          const uint64_t cell = (plane * cellRows + y / kCell) * cellColumns + x / kCell;
          const double value =
              0.25 * noise[(plane * height + y) * width + x] + 0.5 * cells[cell] + 1.25 * mean[plane];
          if (shape.isBytes)
            bytes[((image * height + y) * width + x) * channels + channel] =
                static_cast<uint8_t>(64 * (value + 2));
          else
            *numbers++ = static_cast<float>(value);
        }
}
