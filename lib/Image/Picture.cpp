//===- Picture.cpp - Telling formats apart, and what their decoders share -------===//

#include "mv/Image/Picture.h"
#include "Decoders.h"

#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <cstdio>
#include <cstring>

using namespace mv;
using namespace mv::image;

static bool startsWith(std::span<const std::byte> bytes, size_t offset, std::string_view text) {
  return bytes.size() >= offset + text.size() &&
         std::memcmp(bytes.data() + offset, text.data(), text.size()) == 0;
}

PictureFormat mv::detectPictureFormat(std::span<const std::byte> bytes) {
  if (startsWith(bytes, 0, "\xFF\xD8\xFF"))
    return PictureFormat::JPEG;
  if (startsWith(bytes, 0, "\x89PNG\r\n\x1A\n"))
    return PictureFormat::PNG;
  if (startsWith(bytes, 0, "RIFF") && startsWith(bytes, 8, "WEBP"))
    return PictureFormat::WebP;
  return PictureFormat::Unknown;
}

Status image::checkSize(const Source &source, uint64_t width, uint64_t height) {
  std::string size = std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (width == 0 || height == 0)
    return Status::invalidInput(quote(source.name, kNameLimit) + ": the picture is empty (" + size + ")");
  // Each factor first: their product could wrap around.
  auto limit = static_cast<uint64_t>(source.maxPixels);
  if (width > limit || height > limit || width * height > limit)
    return Status::invalidInput(quote(source.name, kNameLimit) + ": the picture is too large: at most " +
                                std::to_string(limit) + " pixels, found " + size + "; scale it down first");
  return {};
}

Status image::damaged(const Source &source, const char *format, const std::string &detail) {
  return Status::invalidInput(quote(source.name, kNameLimit) + ": damaged or truncated " + format +
                              " picture (" + detail + "); replace the file");
}

/// The first bytes as text, so that the user sees what kind of file it is.
static std::string describeStart(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return "the file is empty";
  std::string text;
  for (size_t i = 0; i < bytes.size() && i < 8; ++i) {
    auto value = static_cast<unsigned>(bytes[i]);
    char buffer[8];
    if (value >= 0x20 && value < 0x7F)
      std::snprintf(buffer, sizeof(buffer), "%c", static_cast<char>(value));
    else
      std::snprintf(buffer, sizeof(buffer), "\\x%02X", value);
    text += buffer;
  }
  return "the file starts with \"" + text + "\"";
}

StatusOr<Picture> mv::decodePicture(std::span<const std::byte> bytes, const std::string &name,
                                    int64_t maxPixels) {
  Source source{bytes, name, maxPixels};
  switch (detectPictureFormat(bytes)) {
  case PictureFormat::JPEG:
    return decodeJPEG(source);
  case PictureFormat::PNG:
    return decodePNG(source);
  case PictureFormat::WebP:
    return decodeWebP(source);
  case PictureFormat::Unknown:
    break;
  }
  return Status::invalidInput(quote(name, kNameLimit) + ": not a picture: expected JPEG, PNG or WebP, but " +
                              describeStart(bytes));
}

StatusOr<Picture> mv::readPicture(const std::string &path) {
  MV_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(path));
  return decodePicture(file.bytes(), path);
}
