//===- Numbers.h - Formats and roundings of floating-point numbers --*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_MACHINE_NUMBERS_H
#define MV_LIB_PTXSIM_MACHINE_NUMBERS_H

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace mv::ptxsim {

inline constexpr uint32_t canonicalNaN = 0x7fffffff; ///< What f32 operations give for any NaN.
inline constexpr uint16_t canonicalHalfNaN = 0x7fff; ///< f16 and bf16.

inline float asFloat(uint32_t bits) { return std::bit_cast<float>(bits); }
inline uint32_t asBits(float value) { return std::bit_cast<uint32_t>(value); }
inline double asDouble(uint64_t bits) { return std::bit_cast<double>(bits); }
inline uint64_t asBits(double value) { return std::bit_cast<uint64_t>(value); }

/// In integers, since compilers hold all NaNs to be the same.
inline float canonical(float value) {
  uint32_t bits = asBits(value);
  return asFloat((bits & 0x7fffffff) > 0x7f800000 ? canonicalNaN : bits);
}
inline double canonical(double value) { return value; } // f64 keeps payloads.

/// Subnormals to zero of the same sign.
inline float flush(float value) {
  uint32_t bits = asBits(value);
  return asFloat((bits & 0x7f800000) ? bits : bits & 0x80000000);
}

inline float saturateUnit(float value) { return value >= 1.0f ? 1.0f : value > 0.0f ? value : 0.0f; }
inline double saturateUnit(double value) { return value >= 1.0 ? 1.0 : value > 0.0 ? value : 0.0; }

inline float halfToFloat32(uint16_t bits) { return float(std::bit_cast<_Float16>(bits)); }
inline float bfloatToFloat32(uint16_t bits) { return asFloat(uint32_t(bits) << 16); }

/// Round to nearest even; NaN becomes canonical.
inline uint16_t floatToHalf(float value) {
  uint16_t bits = std::bit_cast<uint16_t>(_Float16(value));
  return value != value ? canonicalHalfNaN : bits;
}
inline uint16_t floatToBfloat(float value) {
  uint32_t bits = asBits(value);
  uint16_t rounded = uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  return value != value ? canonicalHalfNaN : rounded;
}

/// Truncates to f32 and sets the last bit when anything was lost: a later rounding to a narrower format is
/// then the rounding of the exact value (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums:
/// rounding to odd").
inline float roundToOdd(double value) {
  float nearest = float(value);
  double back = nearest;
  uint32_t bits = asBits(nearest);
  uint32_t truncated = bits - (std::fabs(back) > std::fabs(value) ? 1 : 0);
  return back == value || value != value ? nearest : asFloat(truncated | 1);
}
/// a + b rounded to odd in double.
inline double addToOdd(double a, double b) {
  double sum = a + b;
  double bPart = sum - a;
  double error = (a - (sum - bPart)) + (b - bPart);
  uint64_t bits = asBits(sum);
  bool inexact = error != 0 && error == error && std::fabs(sum) < HUGE_VAL;
  bool tooLarge = (error < 0) == (sum > 0);
  uint64_t odd = (bits - (tooLarge ? 1 : 0)) | 1;
  return inexact ? asDouble(odd) : sum;
}
/// a * b + c of f16 or bf16 values: the exact result, rounded to odd in f32.
inline float halfFma(float a, float b, float c) {
  return roundToOdd(addToOdd(double(a) * double(b), double(c)));
}

enum class Rounding : uint8_t { Nearest, Zero, Down, Up, NearestAway };
Rounding parseRounding(std::string_view name); ///< "rn", "rz", "rm", "rp", "rna"
int hostRounding(Rounding rounding);           ///< For fesetround.

/// Sets the host's rounding mode for a scope. Operands of what is computed inside must be volatile.
class RoundingScope {
public:
  explicit RoundingScope(Rounding rounding) { std::fesetround(hostRounding(rounding)); }
  ~RoundingScope() { std::fesetround(FE_TONEAREST); }
};

/// A binary format of at most 32 bits.
struct FloatFormat {
  unsigned exponentBits, mantissaBits;
  bool hasInfinity; ///< e4m3 has none: its largest exponent holds numbers, and NaN is all ones.
  unsigned bits() const { return 1 + exponentBits + mantissaBits; }
};
inline constexpr FloatFormat formatF32 = {8, 23, true}, formatTF32 = {8, 10, true}, formatF16 = {5, 10, true},
                             formatBF16 = {8, 7, true}, formatE5M2 = {5, 2, true}, formatE4M3 = {4, 3, false};

/// Rounds to a format; the result stands in its low bits. `saturate`: what is beyond the largest number
/// becomes it.
uint32_t encodeFloat(double value, const FloatFormat &format, Rounding rounding, bool saturate);
double decodeFloatBits(uint32_t bits, const FloatFormat &format);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_NUMBERS_H
