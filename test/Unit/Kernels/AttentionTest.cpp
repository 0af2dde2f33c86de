//===- AttentionTest.cpp - mv.attention against plain loops ---------------------===//

#include "KernelRunner.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace mv;
using namespace mv::test;

namespace {

struct Shape {
  int64_t windows, tokens, heads, headDim;
  bool norms = false;    ///< Layer norms of queries and keys.
  int64_t stored = 0;    ///< Channel stride of the result, 0: dense.
  bool residual = false; ///< An addition behind it.
};

void PrintTo(const Shape &shape, std::ostream *out) { *out << shape.tokens << " tokens"; }

std::string kernelText(const Shape &shape) {
  int64_t channels = shape.heads * shape.headDim;
  auto tensor = [&](int64_t c, int64_t stored = 0) {
    std::string layout = stored ? ", #mv.layout<halo = 0, channels = " + std::to_string(stored) + ">" : "";
    return "tensor<?x" + std::to_string(shape.windows) + "x" + std::to_string(shape.tokens) + "x" +
           std::to_string(c) + "xf32" + layout + ">";
  };
  std::string qkv = tensor(3 * channels), plain = tensor(channels);
  std::string norm = "tensor<" + std::to_string(shape.headDim) + "xf32>";
  std::string types = qkv, arguments = "%qkv: " + qkv, norms, inputs = qkv;
  if (shape.norms) {
    for (const char *name : {"%qw", "%qb", "%kw", "%kb"}) {
      arguments += ", " + std::string(name) + ": " + norm;
      types += ", " + norm;
      inputs += ", " + norm;
    }
    norms = " q_norm %qw, %qb k_norm %kw, %kb";
  }
  std::string residual, yielded = "%0";
  if (shape.residual) {
    arguments += ", %r: " + plain;
    inputs += ", " + plain;
    residual = "%1 = mv.add %0, %r : " + plain + "\n";
    yielded = "%1";
  }
  return "plan.kernel @attention (" + inputs + ") -> " + tensor(channels, shape.stored) +
         " family \"attention\" {\n^bb0(" + arguments + "):\n%0 = mv.attention %qkv" + norms + " heads " +
         std::to_string(shape.heads) + " scale 3.0e-01 : (" + types + ") -> " + plain + "\n" + residual +
         "plan.yield " + yielded + " : " + plain + "\n}\n";
}

/// The head's channels of a row, normalised if there are parameters.
std::vector<double> headRow(const float *row, int64_t size, const Floats *weight, const Floats *bias) {
  std::vector<double> values(row, row + size);
  if (!weight)
    return values;
  double mean = 0, variance = 0;
  for (double value : values)
    mean += value / double(size);
  for (double value : values)
    variance += (value - mean) * (value - mean) / double(size);
  for (int64_t c = 0; c < size; ++c)
    values[c] = (values[c] - mean) / std::sqrt(variance + 1e-5) * (*weight)[c] + (*bias)[c];
  return values;
}

std::vector<double> reference(const Shape &shape, int64_t batch, const std::vector<Floats> &inputs) {
  int64_t size = shape.headDim, channels = shape.heads * size, tokens = shape.tokens;
  std::vector<double> result(batch * shape.windows * tokens * channels);
  const Floats *qw = nullptr, *qb = nullptr, *kw = nullptr, *kb = nullptr;
  if (shape.norms)
    qw = &inputs[1], qb = &inputs[2], kw = &inputs[3], kb = &inputs[4];
  for (int64_t window = 0; window < batch * shape.windows; ++window)
    for (int64_t head = 0; head < shape.heads; ++head) {
      const float *base = inputs[0].data() + window * tokens * 3 * channels + head * size;
      std::vector<std::vector<double>> keys;
      for (int64_t j = 0; j < tokens; ++j)
        keys.push_back(headRow(base + j * 3 * channels + channels, size, kw, kb));
      for (int64_t i = 0; i < tokens; ++i) {
        std::vector<double> query = headRow(base + i * 3 * channels, size, qw, qb), scores(tokens);
        double largest = -INFINITY, sum = 0;
        for (int64_t j = 0; j < tokens; ++j) {
          for (int64_t c = 0; c < size; ++c)
            scores[j] += 0.3 * query[c] * keys[j][c];
          largest = std::max(largest, scores[j]);
        }
        for (double &score : scores)
          sum += score = std::exp(score - largest);
        double *out = result.data() + (window * tokens + i) * channels + head * size;
        for (int64_t j = 0; j < tokens; ++j)
          for (int64_t c = 0; c < size; ++c)
            out[c] += scores[j] / sum * base[j * 3 * channels + 2 * channels + c];
      }
    }
  if (shape.residual)
    for (size_t i = 0; i < result.size(); ++i)
      result[i] += inputs.back()[i];
  return result;
}

std::vector<Floats> makeInputs(const Shape &shape, int64_t batch, float scale) {
  int64_t channels = shape.heads * shape.headDim, rows = batch * shape.windows * shape.tokens;
  std::vector<Floats> inputs = {randomFloats(rows * channels * 3, 1, scale)};
  if (shape.norms)
    for (unsigned i = 0; i < 4; ++i)
      inputs.push_back(randomFloats(shape.headDim, 2 + i));
  if (shape.residual)
    inputs.push_back(randomFloats(rows * channels, 7));
  return inputs;
}

class AttentionTest : public testing::TestWithParam<Shape> {};

/// Every instruction set gives softmax(scale q k^T) v, for even and peaked distributions.
TEST_P(AttentionTest, AgreesWithPlainLoops) {
  const Shape &shape = GetParam();
  for (const cpu::Target &target : cpu::getTargets()) {
    if (!canRun(target.name))
      continue;
    auto runner = KernelRunner::create(kernelText(shape), target);
    ASSERT_TRUE(bool(runner)) << llvm::toString(runner.takeError());
    // Scores of 50 in f32 are off by some 1e-6 themselves, and so are the logarithms of the weights.
    for (float scale : {1.0f, 5.0f}) {
      std::vector<Floats> inputs = makeInputs(shape, 2, scale);
      auto result = runner->run(2, inputs);
      ASSERT_TRUE(bool(result)) << llvm::toString(result.takeError());
      EXPECT_LE(relativeError(*result, reference(shape, 2, inputs)), scale == 1 ? 2e-6 : 1e-5)
          << target.name.str() << " scale " << scale;
    }
  }
}

/// An image's bits depend neither on the batch nor on how workgroups are dealt out.
TEST_P(AttentionTest, IsDeterministic) {
  const Shape &shape = GetParam();
  const cpu::Target &target = canRun("x86-64-v4") ? cpu::getTargets()[0] : cpu::getTargets().back();
  auto runner = KernelRunner::create(kernelText(shape), target);
  ASSERT_TRUE(bool(runner)) << llvm::toString(runner.takeError());
  std::vector<Floats> two = makeInputs(shape, 2, 1), one = two;
  one[0].resize(two[0].size() / 2);
  if (shape.residual)
    one.back().resize(two.back().size() / 2);
  auto both = runner->run(2, two, 1), first = runner->run(1, one, 100);
  ASSERT_TRUE(bool(both) && bool(first));
  EXPECT_TRUE(std::equal(first->begin(), first->end(), both->begin()));
}

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionTest,
                         testing::Values(Shape{2, 49, 3, 40},                  // T, level 3
                                         Shape{1, 196, 2, 40},                 // T, level 2
                                         Shape{1, 49, 2, 48},                  // S
                                         Shape{3, 49, 2, 49},                  // L
                                         Shape{1, 64, 2, 64},                  // L3
                                         Shape{2, 1, 2, 16},                   // one token
                                         Shape{2, 4, 3, 5},                    // a tiny map
                                         Shape{1, 300, 2, 24},                 // two blocks of keys
                                         Shape{1, 257, 1, 16},                 // two of unequal length
                                         Shape{1, 1024, 1, 16},                // four
                                         Shape{1, 49, 2, 40, true},            // norms
                                         Shape{1, 300, 1, 40, true},           // norms, online
                                         Shape{1, 17, 2, 20, false, 48},       // padded channels
                                         Shape{2, 17, 2, 20, false, 48, true}, // an epilogue
                                         Shape{1, 9, 1, 130}),
                         [](const testing::TestParamInfo<Shape> &info) {
                           const Shape &s = info.param;
                           return "w" + std::to_string(s.windows) + "_t" + std::to_string(s.tokens) + "_h" +
                                  std::to_string(s.heads) + "_d" + std::to_string(s.headDim) +
                                  (s.norms ? "_norms" : "") + (s.stored ? "_padded" : "") +
                                  (s.residual ? "_residual" : "");
                         });

} // namespace
