//===- MathTest.cpp - The stated errors of mv-expand-math -------------------===//
//
// Every function is compiled for every instruction set this machine has and compared with the C library in
// double on floats spread over all exponents, and on special values.
//
//===----------------------------------------------------------------------===//

#include "JIT.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>
#include <limits>
#include <vector>

using namespace mv::test;

namespace {

struct Function {
  const char *op;
  double (*exact)(double);
  double ulps;   // largest error with fused multiply-add
  double lowest; // sampled range
  double highest;
};

void PrintTo(const Function &function, std::ostream *out) { *out << function.op; }

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

const Function kFunctions[] = {
    {"math.exp", [](double x) { return std::exp(x); }, 1, -86.6, 88.722},
    {"math.exp2", [](double x) { return std::exp2(x); }, 1, -125, 127.9999},
    {"math.log1p", [](double x) { return std::log1p(x); }, 2, -0.9999999, 3e38},
    {"math.erf", [](double x) { return std::erf(x); }, 5, -10, 10},
    {"math.tanh", [](double x) { return std::tanh(x); }, 2, -100, 100},
};

using Loop = void (*)(const float *, float *, int64_t);

/// A loop of `op` over vectors of 16.
std::string loopText(llvm::StringRef op) {
  return (R"(func.func @loop(%in: memref<65536xf32>, %out: memref<65536xf32>, %count: index) {
  %zero = arith.constant 0 : index
  %step = arith.constant 16 : index
  scf.for %i = %zero to %count step %step {
    %x = vector.load %in[%i] : memref<65536xf32>, vector<16xf32>
    %y = )" +
          op + R"( %x : vector<16xf32>
    vector.store %y, %out[%i] : memref<65536xf32>, vector<16xf32>
  }
  return
})")
      .str();
}

/// Floats of every exponent between the limits, both signs, with pseudo-random mantissas.
std::vector<float> samples(double lowest, double highest) {
  std::vector<float> values;
  uint32_t state = 12345;
  for (uint32_t high = 0; high < 0x10000; ++high)
    for (int repeat = 0; repeat < 8; ++repeat) {
      state = state * 1664525 + 1013904223;
      uint32_t bits = high << 16 | state >> 16;
      float value;
      std::memcpy(&value, &bits, sizeof value);
      if (value >= lowest && value <= highest)
        values.push_back(value);
    }
  // Most of the range of an exponential lies in few exponents: add evenly spaced arguments.
  double low = std::max(lowest, -200.0), high = std::min(highest, 200.0);
  for (int i = 0; i < 200000; ++i)
    values.push_back(float(low + (high - low) * i / 199999));
  values.resize(values.size() / 16 * 16);
  return values;
}

double unitInLastPlace(double exact) {
  int exponent;
  std::frexp(exact, &exponent);
  return std::ldexp(1.0, std::max(exponent, -125) - 24);
}

class MathTest : public testing::TestWithParam<std::tuple<Function, const char *>> {
protected:
  void SetUp() override {
    if (!canRun(cpu()))
      GTEST_SKIP() << "needs " << cpu();
    compile(function().op);
  }
  void compile(llvm::StringRef op) {
    auto compiled = JIT::compile(loopText(op), cpu());
    ASSERT_TRUE(bool(compiled)) << llvm::toString(compiled.takeError());
    jit = std::make_unique<JIT>(std::move(*compiled));
    auto address = jit->lookup("loop");
    ASSERT_TRUE(bool(address)) << llvm::toString(address.takeError());
    loop = reinterpret_cast<Loop>(*address);
  }
  const Function &function() const { return std::get<0>(GetParam()); }
  const char *cpu() const { return std::get<1>(GetParam()); }

  std::vector<float> run(const std::vector<float> &in) {
    std::vector<float> out(in.size());
    loop(in.data(), out.data(), int64_t(in.size()));
    return out;
  }
  float run(float x) { return run(std::vector<float>(16, x)).front(); }

  std::unique_ptr<JIT> jit;
  Loop loop = nullptr;
};

/// The error stated at the head of ExpandMath.cpp holds.
TEST_P(MathTest, HasTheStatedError) {
  std::vector<float> in = samples(function().lowest, function().highest), out = run(in);
  double limit = function().ulps + (cpu() == llvm::StringRef("x86-64") ? 0.5 : 0), worst = 0;
  float worstAt = 0;
  for (size_t i = 0; i < in.size(); ++i) {
    double exact = function().exact(in[i]), error = std::fabs(out[i] - exact) / unitInLastPlace(exact);
    if (!(error <= worst))
      worst = error, worstAt = in[i];
  }
  EXPECT_LE(worst, limit) << "at " << worstAt;
  RecordProperty("ulps", std::to_string(worst));
}

/// Infinities, zeros and NaN give what the C library gives; exponentials overflow to infinity and underflow
/// to zero.
TEST_P(MathTest, HandlesSpecialValues) {
  float payload;
  uint32_t bits = 0x7fc00001;
  std::memcpy(&payload, &bits, sizeof payload);
  EXPECT_TRUE(std::isnan(run(kNaN)));
  EXPECT_TRUE(std::isnan(run(payload)));
  for (float x :
       {kInfinity, -kInfinity, 0.0f, -0.0f, 3.4e38f, -3.4e38f, 1e-30f, -1e-30f, 1e10f, -1e10f, -1.0f}) {
    double exact = function().exact(x);
    if (std::isnan(exact))
      EXPECT_TRUE(std::isnan(run(x))) << x;
    else
      EXPECT_FLOAT_EQ(run(x), float(exact)) << x;
  }
}

std::string testName(const testing::TestParamInfo<std::tuple<Function, const char *>> &info) {
  std::string name = std::get<0>(info.param).op + 5;
  name += std::string("_") + std::get<1>(info.param);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(All, MathTest,
                         testing::Combine(testing::ValuesIn(kFunctions),
                                          testing::Values("x86-64", "x86-64-v3", "x86-64-v4")),
                         testName);

/// What softplus takes the logarithm of lies in [0, 1], where a cheaper polynomial serves.
TEST(SoftplusTest, HasTheStatedError) {
  const char *text = R"(func.func @loop(%in: memref<65536xf32>, %out: memref<65536xf32>, %count: index) {
  %c0 = arith.constant 0 : index
  %c16 = arith.constant 16 : index
  %zero = arith.constant dense<0.0> : vector<16xf32>
  scf.for %i = %c0 to %count step %c16 {
    %x = vector.load %in[%i] : memref<65536xf32>, vector<16xf32>
    %a = math.absf %x : vector<16xf32>
    %n = arith.negf %a : vector<16xf32>
    %u = math.exp %n : vector<16xf32>
    %l = math.log1p %u : vector<16xf32>
    %m = arith.maximumf %x, %zero : vector<16xf32>
    %y = arith.addf %m, %l : vector<16xf32>
    vector.store %y, %out[%i] : memref<65536xf32>, vector<16xf32>
  }
  return
})";
  for (const char *cpu : {"x86-64", "x86-64-v3", "x86-64-v4"}) {
    if (!canRun(cpu))
      continue;
    auto jit = JIT::compile(text, cpu);
    ASSERT_TRUE(bool(jit)) << llvm::toString(jit.takeError());
    auto address = jit->lookup("loop");
    ASSERT_TRUE(bool(address)) << llvm::toString(address.takeError());
    std::vector<float> in = samples(-86, 3e38), out(in.size());
    reinterpret_cast<Loop>(*address)(in.data(), out.data(), int64_t(in.size()));
    for (size_t i = 0; i < in.size(); ++i) {
      double x = in[i], exact = std::fmax(x, 0) + std::log1p(std::exp(-std::fabs(x)));
      ASSERT_LE(std::fabs(out[i] - exact), 3.0 * unitInLastPlace(exact)) << in[i];
      if (x > 20)
        ASSERT_EQ(out[i], in[i]);
    }
  }
}

} // namespace
