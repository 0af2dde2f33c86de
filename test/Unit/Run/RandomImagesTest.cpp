//===- RandomImagesTest.cpp - Input made up by a rule ---------------------------===//

#include "RandomImages.h"

#include <bit>
#include <gtest/gtest.h>

using namespace mv::run;

/// The vectors published with the rule: first values, and exclusive or and sum of all bit patterns.
TEST(RandomImages, PublishedVectors) {
  std::vector<float> image(3 * 224 * 224);
  makeRandomImages(1, {3, {224, 224}}, 0, 1, image.data());
  EXPECT_EQ(std::bit_cast<uint32_t>(image[0]), 0xBEF92A9Au);
  EXPECT_EQ(std::bit_cast<uint32_t>(image[3]), 0xBEC2DBC2u);
  uint32_t exclusiveOr = 0;
  uint64_t sum = 0;
  for (float value : image) {
    exclusiveOr ^= std::bit_cast<uint32_t>(value);
    sum += std::bit_cast<uint32_t>(value);
  }
  EXPECT_EQ(exclusiveOr, 0x0D149F29u);
  EXPECT_EQ(sum, 0x0001430D5EF6C827u);
}

/// An image does not depend on the batch it is made in; height and width are not a multiple of a cell.
TEST(RandomImages, AnyPartOfTheSequence) {
  constexpr size_t kSize = 3 * 21 * 35;
  std::vector<float> all(4 * kSize), part(2 * kSize);
  makeRandomImages(5, {3, {21, 35}}, 0, 4, all.data());
  makeRandomImages(5, {3, {21, 35}}, 1, 2, part.data());
  EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + kSize));
  makeRandomImages(6, {3, {21, 35}}, 1, 2, part.data());
  EXPECT_FALSE(std::equal(part.begin(), part.end(), all.begin() + kSize));
}

/// The same images as bytes, channels last.
TEST(RandomImages, Bytes) {
  constexpr size_t kPixels = 21 * 35, kSize = 3 * kPixels;
  std::vector<float> numbers(2 * kSize);
  std::vector<uint8_t> bytes(2 * kSize);
  makeRandomImages(5, {3, {21, 35}}, 1, 2, numbers.data());
  makeRandomImages(5, {3, {21, 35}, true}, 1, 2, bytes.data());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const size_t channel = i / kPixels % 3, pixel = i % kPixels;
    ASSERT_NEAR(bytes[i / kSize * kSize + pixel * 3 + channel], 64 * (numbers[i] + 2) - 0.5, 0.501) << i;
  }
}
