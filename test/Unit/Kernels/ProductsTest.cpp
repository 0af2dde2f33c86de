//===- ProductsTest.cpp - Linear layers, convolutions, the pool ------------------===//
//
// Against plain loops, for shapes with and without tails in rows, columns and channels, in every layout that
// the stages before can choose, with the epilogues that models have. The batch is large enough for full tiles
// of rows that are images, and an image's result must not depend on it.
//
//===----------------------------------------------------------------------===//

#include "KernelRunner.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::test;

namespace {

using Doubles = std::vector<double>;

/// tensor<?xAxBxCxf32>, with a layout when there is a halo or padding.
std::string tensor(std::vector<int64_t> shape, int64_t halo = 0, bool padded = false) {
  std::string text = "tensor<?";
  for (int64_t size : shape)
    text += "x" + std::to_string(size);
  text += "xf32";
  int64_t channels = padded ? roundUp(shape.back(), 16) : shape.back();
  if (halo > 0 || channels != shape.back())
    text += ", #mv.layout<halo = " + std::to_string(halo) + ", channels = " + std::to_string(channels) + ">";
  return text + ">";
}

std::string parameter(std::vector<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t size : shape)
    text += std::to_string(size) + "x";
  return text + "f32>";
}

/// A kernel under construction: inputs as stored and as the body sees them.
struct KernelText {
  std::string stored, plain, body;
  std::vector<Floats> values;
  int inputs = 0;

  std::string add(const std::string &as, const std::string &type, size_t elements, float scale = 1) {
    std::string name = "%a" + std::to_string(inputs), comma = inputs > 0 ? ", " : "";
    stored += comma + as;
    plain += comma + name + ": " + type;
    values.push_back(randomFloats(elements, unsigned(++inputs), scale));
    return name;
  }
  std::string str(const std::string &family, const std::string &result) const {
    return "plan.kernel @k (" + stored + ") -> " + result + " family \"" + family + "\" {\n^bb0(" + plain +
           "):\n" + body + "}\n";
  }
};

/// Every instruction set this machine has gives `expected`, and the first image alone the same bits as with
/// the others.
void check(const std::string &text, const std::vector<Floats> &inputs, const std::vector<bool> &isActivation,
           int64_t batch, const Doubles &expected) {
  for (const cpu::Target &target : cpu::getTargets()) {
    if (!canRun(target.name))
      continue;
    SCOPED_TRACE(target.name.str() + "\n" + text);
    auto runner = KernelRunner::create(text, target);
    ASSERT_TRUE(bool(runner)) << llvm::toString(runner.takeError());
    auto all = runner->run(batch, inputs);
    ASSERT_TRUE(bool(all)) << llvm::toString(all.takeError());
    EXPECT_LE(relativeError(*all, expected), 2e-6);
    std::vector<Floats> first = inputs;
    for (size_t i = 0; i < first.size(); ++i)
      if (isActivation[i])
        first[i].resize(first[i].size() / batch);
    auto alone = runner->run(1, first, 1);
    ASSERT_TRUE(bool(alone)) << llvm::toString(alone.takeError());
    EXPECT_EQ(*alone, Floats(all->begin(), all->begin() + alone->size()));
  }
}

double gelu(double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2))); }

//===----------------------------------------------------------------------===//
// Linear
//===----------------------------------------------------------------------===//

struct LinearCase {
  int64_t windows, tokens, depth, outputs; ///< windows 0: a matrix
  bool padded = true, norm = false, bias = true, gelu = false, residual = false;
  int64_t height = 0, width = 0, window = 0; ///< window_reverse behind it
  int64_t inputHalo = 0, resultHalo = 0;
};

class LinearTest : public testing::TestWithParam<LinearCase> {};

constexpr int64_t kLinearBatch = 17;

/// The plain loops, up to window_reverse.
Doubles linear(const LinearCase &c, const std::vector<Floats> &in, int64_t rows) {
  size_t next = 2;
  const Floats *weight = c.norm ? &in[next++] : nullptr, *shift = c.norm ? &in[next++] : nullptr;
  const Floats *bias = c.bias ? &in[next++] : nullptr, *residual = c.residual ? &in[next++] : nullptr;
  Doubles result;
  for (int64_t row = 0; row < rows; ++row) {
    Doubles x(in[0].begin() + row * c.depth, in[0].begin() + (row + 1) * c.depth);
    double mean = 0, variance = 0;
    for (double value : x)
      mean += value / double(c.depth);
    for (double value : x)
      variance += (value - mean) * (value - mean) / double(c.depth);
    for (int64_t k = 0; c.norm && k < c.depth; ++k)
      x[k] = (x[k] - mean) / std::sqrt(variance + 1e-5) * (*weight)[k] + (*shift)[k];
    for (int64_t o = 0; o < c.outputs; ++o) {
      double sum = bias ? (*bias)[o] : 0;
      for (int64_t k = 0; k < c.depth; ++k)
        sum += x[k] * in[1][o * c.depth + k];
      sum = c.gelu ? gelu(sum) : sum;
      result.push_back(sum + (residual ? (*residual)[row * c.outputs + o] : 0));
    }
  }
  return result;
}

/// [B, windows, tokens, C] to [B, H, W, C]
Doubles windowReverse(const LinearCase &c, const Doubles &tokens, int64_t batch) {
  int64_t columns = ceilDiv(c.width, c.window), size = c.window;
  Doubles result;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t y = 0; y < c.height; ++y)
      for (int64_t x = 0; x < c.width; ++x) {
        int64_t window = y / size * columns + x / size, token = y % size * size + x % size;
        const double *from = tokens.data() + ((b * c.windows + window) * c.tokens + token) * c.outputs;
        result.insert(result.end(), from, from + c.outputs);
      }
  return result;
}

TEST_P(LinearTest, AgreesWithPlainLoops) {
  const LinearCase &c = GetParam();
  int64_t batch = c.windows == 0 ? kLinearBatch : 2,
          rows = batch * (c.windows == 0 ? 1 : c.windows * c.tokens);
  auto shape = [&](int64_t channels) {
    return c.windows == 0 ? std::vector{channels} : std::vector{c.windows, c.tokens, channels};
  };
  bool padded = c.padded && c.windows > 0;
  std::string x = tensor(shape(c.depth)), y = tensor(shape(c.outputs)), w = parameter({c.outputs, c.depth});
  std::string perOutput = parameter({c.outputs}), perInput = parameter({c.depth});
  KernelText k;
  std::string last = k.add(tensor(shape(c.depth), c.inputHalo, padded), x, rows * c.depth);
  std::string weight = k.add(w, w, c.outputs * c.depth, 0.2f);
  if (c.norm) {
    std::string g = k.add(perInput, perInput, c.depth), b = k.add(perInput, perInput, c.depth);
    k.body +=
        "%n = mv.layer_norm " + last + ", " + g + ", " + b + " eps 1.0e-05 : " + x + ", " + perInput + "\n";
    last = "%n";
  }
  std::string bias = c.bias ? " bias " + k.add(perOutput, perOutput, c.outputs) : "";
  k.body += "%l = mv.linear " + last + ", " + weight + bias + " : (" + x + ", " + w +
            (c.bias ? ", " + perOutput : "") + ") -> " + y + "\n";
  last = "%l";
  if (c.gelu)
    k.body += "%g = mv.gelu erf " + std::exchange(last, "%g") + " : " + y + "\n";
  if (c.residual) {
    std::string residual = k.add(tensor(shape(c.outputs), c.inputHalo, padded), y, rows * c.outputs);
    k.body += "%s = mv.add " + residual + ", " + std::exchange(last, "%s") + " : " + y + "\n";
  }
  std::string result = y, stored = tensor(shape(c.outputs), 0, padded);
  if (c.window > 0) {
    result = tensor({c.height, c.width, c.outputs});
    stored = tensor({c.height, c.width, c.outputs}, c.resultHalo, padded);
    k.body += "%r = mv.window_reverse " + std::exchange(last, "%r") + " window " + std::to_string(c.window) +
              " : " + y + " -> " + result + "\n";
  }
  k.body += "plan.yield " + last + " : " + result + "\n";
  Doubles expected = linear(c, k.values, rows);
  if (c.window > 0)
    expected = windowReverse(c, expected, batch);
  std::vector<bool> isActivation(k.values.size(), false);
  isActivation.front() = true;
  isActivation.back() = c.residual;
  check(k.str("linear", stored), k.values, isActivation, batch, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LinearTest,
    testing::Values(LinearCase{1, 49, 64, 96, true, true, true, true},           // fc1
                    LinearCase{1, 196, 32, 32, true, false, false, false, true}, // out_proj
                    LinearCase{3, 20, 36, 20, true, true, false}, // padded channels, a narrow panel
                    LinearCase{2, 20, 37, 21, false, true, true, false, true}, // dense, nothing even
                    LinearCase{1, 1, 7, 5, false}, LinearCase{1, 17, 24, 200}, // the last panel is half empty
                    LinearCase{4, 49, 64, 48, true, false, true, false, true, 13, 14, 7, 0, 1}, // cropped
                    LinearCase{6, 9, 40, 41, true, false, true, true, true, 6, 7, 3},
                    LinearCase{5, 6, 20, 30, true, false, true, false, true, 0, 0, 0, 1}, // from a halo
                    LinearCase{0, 0, 64, 100}, LinearCase{0, 0, 33, 17, false, true}));   // matrices

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

struct ConvCase {
  int64_t height, width, channels, outputs, stride;
  bool padded = true, residual = false;
  int64_t halo = 1;   ///< Of the input.
  int64_t window = 0; ///< window_partition behind it
  bool toNCHW = false;
};

class Conv2DTest : public testing::TestWithParam<ConvCase> {};

Doubles conv2d(const ConvCase &c, const std::vector<Floats> &in, int64_t batch) {
  int64_t rows = ceilDiv(c.height, c.stride), columns = ceilDiv(c.width, c.stride);
  Doubles result;
  for (int64_t b = 0; b < batch; ++b)
    for (int64_t i = 0; i < rows * columns; ++i)
      for (int64_t o = 0; o < c.outputs; ++o) {
        double sum = in[2][o];
        for (int64_t tap = 0; tap < 9; ++tap) {
          int64_t y = i / columns * c.stride + tap / 3 - 1, x = i % columns * c.stride + tap % 3 - 1;
          if (y < 0 || y >= c.height || x < 0 || x >= c.width)
            continue;
          const float *pixel = in[0].data() + ((b * c.height + y) * c.width + x) * c.channels;
          for (int64_t k = 0; k < c.channels; ++k)
            sum += double(pixel[k]) * in[1][(o * c.channels + k) * 9 + tap];
        }
        sum = std::max(sum, 0.0);
        result.push_back(sum + (c.residual ? in[3][result.size()] : 0));
      }
  return result;
}

/// What a movement makes of a map: `source(b, y, x, o)` by the result's order.
Doubles move(const ConvCase &c, const Doubles &map, int64_t batch) {
  int64_t rows = ceilDiv(c.height, c.stride), columns = ceilDiv(c.width, c.stride), size = c.window;
  auto at = [&](int64_t b, int64_t y, int64_t x, int64_t o) {
    return y < rows && x < columns ? map[((b * rows + y) * columns + x) * c.outputs + o] : 0.0;
  };
  Doubles result;
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t o = 0; c.toNCHW && o < c.outputs; ++o)
      for (int64_t i = 0; i < rows * columns; ++i)
        result.push_back(at(b, i / columns, i % columns, o));
    int64_t across = size > 0 ? ceilDiv(columns, size) : 0,
            windows = size > 0 ? across * ceilDiv(rows, size) : 0;
    for (int64_t i = 0; i < windows * size * size; ++i)
      for (int64_t o = 0; o < c.outputs; ++o) {
        int64_t window = i / (size * size), token = i % (size * size);
        result.push_back(
            at(b, window / across * size + token / size, window % across * size + token % size, o));
      }
  }
  return result;
}

TEST_P(Conv2DTest, AgreesWithPlainLoops) {
  const ConvCase &c = GetParam();
  constexpr int64_t batch = 2;
  int64_t rows = ceilDiv(c.height, c.stride), columns = ceilDiv(c.width, c.stride);
  std::vector<int64_t> in = {c.height, c.width, c.channels}, out = {rows, columns, c.outputs};
  std::string x = tensor(in), y = tensor(out), w = parameter({c.outputs, c.channels, 3, 3});
  std::string v = parameter({c.outputs}), last = "%r";
  KernelText k;
  k.add(tensor(in, c.halo, c.padded), x, batch * c.height * c.width * c.channels);
  k.add(w, w, c.outputs * c.channels * 9, 0.1f);
  k.add(v, v, c.outputs);
  k.body = "%c = mv.conv2d %a0, %a1 bias %a2 stride " + std::to_string(c.stride) + " : (" + x + ", " + w +
           ", " + v + ") -> " + y + "\n%r = mv.relu %c : " + y + "\n";
  if (c.residual) {
    std::string residual = k.add(tensor(out, 1, c.padded), y, batch * rows * columns * c.outputs);
    k.body += "%s = mv.add " + std::exchange(last, "%s") + ", " + residual + " : " + y + "\n";
  }
  std::string result = y, stored = tensor(out, c.halo, c.padded);
  if (c.window > 0) {
    std::vector<int64_t> tokens = {ceilDiv(rows, c.window) * ceilDiv(columns, c.window), c.window * c.window,
                                   c.outputs};
    result = tensor(tokens);
    stored = tensor(tokens, 0, c.padded);
    k.body += "%m = mv.window_partition " + last + " window " + std::to_string(c.window) + " : " + y +
              " -> " + result + "\n";
    last = "%m";
  }
  if (c.toNCHW) {
    stored = result = tensor({c.outputs, rows, columns});
    k.body += "%m = mv.to_nchw " + std::exchange(last, "%m") + " : " + y + " -> " + result + "\n";
  }
  k.body += "plan.yield " + last + " : " + result + "\n";
  Doubles expected = conv2d(c, k.values, batch);
  if (c.window > 0 || c.toNCHW)
    expected = move(c, expected, batch);
  std::vector<bool> isActivation = {true, false, false};
  if (c.residual)
    isActivation.push_back(true);
  check(k.str("conv2d", stored), k.values, isActivation, batch, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, Conv2DTest,
    testing::Values(ConvCase{32, 31, 3, 32, 2, false},       // the stem
                    ConvCase{14, 14, 16, 80, 1, true, true}, // strips of 48 and 32 outputs
                    ConvCase{13, 17, 20, 36, 1, true, true}, // padding between pixels
                    ConvCase{13, 17, 20, 36, 2}, ConvCase{9, 9, 8, 160, 2}, ConvCase{1, 1, 16, 16, 1},
                    ConvCase{2, 1, 5, 7, 1, false},                     // smaller than the kernel
                    ConvCase{14, 14, 32, 40, 1, true, false, 1, 7},     // windows that fit
                    ConvCase{26, 29, 12, 20, 2, true, true, 1, 4},      // windows with padding
                    ConvCase{8, 9, 16, 19, 1, true, false, 1, 0, true}, // a stage map for the caller
                    ConvCase{11, 12, 6, 10, 1, false, false, 0},        // no halo: copied first
                    ConvCase{11, 12, 6, 10, 2, true, false, 0}));

//===----------------------------------------------------------------------===//
// Pool
//===----------------------------------------------------------------------===//

/// Mean over the positions, then the head's batch norm as a product and a sum.
TEST(PoolTest, AgreesWithPlainLoops) {
  constexpr int64_t batch = 2;
  for (auto [height, width, channels, halo] :
       {std::tuple<int64_t, int64_t, int64_t, int64_t>{7, 7, 640, 0}, {7, 9, 35, 1}, {1, 1, 16, 0}}) {
    std::string x = tensor({height, width, channels}), y = tensor({channels}), v = parameter({channels});
    KernelText k;
    k.add(tensor({height, width, channels}, halo, true), x, batch * height * width * channels);
    k.add(v, v, channels);
    k.add(v, v, channels);
    k.body = "%p = mv.pool %a0 : " + x + " -> " + y + "\n%q = mv.affine %p, %a1, %a2 : " + y + ", " + v +
             "\nplan.yield %q : " + y + "\n";
    Doubles expected;
    for (int64_t b = 0; b < batch; ++b)
      for (int64_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (int64_t i = 0; i < height * width; ++i)
          sum += k.values[0][(b * height * width + i) * channels + c];
        expected.push_back(sum / double(height * width) * k.values[1][c] + k.values[2][c]);
      }
    check(k.str("pool", y), k.values, {true, false, false}, batch, expected);
  }
}

} // namespace
