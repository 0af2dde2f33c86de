//===- Numbers.cpp - Formats and roundings of floating-point numbers -*- C++ -*-===//

#include "PTXSim/Machine/Numbers.h"

#include <algorithm>

namespace mv::ptxsim {

Rounding parseRounding(std::string_view name) {
  return name == "rz"    ? Rounding::Zero
         : name == "rm"  ? Rounding::Down
         : name == "rp"  ? Rounding::Up
         : name == "rna" ? Rounding::NearestAway
                         : Rounding::Nearest;
}

int hostRounding(Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return FE_TOWARDZERO;
  case Rounding::Down:
    return FE_DOWNWARD;
  case Rounding::Up:
    return FE_UPWARD;
  default:
    return FE_TONEAREST;
  }
}

/// Rounds a non-negative magnitude to an integer.
static double roundMagnitude(double magnitude, bool negative, Rounding rounding) {
  double down = std::floor(magnitude), fraction = magnitude - down;
  bool odd = std::fmod(down, 2.0) != 0;
  bool up = false;
  switch (rounding) {
  case Rounding::Nearest:
    up = fraction > 0.5 || (fraction == 0.5 && odd);
    break;
  case Rounding::NearestAway:
    up = fraction >= 0.5;
    break;
  case Rounding::Zero:
    break;
  case Rounding::Down:
    up = negative && fraction > 0;
    break;
  case Rounding::Up:
    up = !negative && fraction > 0;
    break;
  }
  return up ? down + 1 : down;
}

uint32_t encodeFloat(double value, const FloatFormat &format, Rounding rounding, bool saturate) {
  uint32_t mantissaMask = (1u << format.mantissaBits) - 1, exponentMask = (1u << format.exponentBits) - 1;
  uint32_t sign = std::signbit(value) ? 1u << (format.bits() - 1) : 0;
  uint32_t allOnes = exponentMask << format.mantissaBits | mantissaMask;
  if (value != value)
    return allOnes; // Positive, all ones: the canonical NaN of every format.
  uint32_t largest =
      format.hasInfinity ? ((exponentMask - 1) << format.mantissaBits | mantissaMask) : allOnes - 1;
  uint32_t overflow = format.hasInfinity ? exponentMask << format.mantissaBits : allOnes;
  if (std::isinf(value))
    return sign | (saturate ? largest : overflow);
  if (value == 0)
    return sign;
  int bias = (1 << (format.exponentBits - 1)) - 1, exponent;
  std::frexp(value, &exponent);
  exponent = std::max(exponent - 1, 1 - bias);
  double scaled = std::ldexp(std::fabs(value), int(format.mantissaBits) - exponent);
  double rounded = roundMagnitude(scaled, sign != 0, rounding);
  if (rounded >= std::ldexp(1.0, int(format.mantissaBits) + 1)) {
    rounded /= 2;
    ++exponent;
  }
  uint64_t mantissa = uint64_t(rounded);
  bool normal = mantissa > mantissaMask;
  int64_t field = normal ? exponent + bias : 0;
  uint64_t bits = (uint64_t(field) << format.mantissaBits) | (mantissa & mantissaMask);
  if (field > int64_t(exponentMask) || bits > largest) {
    bool towardZero = rounding == Rounding::Zero || (rounding == Rounding::Down && !sign) ||
                      (rounding == Rounding::Up && sign);
    return sign | (saturate || towardZero ? largest : overflow);
  }
  return sign | uint32_t(bits);
}

double decodeFloatBits(uint32_t bits, const FloatFormat &format) {
  uint32_t mantissa = bits & ((1u << format.mantissaBits) - 1);
  uint32_t exponentMask = (1u << format.exponentBits) - 1,
           exponent = bits >> format.mantissaBits & exponentMask;
  bool negative = bits >> (format.bits() - 1) & 1;
  int bias = (1 << (format.exponentBits - 1)) - 1;
  double value;
  if (exponent == exponentMask && format.hasInfinity)
    value = mantissa ? NAN : HUGE_VAL;
  else if (exponent == exponentMask && mantissa == (1u << format.mantissaBits) - 1)
    value = NAN;
  else if (exponent == 0)
    value = std::ldexp(double(mantissa), 1 - bias - int(format.mantissaBits));
  else
    value = std::ldexp(double(mantissa | 1u << format.mantissaBits),
                       int(exponent) - bias - int(format.mantissaBits));
  return negative ? -value : value;
}

} // namespace mv::ptxsim
