//===- Picture.h - Decoded pictures ---------------------------------*- C++ -*-===//
//
// JPEG, PNG and WebP files as 8-bit RGB, with the values Pillow's
// `Image.open(path).convert("RGB")` gives:
//
//   - The format is told by content, never by name.
//   - Alpha is dropped, not composited; transparency of a palette or of a colour key is ignored.
//   - Of 16-bit colour the high byte counts. Of 16-bit grey, values above 255 are white, strange as that is.
//   - CMYK JPEG (Adobe's inverted kind too) is converted without a colour profile.
//   - EXIF orientation, gamma and colour profiles are ignored. Of an animation the first frame is taken.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IMAGE_PICTURE_H
#define MV_IMAGE_PICTURE_H

#include "mv/Support/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace mv {

/// 8-bit RGB, interleaved, rows top to bottom without gaps.
struct Picture {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> rgb;

  Picture() = default;
  Picture(int width, int height) : width(width), height(height), rgb(size_t(3) * width * height) {}

  size_t rowBytes() const { return size_t(3) * width; }
  uint8_t *row(int y) { return rgb.data() + y * rowBytes(); }
  const uint8_t *row(int y) const { return rgb.data() + y * rowBytes(); }
};

enum class PictureFormat { Unknown, JPEG, PNG, WebP };

/// Looks at the first bytes (12 are enough).
PictureFormat detectPictureFormat(std::span<const std::byte> bytes);

/// Larger pictures are refused before memory is taken for them: 512 MiB of RGB, where Pillow gives up too.
inline constexpr int64_t kMaxPicturePixels = 178'956'970;

/// Decodes a whole file. `name` stands in front of every message.
StatusOr<Picture> decodePicture(std::span<const std::byte> bytes, const std::string &name,
                                int64_t maxPixels = kMaxPicturePixels);

/// Reads and decodes the file at `path`.
StatusOr<Picture> readPicture(const std::string &path);

} // namespace mv

#endif // MV_IMAGE_PICTURE_H
