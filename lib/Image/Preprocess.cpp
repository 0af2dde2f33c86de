//===- Preprocess.cpp - From a picture to a model's input -----------------------===//

#include "mv/Image/Preprocess.h"
#include "Decoders.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <cassert>
#include <cmath>

using namespace mv;
using image::kNameLimit;

/// Python's round(): halves go to the even neighbour. Does not depend on the rounding mode in force.
static int64_t roundHalfToEven(double value) {
  double below = std::floor(value), fraction = value - below;
  bool up = fraction > 0.5 || (fraction == 0.5 && std::fmod(below, 2.0) != 0.0);
  return static_cast<int64_t>(up ? below + 1 : below);
}

PictureSize mv::resizedSize(PictureSize input, const Preprocessing &preprocessing) {
  auto targetHeight = static_cast<int64_t>(std::floor(preprocessing.height / preprocessing.cropFraction));
  auto targetWidth = static_cast<int64_t>(std::floor(preprocessing.width / preprocessing.cropFraction));
  if (preprocessing.cropMode == CropMode::Squash)
    return {targetWidth, targetHeight};

  if (targetHeight == targetWidth) {
    // int(size * long / short): the quotient of two exact integers, cut off.
    auto longer = [&](int64_t longSide, int64_t shortSide) {
      return static_cast<int64_t>(static_cast<double>(targetWidth * longSide) /
                                  static_cast<double>(shortSide));
    };
    if (input.width <= input.height)
      return {targetWidth, longer(input.height, input.width)};
    return {longer(input.width, input.height), targetHeight};
  }
  // A model input that is not square: the smallest picture of the same proportions that covers it.
  auto height = static_cast<double>(input.height), width = static_cast<double>(input.width);
  double ratio =
      std::min(height / static_cast<double>(targetHeight), width / static_cast<double>(targetWidth));
  return {roundHalfToEven(width / ratio), roundHalfToEven(height / ratio)};
}

Picture mv::cropCenter(const Picture &input, int width, int height) {
  // Where the output's first sample lies in the input; negative where it lies in the padding.
  auto offset = [](int inputSize, int outputSize) {
    if (outputSize > inputSize)
      return -((outputSize - inputSize) / 2);
    return static_cast<int>(roundHalfToEven((inputSize - outputSize) / 2.0));
  };
  int left = offset(input.width, width), top = offset(input.height, height);
  if (left == 0 && top == 0 && width == input.width && height == input.height)
    return input;

  Picture output(width, height);
  int beginX = std::max(0, -left), endX = std::min(width, input.width - left);
  int beginY = std::max(0, -top), endY = std::min(height, input.height - top);
  for (int y = beginY; y < endY; ++y)
    std::copy_n(input.row(y + top) + size_t(3) * (beginX + left), size_t(3) * (endX - beginX),
                output.row(y) + size_t(3) * beginX);
  return output;
}

Picture mv::resizeAndCrop(const Picture &picture, const Preprocessing &preprocessing) {
  PictureSize size = resizedSize({picture.width, picture.height}, preprocessing);
  Picture resized = resizePicture(picture, static_cast<int>(size.width), static_cast<int>(size.height),
                                  preprocessing.interpolation);
  return cropCenter(resized, preprocessing.width, preprocessing.height);
}

void mv::normalizePicture(const Picture &picture, const Preprocessing &preprocessing,
                          std::span<float> planes) {
  size_t pixels = size_t(picture.width) * picture.height;
  assert(planes.size() == 3 * pixels);
  for (size_t c = 0; c < 3; ++c) {
    // There are only 256 values, so each is computed once.
    std::array<float, 256> table;
    auto mean = static_cast<float>(preprocessing.mean[c]);
    auto deviation = static_cast<float>(preprocessing.deviation[c]);
    for (size_t value = 0; value < 256; ++value)
      table[value] = (static_cast<float>(value) / 255.0f - mean) / deviation;
    float *plane = planes.data() + c * pixels;
    const uint8_t *samples = picture.rgb.data() + c;
    for (size_t i = 0; i < pixels; ++i)
      plane[i] = table[samples[3 * i]];
  }
}

StatusOr<Picture> mv::fitPicture(const Picture &picture, const std::string &name,
                                 const Preprocessing &preprocessing) {
  // A picture of 1 x 100000 pixels would be resized to 224 x 22400000.
  PictureSize size = resizedSize({picture.width, picture.height}, preprocessing);
  if (size.width > kMaxPicturePixels || size.height > kMaxPicturePixels ||
      size.width * size.height > kMaxPicturePixels)
    return Status::invalidInput(quote(name, kNameLimit) + ": the picture is too long and narrow (" +
                                std::to_string(picture.width) + " x " + std::to_string(picture.height) +
                                " pixels would be resized to " + std::to_string(size.width) + " x " +
                                std::to_string(size.height) + "); cut it first");
  return resizeAndCrop(picture, preprocessing);
}

Status mv::preprocessPicture(const Picture &picture, const std::string &name,
                             const Preprocessing &preprocessing, std::span<float> planes) {
  MV_ASSIGN_OR_RETURN(const Picture fitted, fitPicture(picture, name, preprocessing));
  normalizePicture(fitted, preprocessing, planes);
  return {};
}
