//===- Half.cpp - f16 and bf16 arithmetic, single and packed --------*- C++ -*-===//
//
// PTX ISA, "Half Precision Floating Point Instructions". Sums and products are computed in f32 and rounded
// once more, which is exact rounding since f32 has more than twice the digits; fma goes through rounding to
// odd (Numbers.h).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"
#include "PTXSim/Machine/Numbers.h"

namespace mv::ptxsim {

using ptx::Type;

namespace {

struct HalfFormat {
  static float load(uint16_t bits) { return halfToFloat32(bits); }
  static uint16_t store(float value) { return floatToHalf(value); }
  static uint16_t flushBits(uint16_t bits) { return (bits & 0x7c00) ? bits : bits & 0x8000; }
};
struct BfloatFormat {
  static float load(uint16_t bits) { return bfloatToFloat32(bits); }
  static uint16_t store(float value) { return floatToBfloat(value); }
  static uint16_t flushBits(uint16_t bits) { return (bits & 0x7f80) ? bits : bits & 0x8000; }
};

// aux: what is done to operands and result.
constexpr unsigned ftzBit = 1, satBit = 2, reluBit = 4;

struct Add {
  static float apply(float a, float b, float) { return a + b; }
};
struct Sub {
  static float apply(float a, float b, float) { return a - b; }
};
struct Mul {
  static float apply(float a, float b, float) { return a * b; }
};
struct Fma {
  static float apply(float a, float b, float c) { return halfFma(a, b, c); }
};

template <typename Format, typename Op>
uint16_t applyOne(uint16_t a, uint16_t b, uint16_t c, unsigned flags) {
  if (flags & ftzBit) {
    a = Format::flushBits(a);
    b = Format::flushBits(b);
    c = Format::flushBits(c);
  }
  float value = Op::apply(Format::load(a), Format::load(b), Format::load(c));
  uint16_t result = Format::store(value);
  if (flags & ftzBit)
    result = Format::flushBits(result);
  if (flags & satBit)
    result = Format::store(saturateUnit(Format::load(result)));
  if ((flags & reluBit) && Format::load(result) < 0)
    result = 0;
  return result;
}

/// Count: 1 for .f16, 2 for .f16x2. Registers are arrays of 16-bit values either way.
template <typename Format, typename Op, unsigned Count, unsigned Sources>
void handleHalf(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint16_t *a = warp.at<uint16_t>(inst.a), *b = warp.at<uint16_t>(inst.b);
  const uint16_t *c = Sources == 3 ? warp.at<uint16_t>(inst.c) : b;
  alignas(64) uint16_t result[32 * Count];
  unsigned flags = inst.aux;
  if (flags == 0) {
    for (unsigned i = 0; i < 32 * Count; ++i)
      result[i] = Format::store(Op::apply(Format::load(a[i]), Format::load(b[i]), Format::load(c[i])));
  } else {
    for (unsigned i = 0; i < 32 * Count; ++i)
      result[i] = applyOne<Format, Op>(a[i], b[i], c[i], flags);
  }
  if constexpr (Count == 2)
    blend(warp.at<uint32_t>(inst.dst), reinterpret_cast<const uint32_t *>(result), mask);
  else
    blend(warp.at<uint16_t>(inst.dst), result, mask);
}

template <bool Negate, uint32_t Signs, typename T> struct SignOp {
  static T apply(T a) { return Negate ? T(a ^ T(Signs)) : T(a & ~T(Signs)); }
};

template <typename Format>
uint16_t minMaxOne(uint16_t a, uint16_t b, bool max, bool nan, bool xorSign, bool ftz) {
  if (ftz) {
    a = Format::flushBits(a);
    b = Format::flushBits(b);
  }
  bool negative = (a ^ b) & 0x8000;
  if (xorSign) {
    a &= 0x7fff;
    b &= 0x7fff;
  }
  float x = Format::load(a), y = Format::load(b);
  bool xNaN = x != x, yNaN = y != y;
  uint16_t result;
  if ((nan && (xNaN || yNaN)) || (xNaN && yNaN))
    return canonicalHalfNaN;
  if (xNaN || yNaN)
    result = xNaN ? b : a;
  else if (x == y)
    result = (bool(a & 0x8000) != max) ? a : b;
  else
    result = (max ? x > y : x < y) ? a : b;
  return xorSign ? uint16_t((result & 0x7fff) | (negative ? 0x8000 : 0)) : result;
}

/// aux: bit 0 max, 1 NaN, 2 xorsign, 3 ftz.
template <typename Format, unsigned Count> void handleMinMax(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint16_t *a = warp.at<uint16_t>(inst.a), *b = warp.at<uint16_t>(inst.b);
  alignas(64) uint16_t result[32 * Count];
  for (unsigned i = 0; i < 32 * Count; ++i)
    result[i] = minMaxOne<Format>(a[i], b[i], inst.aux & 1, inst.aux & 2, inst.aux & 4, inst.aux & 8);
  if constexpr (Count == 2)
    blend(warp.at<uint32_t>(inst.dst), reinterpret_cast<const uint32_t *>(result), mask);
  else
    blend(warp.at<uint16_t>(inst.dst), result, mask);
}

template <typename Op, unsigned Sources> Handler handlerFor(Type type) {
  switch (type) {
  case Type::F16:
    return handleHalf<HalfFormat, Op, 1, Sources>;
  case Type::F16x2:
    return handleHalf<HalfFormat, Op, 2, Sources>;
  case Type::BF16:
    return handleHalf<BfloatFormat, Op, 1, Sources>;
  default:
    return handleHalf<BfloatFormat, Op, 2, Sources>;
  }
}

Handler signHandler(Type type, bool negate) {
  bool packed = type == Type::F16x2 || type == Type::BF16x2;
  if (packed)
    return negate ? unary<uint32_t, SignOp<true, 0x80008000, uint32_t>>()
                  : unary<uint32_t, SignOp<false, 0x80008000, uint32_t>>();
  return negate ? unary<uint16_t, SignOp<true, 0x8000, uint16_t>>()
                : unary<uint16_t, SignOp<false, 0x8000, uint16_t>>();
}

Handler minMaxHandler(Type type) {
  switch (type) {
  case Type::F16:
    return handleMinMax<HalfFormat, 1>;
  case Type::F16x2:
    return handleMinMax<HalfFormat, 2>;
  case Type::BF16:
    return handleMinMax<BfloatFormat, 1>;
  default:
    return handleMinMax<BfloatFormat, 2>;
  }
}

/// add, sub and fma of PTX 8.6 whose first sources are f16 or bf16, and the last and the result f32. imm: saturates.
template <typename Format, unsigned Sources> void handleMixed(Warp &warp, const Inst &inst, uint32_t mask) {
  float *d = warp.at<float>(inst.dst);
  const uint16_t *a = warp.at<uint16_t>(inst.a), *b = warp.at<uint16_t>(inst.b);
  const float *c = warp.at<float>(inst.c);
  forLanes(mask, [&](unsigned lane) {
    float left = Format::load(a[lane]), sum;
    if constexpr (Sources == 3)
      sum = __builtin_fmaf(left, Format::load(b[lane]), c[lane]);
    else
      sum = inst.aux ? left - c[lane] : left + c[lane];
    sum = canonical(sum);
    d[lane] = inst.imm ? saturateUnit(sum) : sum;
  });
}

bool decodeMixed(Decoder &decoder, const ptx::Instruction &instruction, Type type, Modifiers &modifiers) {
  bool isFma = instruction.opcode == "fma", isBrain = type == Type::BF16;
  modifiers.takeType();
  std::string_view mode = modifiers.takeOneOf({"rn", "rz", "rm", "rp"});
  bool sat = modifiers.take("sat");
  size_t sources = isFma ? 3 : 2;
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, sources + 1, sources + 1))
    return false;
  if ((!isFma && instruction.opcode != "add" && instruction.opcode != "sub") ||
      (!isBrain && type != Type::F16) || parseRounding(mode) != Rounding::Nearest)
    return decoder.unsupported(instruction, std::string(instruction.opcode) + " of these types and rounding");
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], type), b = isFma ? decoder.read(operands[2], type) : a;
  Slot c = decoder.read(operands[sources], Type::F32);
  Handler handler = isFma ? (isBrain ? handleMixed<BfloatFormat, 3> : handleMixed<HalfFormat, 3>)
                          : (isBrain ? handleMixed<BfloatFormat, 2> : handleMixed<HalfFormat, 2>);
  Inst &inst =
      decoder.emit(handler, InstructionClass::Float32, decoder.write(operands[0], Type::F32), a, b, c);
  inst.aux = instruction.opcode == "sub";
  inst.imm = sat;
  return decoder.ok();
}

} // namespace

bool decodeHalf(Decoder &decoder, const ptx::Instruction &instruction, Type type) {
  std::string_view opcode = instruction.opcode;
  Modifiers modifiers(instruction);
  if (modifiers.takeType() == Type::F32)
    return decodeMixed(decoder, instruction, type, modifiers);
  bool ftz = modifiers.take("ftz");
  if (opcode == "abs" || opcode == "neg") {
    if (!decoder.done(instruction, modifiers))
      return false;
    return emitArithmetic(decoder, instruction, signHandler(type, opcode == "neg"), InstructionClass::Half,
                          type, 1);
  }
  unsigned aux;
  unsigned sources = 2;
  Handler handler;
  if (opcode == "min" || opcode == "max") {
    bool nan = modifiers.take("NaN"), xorSign = modifiers.take("xorsign");
    if (xorSign)
      modifiers.take("abs");
    aux = (opcode == "max") | nan << 1 | xorSign << 2 | ftz << 3;
    handler = minMaxHandler(type);
  } else {
    modifiers.take("rn");
    bool sat = modifiers.take("sat"), relu = modifiers.take("relu");
    aux = (ftz ? ftzBit : 0) | (sat ? satBit : 0) | (relu ? reluBit : 0);
    sources = opcode == "fma" ? 3 : 2;
    handler = opcode == "add"   ? handlerFor<Add, 2>(type)
              : opcode == "sub" ? handlerFor<Sub, 2>(type)
              : opcode == "mul" ? handlerFor<Mul, 2>(type)
              : opcode == "fma" ? handlerFor<Fma, 3>(type)
                                : nullptr;
  }
  if (!decoder.done(instruction, modifiers))
    return false;
  if (!handler || !decoder.operandCount(instruction, sources + 1, sources + 1))
    return decoder.fail(instruction.location, "'" + std::string(opcode) + "' does not exist for this type");
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type);
  Slot c = sources == 3 ? decoder.read(operands[3], type) : noSlot;
  decoder.emit(handler, InstructionClass::Half, decoder.write(operands[0], type), a, b, c).aux =
      uint16_t(aux);
  return decoder.ok();
}

void addHalfDecoders(DecoderTable &) {}

} // namespace mv::ptxsim
