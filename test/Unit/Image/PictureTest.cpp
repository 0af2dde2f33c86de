//===- PictureTest.cpp - Decoding equals Pillow's, and refuses the rest ---------===//

#include "Helpers.h"

#include <cstring>

using namespace mv;

static std::vector<std::byte> bytesOf(std::string_view text) {
  auto *data = reinterpret_cast<const std::byte *>(text.data());
  return {data, data + text.size()};
}

static std::string errorOf(std::span<const std::byte> bytes, int64_t maxPixels = kMaxPicturePixels) {
  StatusOr<Picture> picture = decodePicture(bytes, "cat", maxPixels);
  if (picture.ok())
    return "";
  EXPECT_EQ(picture.status().code(), StatusCode::InvalidInput);
  EXPECT_EQ(picture.status().message().find('\n'), std::string::npos);
  return picture.status().message();
}

/// Every kind of file gives the pixels that Pillow gives.
TEST(Picture, EqualsPillow) {
  for (const DecodeGolden &golden : kDecodeGoldens) {
    StatusOr<Picture> picture = readPicture(std::string(MV_TEST_INPUTS) + "/" + golden.file);
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    EXPECT_EQ(picture->width, golden.width) << golden.file;
    EXPECT_EQ(picture->height, golden.height) << golden.file;
    EXPECT_EQ(checksum(picture->rgb), golden.checksum) << golden.file;
  }
}

/// The format is told by content; the ends of the signatures count too.
TEST(Picture, DetectsByContent) {
  EXPECT_EQ(detectPictureFormat(readInput("grey.jpg")), PictureFormat::JPEG);
  EXPECT_EQ(detectPictureFormat(readInput("rgb.png")), PictureFormat::PNG);
  EXPECT_EQ(detectPictureFormat(readInput("lossy.webp")), PictureFormat::WebP);
  EXPECT_EQ(detectPictureFormat({}), PictureFormat::Unknown);
  EXPECT_EQ(detectPictureFormat(bytesOf("\x89PNG\r\n\x1A")), PictureFormat::Unknown);
  EXPECT_EQ(detectPictureFormat(bytesOf("RIFF1234WAVE")), PictureFormat::Unknown);
}

/// However a file is cut, decoding fails, or gives the whole picture (when only bytes after the pixels are
/// gone).
TEST(Picture, NegativeTruncated) {
  for (const DecodeGolden &golden : kDecodeGoldens) {
    std::vector<std::byte> bytes = readInput(golden.file);
    size_t decoded = 0;
    for (size_t size = 0; size < bytes.size(); ++size) {
      // A copy of exactly this size, so that a sanitizer sees reads past its end.
      std::vector<std::byte> prefix(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(size));
      StatusOr<Picture> picture = decodePicture(prefix, "cut");
      if (!picture.ok())
        continue;
      ++decoded;
      EXPECT_EQ(checksum(picture->rgb), golden.checksum) << golden.file << " cut to " << size;
    }
    // An animation is whole without its second frame; other files have little after the pixels.
    if (std::strcmp(golden.file, "animation.webp") != 0)
      EXPECT_LE(decoded, 24u) << golden.file;
  }
}

/// The message says that the file is damaged and what to do.
TEST(Picture, NegativeDamaged) {
  for (const char *name : {"rgb-420.jpg", "rgb.png", "lossy.webp"}) {
    std::vector<std::byte> bytes = readInput(name);
    bytes.resize(bytes.size() / 2);
    std::string message = errorOf(bytes);
    EXPECT_EQ(message.find("'cat': damaged or truncated "), 0u) << message;
    EXPECT_NE(message.find("replace the file"), std::string::npos) << message;
  }
  // One flipped bit in the compressed pixels of a PNG.
  std::vector<std::byte> bytes = readInput("rgb.png");
  bytes[bytes.size() / 2] ^= std::byte(1);
  EXPECT_NE(errorOf(bytes), "");
}

TEST(Picture, NegativeNotAPicture) {
  EXPECT_EQ(errorOf(bytesOf("GIF89a\x01")),
            "'cat': not a picture: expected JPEG, PNG or WebP, but the file starts with \"GIF89a\\x01\"");
  EXPECT_EQ(errorOf({}), "'cat': not a picture: expected JPEG, PNG or WebP, but the file is empty");
}

/// The limit holds exactly, for every format, whatever it says after the header.
TEST(Picture, NegativeTooLarge) {
  for (const char *name : {"rgb-420.jpg", "rgb.png", "lossy.webp"}) {
    std::vector<std::byte> bytes = readInput(name);
    EXPECT_EQ(errorOf(bytes, 37 * 29), "");
    std::string message = errorOf(bytes, 37 * 29 - 1);
    EXPECT_NE(message.find("too large: at most 1072 pixels, found 37 x 29 pixels"), std::string::npos)
        << message;
  }
}

/// A PNG that claims 2^24 - 1 pixels a side is refused before memory is taken.
TEST(Picture, NegativeHugeClaim) {
  std::vector<std::byte> bytes = readInput("rgb.png");
  // What the IHDR chunk holds, and its CRC.
  constexpr char kHuge[] = "\x00\xFF\xFF\xFF\x00\xFF\xFF\xFF"
                           "\x08\x02"
                           "\0\0\0"
                           "\x29\x35\x39\x84";
  std::memcpy(bytes.data() + 16, kHuge, sizeof(kHuge) - 1);
  EXPECT_NE(errorOf(bytes).find("too large"), std::string::npos) << errorOf(bytes);
}
