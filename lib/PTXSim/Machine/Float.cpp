//===- Float.cpp - f32 and f64 arithmetic ---------------------------*- C++ -*-===//
//
// PTX ISA, "Floating Point Instructions". Round to nearest even is what the host does; the directed modes set
// the host's rounding mode. f32 results that are NaN are the canonical NaN; f64 keeps payloads. div.full and
// div.approx are computed as exact quotients, which lies within their bound of 2 ulp.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"
#include "PTXSim/Machine/Numbers.h"

namespace mv::ptxsim {

using ptx::Type;

namespace {

struct Add {
  template <typename T> static T apply(T a, T b) { return a + b; }
};
struct Sub {
  template <typename T> static T apply(T a, T b) { return a - b; }
};
struct Mul {
  template <typename T> static T apply(T a, T b) { return a * b; }
};
struct Div {
  template <typename T> static T apply(T a, T b) { return a / b; }
};
struct Fma {
  static float apply(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
  static double apply(double a, double b, double c) { return __builtin_fma(a, b, c); }
};
/// a * (1/b), where 1/b is flushed to zero for |b| > 2^126.
struct DivApprox {
  static float apply(float a, float b) {
    float magnitude = std::fabs(b);
    bool flushed = magnitude > 0x1p126f && magnitude < HUGE_VALF;
    float zero = a * std::copysign(0.0f, b);
    return flushed ? zero : a / b;
  }
};

template <typename T> T flushIf(T value, bool ftz) {
  if constexpr (sizeof(T) == 4)
    return ftz ? flush(value) : value;
  return value;
}

template <typename Op, bool Ftz, bool Sat> struct Nearest {
  template <typename T> static T finish(T value) {
    value = canonical(flushIf(value, Ftz));
    return Sat ? saturateUnit(value) : value;
  }
  template <typename T> static T apply(T a, T b) {
    return finish(Op::apply(flushIf(a, Ftz), flushIf(b, Ftz)));
  }
  template <typename T> static T apply(T a, T b, T c) {
    return finish(Op::apply(flushIf(a, Ftz), flushIf(b, Ftz), flushIf(c, Ftz)));
  }
};

/// rz, rm, rp. aux: the rounding; imm: bit 0 ftz, bit 1 sat. The volatile operands keep the operation in the
/// scope.
template <typename T, typename Op, unsigned Sources>
void directed(Warp &warp, const Inst &inst, uint32_t mask) {
  T *d = warp.at<T>(inst.dst);
  const T *a = warp.at<T>(inst.a), *b = warp.at<T>(inst.b), *c = Sources == 3 ? warp.at<T>(inst.c) : nullptr;
  bool ftz = inst.imm & 1, sat = inst.imm & 2;
  RoundingScope scope{Rounding(inst.aux)};
  forLanes(mask, [&](unsigned lane) {
    volatile T x = flushIf(a[lane], ftz), y = flushIf(b[lane], ftz);
    volatile T result;
    if constexpr (Sources == 3) {
      volatile T z = flushIf(c[lane], ftz);
      result = Op::apply(T(x), T(y), T(z));
    } else {
      result = Op::apply(T(x), T(y));
    }
    T value = canonical(flushIf(T(result), ftz));
    d[lane] = sat ? saturateUnit(value) : value;
  });
}

template <typename T, typename Op, unsigned Sources> Handler nearestFor(bool ftz, bool sat) {
  auto pick = [](auto finish) -> Handler {
    using F = decltype(finish);
    if constexpr (Sources == 3)
      return ternary<T, F>();
    else
      return binary<T, F>();
  };
  if (ftz)
    return sat ? pick(Nearest<Op, true, true>()) : pick(Nearest<Op, true, false>());
  return sat ? pick(Nearest<Op, false, true>()) : pick(Nearest<Op, false, false>());
}

template <typename Op, unsigned Sources>
bool decodeRounded(Decoder &decoder, const ptx::Instruction &instruction, Type type, Modifiers &modifiers) {
  std::string_view mode = modifiers.takeOneOf({"rn", "rz", "rm", "rp"});
  bool ftz = modifiers.take("ftz") && type == Type::F32, sat = modifiers.take("sat");
  if (!decoder.done(instruction, modifiers))
    return false;
  bool isDouble = type == Type::F64;
  InstructionClass kind = isDouble ? InstructionClass::Float64 : InstructionClass::Float32;
  Rounding rounding = parseRounding(mode);
  if (rounding == Rounding::Nearest)
    return emitArithmetic(decoder, instruction,
                          isDouble ? nearestFor<double, Op, Sources>(ftz, sat)
                                   : nearestFor<float, Op, Sources>(ftz, sat),
                          kind, type, Sources);
  if (!decoder.operandCount(instruction, Sources + 1, Sources + 1))
    return false;
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type);
  Slot c = Sources == 3 ? decoder.read(operands[3], type) : noSlot;
  Inst &inst = decoder.emit(isDouble ? directed<double, Op, Sources> : directed<float, Op, Sources>, kind,
                            decoder.write(operands[0], type), a, b, c);
  inst.aux = uint16_t(rounding);
  inst.imm = ftz | sat << 1;
  return decoder.ok();
}

template <typename T, bool Ftz> struct Abs {
  static T apply(T a) { return flushIf(T(std::fabs(a)), Ftz); }
};
template <typename T, bool Ftz> struct Neg {
  static T apply(T a) { return flushIf(T(-a), Ftz); }
};

/// A NaN loses against a number, and -0 is less than +0; with PropagateNaN any NaN wins.
template <typename T, bool Max, bool Ftz, bool PropagateNaN, bool XorSign> struct MinMax {
  static T apply(T a, T b) {
    a = flushIf(a, Ftz);
    b = flushIf(b, Ftz);
    bool negative = std::signbit(a) != std::signbit(b);
    if (XorSign) {
      a = std::fabs(a);
      b = std::fabs(b);
    }
    bool aFirst = a == b ? (std::signbit(a) != Max) : (Max ? a > b : a < b);
    T result = a != a ? b : b != b ? a : aFirst ? a : b;
    if (PropagateNaN)
      result = a != a ? a : b != b ? b : result;
    if (XorSign)
      result = negative ? -std::fabs(result) : std::fabs(result);
    return result != result ? canonical(result) : result;
  }
};

template <bool Max> Handler minMaxFor(Type type, bool ftz, bool nan, bool xorSign) {
  if (type == Type::F64)
    return binary<double, MinMax<double, Max, false, false, false>>();
  if (xorSign)
    return nan ? (ftz ? binary<float, MinMax<float, Max, true, true, true>>()
                      : binary<float, MinMax<float, Max, false, true, true>>())
               : (ftz ? binary<float, MinMax<float, Max, true, false, true>>()
                      : binary<float, MinMax<float, Max, false, false, true>>());
  return nan ? (ftz ? binary<float, MinMax<float, Max, true, true, false>>()
                    : binary<float, MinMax<float, Max, false, true, false>>())
             : (ftz ? binary<float, MinMax<float, Max, true, false, false>>()
                    : binary<float, MinMax<float, Max, false, false, false>>());
}

bool decodeSign(Decoder &decoder, const ptx::Instruction &instruction, Type type, Modifiers &modifiers) {
  bool ftz = modifiers.take("ftz"), isAbs = instruction.opcode == "abs";
  if (!decoder.done(instruction, modifiers))
    return false;
  if (type == Type::F64)
    return emitArithmetic(decoder, instruction,
                          isAbs ? unary<double, Abs<double, false>>() : unary<double, Neg<double, false>>(),
                          InstructionClass::Float64, type, 1);
  Handler handler = isAbs ? (ftz ? unary<float, Abs<float, true>>() : unary<float, Abs<float, false>>())
                          : (ftz ? unary<float, Neg<float, true>>() : unary<float, Neg<float, false>>());
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Float32, type, 1);
}

} // namespace

bool decodeFloat(Decoder &decoder, const ptx::Instruction &instruction, Type type) {
  std::string_view opcode = instruction.opcode;
  Modifiers modifiers(instruction);
  modifiers.takeType();
  if (opcode == "add")
    return decodeRounded<Add, 2>(decoder, instruction, type, modifiers);
  if (opcode == "sub")
    return decodeRounded<Sub, 2>(decoder, instruction, type, modifiers);
  if (opcode == "mul")
    return decodeRounded<Mul, 2>(decoder, instruction, type, modifiers);
  if (opcode == "fma" || opcode == "mad")
    return decodeRounded<Fma, 3>(decoder, instruction, type, modifiers);
  if (opcode == "div") {
    std::string_view approximate = modifiers.takeOneOf({"approx", "full"});
    if (approximate == "approx")
      return decodeRounded<DivApprox, 2>(decoder, instruction, type, modifiers);
    return decodeRounded<Div, 2>(decoder, instruction, type, modifiers);
  }
  if (opcode == "abs" || opcode == "neg")
    return decodeSign(decoder, instruction, type, modifiers);
  if (opcode == "min" || opcode == "max") {
    bool ftz = modifiers.take("ftz"), nan = modifiers.take("NaN"), xorSign = modifiers.take("xorsign");
    if (xorSign)
      modifiers.take("abs");
    if (!decoder.done(instruction, modifiers))
      return false;
    Handler handler = opcode == "max" ? minMaxFor<true>(type, ftz, nan, xorSign)
                                      : minMaxFor<false>(type, ftz, nan, xorSign);
    return emitArithmetic(decoder, instruction, handler,
                          type == Type::F64 ? InstructionClass::Float64 : InstructionClass::Float32, type, 2);
  }
  return decoder.fail(instruction.location, "'" + std::string(opcode) + "' does not exist for this type");
}

namespace {

template <typename T> struct CopySign {
  static T apply(T a, T b) { return std::copysign(b, a); }
};

bool decodeCopySign(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  bool isDouble = type == Type::F64;
  return emitArithmetic(decoder, instruction,
                        isDouble ? binary<double, CopySign<double>>() : binary<float, CopySign<float>>(),
                        isDouble ? InstructionClass::Float64 : InstructionClass::Float32, type, 2);
}

} // namespace

void addFloatDecoders(DecoderTable &table) { table["copysign"] = decodeCopySign; }

} // namespace mv::ptxsim
