//===- RowKernelsTest.cpp - Norms, conv1d, pointwise ops and data movement ------===//
//
// Kernels that go row by row, against plain loops, with and without padded channels and halos.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::test;

namespace {

using Doubles = std::vector<double>;
constexpr int64_t kBatch = 2;

/// Every instruction set this machine has gives `expected`.
void check(const std::string &text, const std::vector<Floats> &inputs, const Doubles &expected,
           double tolerance = 1e-6) {
  for (const cpu::Target &target : cpu::getTargets()) {
    if (!canRun(target.name))
      continue;
    auto runner = KernelRunner::create(text, target);
    ASSERT_TRUE(bool(runner)) << llvm::toString(runner.takeError());
    auto result = runner->run(kBatch, inputs);
    ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
    EXPECT_LE(relativeError(*result, expected), tolerance) << target.name.str();
  }
}

//===----------------------------------------------------------------------===//
// Layer norm and conv1d
//===----------------------------------------------------------------------===//

class LayerNormTest : public testing::TestWithParam<int64_t> {};

/// Also where the mean is a thousand times the deviation.
TEST_P(LayerNormTest, AgreesWithPlainLoops) {
  int64_t channels = GetParam(), rows = kBatch * 2 * 5;
  std::string c = std::to_string(channels), x = "tensor<?x2x5x" + c + "xf32>", v = "tensor<" + c + "xf32>";
  std::string padded = "tensor<?x2x5x" + c +
                       "xf32, #mv.layout<halo = 0, channels = " + std::to_string(roundUp(channels, 16)) +
                       ">>";
  std::string body = "family \"layer_norm\" {\n^bb0(%x: " + x + ", %w: " + v + ", %b: " + v +
                     "):\n%0 = mv.layer_norm %x, %w, %b eps 1.0e-05 : " + x + ", " + v +
                     "\nplan.yield %0 : " + x + "\n}\n";
  std::vector<Floats> in = {randomFloats(rows * channels, 1), randomFloats(channels, 2),
                            randomFloats(channels, 3)};
  for (float offset : {0.0f, 1000.0f}) {
    for (float &value : in[0])
      value += offset;
    Doubles expected;
    for (int64_t row = 0; row < rows; ++row) {
      const float *values = in[0].data() + row * channels;
      double mean = 0, variance = 0;
      for (int64_t i = 0; i < channels; ++i)
        mean += values[i] / double(channels);
      for (int64_t i = 0; i < channels; ++i)
        variance += (values[i] - mean) * (values[i] - mean) / double(channels);
      for (int64_t i = 0; i < channels; ++i)
        expected.push_back((values[i] - mean) / std::sqrt(variance + 1e-5) * in[1][i] + in[2][i]);
    }
    check("plan.kernel @norm (" + x + ", " + v + ", " + v + ") -> " + x + body, in, expected, 2e-6);
    check("plan.kernel @norm (" + padded + ", " + v + ", " + v + ") -> " + padded + body, in, expected, 2e-6);
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, LayerNormTest, testing::Values(320, 40, 16, 7, 1));

class Conv1DTest : public testing::TestWithParam<std::pair<int64_t, int64_t>> {};

/// Windows end where they end: the neighbours beyond are zero. With bias, SiLU behind it.
TEST_P(Conv1DTest, AgreesWithPlainLoops) {
  auto [tokens, channels] = GetParam();
  int64_t rows = kBatch * 2 * tokens;
  std::string t = std::to_string(tokens), c = std::to_string(channels);
  std::string x = "tensor<?x2x" + t + "x" + c + "xf32>", k = "tensor<" + c + "x3xf32>",
              v = "tensor<" + c + "xf32>";
  std::string text = "plan.kernel @conv (" + x + ", " + k + ", " + v + ") -> " + x +
                     " family \"conv1d\" {\n^bb0(%x: " + x + ", %k: " + k + ", %b: " + v +
                     "):\n%0 = mv.conv1d %x, %k bias %b : (" + x + ", " + k + ", " + v + ") -> " + x +
                     "\n%1 = mv.silu %0 : " + x + "\nplan.yield %1 : " + x + "\n}\n";
  std::vector<Floats> in = {randomFloats(rows * channels, 1), randomFloats(channels * 3, 2),
                            randomFloats(channels, 3)};
  Doubles expected;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < channels; ++i) {
      double sum = in[2][i];
      for (int64_t tap = 0; tap < 3; ++tap) {
        int64_t token = row % tokens + tap - 1;
        if (token >= 0 && token < tokens)
          sum += double(in[0][(row + tap - 1) * channels + i]) * in[1][i * 3 + tap];
      }
      expected.push_back(sum / (1 + std::exp(-sum)));
    }
  check(text, in, expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Conv1DTest,
                         testing::Values(std::pair<int64_t, int64_t>{49, 32},
                                         std::pair<int64_t, int64_t>{1, 16},
                                         std::pair<int64_t, int64_t>{2, 5},
                                         std::pair<int64_t, int64_t>{9, 98}));

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

/// A picture becomes a map with a halo; what follows applies to the map.
TEST(MovementTest, ToNHWC) {
  for (int64_t channels : {3, 20, 32}) {
    std::string c = std::to_string(channels), map = "tensor<?x5x7x" + c + "xf32";
    std::string text = "plan.kernel @k (tensor<?x" + c + "x5x7xf32>) -> " + map +
                       ", #mv.layout<halo = 1, channels = " + std::to_string(roundUp(channels, 16)) +
                       ">> family \"pointwise\" {\n^bb0(%x: tensor<?x" + c +
                       "x5x7xf32>):\n%0 = mv.to_nhwc %x : tensor<?x" + c + "x5x7xf32> -> " + map +
                       ">\n%1 = mv.relu %0 : " + map + ">\nplan.yield %1 : " + map + ">\n}\n";
    Floats in = randomFloats(kBatch * channels * 35, 1);
    Doubles expected(in.size());
    for (int64_t image = 0; image < kBatch; ++image)
      for (int64_t pixel = 0; pixel < 35; ++pixel)
        for (int64_t i = 0; i < channels; ++i)
          expected[(image * 35 + pixel) * channels + i] =
              std::max(0.0f, in[(image * channels + i) * 35 + pixel]);
    check(text, {in}, expected, 0);
  }
}

/// Channels may begin anywhere in the row.
TEST(MovementTest, Slice) {
  for (auto [from, offset, size, stored] : {std::array<int64_t, 4>{32, 16, 16, 16},
                                            {52, 20, 8, 16},
                                            {52, 20, 8, 8},
                                            {37, 36, 1, 16},
                                            {40, 0, 33, 48}}) {
    std::string in = "tensor<?x3x3x" + std::to_string(from) + "xf32>",
                out = "tensor<?x3x3x" + std::to_string(size) + "xf32";
    std::string text = "plan.kernel @k (" + in + ") -> " + out +
                       ", #mv.layout<halo = 0, channels = " + std::to_string(stored) +
                       ">> family \"pointwise\" {\n^bb0(%x: " + in + "):\n%0 = mv.slice %x offset " +
                       std::to_string(offset) + " : " + in + " -> " + out + ">\nplan.yield %0 : " + out +
                       ">\n}\n";
    Floats values = randomFloats(kBatch * 9 * from, 1);
    Doubles expected;
    for (int64_t row = 0; row < kBatch * 9; ++row)
      for (int64_t i = 0; i < size; ++i)
        expected.push_back(values[row * from + offset + i]);
    check(text, {values}, expected, 0);
  }
}

/// The border between the operands may lie within a vector.
TEST(MovementTest, Concat) {
  for (auto [first, second] : {std::pair<int64_t, int64_t>{16, 16}, {20, 20}, {1, 7}, {33, 2}}) {
    auto type = [](int64_t c) { return "tensor<?x1x6x" + std::to_string(c) + "xf32>"; };
    std::string a = type(first), b = type(second), c = type(first + second);
    std::string text = "plan.kernel @k (" + a + ", " + b + ") -> " + c +
                       " family \"pointwise\" {\n^bb0(%a: " + a + ", %b: " + b +
                       "):\n%0 = mv.concat %a, %b : (" + a + ", " + b + ") -> " + c +
                       "\nplan.yield %0 : " + c + "\n}\n";
    Floats left = randomFloats(kBatch * 6 * first, 1), right = randomFloats(kBatch * 6 * second, 2);
    Doubles expected;
    for (int64_t row = 0; row < kBatch * 6; ++row) {
      expected.insert(expected.end(), left.begin() + row * first, left.begin() + (row + 1) * first);
      expected.insert(expected.end(), right.begin() + row * second, right.begin() + (row + 1) * second);
    }
    check(text, {left, right}, expected, 0);
  }
}

constexpr int64_t kHeight = 5, kWidth = 7, kWindow = 3, kRows = 2,
                  kColumns = 3; ///< Windows pad the map to 6 x 9.

/// Calls visit(index of the map's element, index of the windows' element).
void forEachInWindows(int64_t channels, llvm::function_ref<void(int64_t, int64_t)> visit) {
  for (int64_t image = 0; image < kBatch; ++image)
    for (int64_t y = 0; y < kHeight; ++y)
      for (int64_t x = 0; x < kWidth; ++x)
        for (int64_t c = 0; c < channels; ++c) {
          int64_t window = y / kWindow * kColumns + x / kWindow, token = y % kWindow * kWindow + x % kWindow;
          visit(((image * kHeight + y) * kWidth + x) * channels + c,
                ((image * kRows * kColumns + window) * kWindow * kWindow + token) * channels + c);
        }
}

/// Padding positions are zeros even where the op before makes something else of zero.
TEST(MovementTest, WindowPartition) {
  for (int64_t channels : {16, 20}) {
    std::string c = std::to_string(channels), map = "tensor<?x5x7x" + c + "xf32>",
                windows = "tensor<?x6x9x" + c + "xf32>";
    std::string v = "tensor<" + c + "xf32>";
    std::string halo = "tensor<?x5x7x" + c + "xf32, #mv.layout<halo = 1, channels = 32>>";
    std::string text = "plan.kernel @k (" + halo + ", " + v + ", " + v + ") -> " + windows +
                       " family \"pointwise\" {\n^bb0(%x: " + map + ", %s: " + v + ", %t: " + v +
                       "):\n%0 = mv.affine %x, %s, %t : " + map + ", " + v +
                       "\n%1 = mv.window_partition %0 window 3 : " + map + " -> " + windows +
                       "\nplan.yield %1 : " + windows + "\n}\n";
    Floats in = randomFloats(kBatch * kHeight * kWidth * channels, 1), s = randomFloats(channels, 2),
           t = randomFloats(channels, 3);
    Doubles expected(kBatch * kRows * kColumns * kWindow * kWindow * channels);
    forEachInWindows(channels, [&](int64_t in_map, int64_t in_windows) {
      expected[in_windows] = double(in[in_map]) * s[in_map % channels] + t[in_map % channels];
    });
    check(text, {in, s, t}, expected);
  }
}

TEST(MovementTest, WindowReverse) {
  for (int64_t channels : {16, 20}) {
    std::string c = std::to_string(channels), map = "tensor<?x5x7x" + c + "xf32>",
                windows = "tensor<?x6x9x" + c + "xf32>";
    std::string halo = "tensor<?x5x7x" + c + "xf32, #mv.layout<halo = 1, channels = 32>>";
    std::string text = "plan.kernel @k (" + windows + ") -> " + halo +
                       " family \"pointwise\" {\n^bb0(%x: " + windows +
                       "):\n%0 = mv.window_reverse %x window 3 : " + windows + " -> " + map +
                       "\nplan.yield %0 : " + map + "\n}\n";
    Floats in = randomFloats(kBatch * kRows * kColumns * kWindow * kWindow * channels, 1);
    Doubles expected(kBatch * kHeight * kWidth * channels);
    forEachInWindows(channels,
                     [&](int64_t in_map, int64_t in_windows) { expected[in_map] = in[in_windows]; });
    check(text, {in}, expected, 0);
  }
}

TEST(MovementTest, ToNCHW) {
  for (int64_t channels : {3, 16, 20}) {
    std::string c = std::to_string(channels), map = "tensor<?x5x7x" + c + "xf32>",
                planes = "tensor<?x" + c + "x5x7xf32>";
    std::string halo = "tensor<?x5x7x" + c + "xf32, #mv.layout<halo = 1, channels = 32>>";
    std::string text = "plan.kernel @k (" + halo + ") -> " + planes +
                       " family \"pointwise\" {\n^bb0(%x: " + map + "):\n%0 = mv.to_nchw %x : " + map +
                       " -> " + planes + "\nplan.yield %0 : " + planes + "\n}\n";
    Floats in = randomFloats(kBatch * 35 * channels, 1);
    Doubles expected(in.size());
    for (int64_t image = 0; image < kBatch; ++image)
      for (int64_t pixel = 0; pixel < 35; ++pixel)
        for (int64_t i = 0; i < channels; ++i)
          expected[(image * channels + i) * 35 + pixel] = in[(image * 35 + pixel) * channels + i];
    check(text, {in}, expected, 0);
  }
}

//===----------------------------------------------------------------------===//
// Pointwise ops
//===----------------------------------------------------------------------===//

/// A chain of every pointwise op, with operands in different layouts.
TEST(PointwiseTest, Chain) {
  for (int64_t channels : {16, 21}) {
    std::string c = std::to_string(channels), x = "tensor<?x3x4x" + c + "xf32>", v = "tensor<" + c + "xf32>";
    std::string halo = "tensor<?x3x4x" + c + "xf32, #mv.layout<halo = 1, channels = 32>>";
    std::string text = "plan.kernel @k (" + x + ", " + halo + ", " + v + ", " + v + ") -> " + halo +
                       " family \"pointwise\" {\n^bb0(%x: " + x + ", %r: " + x + ", %s: " + v + ", %t: " + v +
                       "):\n%0 = mv.scale %x, %s : " + x + ", " + v + "\n%1 = mv.add %0, %r : " + x +
                       "\n%2 = mv.gelu erf %1 : " + x + "\n%3 = mv.affine %2, %s, %t : " + x + ", " + v +
                       "\n%4 = mv.gelu tanh %3 : " + x + "\n%5 = mv.softplus %4 : " + x +
                       "\n%6 = mv.batch_norm %5, %s, %t, %s, %t eps 2.0 : " + x + ", " + v +
                       "\n%7 = mv.silu %6 : " + x + "\n%8 = mv.relu %7 : " + x + "\nplan.yield %8 : " + x +
                       "\n}\n";
    int64_t count = kBatch * 12 * channels;
    std::vector<Floats> in = {randomFloats(count, 1, 3), randomFloats(count, 2), randomFloats(channels, 3),
                              randomFloats(channels, 4)};
    Doubles expected;
    for (int64_t i = 0; i < count; ++i) {
      double s = in[2][i % channels], t = in[3][i % channels], y = in[0][i] * s + in[1][i];
      y = y / 2 * (1 + std::erf(y / std::sqrt(2.0))) * s + t;
      y = y / 2 * (1 + std::tanh(std::sqrt(2 / M_PI) * (y + 0.044715 * y * y * y)));
      y = (std::log1p(std::exp(y)) - s) / std::sqrt(t + 2) * s + t;
      expected.push_back(std::max(0.0, y / (1 + std::exp(-y))));
    }
    check(text, in, expected, 2e-6);
  }
}

} // namespace
