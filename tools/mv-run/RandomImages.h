//===- RandomImages.h - Input made up by a rule ---------------------*- C++ -*-===//
//
// The same numbers on every machine, so that expected outputs can be stored without their inputs, as the
// golden files under test/Integration do. An image is the sum of noise, a value per cell of 16 x 16 pixels,
// and a value per channel:
//
//     image[b, c, y, x] = 0.25 noise[b, c, y, x] + 0.5 cells[b, c, y / 16, x / 16] + 1.25 mean[b, c]
//
// Noise alone would average out in a deep network; the cells are the structure that a misplaced window or a
// swapped axis disturbs, and the mean makes answers depend on the image.
//
// Element i of a stream is splitmix64's output number i + 1 from the state fnv1a64(name) ^ seed, of which the
// upper 24 bits become a number in [-1, 1). Every product and sum is exact in double, so contraction into
// fused multiply-adds changes nothing.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TOOLS_RUN_RANDOMIMAGES_H
#define MV_TOOLS_RUN_RANDOMIMAGES_H

#include "Options.h"

#include <cstdint>

namespace mv::run {

/// Writes images [first, first + count) of the seed's sequence to `out`, which they fill in the form that `shape` says.
/// As bytes they are 64 (image + 2), cut off.
void makeRandomImages(uint64_t seed, const ImageShape &shape, size_t first, size_t count, void *out);

} // namespace mv::run

#endif // MV_TOOLS_RUN_RANDOMIMAGES_H
