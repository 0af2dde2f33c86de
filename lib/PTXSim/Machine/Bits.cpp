//===- Bits.cpp - Logic, shifts and bit fields ----------------------*- C++ -*-===//
//
// PTX ISA, "Logic and Shift Instructions" and the bit-field instructions of the integer section.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"

#include <algorithm>
#include <bit>
#include <type_traits>

namespace mv::ptxsim {

using ptx::Type;

namespace {

struct And {
  template <typename T> static T apply(T a, T b) { return T(a & b); }
};
struct Or {
  template <typename T> static T apply(T a, T b) { return T(a | b); }
};
struct Xor {
  template <typename T> static T apply(T a, T b) { return T(a ^ b); }
};
struct Not {
  template <typename T> static T apply(T a) { return T(~a); }
};
struct CNot {
  template <typename T> static T apply(T a) { return T(a == 0); }
};

/// Shift amounts beyond the width are clamped, not taken modulo it.
template <typename T> struct Shl {
  static T apply(T a, uint32_t n) { return n >= sizeof(T) * 8 ? T(0) : T(uint64_t(a) << (n & 63)); }
};
template <typename T> struct Shr {
  static T apply(T a, uint32_t n) {
    constexpr uint32_t bits = sizeof(T) * 8;
    if constexpr (std::is_signed_v<T>)
      return T(a >> (n >= bits ? bits - 1 : n));
    return n >= bits ? T(0) : T(a >> n);
  }
};

/// shf: the 64-bit value b:a shifted; .l keeps the upper half, .r the lower.
template <bool Left, bool Wrap> struct Funnel {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    uint32_t n = Wrap ? c & 31 : std::min(c, 32u);
    uint64_t value = uint64_t(b) << 32 | a;
    return Left ? uint32_t((value << n) >> 32) : uint32_t(value >> n);
  }
};

template <typename T> struct PopCount {
  static uint32_t apply(T a) { return uint32_t(std::popcount(a)); }
};
template <typename T> struct LeadingZeros {
  static uint32_t apply(T a) { return uint32_t(std::countl_zero(a)); }
};
template <typename T> struct Reverse {
  static T apply(T a) {
    T result = 0;
    for (unsigned i = 0; i < sizeof(T) * 8; ++i)
      result |= T(a >> i & 1) << (sizeof(T) * 8 - 1 - i);
    return result;
  }
};

/// bfind: position of the leading bit that differs from the sign; -1 when there is none.
template <typename T, bool ShiftAmount> struct FindBit {
  static uint32_t apply(T a) {
    using U = std::make_unsigned_t<T>;
    U value = std::is_signed_v<T> && a < 0 ? U(~a) : U(a);
    if (value == 0)
      return ~uint32_t(0);
    uint32_t zeros = uint32_t(std::countl_zero(value));
    return ShiftAmount ? zeros : uint32_t(sizeof(T) * 8 - 1) - zeros;
  }
};

/// bfe: position and length are taken modulo 256; beyond the value the sign (or 0) is read.
template <typename T> struct ExtractField {
  static T apply(T a, uint32_t position, uint32_t length) {
    using U = std::make_unsigned_t<T>;
    constexpr uint32_t msb = sizeof(T) * 8 - 1;
    uint32_t pos = position & 255, len = length & 255;
    bool sign = std::is_signed_v<T> && len != 0 && (U(a) >> std::min(pos + len - 1, msb) & 1);
    U field = pos > msb ? 0 : U(U(a) >> pos);
    // Bits of the field that lie in the value.
    uint32_t valid = pos > msb ? 0 : std::min(len, msb + 1 - pos);
    U keep = valid > msb ? U(~U(0)) : U((U(1) << valid) - 1);
    return T((field & keep) | (sign ? U(~keep) : U(0)));
  }
};

/// bfi: inserts a into b.
template <typename T> T insertField(T a, T b, uint32_t position, uint32_t length) {
  constexpr uint32_t msb = sizeof(T) * 8 - 1;
  uint32_t pos = position & 255, len = length & 255;
  if (pos > msb || len == 0)
    return b;
  uint32_t valid = std::min(len, msb + 1 - pos);
  T keep = valid > msb ? T(~T(0)) : T((T(1) << valid) - 1);
  return T((b & ~T(keep << pos)) | T((a & keep) << pos));
}
template <typename T> void handleInsert(Warp &warp, const Inst &inst, uint32_t mask) {
  const T *a = warp.at<T>(inst.a), *b = warp.at<T>(inst.b);
  const uint32_t *c = warp.at<uint32_t>(inst.c), *length = warp.at<uint32_t>(inst.d);
  T result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = insertField(a[lane], b[lane], c[lane], length[lane]);
  blend(warp.at<T>(inst.dst), result, mask);
}

/// bmsk: `length` ones from `position` on; .clamp or .wrap of both.
template <bool Wrap> struct BitMask {
  static uint32_t apply(uint32_t position, uint32_t length) {
    uint32_t pos = Wrap ? position & 31 : position, len = Wrap ? length & 31 : std::min(length, 32u);
    if (pos > 31)
      return 0;
    uint64_t ones = (uint64_t(1) << len) - 1;
    return uint32_t(ones << pos);
  }
};

/// lop3: the truth table in imm is indexed by the bits of a, b and c.
void handleLop3(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *a = warp.at<uint32_t>(inst.a), *b = warp.at<uint32_t>(inst.b),
                 *c = warp.at<uint32_t>(inst.c);
  uint32_t rows[8];
  for (unsigned i = 0; i < 8; ++i)
    rows[i] = inst.imm >> i & 1 ? allLanes : 0;
  alignas(64) uint32_t result[32];
  PTXSIM_LANE_LOOP {
    uint32_t x = a[lane], y = b[lane], z = c[lane];
    uint32_t low = (~x & ((~y & ((~z & rows[0]) | (z & rows[1]))) | (y & ((~z & rows[2]) | (z & rows[3])))));
    uint32_t high = (x & ((~y & ((~z & rows[4]) | (z & rows[5]))) | (y & ((~z & rows[6]) | (z & rows[7])))));
    result[lane] = low | high;
  }
  blend(warp.at<uint32_t>(inst.dst), result, mask);
}

/// prmt in its default mode and the special modes f4e, b4e, rc8, ecl, ecr, rc16 (aux 0 to 6).
uint32_t permute(uint32_t a, uint32_t b, uint32_t selector, unsigned mode) {
  uint64_t bytes = uint64_t(b) << 32 | a;
  auto byte = [&](unsigned index) { return uint32_t(bytes >> 8 * index & 255); };
  uint32_t result = 0;
  for (unsigned i = 0; i < 4; ++i) {
    unsigned low = selector & 3, pick = 0;
    bool sign = false;
    switch (mode) {
    case 0:
      pick = selector >> 4 * i & 7;
      sign = selector >> 4 * i & 8;
      break;
    case 1:
      pick = low + i;
      break;
    case 2:
      pick = (low - i) & 7;
      break;
    case 3:
      pick = low;
      break;
    case 4:
      pick = std::max(low, i);
      break;
    case 5:
      pick = std::min(low, i);
      break;
    default:
      pick = (low & 1) * 2 + (i & 1);
      break;
    }
    uint32_t value = byte(pick);
    result |= (sign ? (value & 128 ? 255u : 0u) : value) << 8 * i;
  }
  return result;
}
void handlePermute(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *a = warp.at<uint32_t>(inst.a), *b = warp.at<uint32_t>(inst.b),
                 *c = warp.at<uint32_t>(inst.c);
  uint32_t result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = permute(a[lane], b[lane], c[lane], inst.aux);
  blend(warp.at<uint32_t>(inst.dst), result, mask);
}

/// and, or, xor, not of predicates; imm: bit 0 negates a, bit 1 negates b; aux: the operation.
void handlePredicateLogic(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t a = warp.predicate(inst.a) ^ (inst.imm & 1 ? allLanes : 0);
  uint32_t b = inst.b == noSlot ? 0 : warp.predicate(inst.b) ^ (inst.imm & 2 ? allLanes : 0);
  uint32_t value = inst.aux == 0 ? a & b : inst.aux == 1 ? a | b : inst.aux == 2 ? a ^ b : ~a;
  warp.setPredicate(inst.dst, mask, value);
}

template <typename F> Handler logicFor(unsigned bits, bool isUnary) {
  switch (bits) {
  case 16:
    return isUnary ? nullptr : binary<uint16_t, F>();
  case 32:
    return isUnary ? nullptr : binary<uint32_t, F>();
  case 64:
    return isUnary ? nullptr : binary<uint64_t, F>();
  default:
    return nullptr;
  }
}
template <typename F> Handler notFor(unsigned bits) {
  return bits == 16   ? unary<uint16_t, F>()
         : bits == 32 ? unary<uint32_t, F>()
         : bits == 64 ? unary<uint64_t, F>()
                      : nullptr;
}

bool decodePredicateLogic(Decoder &decoder, const ptx::Instruction &instruction) {
  std::string_view opcode = instruction.opcode;
  bool isNot = opcode == "not";
  if (!decoder.operandCount(instruction, isNot ? 2 : 3, isNot ? 2 : 3))
    return false;
  bool negateA = false, negateB = false;
  Slot a = decoder.readPredicate(instruction.operands[1], negateA);
  Slot b = isNot ? noSlot : decoder.readPredicate(instruction.operands[2], negateB);
  Slot d = decoder.writePredicate(instruction.operands[0]);
  Inst &inst = decoder.emit(handlePredicateLogic, InstructionClass::Compare, d, a, b);
  inst.aux = opcode == "and" ? 0 : opcode == "or" ? 1 : opcode == "xor" ? 2 : 3;
  inst.imm = negateA | negateB << 1;
  return decoder.ok();
}

bool decodeLogic(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  std::string_view opcode = instruction.opcode;
  if (type == Type::Pred)
    return decodePredicateLogic(decoder, instruction);
  unsigned bits = ptx::typeBits(type);
  bool one = opcode == "not" || opcode == "cnot";
  Handler handler = opcode == "and"   ? logicFor<And>(bits, false)
                    : opcode == "or"  ? logicFor<Or>(bits, false)
                    : opcode == "xor" ? logicFor<Xor>(bits, false)
                    : opcode == "not" ? notFor<Not>(bits)
                                      : notFor<CNot>(bits);
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Integer, type, one ? 1 : 2);
}

template <typename T> Handler shiftHandler(bool left) {
  return left ? &binaryOp<T, T, uint32_t, Shl<T>> : &binaryOp<T, T, uint32_t, Shr<T>>;
}

bool decodeShift(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  bool left = instruction.opcode == "shl";
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 3, 3))
    return false;
  Handler handler = nullptr;
  switch (type) {
  case Type::B16:
  case Type::U16:
    handler = shiftHandler<uint16_t>(left);
    break;
  case Type::B32:
  case Type::U32:
    handler = shiftHandler<uint32_t>(left);
    break;
  case Type::B64:
  case Type::U64:
    handler = shiftHandler<uint64_t>(left);
    break;
  case Type::S16:
    handler = shiftHandler<int16_t>(left);
    break;
  case Type::S32:
    handler = shiftHandler<int32_t>(left);
    break;
  case Type::S64:
    handler = shiftHandler<int64_t>(left);
    break;
  default:
    return decoder.fail(instruction.location, "shifts do not exist for this type");
  }
  Slot a = decoder.read(instruction.operands[1], type), n = decoder.read(instruction.operands[2], Type::U32);
  decoder.emit(handler, InstructionClass::Integer, decoder.write(instruction.operands[0], type), a, n);
  return decoder.ok();
}

bool decodeFunnel(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool left = modifiers.takeOneOf({"l", "r"}) == "l";
  bool wrap = modifiers.takeOneOf({"clamp", "wrap"}) == "wrap";
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  Handler handler =
      left ? (wrap ? ternary<uint32_t, Funnel<true, true>>() : ternary<uint32_t, Funnel<true, false>>())
           : (wrap ? ternary<uint32_t, Funnel<false, true>>() : ternary<uint32_t, Funnel<false, false>>());
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Integer, type, 3);
}

/// popc, clz, brev, bfind: one source; all but brev give 32 bits.
bool decodeCount(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool amount = modifiers.take("shiftamt");
  Type type = modifiers.takeType();
  std::string_view opcode = instruction.opcode;
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  bool wide = ptx::typeBits(type) == 64;
  Handler handler = nullptr;
  if (opcode == "popc")
    handler = wide ? &unaryOp<uint32_t, uint64_t, PopCount<uint64_t>>
                   : &unaryOp<uint32_t, uint32_t, PopCount<uint32_t>>;
  else if (opcode == "clz")
    handler = wide ? &unaryOp<uint32_t, uint64_t, LeadingZeros<uint64_t>>
                   : &unaryOp<uint32_t, uint32_t, LeadingZeros<uint32_t>>;
  else if (opcode == "brev")
    handler = wide ? unary<uint64_t, Reverse<uint64_t>>() : unary<uint32_t, Reverse<uint32_t>>();
  else if (type == Type::U32)
    handler = amount ? &unaryOp<uint32_t, uint32_t, FindBit<uint32_t, true>>
                     : &unaryOp<uint32_t, uint32_t, FindBit<uint32_t, false>>;
  else if (type == Type::S32)
    handler = amount ? &unaryOp<uint32_t, int32_t, FindBit<int32_t, true>>
                     : &unaryOp<uint32_t, int32_t, FindBit<int32_t, false>>;
  else if (type == Type::U64)
    handler = amount ? &unaryOp<uint32_t, uint64_t, FindBit<uint64_t, true>>
                     : &unaryOp<uint32_t, uint64_t, FindBit<uint64_t, false>>;
  else if (type == Type::S64)
    handler = amount ? &unaryOp<uint32_t, int64_t, FindBit<int64_t, true>>
                     : &unaryOp<uint32_t, int64_t, FindBit<int64_t, false>>;
  if (!handler)
    return decoder.fail(instruction.location, "'" + std::string(opcode) + "' does not exist for this type");
  Slot a = decoder.read(instruction.operands[1], type);
  Slot d = decoder.write(instruction.operands[0], opcode == "brev" ? type : Type::U32);
  decoder.emit(handler, InstructionClass::Integer, d, a);
  return decoder.ok();
}

template <typename T> Handler extractHandler() {
  return &ternaryOp<T, T, uint32_t, uint32_t, ExtractField<T>>;
}

bool decodeField(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  bool insert = instruction.opcode == "bfi";
  if (!decoder.done(instruction, modifiers) ||
      !decoder.operandCount(instruction, insert ? 5 : 4, insert ? 5 : 4))
    return false;
  const auto &operands = instruction.operands;
  bool wide = ptx::typeBits(type) == 64;
  if (insert) {
    Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type);
    Slot c = decoder.read(operands[3], Type::U32), length = decoder.read(operands[4], Type::U32);
    decoder
        .emit(wide ? handleInsert<uint64_t> : handleInsert<uint32_t>, InstructionClass::Integer,
              decoder.write(operands[0], type), a, b, c)
        .d = length;
    return decoder.ok();
  }
  Handler handler = type == Type::U32   ? extractHandler<uint32_t>()
                    : type == Type::S32 ? extractHandler<int32_t>()
                    : type == Type::U64 ? extractHandler<uint64_t>()
                                        : extractHandler<int64_t>();
  Slot a = decoder.read(operands[1], type), position = decoder.read(operands[2], Type::U32);
  Slot length = decoder.read(operands[3], Type::U32);
  decoder.emit(handler, InstructionClass::Integer, decoder.write(operands[0], type), a, position, length);
  return decoder.ok();
}

bool decodeBitMask(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool wrap = modifiers.takeOneOf({"clamp", "wrap"}) == "wrap";
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  Handler handler = wrap ? binary<uint32_t, BitMask<true>>() : binary<uint32_t, BitMask<false>>();
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Integer, type, 2);
}

bool decodeLop3(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 5, 5))
    return false;
  const auto &operands = instruction.operands;
  uint64_t table = 0;
  if (!decoder.literal(operands[4], table, "the table of lop3"))
    return false;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type),
       c = decoder.read(operands[3], type);
  decoder.emit(handleLop3, InstructionClass::Integer, decoder.write(operands[0], type), a, b, c).imm =
      int64_t(table);
  return decoder.ok();
}

bool decodePermute(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  std::string_view mode = modifiers.takeOneOf({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"});
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 4, 4))
    return false;
  constexpr std::string_view modes[] = {"", "f4e", "b4e", "rc8", "ecl", "ecr", "rc16"};
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type),
       c = decoder.read(operands[3], type);
  decoder.emit(handlePermute, InstructionClass::Integer, decoder.write(operands[0], type), a, b, c).aux =
      uint16_t(std::find(std::begin(modes), std::end(modes), mode) - std::begin(modes));
  return decoder.ok();
}

} // namespace

void addBitDecoders(DecoderTable &table) {
  table["and"] = table["or"] = table["xor"] = table["not"] = table["cnot"] = decodeLogic;
  table["shl"] = table["shr"] = decodeShift;
  table["shf"] = decodeFunnel;
  table["popc"] = table["clz"] = table["brev"] = table["bfind"] = decodeCount;
  table["bfe"] = table["bfi"] = decodeField;
  table["bmsk"] = decodeBitMask;
  table["lop3"] = decodeLop3;
  table["prmt"] = decodePermute;
}

} // namespace mv::ptxsim
