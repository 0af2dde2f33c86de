//===- Integer.cpp - Integer arithmetic -----------------------------*- C++ -*-===//
//
// PTX ISA, "Integer Arithmetic Instructions" and "Extended-Precision Integer Arithmetic Instructions".
// Arithmetic wraps; division by zero and overflow give what the formulas below say (the ISA leaves them
// unspecified).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"

#include <limits>
#include <type_traits>

namespace mv::ptxsim {

using ptx::Type;

namespace {

template <typename T> using Unsigned = std::make_unsigned_t<T>;

template <typename T> struct Wider;
template <> struct Wider<uint16_t> {
  using type = uint32_t;
};
template <> struct Wider<int16_t> {
  using type = int32_t;
};
template <> struct Wider<uint32_t> {
  using type = uint64_t;
};
template <> struct Wider<int32_t> {
  using type = int64_t;
};
template <> struct Wider<uint64_t> {
  using type = unsigned __int128;
};
template <> struct Wider<int64_t> {
  using type = __int128;
};

/// Wraps, for 16-bit values too, whose products would overflow a promoted int.
template <typename T> T wrapMul(T a, T b) { return T(uint64_t(Unsigned<T>(a)) * uint64_t(Unsigned<T>(b))); }
template <typename T> T wrapAdd(T a, T b) { return T(Unsigned<T>(a) + Unsigned<T>(b)); }
template <typename T> T wrapSub(T a, T b) { return T(Unsigned<T>(a) - Unsigned<T>(b)); }

template <typename T> struct Add {
  static T apply(T a, T b) { return wrapAdd(a, b); }
};
template <typename T> struct Sub {
  static T apply(T a, T b) { return wrapSub(a, b); }
};
template <typename T> struct MulLo {
  static T apply(T a, T b) { return wrapMul(a, b); }
};
template <typename T> struct MadLo {
  static T apply(T a, T b, T c) { return wrapAdd(wrapMul(a, b), c); }
};

template <typename T> T mulHigh(T a, T b) {
  using W = typename Wider<T>::type;
  return T((W(a) * W(b)) >> (sizeof(T) * 8));
}
template <typename T> struct MulHi {
  static T apply(T a, T b) { return mulHigh(a, b); }
};
template <typename T> struct MadHi {
  static T apply(T a, T b, T c) { return wrapAdd(mulHigh(a, b), c); }
};
template <typename T> struct MulWide {
  using W = typename Wider<T>::type;
  static W apply(T a, T b) { return W(a) * W(b); }
};
template <typename T> struct MadWide {
  using W = typename Wider<T>::type;
  static W apply(T a, T b, W c) { return wrapAdd<W>(W(a) * W(b), c); }
};

int32_t saturate(int64_t value) {
  return int32_t(value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value);
}
struct AddSat {
  static int32_t apply(int32_t a, int32_t b) { return saturate(int64_t(a) + b); }
};
struct SubSat {
  static int32_t apply(int32_t a, int32_t b) { return saturate(int64_t(a) - b); }
};
struct MadHiSat {
  static int32_t apply(int32_t a, int32_t b, int32_t c) { return saturate(int64_t(mulHigh(a, b)) + c); }
};

template <typename T> struct Div {
  static T apply(T a, T b) {
    if (b == 0)
      return T(~T(0));
    if (std::is_signed_v<T> && b == T(-1))
      return wrapSub<T>(0, a);
    return T(a / b);
  }
};
template <typename T> struct Rem {
  static T apply(T a, T b) {
    if (b == 0)
      return a;
    if (std::is_signed_v<T> && b == T(-1))
      return 0;
    return T(a % b);
  }
};
template <typename T> struct Abs {
  static T apply(T a) { return a < 0 ? wrapSub<T>(0, a) : a; }
};
template <typename T> struct Neg {
  static T apply(T a) { return wrapSub<T>(0, a); }
};
template <typename T> struct Min {
  static T apply(T a, T b) { return a < b ? a : b; }
};
template <typename T> struct Max {
  static T apply(T a, T b) { return a > b ? a : b; }
};
struct MinRelu {
  static int32_t apply(int32_t a, int32_t b) { return std::max(0, a < b ? a : b); }
};
struct MaxRelu {
  static int32_t apply(int32_t a, int32_t b) { return std::max(0, a > b ? a : b); }
};
template <typename T> struct Sad {
  static T apply(T a, T b, T c) { return wrapAdd(c, a < b ? wrapSub(b, a) : wrapSub(a, b)); }
};

template <typename T> int64_t low24(T a) {
  return int64_t(uint64_t(int64_t(a)) << 40) >> (std::is_signed_v<T> ? 40 : 40);
}
template <> int64_t low24(uint32_t a) { return int64_t(a & 0xffffff); }
template <typename T> struct Mul24Lo {
  static T apply(T a, T b) { return T(low24(a) * low24(b)); }
};
template <typename T> struct Mul24Hi {
  static T apply(T a, T b) { return T((low24(a) * low24(b)) >> 16); }
};
template <typename T> struct Mad24Lo {
  static T apply(T a, T b, T c) { return wrapAdd(Mul24Lo<T>::apply(a, b), c); }
};
template <typename T> struct Mad24Hi {
  static T apply(T a, T b, T c) { return wrapAdd(Mul24Hi<T>::apply(a, b), c); }
};

/// Applies an operation to both halves of 32 bits.
template <typename T, typename F> struct Packed {
  static uint32_t apply(uint32_t a, uint32_t b) {
    uint16_t low = uint16_t(F::apply(T(a), T(b))), high = uint16_t(F::apply(T(a >> 16), T(b >> 16)));
    return low | uint32_t(high) << 16;
  }
};
template <typename F> struct ReluAfter {
  static int16_t apply(int16_t a, int16_t b) { return std::max<int16_t>(0, F::apply(a, b)); }
};

template <typename TA, typename TB> int32_t dot4(uint32_t a, uint32_t b) {
  int32_t sum = 0;
  for (unsigned i = 0; i < 4; ++i)
    sum += int32_t(TA(a >> 8 * i)) * int32_t(TB(b >> 8 * i));
  return sum;
}
template <typename TA, typename TB> struct Dp4a {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) { return uint32_t(dot4<TA, TB>(a, b)) + c; }
};
template <typename TA16, typename TB8, unsigned Shift> struct Dp2a {
  static uint32_t apply(uint32_t a, uint32_t b, uint32_t c) {
    int64_t sum = int64_t(TA16(a)) * TB8(b >> Shift) + int64_t(TA16(a >> 16)) * TB8(b >> (Shift + 8));
    return uint32_t(sum) + c;
  }
};

/// add.cc, addc, sub.cc, subc, and the addition of mad.cc and madc. aux: 1 uses the carry, 2 sets it, 4
/// subtracts.
template <typename T> void carryAdd(Warp &warp, const Inst &inst, uint32_t mask) {
  T *d = warp.at<T>(inst.dst);
  const T *a = warp.at<T>(inst.a);
  const T *b = warp.at<T>(inst.b);
  bool uses = inst.aux & 1, sets = inst.aux & 2, subtracts = inst.aux & 4;
  uint32_t carryOut = 0;
  alignas(64) T result[32];
  for (unsigned lane = 0; lane < 32; ++lane) {
    // Subtraction keeps the borrow in CC.CF: a - (b + CC.CF).
    unsigned __int128 in = uses ? (warp.carry >> lane & 1) : 0;
    unsigned __int128 x = a[lane], y = b[lane];
    unsigned __int128 wide = subtracts ? x - y - in : x + y + in;
    result[lane] = T(wide);
    carryOut |= uint32_t(wide >> (sizeof(T) * 8)) % 2 << lane;
  }
  blend(d, result, mask);
  if (sets)
    warp.carry = (warp.carry & ~mask) | (carryOut & mask);
}

// Tables by type: u16 s16 u32 s32 u64 s64.
template <template <typename> class F> Handler binaryFor(Type type) {
  switch (type) {
  case Type::U16:
  case Type::B16:
    return binary<uint16_t, F<uint16_t>>();
  case Type::S16:
    return binary<int16_t, F<int16_t>>();
  case Type::U32:
  case Type::B32:
    return binary<uint32_t, F<uint32_t>>();
  case Type::S32:
    return binary<int32_t, F<int32_t>>();
  case Type::U64:
  case Type::B64:
    return binary<uint64_t, F<uint64_t>>();
  case Type::S64:
    return binary<int64_t, F<int64_t>>();
  default:
    return nullptr;
  }
}
template <template <typename> class F> Handler ternaryFor(Type type) {
  switch (type) {
  case Type::U16:
    return ternary<uint16_t, F<uint16_t>>();
  case Type::S16:
    return ternary<int16_t, F<int16_t>>();
  case Type::U32:
    return ternary<uint32_t, F<uint32_t>>();
  case Type::S32:
    return ternary<int32_t, F<int32_t>>();
  case Type::U64:
    return ternary<uint64_t, F<uint64_t>>();
  case Type::S64:
    return ternary<int64_t, F<int64_t>>();
  default:
    return nullptr;
  }
}
template <template <typename> class F> Handler unaryFor(Type type) {
  switch (type) {
  case Type::S16:
    return unary<int16_t, F<int16_t>>();
  case Type::S32:
    return unary<int32_t, F<int32_t>>();
  case Type::S64:
    return unary<int64_t, F<int64_t>>();
  default:
    return nullptr;
  }
}
template <typename T> Handler wideMul() { return &binaryOp<typename Wider<T>::type, T, T, MulWide<T>>; }
template <typename T> Handler wideMad() {
  using W = typename Wider<T>::type;
  return &ternaryOp<W, T, T, W, MadWide<T>>;
}

Type doubled(Type type) {
  switch (type) {
  case Type::U16:
    return Type::U32;
  case Type::S16:
    return Type::S32;
  case Type::U32:
    return Type::U64;
  case Type::S32:
    return Type::S64;
  default:
    return Type::None;
  }
}

bool noHandler(Decoder &decoder, const ptx::Instruction &instruction) {
  return decoder.fail(instruction.location,
                      "'" + std::string(instruction.opcode) + "' does not exist for this type");
}

/// add.cc, addc, sub.cc, subc
bool decodeCarry(Decoder &decoder, const ptx::Instruction &instruction, Type type, Modifiers &modifiers) {
  bool subtracts = instruction.opcode.starts_with("sub");
  bool uses = instruction.opcode.ends_with("c");
  bool sets = modifiers.take("cc");
  unsigned bits = ptx::typeBits(type);
  if (!decoder.operandCount(instruction, 3, 3) || (bits != 32 && bits != 64))
    return noHandler(decoder, instruction);
  Slot a = decoder.read(instruction.operands[1], type), b = decoder.read(instruction.operands[2], type);
  Slot d = decoder.write(instruction.operands[0], type);
  Inst &inst =
      decoder.emit(bits == 32 ? carryAdd<uint32_t> : carryAdd<uint64_t>, InstructionClass::Integer, d, a, b);
  inst.aux = uint16_t(uses | sets << 1 | subtracts << 2);
  return decoder.done(instruction, modifiers);
}

bool decodeMultiply(Decoder &decoder, const ptx::Instruction &instruction, Type type, Modifiers &modifiers) {
  bool isMad = instruction.opcode.starts_with("mad");
  bool uses = instruction.opcode == "madc";
  std::string_view part = modifiers.takeOneOf({"lo", "hi", "wide"});
  bool sets = modifiers.take("cc"), saturates = modifiers.take("sat");
  if (!decoder.operandCount(instruction, isMad ? 4 : 3, isMad ? 4 : 3) ||
      !decoder.done(instruction, modifiers))
    return false;
  const auto &operands = instruction.operands;
  if (part == "wide") {
    Handler handler = type == Type::U16   ? (isMad ? wideMad<uint16_t>() : wideMul<uint16_t>())
                      : type == Type::S16 ? (isMad ? wideMad<int16_t>() : wideMul<int16_t>())
                      : type == Type::U32 ? (isMad ? wideMad<uint32_t>() : wideMul<uint32_t>())
                      : type == Type::S32 ? (isMad ? wideMad<int32_t>() : wideMul<int32_t>())
                                          : nullptr;
    if (!handler)
      return noHandler(decoder, instruction);
    Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type);
    Slot c = isMad ? decoder.read(operands[3], doubled(type)) : noSlot;
    decoder.emit(handler, InstructionClass::Integer, decoder.write(operands[0], doubled(type)), a, b, c);
    return decoder.ok();
  }
  if (part.empty())
    return decoder.fail(instruction.location,
                        "'" + std::string(instruction.opcode) + "' needs .lo, .hi or .wide");
  Handler multiply = part == "hi" ? binaryFor<MulHi>(type) : binaryFor<MulLo>(type);
  if (uses || sets) {
    unsigned bytes = ptx::typeBytes(type);
    if (!multiply || bytes < 4)
      return noHandler(decoder, instruction);
    Slot product = decoder.temporary(bytes);
    Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type),
         c = decoder.read(operands[3], type);
    Slot d = decoder.write(operands[0], type);
    decoder.emit(multiply, InstructionClass::Integer, product, a, b);
    Inst &inst = decoder.emit(bytes == 4 ? carryAdd<uint32_t> : carryAdd<uint64_t>, InstructionClass::Integer,
                              d, product, c);
    inst.aux = uint16_t(uses | sets << 1);
    return decoder.ok();
  }
  Handler handler = !isMad                           ? multiply
                    : part == "lo"                   ? ternaryFor<MadLo>(type)
                    : saturates && type == Type::S32 ? ternary<int32_t, MadHiSat>()
                                                     : ternaryFor<MadHi>(type);
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Integer, type, isMad ? 3 : 2);
}

Handler multiply24(std::string_view opcode, bool high, Type type) {
  bool isMad = opcode == "mad24";
  if (type == Type::U32)
    return isMad ? (high ? ternary<uint32_t, Mad24Hi<uint32_t>>() : ternary<uint32_t, Mad24Lo<uint32_t>>())
                 : (high ? binary<uint32_t, Mul24Hi<uint32_t>>() : binary<uint32_t, Mul24Lo<uint32_t>>());
  if (type == Type::S32)
    return isMad ? (high ? ternary<int32_t, Mad24Hi<int32_t>>() : ternary<int32_t, Mad24Lo<int32_t>>())
                 : (high ? binary<int32_t, Mul24Hi<int32_t>>() : binary<int32_t, Mul24Lo<int32_t>>());
  return nullptr;
}

Handler packedHandler(std::string_view opcode, Type type, bool relu) {
  bool isSigned = type == Type::S16x2;
  if (opcode == "add")
    return binary<uint32_t, Packed<uint16_t, Add<uint16_t>>>();
  if (opcode == "min")
    return relu ? binary<uint32_t, Packed<int16_t, ReluAfter<Min<int16_t>>>>()
                : (isSigned ? binary<uint32_t, Packed<int16_t, Min<int16_t>>>()
                            : binary<uint32_t, Packed<uint16_t, Min<uint16_t>>>());
  if (opcode == "max")
    return relu ? binary<uint32_t, Packed<int16_t, ReluAfter<Max<int16_t>>>>()
                : (isSigned ? binary<uint32_t, Packed<int16_t, Max<int16_t>>>()
                            : binary<uint32_t, Packed<uint16_t, Max<uint16_t>>>());
  return nullptr;
}

/// dp4a.atype.btype d, a, b, c and dp2a.mode.atype.btype
bool decodeDot(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  std::string_view half = modifiers.takeOneOf({"lo", "hi"});
  Type ta = modifiers.takeType(), tb = modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  bool sa = ta == Type::S32, sb = tb == Type::S32;
  Handler handler;
  if (instruction.opcode == "dp4a")
    handler =
        sa ? (sb ? ternary<uint32_t, Dp4a<int8_t, int8_t>>() : ternary<uint32_t, Dp4a<int8_t, uint8_t>>())
           : (sb ? ternary<uint32_t, Dp4a<uint8_t, int8_t>>() : ternary<uint32_t, Dp4a<uint8_t, uint8_t>>());
  else if (half == "hi")
    handler = sa ? (sb ? ternary<uint32_t, Dp2a<int16_t, int8_t, 16>>()
                       : ternary<uint32_t, Dp2a<int16_t, uint8_t, 16>>())
                 : (sb ? ternary<uint32_t, Dp2a<uint16_t, int8_t, 16>>()
                       : ternary<uint32_t, Dp2a<uint16_t, uint8_t, 16>>());
  else
    handler = sa ? (sb ? ternary<uint32_t, Dp2a<int16_t, int8_t, 0>>()
                       : ternary<uint32_t, Dp2a<int16_t, uint8_t, 0>>())
                 : (sb ? ternary<uint32_t, Dp2a<uint16_t, int8_t, 0>>()
                       : ternary<uint32_t, Dp2a<uint16_t, uint8_t, 0>>());
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Integer, Type::B32, 3);
}

} // namespace

bool decodeInteger(Decoder &decoder, const ptx::Instruction &instruction, Type type) {
  std::string_view opcode = instruction.opcode;
  Modifiers modifiers(instruction);
  modifiers.takeType();
  if (opcode == "addc" || opcode == "subc" || ((opcode == "add" || opcode == "sub") && instruction.has("cc")))
    return decodeCarry(decoder, instruction, type, modifiers);
  if (opcode == "mul" || opcode == "mad" || opcode == "madc")
    return decodeMultiply(decoder, instruction, type, modifiers);
  Handler handler = nullptr;
  unsigned sources = 2;
  if (type == Type::U16x2 || type == Type::S16x2) {
    handler = packedHandler(opcode, type, modifiers.take("relu"));
  } else if (opcode == "add" || opcode == "sub") {
    bool saturates = modifiers.take("sat");
    if (saturates)
      handler = type != Type::S32 ? nullptr
                : opcode == "add" ? binary<int32_t, AddSat>()
                                  : binary<int32_t, SubSat>();
    else
      handler = opcode == "add" ? binaryFor<Add>(type) : binaryFor<Sub>(type);
  } else if (opcode == "mul24" || opcode == "mad24") {
    bool high = modifiers.takeOneOf({"lo", "hi"}) == "hi";
    handler = multiply24(opcode, high, type);
    sources = opcode == "mad24" ? 3 : 2;
  } else if (opcode == "sad") {
    handler = ternaryFor<Sad>(type);
    sources = 3;
  } else if (opcode == "div" || opcode == "rem") {
    handler = opcode == "div" ? binaryFor<Div>(type) : binaryFor<Rem>(type);
  } else if (opcode == "abs" || opcode == "neg") {
    handler = opcode == "abs" ? unaryFor<Abs>(type) : unaryFor<Neg>(type);
    sources = 1;
  } else if (opcode == "min" || opcode == "max") {
    if (type == Type::S32 && modifiers.take("relu"))
      handler = opcode == "min" ? binary<int32_t, MinRelu>() : binary<int32_t, MaxRelu>();
    else
      handler = opcode == "min" ? binaryFor<Min>(type) : binaryFor<Max>(type);
  }
  if (!decoder.done(instruction, modifiers))
    return false;
  return emitArithmetic(decoder, instruction, handler, InstructionClass::Integer, type, sources);
}

Type instructionType(const ptx::Instruction &instruction) {
  for (auto modifier = instruction.modifiers.rbegin(); modifier != instruction.modifiers.rend(); ++modifier)
    if (Type type = ptx::parseType(*modifier); type != Type::None)
      return type;
  return Type::None;
}

bool emitArithmetic(Decoder &decoder, const ptx::Instruction &instruction, Handler handler,
                    InstructionClass kind, Type type, unsigned count) {
  if (!handler)
    return noHandler(decoder, instruction);
  if (!decoder.operandCount(instruction, count + 1, count + 1))
    return false;
  Slot sources[3] = {noSlot, noSlot, noSlot};
  for (unsigned i = 0; i < count; ++i)
    sources[i] = decoder.read(instruction.operands[i + 1], type);
  decoder.emit(handler, kind, decoder.write(instruction.operands[0], type), sources[0], sources[1],
               sources[2]);
  return decoder.ok();
}

static bool decodeArithmetic(Decoder &decoder, const ptx::Instruction &instruction) {
  Type type = instructionType(instruction);
  switch (type) {
  case Type::F32:
  case Type::F64:
    return decodeFloat(decoder, instruction, type);
  case Type::F16:
  case Type::F16x2:
  case Type::BF16:
  case Type::BF16x2:
    return decodeHalf(decoder, instruction, type);
  case Type::None:
    return decoder.fail(instruction.location, "'" + std::string(instruction.opcode) + "' has no type");
  default:
    return decodeInteger(decoder, instruction, type);
  }
}

void addIntegerDecoders(DecoderTable &table) {
  for (std::string_view opcode : {"add", "sub", "mul", "mad", "fma", "div", "rem", "abs", "neg", "min", "max",
                                  "sad", "addc", "subc", "madc", "mul24", "mad24"})
    table[opcode] = decodeArithmetic;
  table["dp4a"] = table["dp2a"] = decodeDot;
}

} // namespace mv::ptxsim
