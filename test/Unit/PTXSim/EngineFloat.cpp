//===- EngineFloat.cpp - Floating-point instructions and cvt --------*- C++ -*-===//
//
// Expected values come from the host's IEEE arithmetic, in wider formats where a rounding is checked: a
// result that is exact in f64 (or long double) has one correct rounding in each mode.
//
//===----------------------------------------------------------------------===//

#include "EngineSupport.h"

#include <cfenv>
#include <cmath>

namespace mv::ptxsim::test {
namespace {

std::vector<float> someFloats() {
  std::vector<float> values = {0.0f,  -0.0f,       1.0f,         -1.5f, 3.1415927f, 1e-40f,    -1e-40f,
                               1e38f, -3e38f,      1e-30f,       0.1f,  INFINITY,   -INFINITY, NAN,
                               7.0f,  16777216.0f, 0.333333343f, 2.5f,  -2.5f,      65504.0f,  65520.0f};
  for (int i = 0; i < 40; ++i)
    values.push_back(std::ldexp(1.0f + float(i * 2654435761u % 8388608) / 8388608, i % 20 - 10) *
                     (i % 3 ? 1 : -1));
  return values;
}
std::vector<float> otherFloats() {
  std::vector<float> values = someFloats();
  for (size_t i = 0; i + 1 < values.size(); ++i)
    std::swap(values[i], values[(i * 7 + 3) % values.size()]);
  return values;
}

/// Equal in every bit; any NaN must be the canonical one.
void expectSame(float got, float want, const std::string &what) {
  if (want != want)
    EXPECT_EQ(bitsOf(got), 0x7fffffffu) << what;
  else
    EXPECT_EQ(bitsOf(got), bitsOf(want)) << what << ": " << got << " instead of " << want;
}

/// Rounds an exact value in a direction.
float roundDown(long double exact) {
  float nearest = float(exact);
  return (long double)nearest > exact ? std::nextafterf(nearest, -INFINITY) : nearest;
}
float roundUp(long double exact) {
  float nearest = float(exact);
  return (long double)nearest < exact ? std::nextafterf(nearest, INFINITY) : nearest;
}

TEST(EngineFloat, NearestArithmetic) {
  auto a = someFloats(), b = otherFloats();
  auto sum = evaluate<float>("add.f32 %d, %a, %b;", a, b),
       product = evaluate<float>("mul.rn.f32 %d, %a, %b;", a, b);
  auto quotient = evaluate<float>("div.rn.f32 %d, %a, %b;", a, b),
       fused = evaluate<float>("fma.rn.f32 %d, %a, %b, %a;", a, b);
  auto root = evaluate<float>("sqrt.rn.f32 %d, %a;", a),
       difference = evaluate<float>("sub.f32 %d, %a, %b;", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    expectSame(sum[i], a[i] + b[i], "add");
    expectSame(difference[i], a[i] - b[i], "sub");
    expectSame(product[i], a[i] * b[i], "mul");
    expectSame(quotient[i], a[i] / b[i], "div");
    expectSame(fused[i], std::fma(a[i], b[i], a[i]), "fma");
    expectSame(root[i], std::sqrt(a[i]), "sqrt");
  }
}

// Products of f32 are exact in f64, sums in long double: each directed mode is checked against the exact
// value.
TEST(EngineFloat, DirectedRounding) {
  std::vector<float> a, b;
  for (int i = 1; i < 60; ++i) {
    a.push_back(1.0f / float(i) * (i % 2 ? 1 : -1));
    b.push_back(float(i * i) / 7.0f);
  }
  auto down = evaluate<float>("mul.rm.f32 %d, %a, %b;", a, b),
       up = evaluate<float>("mul.rp.f32 %d, %a, %b;", a, b);
  auto zero = evaluate<float>("mul.rz.f32 %d, %a, %b;", a, b),
       sumDown = evaluate<float>("add.rm.f32 %d, %a, %b;", a, b);
  auto fusedUp = evaluate<float>("fma.rp.f32 %d, %a, %b, 0f3F800000;", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    long double exact = (long double)a[i] * b[i];
    expectSame(down[i], roundDown(exact), "mul.rm");
    expectSame(up[i], roundUp(exact), "mul.rp");
    expectSame(zero[i], exact > 0 ? roundDown(exact) : roundUp(exact), "mul.rz");
    expectSame(sumDown[i], roundDown((long double)a[i] + b[i]), "add.rm");
    expectSame(fusedUp[i], roundUp(exact + 1), "fma.rp");
  }
}

TEST(EngineFloat, FlushSaturateMinMax) {
  auto a = someFloats(), b = otherFloats();
  auto flush = [](float v) { return std::fpclassify(v) == FP_SUBNORMAL ? std::copysign(0.0f, v) : v; };
  auto ftz = evaluate<float>("mul.ftz.f32 %d, %a, %b;", a, b),
       sat = evaluate<float>("add.sat.f32 %d, %a, %b;", a, b);
  auto least = evaluate<float>("min.f32 %d, %a, %b;", a, b),
       most = evaluate<float>("max.NaN.f32 %d, %a, %b;", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    expectSame(ftz[i], flush(flush(a[i]) * flush(b[i])), "mul.ftz");
    float sum = a[i] + b[i];
    expectSame(sat[i], sum != sum ? 0.0f : sum < 0 ? 0.0f : sum > 1 ? 1.0f : sum + 0.0f, "add.sat");
    float low = a[i] != a[i]   ? b[i]
                : b[i] != b[i] ? a[i]
                : a[i] == b[i] ? (std::signbit(a[i]) ? a[i] : b[i])
                               : std::min(a[i], b[i]);
    expectSame(least[i], low, "min");
    float high = a[i] != a[i] || b[i] != b[i] ? NAN
                 : a[i] == b[i]               ? (std::signbit(a[i]) ? b[i] : a[i])
                                              : std::max(a[i], b[i]);
    expectSame(most[i], high, "max.NaN");
  }
}

// Bounds of the PTX ISA for the approximate functions.
TEST(EngineFloat, ApproximateFunctions) {
  std::vector<float> x;
  for (int i = 1; i < 200; ++i)
    x.push_back(float(i) * 0.037f);
  auto ex2 = evaluate<float>("ex2.approx.f32 %d, %a;", x), lg2 = evaluate<float>("lg2.approx.f32 %d, %a;", x);
  auto rcp = evaluate<float>("rcp.approx.f32 %d, %a;", x),
       rsqrt = evaluate<float>("rsqrt.approx.f32 %d, %a;", x);
  auto sine = evaluate<float>("sin.approx.f32 %d, %a;", x),
       cosine = evaluate<float>("cos.approx.f32 %d, %a;", x);
  auto tanh = evaluate<float>("tanh.approx.f32 %d, %a;", x),
       full = evaluate<float>("div.full.f32 %d, 0f40400000, %a;", x);
  for (size_t i = 0; i < x.size(); ++i) {
    double v = x[i];
    EXPECT_NEAR(ex2[i] / std::exp2(v), 1, 0x1p-22);
    EXPECT_NEAR(lg2[i], std::log2(v), std::max(0x1p-22, std::fabs(std::log2(v)) * 0x1p-22));
    EXPECT_NEAR(rcp[i] * v, 1, 0x1p-23);
    EXPECT_NEAR(rsqrt[i] * std::sqrt(v), 1, 0x1p-22);
    EXPECT_NEAR(sine[i], std::sin(v), 0x1p-20);
    EXPECT_NEAR(cosine[i], std::cos(v), 0x1p-20);
    EXPECT_NEAR(tanh[i] / std::tanh(v), 1, 0x1p-11);
    EXPECT_NEAR(full[i] * v / 3, 1, 0x1p-22);
  }
  // The table of special values.
  std::vector<float> special = {0.0f, -0.0f, INFINITY, -INFINITY, NAN};
  auto e = evaluate<float>("ex2.approx.f32 %d, %a;", special),
       l = evaluate<float>("lg2.approx.f32 %d, %a;", special);
  auto r = evaluate<float>("rcp.approx.f32 %d, %a;", special),
       q = evaluate<float>("rsqrt.approx.f32 %d, %a;", special);
  std::vector<float> wantE = {1, 1, INFINITY, 0, NAN}, wantL = {-INFINITY, -INFINITY, INFINITY, NAN, NAN},
                     wantR = {INFINITY, -INFINITY, 0.0f, -0.0f, NAN},
                     wantQ = {INFINITY, -INFINITY, 0.0f, NAN, NAN};
  for (size_t i = 0; i < special.size(); ++i) {
    expectSame(e[i], wantE[i], "ex2");
    expectSame(l[i], wantL[i], "lg2");
    expectSame(r[i], wantR[i], "rcp");
    expectSame(q[i], wantQ[i], "rsqrt");
  }
}

TEST(EngineFloat, Double) {
  std::vector<double> a = {1.0, -2.5, 1e300, 1e-300, 0.1, 3.0}, b = {3.0, 7.0, 1e10, 1e-10, 0.2, -3.0};
  auto sum = evaluate<double>("add.rn.f64 %d, %a, %b;", a, b),
       fused = evaluate<double>("fma.rn.f64 %d, %a, %b, %a;", a, b);
  auto up = evaluate<double>("div.rp.f64 %d, %a, %b;", a, b),
       down = evaluate<double>("div.rm.f64 %d, %a, %b;", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(sum[i], a[i] + b[i]);
    EXPECT_EQ(fused[i], std::fma(a[i], b[i], a[i]));
    long double exact = (long double)a[i] / b[i];
    EXPECT_GE((long double)up[i], exact);
    EXPECT_LE((long double)down[i], exact);
    EXPECT_TRUE(up[i] == down[i] || up[i] == std::nextafter(down[i], INFINITY) || std::isinf(up[i]) ||
                down[i] == 0);
  }
}

// f16 products of two f16 are exact in f64, so fma has one right answer; the host's _Float16 rounds it.
TEST(EngineHalf, ArithmeticIsExactlyRounded) {
  std::vector<_Float16> a, b;
  for (int i = 0; i < 300; ++i) {
    a.push_back(_Float16(std::ldexp(1 + i * 37 % 1024 / 1024.0, i % 24 - 14)));
    b.push_back(_Float16(std::ldexp(1 + i * 91 % 1024 / 1024.0, i % 15 - 9) * (i % 2 ? -1 : 1)));
  }
  auto sum = evaluate<_Float16>("add.f16 %d, %a, %b;", a, b),
       fused = evaluate<_Float16>("fma.rn.f16 %d, %a, %b, %b;", a, b);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(float(sum[i]), float(_Float16(double(a[i]) + double(b[i])))) << i;
    // long double has 64 digits: exact for these exponents.
    long double exact = (long double)double(a[i]) * double(b[i]) + double(b[i]);
    float nearest = float(_Float16(double(exact)));
    if ((long double)double(exact) == exact)
      EXPECT_EQ(float(fused[i]), nearest) << i;
  }
}

TEST(EngineHalf, PackedAndBfloat) {
  std::vector<uint32_t> a = {0x3c004000, 0xbc003800, 0x7bff7bff, 0x00010002},
                        b = {0x40003c00, 0x3c003c00, 0x7bff0000, 0x00010001};
  auto half = [](uint16_t bits) {
    _Float16 v;
    std::memcpy(&v, &bits, 2);
    return v;
  };
  auto sum = evaluate<uint32_t>("add.rn.f16x2 %d, %a, %b;", a, b);
  for (size_t i = 0; i < a.size(); ++i)
    for (int h = 0; h < 2; ++h) {
      float want =
          float(_Float16(float(half(uint16_t(a[i] >> 16 * h))) + float(half(uint16_t(b[i] >> 16 * h)))));
      EXPECT_EQ(float(half(uint16_t(sum[i] >> 16 * h))), want);
    }
  // bf16: 1.5 * 2 + 0.25 = 3.25; 2^7 + 0.5 is a tie that goes to even, 128.
  std::vector<uint16_t> x = {0x3fc0, 0x4300}, y = {0x4000, 0x3f80}, z = {0x3e80, 0x3f00};
  auto fused = evaluate<uint16_t>("fma.rn.bf16 %d, %a, %b, %c;", x, y, z);
  EXPECT_EQ(fused[0], 0x4050);
  EXPECT_EQ(fused[1], 0x4300);
  auto relu = evaluate<uint16_t>("fma.rn.relu.bf16 %d, %a, 0xbf80, %c;", x, y, z);
  EXPECT_EQ(relu[0], 0u);
}

TEST(EngineConvert, FloatToInteger) {
  std::vector<float> x = {0.5f, 1.5f,  2.5f, -0.5f,    -1.5f,     2.7f,   -2.7f,
                          3e9f, -3e9f, NAN,  INFINITY, -INFINITY, 1e-41f, 255.7f};
  auto check = [&](const char *body, auto round) {
    auto got = evaluate<int32_t>(body, x);
    for (size_t i = 0; i < x.size(); ++i) {
      double v = round(double(x[i]));
      int32_t want = v != v ? 0 : v >= 2147483647.0 ? INT32_MAX : v <= -2147483648.0 ? INT32_MIN : int32_t(v);
      EXPECT_EQ(got[i], want) << body << " of " << x[i];
    }
  };
  check("cvt.rni.s32.f32 %d, %a;", [](double v) { return std::nearbyint(v); });
  check("cvt.rzi.s32.f32 %d, %a;", [](double v) { return std::trunc(v); });
  check("cvt.rmi.s32.f32 %d, %a;", [](double v) { return std::floor(v); });
  check("cvt.rpi.s32.f32 %d, %a;", [](double v) { return std::ceil(v); });
  auto bytes = evaluate<uint32_t>("cvt.rni.u8.f32 %d, %a;", x);
  EXPECT_EQ(bytes[7], 255u);
  EXPECT_EQ(bytes[8], 0u);
  EXPECT_EQ(bytes[13], 255u);
  auto integral = evaluate<float>("cvt.rni.f32.f32 %d, %a;", x);
  EXPECT_EQ(integral[2], 2.0f);
  EXPECT_EQ(integral[1], 2.0f);
}

TEST(EngineConvert, IntegerToFloat) {
  std::vector<int32_t> x = {0, 1, -1, 16777217, -16777219, INT32_MAX, INT32_MIN};
  auto nearest = evaluate<float>("cvt.rn.f32.s32 %d, %a;", x),
       down = evaluate<float>("cvt.rm.f32.s32 %d, %a;", x);
  auto up = evaluate<float>("cvt.rp.f32.s32 %d, %a;", x);
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(nearest[i], float(x[i]));
    EXPECT_EQ(down[i], roundDown((long double)x[i]));
    EXPECT_EQ(up[i], roundUp((long double)x[i]));
  }
  std::vector<uint64_t> y = {0, ~0ull, (1ull << 53) + 1, 0x8000008000000001ull, 0x8000008000000000ull};
  auto big = evaluate<float>("cvt.rn.f32.u64 %d, %a;", y);
  for (size_t i = 0; i < y.size(); ++i)
    EXPECT_EQ(big[i], float(y[i])) << y[i];
}

TEST(EngineConvert, BetweenFloats) {
  std::vector<float> x = {1.0f,  1.00048828125f, 1.00146484375f, 65504.0f, 65519.0f, 65520.0f,
                          1e-8f, 6e-8f,          -0.0f,          NAN,      INFINITY, 3.14159f};
  auto half = evaluate<uint16_t>("cvt.rn.f16.f32 %d, %a;", x);
  auto bfloat = evaluate<uint16_t>("cvt.rn.bf16.f32 %d, %a;", x);
  auto truncated = evaluate<uint16_t>("cvt.rz.bf16.f32 %d, %a;", x);
  auto tf32 = evaluate<uint32_t>("cvt.rna.tf32.f32 %d, %a;", x);
  for (size_t i = 0; i < x.size(); ++i) {
    uint32_t bits = bitsOf(x[i]);
    _Float16 want(x[i]);
    uint16_t wantBits;
    std::memcpy(&wantBits, &want, 2);
    EXPECT_EQ(half[i], x[i] != x[i] ? 0x7fff : wantBits) << x[i];
    if (x[i] == x[i]) {
      EXPECT_EQ(bfloat[i], uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16)) << x[i];
      EXPECT_EQ(truncated[i], uint16_t(bits >> 16)) << x[i];
      EXPECT_EQ(tf32[i] & 0x1fff, 0u);
      if (std::isfinite(x[i]))
        EXPECT_EQ(tf32[i], (bits + 0x1000) & ~0x1fffu) << x[i];
    }
  }
  std::vector<float> y = {2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f, 2.0f};
  auto packed = evaluate<uint32_t>("cvt.rn.f16x2.f32 %d, %a, %b;", x, y);
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(packed[i], uint32_t(half[i]) << 16 | 0x4000);
}

// PTX 8.6: sources of 16 bits that are added to f32, which rounds once.
TEST(EngineFloat, MixedPrecision) {
  std::vector<uint16_t> half = {0x3c01, 0xc000, 0x0001, 0x7e00}; // 1 + 2^-10, -2, 2^-24, NaN
  std::vector<float> b = {0x1p-20f, 2.0f, 1.0f, 1.0f};
  auto sum = evaluate<uint32_t>("add.rn.f32.f16 %d, %a, %b;", half, b);
  EXPECT_EQ(sum, (std::vector<uint32_t>{bitsOf(1.0f + 0x1p-10f + 0x1p-20f), 0, bitsOf(1.0f), 0x7fffffff}));
  auto difference = evaluate<uint32_t>("sub.rn.sat.f32.f16 %d, %a, %b;", half, b);
  EXPECT_EQ(difference, (std::vector<uint32_t>{bitsOf(1.0f), 0, 0, 0}));
  auto fused = evaluate<uint32_t>("fma.rn.f32.bf16 %d, %a, %b, %c;", std::vector<uint16_t>{0x3f81, 0xc000},
                                  std::vector<uint16_t>{0x3f81, 0x4040}, std::vector<float>{-1.0f, 0x1p-20f});
  EXPECT_EQ(fused[0], bitsOf(0x1p-6f + 0x1p-14f)); // (1 + 2^-7)^2 - 1
  EXPECT_EQ(fused[1], bitsOf(-6.0f + 0x1p-20f));
  Simulator simulator;
  Result loaded =
      simulator.load(header() + ".visible .entry f() { .reg .b16 %h; .reg .b32 %r; mov.b16 %h, 0; "
                                "mov.b32 %r, 0; add.rz.f32.f16 %r, %h, %r; ret; }");
  EXPECT_EQ(loaded.error(), Error::UnsupportedPTX) << loaded.message();
}

// OCP FP8: e4m3 has no infinity, 448 is its largest number; e5m2's is 57344.
TEST(EngineConvert, EightBitFloats) {
  std::vector<float> x = {1.0f, 448.0f, 1000.0f, 0.0625f, -3.0f, NAN}, y(x.size(), 0.0f);
  auto e4m3 = evaluate<uint16_t>("cvt.rn.satfinite.e4m3x2.f32 %d, %a, %b;", x, y);
  std::vector<uint16_t> want = {0x3800, 0x7e00, 0x7e00, 0x1800, 0xc400, 0x7f00};
  for (size_t i = 0; i < x.size(); ++i)
    EXPECT_EQ(e4m3[i], want[i]) << x[i];
  auto back = evaluate<uint32_t>("cvt.rn.f16x2.e4m3x2 %d, %a;", want);
  EXPECT_EQ(back[0], 0x3c000000u);
  EXPECT_EQ(back[1], 0x5f000000u);
  EXPECT_EQ(back[4], 0xc2000000u);
}

} // namespace
} // namespace mv::ptxsim::test
