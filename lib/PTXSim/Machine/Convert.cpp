//===- Convert.cpp - cvt --------------------------------------------*- C++ -*-===//
//
// PTX ISA, "cvt". The conversions that kernels are full of (half to f32 and back, integers to f32, f32 to
// integers) have loops of their own. All others go through the widest value of their kind: integers through
// 64 bits, floating point through f64, which holds every value of every format, so that there is one
// rounding, into the destination's format.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"
#include "PTXSim/Machine/Numbers.h"

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Type;

namespace {

bool isInteger(Type type) { return type >= Type::U8 && type <= Type::S64; }
bool isScalarFloat(Type type) {
  return type == Type::F16 || type == Type::BF16 || type == Type::F32 || type == Type::F64 ||
         type == Type::TF32;
}

/// What a cvt does besides its types; kept in Inst::imm.
struct Mode {
  Rounding rounding = Rounding::Nearest;
  bool toIntegral = false; ///< rni, rzi, rmi, rpi
  bool ftz = false, sat = false, relu = false, satfinite = false;

  int64_t pack() const {
    return int64_t(rounding) | toIntegral << 4 | ftz << 5 | sat << 6 | relu << 7 | satfinite << 8;
  }
  static Mode unpack(int64_t bits) {
    return {Rounding(bits & 15), bool(bits & 16),  bool(bits & 32),
            bool(bits & 64),     bool(bits & 128), bool(bits & 256)};
  }
};

int64_t loadInteger(const Warp &warp, Slot slot, Type type, unsigned lane) {
  switch (type) {
  case Type::U8:
    return uint8_t(warp.at<uint16_t>(slot)[lane]);
  case Type::S8:
    return int8_t(warp.at<uint16_t>(slot)[lane]);
  case Type::U16:
    return warp.at<uint16_t>(slot)[lane];
  case Type::S16:
    return warp.at<int16_t>(slot)[lane];
  case Type::U32:
    return warp.at<uint32_t>(slot)[lane];
  case Type::S32:
    return warp.at<int32_t>(slot)[lane];
  default:
    return warp.at<int64_t>(slot)[lane];
  }
}

void storeInteger(const Warp &warp, Slot slot, Type type, unsigned lane, int64_t value) {
  switch (type) {
  case Type::U8:
    warp.at<uint16_t>(slot)[lane] = uint8_t(value);
    break;
  case Type::S8:
    warp.at<uint16_t>(slot)[lane] = uint16_t(int8_t(value));
    break;
  case Type::U16:
  case Type::S16:
    warp.at<uint16_t>(slot)[lane] = uint16_t(value);
    break;
  case Type::U32:
  case Type::S32:
    warp.at<uint32_t>(slot)[lane] = uint32_t(value);
    break;
  default:
    warp.at<int64_t>(slot)[lane] = value;
    break;
  }
}

struct Range {
  int64_t low;
  uint64_t high;
};
Range rangeOf(Type type) {
  unsigned bits = ptx::typeBits(type);
  if (ptx::isSigned(type))
    return {-(int64_t(1) << (bits - 1)), (uint64_t(1) << (bits - 1)) - 1};
  return {0, bits == 64 ? ~uint64_t(0) : (uint64_t(1) << bits) - 1};
}

int64_t clampInteger(int64_t value, bool sourceSigned, Type to) {
  Range range = rangeOf(to);
  if (sourceSigned && value < 0)
    return value < range.low ? range.low : value;
  return uint64_t(value) > range.high ? int64_t(range.high) : value;
}

double loadFloat(const Warp &warp, Slot slot, Type type, unsigned lane, bool ftz) {
  switch (type) {
  case Type::F16:
    return halfToFloat32(warp.at<uint16_t>(slot)[lane]);
  case Type::BF16:
    return bfloatToFloat32(warp.at<uint16_t>(slot)[lane]);
  case Type::F32:
  case Type::TF32: {
    float value = warp.at<float>(slot)[lane];
    return ftz ? flush(value) : value;
  }
  default:
    return warp.at<double>(slot)[lane];
  }
}

double roundToIntegral(double value, Rounding rounding) {
  switch (rounding) {
  case Rounding::Zero:
    return std::trunc(value);
  case Rounding::Down:
    return std::floor(value);
  case Rounding::Up:
    return std::ceil(value);
  default:
    return std::nearbyint(value);
  }
}

const FloatFormat &formatOf(Type type) {
  switch (type) {
  case Type::F16:
    return formatF16;
  case Type::BF16:
    return formatBF16;
  case Type::TF32:
    return formatTF32;
  case Type::E4M3:
  case Type::E4M3x2:
    return formatE4M3;
  case Type::E5M2:
  case Type::E5M2x2:
    return formatE5M2;
  default:
    return formatF32;
  }
}

/// The destination's bits for an exact value in f64.
uint64_t encode(double value, Type to, const Mode &mode) {
  if (mode.toIntegral)
    value = roundToIntegral(value, mode.rounding);
  if (mode.sat)
    value = saturateUnit(value);
  if (mode.relu && (value < 0 || (value == 0 && std::signbit(value))))
    value = 0;
  if (to == Type::F64)
    return asBits(value);
  uint32_t bits = encodeFloat(value, formatOf(to), mode.rounding, mode.satfinite);
  if (to == Type::TF32)
    return uint64_t(bits) << 13;
  if (to == Type::F32 && mode.ftz)
    return asBits(flush(asFloat(bits)));
  return bits;
}

void storeBits(const Warp &warp, Slot slot, unsigned bytes, unsigned lane, uint64_t bits) {
  if (bytes == 2)
    warp.at<uint16_t>(slot)[lane] = uint16_t(bits);
  else if (bytes == 4)
    warp.at<uint32_t>(slot)[lane] = uint32_t(bits);
  else
    warp.at<uint64_t>(slot)[lane] = bits;
}

// The general conversions. width: source type, aux: destination type, imm: Mode.

void integerToInteger(Warp &warp, const Inst &inst, uint32_t mask) {
  Type from = Type(inst.width), to = Type(inst.aux);
  bool sat = Mode::unpack(inst.imm).sat, isSigned = ptx::isSigned(from);
  forLanes(mask, [&](unsigned lane) {
    int64_t value = loadInteger(warp, inst.a, from, lane);
    storeInteger(warp, inst.dst, to, lane, sat ? clampInteger(value, isSigned, to) : value);
  });
}

void floatToInteger(Warp &warp, const Inst &inst, uint32_t mask) {
  Type from = Type(inst.width), to = Type(inst.aux);
  Mode mode = Mode::unpack(inst.imm);
  Range range = rangeOf(to);
  forLanes(mask, [&](unsigned lane) {
    double value = roundToIntegral(loadFloat(warp, inst.a, from, lane, mode.ftz), mode.rounding);
    int64_t result = 0;
    if (value <= double(range.low))
      result = range.low;
    else if (value >= double(range.high))
      result = int64_t(range.high);
    else if (value == value)
      result = value >= 0x1p63 ? int64_t(uint64_t(value)) : int64_t(value);
    storeInteger(warp, inst.dst, to, lane, result);
  });
}

/// 64-bit integers do not fit f64: bits that would be lost are kept as one sticky bit.
double integerAsDouble(int64_t value, bool isSigned) {
  bool negative = isSigned && value < 0;
  uint64_t magnitude = negative ? 0 - uint64_t(value) : uint64_t(value);
  if (magnitude >> 53) {
    uint64_t lost = magnitude & 0x7ff;
    magnitude = (magnitude & ~uint64_t(0x7ff)) | (lost ? 0x800 : 0);
  }
  double result = double(magnitude);
  return negative ? -result : result;
}

void integerToFloat(Warp &warp, const Inst &inst, uint32_t mask) {
  Type from = Type(inst.width), to = Type(inst.aux);
  Mode mode = Mode::unpack(inst.imm);
  bool isSigned = ptx::isSigned(from);
  if (to == Type::F64) {
    RoundingScope scope(mode.rounding);
    forLanes(mask, [&](unsigned lane) {
      volatile int64_t value = loadInteger(warp, inst.a, from, lane);
      volatile double result = isSigned ? double(int64_t(value)) : double(uint64_t(value));
      warp.at<double>(inst.dst)[lane] = mode.sat ? saturateUnit(double(result)) : double(result);
    });
    return;
  }
  forLanes(mask, [&](unsigned lane) {
    double value = integerAsDouble(loadInteger(warp, inst.a, from, lane), isSigned);
    storeBits(warp, inst.dst, slotBytes(to), lane, encode(value, to, mode));
  });
}

void floatToFloat(Warp &warp, const Inst &inst, uint32_t mask) {
  Type from = Type(inst.width), to = Type(inst.aux);
  Mode mode = Mode::unpack(inst.imm);
  forLanes(mask, [&](unsigned lane) {
    double value = loadFloat(warp, inst.a, from, lane, mode.ftz);
    storeBits(warp, inst.dst, slotBytes(to), lane, encode(value, to, mode));
  });
}

/// cvt.rn.f16x2.f32 d, a, b and its like: a becomes the upper element, b the lower.
void floatToPacked(Warp &warp, const Inst &inst, uint32_t mask) {
  Type to = Type(inst.aux);
  Mode mode = Mode::unpack(inst.imm);
  const float *a = warp.at<float>(inst.a), *b = warp.at<float>(inst.b);
  bool narrow = to == Type::E4M3x2 || to == Type::E5M2x2;
  Type element = to == Type::F16x2 ? Type::F16 : to == Type::BF16x2 ? Type::BF16 : to;
  unsigned shift = narrow ? 8 : 16;
  forLanes(mask, [&](unsigned lane) {
    float x = mode.ftz ? flush(a[lane]) : a[lane], y = mode.ftz ? flush(b[lane]) : b[lane];
    uint32_t packed = uint32_t(encode(x, element, mode)) << shift | uint32_t(encode(y, element, mode));
    storeBits(warp, inst.dst, narrow ? 2 : 4, lane, packed);
  });
}

/// cvt.rn.f16x2.e4m3x2 and e4m3x2.f16x2: both elements of one register.
void packedToPacked(Warp &warp, const Inst &inst, uint32_t mask) {
  Type from = Type(inst.width), to = Type(inst.aux);
  Mode mode = Mode::unpack(inst.imm);
  forLanes(mask, [&](unsigned lane) {
    uint32_t result = 0;
    if (from == Type::F16x2) {
      uint32_t in = warp.at<uint32_t>(inst.a)[lane];
      for (unsigned i = 0; i < 2; ++i)
        result |= uint32_t(encode(halfToFloat32(uint16_t(in >> 16 * i)), to, mode)) << 8 * i;
      warp.at<uint16_t>(inst.dst)[lane] = uint16_t(result);
    } else {
      uint32_t in = warp.at<uint16_t>(inst.a)[lane];
      for (unsigned i = 0; i < 2; ++i)
        result |= uint32_t(encode(decodeFloatBits(in >> 8 * i & 255, formatOf(from)), Type::F16, mode))
                  << 16 * i;
      warp.at<uint32_t>(inst.dst)[lane] = result;
    }
  });
}

// The frequent conversions.

struct HalfToFloat {
  static float apply(uint16_t a) { return halfToFloat32(a); }
};
struct BfloatToFloat {
  static float apply(uint16_t a) { return bfloatToFloat32(a); }
};
struct FloatToHalf {
  static uint16_t apply(float a) { return floatToHalf(a); }
};
struct FloatToBfloat {
  static uint16_t apply(float a) { return floatToBfloat(a); }
};
struct FloatsToHalves {
  static uint32_t apply(float a, float b) { return uint32_t(floatToHalf(a)) << 16 | floatToHalf(b); }
};
struct FloatsToBfloats {
  static uint32_t apply(float a, float b) { return uint32_t(floatToBfloat(a)) << 16 | floatToBfloat(b); }
};
struct SignedToFloat {
  static float apply(int32_t a) { return float(a); }
};
struct UnsignedToFloat {
  static float apply(uint32_t a) { return float(a); }
};
struct FloatToDouble {
  static double apply(float a) { return double(a); }
};
struct DoubleToFloat {
  static float apply(double a) { return canonical(float(a)); }
};
struct FloatToSignedZero {
  static int32_t apply(float a) {
    float limited = a > -2147483648.0f ? a : -2147483648.0f;
    limited = limited < 2147483520.0f ? limited : 2147483520.0f;
    int32_t result = int32_t(limited);
    return a >= 2147483648.0f ? INT32_MAX : a == a ? result : 0;
  }
};

Handler frequent(Type to, Type from, const Mode &mode) {
  if (mode.ftz || mode.sat || mode.relu || mode.satfinite)
    return nullptr;
  if (to == Type::S32 && from == Type::F32 && mode.rounding == Rounding::Zero)
    return &unaryOp<int32_t, float, FloatToSignedZero>;
  if (mode.toIntegral || mode.rounding != Rounding::Nearest)
    return nullptr;
  if (to == Type::F32)
    switch (from) {
    case Type::F16:
      return &unaryOp<float, uint16_t, HalfToFloat>;
    case Type::BF16:
      return &unaryOp<float, uint16_t, BfloatToFloat>;
    case Type::S32:
      return &unaryOp<float, int32_t, SignedToFloat>;
    case Type::U32:
      return &unaryOp<float, uint32_t, UnsignedToFloat>;
    case Type::F64:
      return &unaryOp<float, double, DoubleToFloat>;
    default:
      return nullptr;
    }
  if (from == Type::F32)
    switch (to) {
    case Type::F16:
      return &unaryOp<uint16_t, float, FloatToHalf>;
    case Type::BF16:
      return &unaryOp<uint16_t, float, FloatToBfloat>;
    case Type::F64:
      return &unaryOp<double, float, FloatToDouble>;
    case Type::F16x2:
      return &binaryOp<uint32_t, float, float, FloatsToHalves>;
    case Type::BF16x2:
      return &binaryOp<uint32_t, float, float, FloatsToBfloats>;
    default:
      return nullptr;
    }
  return nullptr;
}

bool takeRounding(Modifiers &modifiers, Mode &mode) {
  std::string_view integral = modifiers.takeOneOf({"rni", "rzi", "rmi", "rpi"});
  if (!integral.empty()) {
    mode.rounding = parseRounding(integral.substr(0, 2));
    mode.toIntegral = true;
    return true;
  }
  std::string_view name = modifiers.takeOneOf({"rn", "rz", "rm", "rp", "rna"});
  mode.rounding = parseRounding(name);
  return !name.empty();
}

bool isFloatPair(Type type) {
  return type == Type::F16x2 || type == Type::BF16x2 || type == Type::E4M3x2 || type == Type::E5M2x2;
}

/// cvt.pack.sat.u8.s32.b32 d, a, b, c: clamps a and b and packs them; 8-bit packs shift c's lower half up.
void handlePack(Warp &warp, const Inst &inst, uint32_t mask) {
  Type to = Type(inst.aux);
  unsigned bits = ptx::typeBits(to);
  uint32_t keep = (1u << bits) - 1;
  forLanes(mask, [&](unsigned lane) {
    uint32_t high = uint32_t(clampInteger(warp.at<int32_t>(inst.a)[lane], true, to)) & keep;
    uint32_t low = uint32_t(clampInteger(warp.at<int32_t>(inst.b)[lane], true, to)) & keep;
    uint32_t packed = high << bits | low;
    if (bits == 8)
      packed |= warp.at<uint32_t>(inst.c)[lane] << 16;
    warp.at<uint32_t>(inst.dst)[lane] = packed;
  });
}

bool decodePack(Decoder &decoder, const ptx::Instruction &instruction, Modifiers &modifiers) {
  modifiers.take("sat");
  Type to = modifiers.takeType(), from = modifiers.takeType();
  modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 3, 4))
    return false;
  unsigned bits = ptx::typeBits(to);
  if ((bits != 8 && bits != 16) || !isInteger(to))
    return decoder.unsupported(instruction, "cvt.pack to ." + std::string(ptx::typeName(to)));
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], from), b = decoder.read(operands[2], from);
  Slot c = operands.size() == 4 ? decoder.read(operands[3], Type::B32) : decoder.constant(0, 4);
  decoder.emit(handlePack, InstructionClass::Convert, decoder.write(operands[0], Type::B32), a, b, c).aux =
      uint16_t(to);
  return decoder.ok();
}

bool emitPair(Decoder &decoder, const ptx::Instruction &instruction, Type to, Type from, const Mode &mode) {
  const auto &operands = instruction.operands;
  Type destination = to == Type::E4M3x2 || to == Type::E5M2x2 ? Type::B16 : Type::B32;
  if (from == Type::F32) {
    if (!decoder.operandCount(instruction, 3, 3))
      return false;
    Handler handler = frequent(to, from, mode);
    Slot a = decoder.read(operands[1], from), b = decoder.read(operands[2], from);
    Inst &inst = decoder.emit(handler ? handler : floatToPacked, InstructionClass::Convert,
                              decoder.write(operands[0], destination), a, b);
    inst.aux = uint16_t(to);
    inst.imm = mode.pack();
    return decoder.ok();
  }
  bool known = (from == Type::F16x2 && (to == Type::E4M3x2 || to == Type::E5M2x2)) ||
               (to == Type::F16x2 && (from == Type::E4M3x2 || from == Type::E5M2x2));
  if (!known)
    return decoder.unsupported(instruction, "cvt." + std::string(ptx::typeName(to)) + "." +
                                                std::string(ptx::typeName(from)));
  if (!decoder.operandCount(instruction, 2, 2))
    return false;
  Slot a = decoder.read(operands[1], from == Type::F16x2 ? Type::B32 : Type::B16);
  Inst &inst =
      decoder.emit(packedToPacked, InstructionClass::Convert, decoder.write(operands[0], destination), a);
  inst.width = uint16_t(from);
  inst.aux = uint16_t(to);
  inst.imm = mode.pack();
  return decoder.ok();
}

bool decodeConvert(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  if (modifiers.take("pack"))
    return decodePack(decoder, instruction, modifiers);
  Mode mode;
  takeRounding(modifiers, mode);
  mode.ftz = modifiers.take("ftz");
  mode.satfinite = modifiers.take("satfinite");
  mode.relu = modifiers.take("relu");
  mode.sat = modifiers.take("sat");
  Type to = modifiers.takeType(), from = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  // fp8 always saturates, e4m3 having no infinity.
  mode.satfinite |= to == Type::E4M3x2 || to == Type::E5M2x2;
  if (isFloatPair(to) || isFloatPair(from))
    return emitPair(decoder, instruction, to, from, mode);
  if (!decoder.operandCount(instruction, 2, 2))
    return false;
  const auto &operands = instruction.operands;
  Handler handler = nullptr;
  if (isInteger(to) && isInteger(from)) {
    handler = integerToInteger;
    if (!mode.sat && ptx::typeBits(from) >= 16 && ptx::typeBits(to) >= 16) {
      Slot a = decoder.read(operands[1], from, true), d = decoder.writeWide(operands[0], to);
      emitResize(decoder, d, ptx::typeBytes(to), a, ptx::typeBytes(from), ptx::isSigned(from));
      decoder.finishWide(operands[0], to, d);
      return decoder.ok();
    }
  } else if (isInteger(to) && isScalarFloat(from)) {
    handler = floatToInteger;
  } else if (isScalarFloat(to) && isInteger(from)) {
    handler = integerToFloat;
  } else if (isScalarFloat(to) && isScalarFloat(from)) {
    handler = floatToFloat;
  }
  if (!handler)
    return decoder.unsupported(instruction, "cvt." + std::string(ptx::typeName(to)) + "." +
                                                std::string(ptx::typeName(from)));
  if (Handler fast = frequent(to, from, mode))
    handler = fast;
  Slot a = decoder.read(operands[1], from, true), d = decoder.writeWide(operands[0], to);
  Inst &inst = decoder.emit(handler, InstructionClass::Convert, d, a);
  inst.width = uint16_t(from);
  inst.aux = uint16_t(to);
  inst.imm = mode.pack();
  decoder.finishWide(operands[0], to, d);
  return decoder.ok();
}

} // namespace

void addConvertDecoders(DecoderTable &table) { table["cvt"] = decodeConvert; }

} // namespace mv::ptxsim
