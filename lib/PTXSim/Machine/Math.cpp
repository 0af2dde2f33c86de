//===- Math.cpp - Reciprocals, roots and transcendental functions ---*- C++ -*-===//
//
// The approximate functions are evaluated in f64 and rounded once to f32, well inside the bounds of the PTX
// ISA (ex2: 2 ulp; lg2: 2^-22 absolute; rcp: 1 ulp; rsqrt: 2^-22.9 relative; sin, cos: 2^-20.5; tanh: 2^-11).
// The result is the same on every host. Polynomials are plain so that they are vectorised over the lanes.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"
#include "PTXSim/Machine/Numbers.h"

#include <limits>

namespace mv::ptxsim {

using ptx::Type;

namespace {

/// 2^x for |x| < 1000: 2^n * e^(f ln 2), |f| <= 1/2, Taylor series to the ninth power (error below 2^-36).
double exp2Finite(double x) {
  double n = std::nearbyint(x), t = (x - n) * 0.69314718055994530942;
  double sum = 1.0 / 362880;
  sum = sum * t + 1.0 / 40320;
  sum = sum * t + 1.0 / 5040;
  sum = sum * t + 1.0 / 720;
  sum = sum * t + 1.0 / 120;
  sum = sum * t + 1.0 / 24;
  sum = sum * t + 1.0 / 6;
  sum = sum * t + 0.5;
  sum = sum * t + 1.0;
  sum = sum * t + 1.0;
  return sum * asDouble(uint64_t(int64_t(int32_t(n)) + 1023) << 52);
}

struct Exp2 {
  static float apply(float a) {
    float clamped = a < -200.0f ? -200.0f : a > 200.0f ? 200.0f : a == a ? a : 0.0f;
    float result = float(exp2Finite(double(clamped)));
    return a == a ? result : a;
  }
};

/// log2(m 2^e) = e + 2/ln 2 * atanh((m-1)/(m+1)), m in [sqrt(1/2), sqrt(2)).
struct Log2 {
  static float apply(float a) {
    bool usable = a > 0 && a < HUGE_VALF;
    uint64_t bits = asBits(double(usable ? a : 1.0f));
    int32_t exponent = int32_t(bits >> 52) - 1023;
    double m = asDouble((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
    bool large = m > 1.41421356237309504880;
    m = large ? m * 0.5 : m;
    exponent += large;
    double s = (m - 1) / (m + 1), q = s * s;
    double sum = 1.0 / 15;
    sum = sum * q + 1.0 / 13;
    sum = sum * q + 1.0 / 11;
    sum = sum * q + 1.0 / 9;
    sum = sum * q + 1.0 / 7;
    sum = sum * q + 1.0 / 5;
    sum = sum * q + 1.0 / 3;
    sum = sum * q + 1.0;
    float result = float(double(exponent) + 2.88539008177792681472 * s * sum);
    float special = a == 0 ? -HUGE_VALF : a > 0 ? HUGE_VALF : std::numeric_limits<float>::quiet_NaN();
    return usable ? result : special;
  }
};

struct Tanh {
  static float apply(float a) {
    double x = a == a ? double(a) : 0.0;
    double limited = x > 20 ? 20 : x < -20 ? -20 : x;
    double power = exp2Finite(limited * 2.88539008177792681472);
    double general = 1 - 2 / (power + 1);
    double small = x * (1 - x * x * (1.0 / 3 - x * x * (2.0 / 15)));
    double result = std::fabs(x) < 0.02 ? small : general;
    return a == a ? float(result) : a;
  }
};

struct Reciprocal {
  static float apply(float a) { return 1.0f / a; }
  static double apply(double a) { return 1.0 / a; }
};
struct Root {
  static float apply(float a) { return __builtin_sqrtf(a); }
  static double apply(double a) { return __builtin_sqrt(a); }
};
struct ReciprocalRoot {
  static float apply(float a) {
    return a == 0 ? std::copysign(HUGE_VALF, a) : float(1.0 / __builtin_sqrt(double(a)));
  }
  static double apply(double a) { return a == 0 ? std::copysign(HUGE_VAL, a) : 1.0 / __builtin_sqrt(a); }
};
struct Sine {
  static float apply(float a) { return float(std::sin(double(a))); }
};
struct Cosine {
  static float apply(float a) { return float(std::cos(double(a))); }
};

template <typename F, bool Ftz> struct Single {
  static float apply(float a) {
    float result = canonical(F::apply(Ftz ? flush(a) : a));
    return Ftz ? flush(result) : result;
  }
};

/// rcp and rsqrt .approx.ftz.f64 read and write upper words only.
template <typename F> struct UpperWord {
  static double apply(double a) {
    double in = asDouble(asBits(a) & 0xffffffff00000000ull);
    return asDouble(asBits(F::apply(in)) & 0xffffffff00000000ull);
  }
};

/// Directed rounding. aux: rounding, imm: ftz.
template <typename T, typename F> void directed(Warp &warp, const Inst &inst, uint32_t mask) {
  const T *a = warp.at<T>(inst.a);
  T *d = warp.at<T>(inst.dst);
  RoundingScope scope{Rounding(inst.aux)};
  forLanes(mask, [&](unsigned lane) {
    volatile T x = a[lane];
    if constexpr (sizeof(T) == 4)
      x = inst.imm ? flush(x) : float(x);
    volatile T result = F::apply(T(x));
    T value = canonical(T(result));
    if constexpr (sizeof(T) == 4)
      value = inst.imm ? flush(value) : value;
    d[lane] = value;
  });
}

template <typename F> Handler singleFor(bool ftz) {
  return ftz ? unary<float, Single<F, true>>() : unary<float, Single<F, false>>();
}

/// rcp, sqrt, rsqrt: .approx and the four roundings, f32 and f64.
template <typename F> bool decodeRoot(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool approximate = modifiers.take("approx");
  std::string_view mode = modifiers.takeOneOf({"rn", "rz", "rm", "rp"});
  bool ftz = modifiers.take("ftz");
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  if (type != Type::F32 && type != Type::F64)
    return decoder.fail(instruction.location, "'" + std::string(instruction.opcode) + "' needs .f32 or .f64");
  Rounding rounding = parseRounding(mode);
  bool isDouble = type == Type::F64;
  if (rounding != Rounding::Nearest) {
    if (!decoder.operandCount(instruction, 2, 2))
      return false;
    Slot a = decoder.read(instruction.operands[1], type);
    Inst &inst =
        decoder.emit(isDouble ? directed<double, F> : directed<float, F>, InstructionClass::Transcendental,
                     decoder.write(instruction.operands[0], type), a);
    inst.aux = uint16_t(rounding);
    inst.imm = ftz;
    return decoder.ok();
  }
  Handler handler = !isDouble            ? singleFor<F>(ftz)
                    : approximate && ftz ? unary<double, UpperWord<F>>()
                                         : unary<double, F>();
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Transcendental, type, 1);
}

template <typename F, bool Bfloat> struct HalfOf {
  static uint16_t apply(uint16_t a) {
    float value = F::apply(Bfloat ? bfloatToFloat32(a) : halfToFloat32(a));
    return Bfloat ? floatToBfloat(value) : floatToHalf(value);
  }
};
template <typename F, bool Bfloat> struct PackedHalfOf {
  static uint32_t apply(uint32_t a) {
    return HalfOf<F, Bfloat>::apply(uint16_t(a)) | uint32_t(HalfOf<F, Bfloat>::apply(uint16_t(a >> 16)))
                                                       << 16;
  }
};

/// sin, cos, lg2, ex2, tanh: .approx only; ex2 and tanh for half types too.
template <typename F> bool decodeApproximate(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("approx");
  bool ftz = modifiers.take("ftz");
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  Handler handler = nullptr;
  switch (type) {
  case Type::F32:
    handler = singleFor<F>(ftz);
    break;
  case Type::F16:
    handler = unary<uint16_t, HalfOf<F, false>>();
    break;
  case Type::BF16:
    handler = unary<uint16_t, HalfOf<F, true>>();
    break;
  case Type::F16x2:
    handler = unary<uint32_t, PackedHalfOf<F, false>>();
    break;
  case Type::BF16x2:
    handler = unary<uint32_t, PackedHalfOf<F, true>>();
    break;
  default:
    break;
  }
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Transcendental, type, 1);
}

} // namespace

void addMathDecoders(DecoderTable &table) {
  table["rcp"] = decodeRoot<Reciprocal>;
  table["sqrt"] = decodeRoot<Root>;
  table["rsqrt"] = decodeRoot<ReciprocalRoot>;
  table["sin"] = decodeApproximate<Sine>;
  table["cos"] = decodeApproximate<Cosine>;
  table["lg2"] = decodeApproximate<Log2>;
  table["ex2"] = decodeApproximate<Exp2>;
  table["tanh"] = decodeApproximate<Tanh>;
}

} // namespace mv::ptxsim
