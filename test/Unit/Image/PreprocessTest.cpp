//===- PreprocessTest.cpp - Geometry and normalisation --------------------------===//

#include "Helpers.h"

using namespace mv;

static Preprocessing square(int side, double cropFraction, CropMode mode = CropMode::Center) {
  Preprocessing preprocessing;
  preprocessing.width = preprocessing.height = side;
  preprocessing.cropFraction = cropFraction;
  preprocessing.cropMode = mode;
  return preprocessing;
}

/// Sizes of the published variants, computed with Python's own arithmetic.
TEST(Preprocess, ResizedSize) {
  EXPECT_EQ(resizedSize({500, 375}, square(224, 1.0)), (PictureSize{298, 224}));
  EXPECT_EQ(resizedSize({375, 500}, square(224, 1.0)), (PictureSize{224, 298}));
  EXPECT_EQ(resizedSize({500, 375}, square(224, 0.98)), (PictureSize{304, 228}));
  EXPECT_EQ(resizedSize({500, 375}, square(224, 0.93)), (PictureSize{320, 240}));
  EXPECT_EQ(resizedSize({500, 375}, square(512, 0.93, CropMode::Squash)), (PictureSize{550, 550}));
  EXPECT_EQ(resizedSize({1, 1000000000}, square(224, 1.0)), (PictureSize{224, 224000000000}));
}

/// 224 / 375 and 224 / 500 differ; the picture must cover both sides of an input that is not square.
TEST(Preprocess, ResizedSizeOfAnInputThatIsNotSquare) {
  Preprocessing preprocessing = square(256, 1.0);
  preprocessing.width = 192;
  EXPECT_EQ(resizedSize({500, 375}, preprocessing), (PictureSize{341, 256}));
  EXPECT_EQ(resizedSize({375, 500}, preprocessing), (PictureSize{192, 256}));
  // 100 / (64 / 256) = 400 rows, 41 columns / 0.25 = 164 < 192: so 192 columns, and 100 * 192 / 41 = 468.29
  // rows.
  EXPECT_EQ(resizedSize({41, 100}, preprocessing), (PictureSize{192, 468}));
}

/// Offsets round halves to even: 1 / 2 -> 0, 3 / 2 -> 2, 5 / 2 -> 2.
TEST(Preprocess, CropOffsetRoundsHalvesToEven) {
  auto firstColumn = [](int width, int crop) {
    Picture picture(width, 1);
    for (int x = 0; x < width; ++x)
      picture.rgb[3 * x] = static_cast<uint8_t>(x);
    return cropCenter(picture, crop, 1).rgb[0];
  };
  EXPECT_EQ(firstColumn(11, 10), 0);
  EXPECT_EQ(firstColumn(12, 10), 1);
  EXPECT_EQ(firstColumn(13, 10), 2);
  EXPECT_EQ(firstColumn(15, 10), 2);
  EXPECT_EQ(firstColumn(17, 10), 4);
}

/// A picture smaller than the crop gets a black border, the odd line at the bottom; the other direction is
/// cropped.
TEST(Preprocess, CropPadsWithBlack) {
  Picture picture(4, 2);
  for (size_t i = 0; i < picture.rgb.size(); ++i)
    picture.rgb[i] = static_cast<uint8_t>(i + 1);
  Picture cropped = cropCenter(picture, 2, 5);
  EXPECT_EQ(cropped.rgb, (std::vector<uint8_t>{0,  0,  0,  0,  0,  0,    // row 0: padding
                                               4,  5,  6,  7,  8,  9,    // picture row 0, columns 1 and 2
                                               16, 17, 18, 19, 20, 21,   // picture row 1
                                               0,  0,  0,  0,  0,  0,    //
                                               0,  0,  0,  0,  0,  0})); // the odd line
}

/// (v / 255 - mean) / deviation in float, each step rounded; values computed with NumPy in float32.
TEST(Preprocess, Normalises) {
  Picture picture(2, 1);
  picture.rgb = {0, 128, 255, 17, 200, 99};
  std::array<float, 6> planes;
  normalizePicture(picture, square(1, 1.0), planes);
  const std::array<float, 6> expected = {-0x1.0f177a0000000p+1f, -0x1.d3a8100000000p+0f,
                                         0x1.a436900000000p-3f,  0x1.7737380000000p+0f,
                                         0x1.51eb860000000p+1f,  -0x1.4365720000000p-4f};
  EXPECT_EQ(planes, expected);
}

/// The whole chain on one picture, up to the bits of the floats.
TEST(Preprocess, WholeChain) {
  Preprocessing preprocessing = square(28, 0.875);
  std::vector<float> planes(3 * 28 * 28);
  ASSERT_TRUE(preprocessPicture(noise(61, 47, 11), "noise", preprocessing, planes).ok());
  std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(planes.data()), planes.size() * 4);
  EXPECT_EQ(checksum(bytes), 0xbb8fef7f8b0d1852u);
}

/// One pixel wide and very long: refused instead of taking gigabytes.
TEST(Preprocess, NegativeTooLongAndNarrow) {
  std::vector<float> planes(3 * 224 * 224);
  Status status = preprocessPicture(Picture(1, 10'000'000), "line", square(224, 1.0), planes);
  EXPECT_EQ(status.code(), StatusCode::InvalidInput);
  EXPECT_EQ(status.message(),
            "'line': the picture is too long and narrow (1 x 10000000 pixels would be resized to 224 x "
            "2240000000); cut it first");
}
