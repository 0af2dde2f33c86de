//===- RandomWeights.h - Deterministic weights and inputs -----------*- C++ -*-===//
//
// Weights for a config without a checkpoint: for tests, for benchmarks, for looking at what the compiler
// does. Every element is a function of (seed, tensor name, index) alone, so any part of any tensor is
// computed when it is asked for, in any order and on any thread, and nothing is stored.
//
//   start  = fnv1a64(name) xor seed
//   raw(i) = splitmix64's i-th output from the state `start`, by index: mix(start + (i + 1) * 0x9E3779B97F4A7C15)
//   v(i)   = (raw(i) >> 40) / 2^23 - 1           uniform in [-1, 1), exact in float32
//   tensor = float32(centre + half * v(i))       centre and half by kind of tensor
//
// The same bits come out on every machine and in every language: v has at most 24 significant bits and half
// is a float32, so their product is exact in double whether or not the addition is fused to it; what remains
// is one addition and one conversion, each rounded once. No logarithm or exponential is evaluated.
//
// For example, element 0 of "patch_embed.conv_down.0.weight" [32, 3, 3, 3] with seed 1 is -0.358817458...
// (0xbeb7b6ec).
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMPORT_RANDOMWEIGHTS_H
#define MV_IMPORT_RANDOMWEIGHTS_H

#include "mv/Support/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mv {

uint64_t fnv1a64(std::string_view text);

/// The stream of one name.
class RandomStream {
public:
  RandomStream(std::string_view name, uint64_t seed) : start_(fnv1a64(name) ^ seed) {}

  uint64_t raw(uint64_t index) const;
  /// Uniform in [-1, 1).
  double unit(uint64_t index) const;

private:
  uint64_t start_;
};

/// The values of one tensor.
class RandomTensor {
public:
  /// `name` without a checkpoint's prefix. An error when no rule covers the name.
  static StatusOr<RandomTensor> create(std::string_view name, std::span<const int64_t> shape, uint64_t seed);

  /// Elements [begin, begin + out.size()).
  void read(int64_t begin, std::span<float> out) const;

private:
  RandomTensor(RandomStream stream, double centre, double half, bool isStateMatrix)
      : stream_(stream), centre_(centre), half_(half), isStateMatrix_(isStateMatrix) {}

  RandomStream stream_;
  double centre_, half_;
  bool isStateMatrix_; ///< A_log: the centre is ln(1 + index in the last dimension).
};

/// Images [batch, channels, height, width] in C order; `out` has as many elements. Image 0 does not depend on
/// `batch`.
void randomImages(int64_t batch, int64_t channels, int64_t height, int64_t width, uint64_t seed,
                  std::span<float> out);

} // namespace mv

#endif // MV_IMPORT_RANDOMWEIGHTS_H
