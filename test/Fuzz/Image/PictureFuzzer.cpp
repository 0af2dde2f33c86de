//===- PictureFuzzer.cpp - Any bytes as a picture -------------------------------===//
//
// Whatever the bytes, decoding returns a picture of the size it says or an error of one line, and a picture
// can be preprocessed. test/Unit/Image/Inputs is a good corpus to start from.
//
//===----------------------------------------------------------------------===//

#include "mv/Image/Preprocess.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Small enough that a run spends its time on parsing, not on pixels.
  constexpr int64_t kMaxPixels = 1 << 16;
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte *>(data), size);
  mv::StatusOr<mv::Picture> picture = mv::decodePicture(bytes, "input", kMaxPixels);
  if (!picture.ok()) {
    if (picture.status().message().find('\n') != std::string::npos)
      std::abort();
    return 0;
  }
  if (int64_t(picture->width) * picture->height > kMaxPixels ||
      picture->rgb.size() != size_t(3) * picture->width * picture->height)
    std::abort();
  mv::Preprocessing preprocessing;
  preprocessing.width = preprocessing.height = 8;
  preprocessing.cropFraction = 0.875;
  std::vector<float> planes(3 * 8 * 8);
  (void)mv::preprocessPicture(*picture, "input", preprocessing, planes).ok();
  return 0;
}
