//===- ResizeTest.cpp - Resizing equals Pillow's --------------------------------===//

#include "Helpers.h"

using namespace mv;

/// Up, down, one direction only, single pixels and lines, all filters: the values Pillow gives.
TEST(Resize, EqualsPillow) {
  for (const ResizeGolden &golden : kResizeGoldens) {
    Picture input = noise(golden.width, golden.height, golden.width * 1000 + golden.height);
    Picture output = resizePicture(input, golden.newWidth, golden.newHeight, golden.interpolation);
    EXPECT_EQ(output.width, golden.newWidth);
    EXPECT_EQ(output.height, golden.newHeight);
    EXPECT_EQ(checksum(output.rgb), golden.checksum)
        << "filter " << int(golden.interpolation) << ", " << golden.width << " x " << golden.height << " to "
        << golden.newWidth << " x " << golden.newHeight;
  }
}

/// A flat picture stays flat: the weights of every output sample sum to one.
TEST(Resize, KeepsConstants) {
  Picture input(37, 23);
  std::fill(input.rgb.begin(), input.rgb.end(), 200);
  for (auto interpolation : {Interpolation::Nearest, Interpolation::Box, Interpolation::Bilinear,
                             Interpolation::Bicubic, Interpolation::Lanczos}) {
    Picture output = resizePicture(input, 101, 5, interpolation);
    EXPECT_EQ(std::count(output.rgb.begin(), output.rgb.end(), 200), 101 * 5 * 3);
  }
}

/// A cubic overshoots at an edge: sums beyond 0 and 255 are clipped, not wrapped around.
TEST(Resize, ClipsOvershoot) {
  Picture input(8, 1);
  std::fill(input.rgb.begin() + 12, input.rgb.end(), 255);
  Picture output = resizePicture(input, 32, 1, Interpolation::Bicubic);
  for (int x = 0; x < 12; ++x)
    EXPECT_LE(output.rgb[3 * x], 1) << x;
  for (int x = 20; x < 32; ++x)
    EXPECT_GE(output.rgb[3 * x], 254) << x;
}

/// The size it has already: nothing is filtered.
TEST(Resize, SameSizeIsTheSamePicture) {
  Picture input = noise(19, 7, 5);
  EXPECT_EQ(resizePicture(input, 19, 7, Interpolation::Lanczos).rgb, input.rgb);
}

TEST(Resize, Names) {
  EXPECT_EQ(parseInterpolation("bicubic"), Interpolation::Bicubic);
  EXPECT_EQ(parseInterpolation("bilinear"), Interpolation::Bilinear);
  EXPECT_EQ(parseInterpolation("cubic"), std::nullopt);
}
