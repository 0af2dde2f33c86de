//===- Preprocess.h - From a picture to a model's input -------------*- C++ -*-===//
//
// What the published evaluation does: resize, cut out the centre, scale to [0, 1],
// normalise. All geometry happens on 8-bit values, with the arithmetic of the Python
// libraries down to the way they round.
//
// Example, T2 at 224 x 224 with crop_pct 0.98 and a picture of 500 x 375: the shorter side becomes
// floor(224 / 0.98) = 228, the longer one int(228 * 500 / 375) = 304; the crop begins at
// column (304 - 224) / 2 = 40 and row (228 - 224) / 2 = 2.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMAGE_PREPROCESS_H
#define MV_IMAGE_PREPROCESS_H

#include "mv/Image/Resize.h"

#include <array>

namespace mv {

enum class CropMode {
  Center, ///< Keep the proportions; cut off what is too long.
  Squash, ///< Change the proportions so that both sides fit.
};

/// How pictures become the model's input. A checkpoint's config carries these.
struct Preprocessing {
  int height = 224; ///< Of the model's input.
  int width = 224;
  double cropFraction = 1.0; ///< `crop_pct`: model input / resized picture. In (0, 1] as a rule.
  CropMode cropMode = CropMode::Center;
  Interpolation interpolation = Interpolation::Bicubic;
  std::array<double, 3> mean = {0.485, 0.456, 0.406};
  std::array<double, 3> deviation = {0.229, 0.224, 0.225};
};

/// Wide enough for what a picture of one pixel's width would be resized to.
struct PictureSize {
  int64_t width, height;
  bool operator==(const PictureSize &) const = default;
};

/// The size a picture of size `input` is resized to before the crop.
PictureSize resizedSize(PictureSize input, const Preprocessing &preprocessing);

/// Cuts width x height out of the middle. A picture that is too small is first padded with black on both
/// sides (the odd pixel on the right and at the bottom).
Picture cropCenter(const Picture &input, int width, int height);

/// Resizes and crops to the model's input size; still 8-bit.
Picture resizeAndCrop(const Picture &picture, const Preprocessing &preprocessing);

/// Writes (value / 255 - mean) / deviation as three planes of height x width, computed in float.
void normalizePicture(const Picture &picture, const Preprocessing &preprocessing, std::span<float> planes);

/// The picture as the model sees it, before it is normalised. Fails if the resized picture would be absurdly large.
StatusOr<Picture> fitPicture(const Picture &picture, const std::string &name,
                             const Preprocessing &preprocessing);

/// All of it: `planes` holds 3 * height * width values. Fails as fitPicture() does.
Status preprocessPicture(const Picture &picture, const std::string &name, const Preprocessing &preprocessing,
                         std::span<float> planes);

} // namespace mv

#endif // MV_IMAGE_PREPROCESS_H
