//===- Decoders.h - One decoder per file format ---------------------*- C++ -*-===//
//
// What Picture.cpp calls once it knows the format, and what the decoders share.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_IMAGE_DECODERS_H
#define MV_LIB_IMAGE_DECODERS_H

#include "mv/Image/Picture.h"

namespace mv::image {

/// File names longer than this are cut in messages; Linux allows paths of this many bytes.
inline constexpr size_t kNameLimit = 4096;

/// A file to decode: its bytes, the name for messages, the limit on width * height.
struct Source {
  std::span<const std::byte> bytes;
  const std::string &name;
  int64_t maxPixels;

  const uint8_t *data() const { return reinterpret_cast<const uint8_t *>(bytes.data()); }
  size_t size() const { return bytes.size(); }
};

StatusOr<Picture> decodeJPEG(const Source &source);
StatusOr<Picture> decodePNG(const Source &source);
StatusOr<Picture> decodeWebP(const Source &source);

/// Refuses empty and oversized pictures; to be called before memory is taken for the pixels.
Status checkSize(const Source &source, uint64_t width, uint64_t height);

/// "NAME: damaged or truncated FORMAT picture (DETAIL); ..."
Status damaged(const Source &source, const char *format, const std::string &detail);

} // namespace mv::image

#endif // MV_LIB_IMAGE_DECODERS_H
