//===- Resize.cpp - Antialiased resizing on 8-bit values ------------------------===//

#include "mv/Image/Resize.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>

using namespace mv;

//===----------------------------------------------------------------------===//
// Filters: weight of a sample at distance x from the centre, in units of max(1, scale)
//===----------------------------------------------------------------------===//

namespace {
struct Filter {
  double support; ///< Weights are zero at this distance and beyond.
  double (*weight)(double x);
};
} // namespace

static double boxWeight(double x) { return x > -0.5 && x <= 0.5 ? 1.0 : 0.0; }

static double bilinearWeight(double x) { return std::max(0.0, 1.0 - std::fabs(x)); }

/// Keys' cubic convolution with a = -1/2.
static double bicubicWeight(double x) {
  constexpr double a = -0.5;
  x = std::fabs(x);
  if (x < 1.0)
    return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
  if (x < 2.0)
    return (((x - 5) * x + 8) * x - 4) * a;
  return 0.0;
}

static double sinc(double x) {
  if (x == 0.0)
    return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

static double lanczosWeight(double x) { return x >= -3.0 && x < 3.0 ? sinc(x) * sinc(x / 3) : 0.0; }

static Filter filterOf(Interpolation interpolation) {
  switch (interpolation) {
  case Interpolation::Box:
    return {0.5, boxWeight};
  case Interpolation::Bilinear:
    return {1.0, bilinearWeight};
  case Interpolation::Lanczos:
    return {3.0, lanczosWeight};
  case Interpolation::Bicubic:
  case Interpolation::Nearest: // Has no filter; handled on its own.
    break;
  }
  return {2.0, bicubicWeight};
}

//===----------------------------------------------------------------------===//
// Weights of one direction
//===----------------------------------------------------------------------===//

namespace {

/// 8 bits of value and 2 of headroom (a cubic's weights exceed 1 in sum of magnitudes) leave this many of 32.
constexpr int kFractionBits = 32 - 8 - 2;

/// For each output sample: its first input sample and the weights of as many as `count` says, fixed-point.
struct Taps {
  struct Range {
    int first, count;
  };
  std::vector<Range> ranges;
  std::vector<int32_t> weights; ///< `stride` per output sample; unused ones are 0.
  int stride;

  const int32_t *weightsOf(int output) const { return &weights[size_t(output) * stride]; }
};

} // namespace

static int32_t toFixedPoint(double weight) {
  double scaled = weight * (1 << kFractionBits);
  return static_cast<int32_t>(weight < 0 ? scaled - 0.5 : scaled + 0.5);
}

static Taps computeTaps(int inputSize, int outputSize, const Filter &filter) {
  double scale = static_cast<double>(inputSize) / outputSize;
  double stretch = std::max(scale, 1.0);
  double support = filter.support * stretch;
  Taps taps;
  taps.stride = static_cast<int>(std::ceil(support)) * 2 + 1;
  taps.ranges.resize(outputSize);
  taps.weights.assign(size_t(outputSize) * taps.stride, 0);

  std::vector<double> weights(taps.stride);
  for (int output = 0; output < outputSize; ++output) {
    double centre = (output + 0.5) * scale;
    int first = std::max(0, static_cast<int>(std::floor(centre - support + 0.5)));
    int end = std::min(inputSize, static_cast<int>(std::floor(centre + support + 0.5)));
    double sum = 0.0;
    for (int i = first; i < end; ++i) {
      // A multiplication, not a division by `stretch`: the last bit may decide how a weight rounds.
      double weight = filter.weight((i - centre + 0.5) * (1.0 / stretch));
      weights[i - first] = weight;
      sum += weight;
    }
    taps.ranges[output] = {first, end - first};
    for (int i = first; i < end; ++i) {
      double weight = sum != 0.0 ? weights[i - first] / sum : weights[i - first];
      taps.weights[size_t(output) * taps.stride + (i - first)] = toFixedPoint(weight);
    }
  }
  return taps;
}

//===----------------------------------------------------------------------===//
// The two passes
//===----------------------------------------------------------------------===//

static constexpr int32_t kHalf = 1 << (kFractionBits - 1);

static uint8_t roundAndClip(int32_t sum) {
  return static_cast<uint8_t>(std::clamp(sum >> kFractionBits, 0, 255));
}

/// Resizes rows [firstRow, firstRow + output.height) of `input` along x.
static void filterColumns(const Picture &input, int firstRow, const Taps &taps, Picture &output) {
  for (int y = 0; y < output.height; ++y) {
    const uint8_t *from = input.row(firstRow + y);
    uint8_t *to = output.row(y);
    for (int x = 0; x < output.width; ++x) {
      auto [first, count] = taps.ranges[x];
      const int32_t *weights = taps.weightsOf(x);
      const uint8_t *sample = from + size_t(3) * first;
      int32_t red = kHalf, green = kHalf, blue = kHalf;
      for (int i = 0; i < count; ++i) {
        red += sample[3 * i] * weights[i];
        green += sample[3 * i + 1] * weights[i];
        blue += sample[3 * i + 2] * weights[i];
      }
      to[3 * x] = roundAndClip(red);
      to[3 * x + 1] = roundAndClip(green);
      to[3 * x + 2] = roundAndClip(blue);
    }
  }
}

/// Resizes along y. `input` begins at row `firstRow` of the picture that `taps` speaks of.
static void filterRows(const Picture &input, int firstRow, const Taps &taps, Picture &output) {
  size_t samples = output.rowBytes();
  std::vector<int32_t> sums(samples);
  for (int y = 0; y < output.height; ++y) {
    auto [first, count] = taps.ranges[y];
    const int32_t *weights = taps.weightsOf(y);
    std::fill(sums.begin(), sums.end(), kHalf);
    for (int i = 0; i < count; ++i) {
      const uint8_t *from = input.row(first - firstRow + i);
      for (size_t x = 0; x < samples; ++x)
        sums[x] += from[x] * weights[i];
    }
    std::transform(sums.begin(), sums.end(), output.row(y), roundAndClip);
  }
}

/// Takes the sample under the centre of each output sample. The position is summed up step by step, as in
/// Pillow: a product would round to the other side of a sample's edge now and then.
static Picture resizeNearest(const Picture &input, int width, int height) {
  auto positions = [](int inputSize, int outputSize) {
    std::vector<int> result(outputSize);
    double step = static_cast<double>(inputSize) / outputSize, position = step * 0.5;
    for (int i = 0; i < outputSize; ++i, position += step)
      result[i] = std::clamp(static_cast<int>(position), 0, inputSize - 1);
    return result;
  };
  std::vector<int> columns = positions(input.width, width), rows = positions(input.height, height);
  Picture output(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      std::copy_n(input.row(rows[y]) + size_t(3) * columns[x], 3, output.row(y) + size_t(3) * x);
  return output;
}

Picture mv::resizePicture(const Picture &input, int width, int height, Interpolation interpolation) {
  assert(width > 0 && height > 0 && input.width > 0 && input.height > 0);
  bool changesWidth = width != input.width, changesHeight = height != input.height;
  if (!changesWidth && !changesHeight)
    return input;
  if (interpolation == Interpolation::Nearest)
    return resizeNearest(input, width, height);

  Filter filter = filterOf(interpolation);
  if (!changesHeight) {
    Picture output(width, height);
    filterColumns(input, 0, computeTaps(input.width, width, filter), output);
    return output;
  }
  Taps rowTaps = computeTaps(input.height, height, filter);
  Picture output(width, height);
  if (!changesWidth) {
    filterRows(input, 0, rowTaps, output);
    return output;
  }
  // Only the rows that the second pass reads; both ends of `ranges` grow with the output row.
  int firstRow = rowTaps.ranges.front().first;
  int endRow = rowTaps.ranges.back().first + rowTaps.ranges.back().count;
  Picture between(width, endRow - firstRow);
  filterColumns(input, firstRow, computeTaps(input.width, width, filter), between);
  filterRows(between, firstRow, rowTaps, output);
  return output;
}

std::optional<Interpolation> mv::parseInterpolation(std::string_view name) {
  if (name == "nearest")
    return Interpolation::Nearest;
  if (name == "box")
    return Interpolation::Box;
  if (name == "bilinear")
    return Interpolation::Bilinear;
  if (name == "bicubic")
    return Interpolation::Bicubic;
  if (name == "lanczos")
    return Interpolation::Lanczos;
  return std::nullopt;
}
