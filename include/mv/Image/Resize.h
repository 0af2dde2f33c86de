//===- Resize.h - Antialiased resizing on 8-bit values --------------*- C++ -*-===//
//
// The same values as Pillow's `Image.resize`, bit for bit: the published evaluation of
// the models resizes with it, and the nearest other algorithm (no antialiasing, a = -0.75,
// or float arithmetic rounded once) moves the logits by percents.
//
// "Pillow" means all versions to 12.1, among them the one behind the published numbers. Pillow 12.2 resizes
// pictures more than 100 times as high as wide rows first, Pillow 13 all whose height shrinks by more than
// twice as many pixels as their width; rounding in between then moves some values by one.
//
// Each output sample is a weighted sum of the input samples under the filter, which is
// stretched by the scale when the picture shrinks. Columns first, then rows; in between, values
// are rounded to 8 bits and clipped. Weights are rounded to 22 fractional bits and sums are exact
// integers, so vector code, threads and the order of summation cannot change a result.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMAGE_RESIZE_H
#define MV_IMAGE_RESIZE_H

#include "mv/Image/Picture.h"

#include <optional>
#include <string_view>

namespace mv {

enum class Interpolation { Nearest, Box, Bilinear, Bicubic, Lanczos };

/// "bicubic" -> Bicubic, and so on; nothing for other names.
std::optional<Interpolation> parseInterpolation(std::string_view name);

/// Resizes the whole picture to width x height, both at least 1. A direction that keeps its size is not
/// filtered.
Picture resizePicture(const Picture &input, int width, int height, Interpolation interpolation);

} // namespace mv

#endif // MV_IMAGE_RESIZE_H
