//===- ScanTest.cpp - mv.selective_scan and the mixer's middle against plain loops ------------===//

#include "KernelRunner.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::test;

namespace {

using Doubles = std::vector<double>;

struct Shape {
  int64_t windows, tokens, channels; ///< Channels of the scan: half of a mixer's.
  int64_t stored = 0;                ///< Channel stride of the result, 0: dense.
};

void PrintTo(const Shape &shape, std::ostream *out) {
  *out << shape.windows << " x " << shape.tokens << " x " << shape.channels;
}

constexpr int64_t kStates = 8;

std::string tokensType(const Shape &shape, int64_t channels, int64_t stored = 0) {
  std::string layout = stored ? ", #mv.layout<halo = 0, channels = " + std::to_string(stored) + ">" : "";
  return "tensor<?x" + std::to_string(shape.windows) + "x" + std::to_string(shape.tokens) + "x" +
         std::to_string(channels) + "xf32" + layout + ">";
}

std::string matrix(int64_t rows, int64_t columns) {
  return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) + "xf32>";
}

std::string vectorType(int64_t size) { return "tensor<" + std::to_string(size) + "xf32>"; }

//===----------------------------------------------------------------------===//
// Plain loops
//===----------------------------------------------------------------------===//

/// The recurrence on `windows` windows.
Doubles scan(int64_t windows, int64_t tokens, int64_t channels, const Doubles &x, const Doubles &step,
             const Floats &a, const Doubles &b, const Doubles &c, const Floats &skip) {
  Doubles result(windows * tokens * channels);
  for (int64_t window = 0; window < windows; ++window)
    for (int64_t channel = 0; channel < channels; ++channel) {
      double state[kStates] = {};
      for (int64_t t = window * tokens; t < (window + 1) * tokens; ++t) {
        int64_t at = t * channels + channel;
        result[at] = skip[channel] * x[at];
        for (int64_t n = 0; n < kStates; ++n) {
          state[n] = std::exp(step[at] * a[channel * kStates + n]) * state[n] +
                     step[at] * b[t * kStates + n] * x[at];
          result[at] += c[t * kStates + n] * state[n];
        }
      }
    }
  return result;
}

double silu(double x) { return x / (1 + std::exp(-x)); }

/// rows x outputs, of rows [offset, offset + depth) of a matrix with `stride` columns.
Doubles linear(const Doubles &input, int64_t rows, int64_t stride, int64_t depth, const Floats &weight,
               int64_t outputs, const Floats *bias) {
  Doubles result(rows * outputs);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = bias ? (*bias)[o] : 0;
      for (int64_t i = 0; i < depth; ++i)
        sum += input[row * stride + i] * weight[o * depth + i];
      result[row * outputs + o] = sum;
    }
  return result;
}

Doubles columns(const Doubles &input, int64_t rows, int64_t stride, int64_t offset, int64_t count) {
  Doubles result;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t i = 0; i < count; ++i)
      result.push_back(input[row * stride + offset + i]);
  return result;
}

Floats negative(Floats values) {
  for (float &value : values)
    value = -std::fabs(value) - 0.05f;
  return values;
}

Floats positive(Floats values) {
  for (float &value : values)
    value = std::fabs(value);
  return values;
}

/// Compiles for every instruction set this machine has and compares.
void check(const std::string &text, int64_t batch, const std::vector<Floats> &inputs, const Doubles &expected,
           double tolerance) {
  for (const cpu::Target &target : cpu::getTargets()) {
    if (!canRun(target.name))
      continue;
    auto runner = KernelRunner::create(text, target);
    ASSERT_TRUE(bool(runner)) << llvm::toString(runner.takeError());
    auto result = runner->run(batch, inputs), again = runner->run(batch, inputs, 100);
    ASSERT_TRUE(bool(result) && bool(again)) << llvm::toString(result.takeError());
    EXPECT_LE(relativeError(*result, expected), tolerance) << target.name.str();
    EXPECT_EQ(*result, *again) << target.name.str();
    // The first image alone has the same bits.
    auto alone = runner->run(1, inputs);
    ASSERT_TRUE(bool(alone)) << llvm::toString(alone.takeError());
    EXPECT_TRUE(std::equal(alone->begin(), alone->end(), result->begin())) << target.name.str();
  }
}

//===----------------------------------------------------------------------===//
// Scan alone
//===----------------------------------------------------------------------===//

class ScanTest : public testing::TestWithParam<Shape> {};

/// One window at a time, in one piece or in chunks.
TEST_P(ScanTest, AgreesWithPlainLoops) {
  const Shape &shape = GetParam();
  int64_t batch = 2, h = shape.channels, rows = batch * shape.windows * shape.tokens;
  std::string x = tokensType(shape, h), states = tokensType(shape, kStates), a = matrix(h, kStates);
  std::string types =
      "(" + x + ", " + x + ", " + a + ", " + states + ", " + states + ", " + vectorType(h) + ")";
  std::string text = "plan.kernel @scan " + types + " -> " + tokensType(shape, h, shape.stored) +
                     " family \"selective_scan\" {\n^bb0(%x: " + x + ", %s: " + x + ", %a: " + a +
                     ", %b: " + states + ", %c: " + states + ", %d: " + vectorType(h) +
                     "):\n%0 = mv.selective_scan %x, %s, %a, %b, %c, %d : " + types + " -> " + x +
                     "\nplan.yield %0 : " + x + "\n}\n";
  std::vector<Floats> in = {randomFloats(rows * h, 1),
                            positive(randomFloats(rows * h, 2, 0.2f)),
                            negative(randomFloats(h * kStates, 3)),
                            randomFloats(rows * kStates, 4),
                            randomFloats(rows * kStates, 5),
                            randomFloats(h, 6)};
  auto doubles = [](const Floats &values) { return Doubles(values.begin(), values.end()); };
  Doubles expected = scan(batch * shape.windows, shape.tokens, h, doubles(in[0]), doubles(in[1]), in[2],
                          doubles(in[3]), doubles(in[4]), in[5]);
  check(text, batch, in, expected, 2e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, ScanTest,
                         testing::Values(Shape{1, 196, 32}, Shape{3, 49, 40}, Shape{2, 1, 16}, Shape{1, 5, 7},
                                         Shape{1, 9, 20, 32}, Shape{1, 2048, 16}, Shape{2, 2500, 20, 32}));

//===----------------------------------------------------------------------===//
// Mixer
//===----------------------------------------------------------------------===//

class MixerMiddleTest : public testing::TestWithParam<Shape> {};

std::string mixerText(const Shape &shape) {
  int64_t h = shape.channels, d = 2 * h, rank = stepRank(d), p = rank + 2 * kStates;
  std::string full = tokensType(shape, d), half = tokensType(shape, h), projected = tokensType(shape, p);
  std::string dt = tokensType(shape, rank), states = tokensType(shape, kStates), v = vectorType(h);
  std::string w[] = {matrix(d, 3), matrix(p, h), matrix(h, rank), matrix(h, kStates)};
  std::string inputs = full + ", " + w[0] + ", " + w[1] + ", " + w[2] + ", " + v + ", " + w[3] + ", " + v;
  std::string slice = " : " + projected + " -> ";
  return "plan.kernel @mixer (" + inputs + ") -> " + tokensType(shape, d, shape.stored) +
         " family \"selective_scan\" {\n^bb0(%in: " + full + ", %k: " + w[0] + ", %p: " + w[1] +
         ", %w: " + w[2] + ", %bias: " + v + ", %a: " + w[3] + ", %skip: " + v + "):\n" +                   //
         "%0 = mv.conv1d %in, %k : (" + full + ", " + w[0] + ") -> " + full + "\n" +                        //
         "%1 = mv.silu %0 : " + full + "\n" +                                                               //
         "%x = mv.slice %1 offset 0 : " + full + " -> " + half + "\n" +                                     //
         "%z = mv.slice %1 offset " + std::to_string(h) + " : " + full + " -> " + half + "\n" +             //
         "%2 = mv.linear %x, %p : (" + half + ", " + w[1] + ") -> " + projected + "\n" +                    //
         "%dt = mv.slice %2 offset 0" + slice + dt + "\n" +                                                 //
         "%b = mv.slice %2 offset " + std::to_string(rank) + slice + states + "\n" +                        //
         "%c = mv.slice %2 offset " + std::to_string(rank + kStates) + slice + states + "\n" +              //
         "%3 = mv.linear %dt, %w bias %bias : (" + dt + ", " + w[2] + ", " + v + ") -> " + half + "\n" +    //
         "%4 = mv.softplus %3 : " + half + "\n" +                                                           //
         "%y = mv.selective_scan %x, %4, %a, %b, %c, %skip : (" + half + ", " + half + ", " + w[3] + ", " + //
         states + ", " + states + ", " + v + ") -> " + half + "\n" +                                        //
         "%5 = mv.concat %y, %z : (" + half + ", " + half + ") -> " + full + "\nplan.yield %5 : " + full +
         "\n}\n";
}

/// From the input projection's result to the output projection's operand.
TEST_P(MixerMiddleTest, AgreesWithPlainLoops) {
  const Shape &shape = GetParam();
  int64_t batch = 2, h = shape.channels, d = 2 * h, rank = stepRank(d), p = rank + 2 * kStates;
  int64_t tokens = shape.tokens, windows = batch * shape.windows, rows = windows * tokens;
  std::vector<Floats> in = {randomFloats(rows * d, 1, 2),
                            randomFloats(d * 3, 2),
                            randomFloats(p * h, 3, 0.3f),
                            randomFloats(h * rank, 4, 0.5f),
                            randomFloats(h, 5, 3),
                            negative(randomFloats(h * kStates, 6)),
                            randomFloats(h, 7)};
  Doubles conv(rows * d), expected;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t c = 0; c < d; ++c) {
      double sum = 0;
      for (int64_t tap = 0; tap < 3; ++tap) {
        int64_t token = row % tokens + tap - 1;
        if (token >= 0 && token < tokens)
          sum += double(in[0][(row + tap - 1) * d + c]) * in[1][c * 3 + tap];
      }
      conv[row * d + c] = silu(sum);
    }
  Doubles x = columns(conv, rows, d, 0, h), projected = linear(x, rows, h, h, in[2], p, nullptr);
  Doubles step = linear(projected, rows, p, rank, in[3], h, &in[4]);
  for (double &value : step)
    value = std::log1p(std::exp(value));
  Doubles y = scan(windows, tokens, h, x, step, in[5], columns(projected, rows, p, rank, kStates),
                   columns(projected, rows, p, rank + kStates, kStates), in[6]);
  for (int64_t row = 0; row < rows; ++row) {
    expected.insert(expected.end(), y.begin() + row * h, y.begin() + (row + 1) * h);
    expected.insert(expected.end(), conv.begin() + row * d + h, conv.begin() + (row + 1) * d);
  }
  check(mixerText(shape), batch, in, expected, 3e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, MixerMiddleTest,
                         testing::Values(Shape{1, 196, 160}, Shape{2, 49, 64}, Shape{1, 49, 20},
                                         Shape{1, 9, 49, 112}, Shape{3, 1, 16}, Shape{2, 2, 8},
                                         Shape{1, 2304, 24}));

} // namespace
