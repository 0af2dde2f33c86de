//===- Helpers.h - What the picture tests share ---------------------*- C++ -*-===//

#ifndef MV_TEST_UNIT_IMAGE_HELPERS_H
#define MV_TEST_UNIT_IMAGE_HELPERS_H

#include "mv/Image/Preprocess.h"
#include "mv/Support/MappedFile.h"

#include <gtest/gtest.h>

namespace mv {

struct DecodeGolden {
  const char *file;
  int width, height;
  uint64_t checksum;
};

struct ResizeGolden {
  Interpolation interpolation;
  int width, height, newWidth, newHeight;
  uint64_t checksum;
};

#include "PillowGoldens.h"

/// FNV-1a, 64 bits.
inline uint64_t checksum(std::span<const uint8_t> bytes) {
  uint64_t value = 0xCBF29CE484222325;
  for (uint8_t byte : bytes)
    value = (value ^ byte) * 0x100000001B3;
  return value;
}

/// The pictures of generate.py's noise(): high bytes of a linear congruential sequence.
inline Picture noise(int width, int height, uint32_t seed) {
  Picture picture(width, height);
  for (uint8_t &value : picture.rgb) {
    seed = seed * 1664525 + 1013904223;
    value = static_cast<uint8_t>(seed >> 24);
  }
  return picture;
}

inline std::vector<std::byte> readInput(const std::string &name) {
  StatusOr<MappedFile> file = MappedFile::open(std::string(MV_TEST_INPUTS) + "/" + name);
  EXPECT_TRUE(file.ok()) << file.status().message();
  if (!file.ok())
    return {};
  return {file->bytes().begin(), file->bytes().end()};
}

} // namespace mv

#endif // MV_TEST_UNIT_IMAGE_HELPERS_H
