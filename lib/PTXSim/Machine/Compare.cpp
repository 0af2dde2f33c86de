//===- Compare.cpp - Comparisons and selections ---------------------*- C++ -*-===//
//
// PTX ISA, "Comparison and Selection Instructions". Unordered comparisons (equ, neu, …) are true when an
// operand is NaN; the ordered ones are false, `ne` included.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Arithmetic.h"
#include "PTXSim/Machine/Numbers.h"

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Type;

namespace {

enum class Relation : uint8_t { Eq, Ne, Lt, Le, Gt, Ge, Equ, Neu, Ltu, Leu, Gtu, Geu, Num, Nan };
constexpr std::string_view relationNames[] = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                              "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

bool parseRelation(Modifiers &modifiers, Type type, Relation &relation) {
  for (unsigned i = 0; i < std::size(relationNames); ++i)
    if (modifiers.take(relationNames[i])) {
      relation = Relation(i);
      return true;
    }
  // lo, ls, hi, hs compare as unsigned, which the types that allow them are.
  constexpr std::string_view unsignedNames[] = {"lo", "ls", "hi", "hs"};
  constexpr Relation unsignedRelations[] = {Relation::Lt, Relation::Le, Relation::Gt, Relation::Ge};
  for (unsigned i = 0; i < 4; ++i)
    if (modifiers.take(unsignedNames[i])) {
      relation = unsignedRelations[i];
      return true;
    }
  return false;
}

template <typename T, typename F> uint32_t compareLanes(const T *a, const T *b, F relation) {
  alignas(32) uint8_t flags[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    flags[lane] = relation(a[lane], b[lane]);
  return packMask(flags);
}

/// C++ comparisons of floats are ordered but for !=, which is unordered.
template <typename T> uint32_t compare(Relation relation, const T *a, const T *b) {
  switch (relation) {
  case Relation::Eq:
    return compareLanes(a, b, [](T x, T y) { return x == y; });
  case Relation::Ne:
    return compareLanes(a, b, [](T x, T y) { return (x < y) | (x > y); });
  case Relation::Lt:
    return compareLanes(a, b, [](T x, T y) { return x < y; });
  case Relation::Le:
    return compareLanes(a, b, [](T x, T y) { return x <= y; });
  case Relation::Gt:
    return compareLanes(a, b, [](T x, T y) { return x > y; });
  case Relation::Ge:
    return compareLanes(a, b, [](T x, T y) { return x >= y; });
  case Relation::Equ:
    return ~compareLanes(a, b, [](T x, T y) { return (x < y) | (x > y); });
  case Relation::Neu:
    return compareLanes(a, b, [](T x, T y) { return x != y; });
  case Relation::Ltu:
    return ~compareLanes(a, b, [](T x, T y) { return x >= y; });
  case Relation::Leu:
    return ~compareLanes(a, b, [](T x, T y) { return x > y; });
  case Relation::Gtu:
    return ~compareLanes(a, b, [](T x, T y) { return x <= y; });
  case Relation::Geu:
    return ~compareLanes(a, b, [](T x, T y) { return x < y; });
  case Relation::Num:
    return compareLanes(a, b, [](T x, T y) { return (x == x) & (y == y); });
  case Relation::Nan:
    return compareLanes(a, b, [](T x, T y) { return (x != x) | (y != y); });
  }
  return 0;
}

/// Half types compare as f32, which holds them exactly. Ftz flushes what f32 comparisons see.
template <typename Load>
uint32_t compareHalves(Relation relation, const uint16_t *a, const uint16_t *b, unsigned stride, Load load) {
  float x[32], y[32];
  for (unsigned lane = 0; lane < 32; ++lane) {
    x[lane] = load(a[lane * stride]);
    y[lane] = load(b[lane * stride]);
  }
  return compare(relation, x, y);
}

/// Operand a compared with b; for packed types `half` chooses which.
uint32_t evaluate(const Warp &warp, const Inst &inst, Type type, bool ftz, unsigned half = 0) {
  Relation relation = Relation(inst.aux & 15);
  switch (type) {
  case Type::B16:
  case Type::U16:
    return compare(relation, warp.at<uint16_t>(inst.a), warp.at<uint16_t>(inst.b));
  case Type::S16:
    return compare(relation, warp.at<int16_t>(inst.a), warp.at<int16_t>(inst.b));
  case Type::B32:
  case Type::U32:
    return compare(relation, warp.at<uint32_t>(inst.a), warp.at<uint32_t>(inst.b));
  case Type::S32:
    return compare(relation, warp.at<int32_t>(inst.a), warp.at<int32_t>(inst.b));
  case Type::B64:
  case Type::U64:
    return compare(relation, warp.at<uint64_t>(inst.a), warp.at<uint64_t>(inst.b));
  case Type::S64:
    return compare(relation, warp.at<int64_t>(inst.a), warp.at<int64_t>(inst.b));
  case Type::F64:
    return compare(relation, warp.at<double>(inst.a), warp.at<double>(inst.b));
  case Type::F32: {
    const float *a = warp.at<float>(inst.a), *b = warp.at<float>(inst.b);
    if (!ftz)
      return compare(relation, a, b);
    float x[32], y[32];
    for (unsigned lane = 0; lane < 32; ++lane) {
      x[lane] = flush(a[lane]);
      y[lane] = flush(b[lane]);
    }
    return compare(relation, x, y);
  }
  case Type::F16:
    return compareHalves(relation, warp.at<uint16_t>(inst.a), warp.at<uint16_t>(inst.b), 1, halfToFloat32);
  case Type::BF16:
    return compareHalves(relation, warp.at<uint16_t>(inst.a), warp.at<uint16_t>(inst.b), 1, bfloatToFloat32);
  case Type::F16x2:
    return compareHalves(relation, warp.at<uint16_t>(inst.a) + half, warp.at<uint16_t>(inst.b) + half, 2,
                         halfToFloat32);
  default:
    return compareHalves(relation, warp.at<uint16_t>(inst.a) + half, warp.at<uint16_t>(inst.b) + half, 2,
                         bfloatToFloat32);
  }
}

// imm: bits 0 to 1 the Boolean operation with c (0: none, and, or, xor), bit 2 negates c, bit 3 ftz.
uint32_t combine(const Warp &warp, const Inst &inst, uint32_t value) {
  if ((inst.imm & 3) == 0)
    return value;
  uint32_t c = warp.predicate(inst.c) ^ (inst.imm & 4 ? allLanes : 0);
  return (inst.imm & 3) == 1 ? value & c : (inst.imm & 3) == 2 ? value | c : value ^ c;
}

template <Type T> void handleSetp(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t value = evaluate(warp, inst, T, inst.imm & 8);
  uint32_t first = combine(warp, inst, value);
  uint32_t second = inst.defs ? combine(warp, inst, ~value) : 0;
  warp.setPredicate(inst.dst, mask, first);
  if (inst.defs)
    warp.setPredicate(warp.list(inst)[0], mask, second);
}

/// setp of packed halves: p for the low halves, q for the high ones.
template <Type T> void handleSetpPacked(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t low = combine(warp, inst, evaluate(warp, inst, T, false, 0));
  uint32_t high = combine(warp, inst, evaluate(warp, inst, T, false, 1));
  warp.setPredicate(inst.dst, mask, low);
  if (inst.defs)
    warp.setPredicate(warp.list(inst)[0], mask, high);
}

/// set: 32 or 16 bits of ones, or 1.0. width: the destination's type.
template <Type T> void handleSet(Warp &warp, const Inst &inst, uint32_t mask) {
  constexpr bool packed = T == Type::F16x2 || T == Type::BF16x2;
  uint32_t value = combine(warp, inst, evaluate(warp, inst, T, inst.imm & 8));
  uint32_t high = packed ? combine(warp, inst, evaluate(warp, inst, T, false, 1)) : 0;
  Type to = Type(inst.width);
  if (ptx::typeBits(to) == 16) {
    uint16_t one = to == Type::F16 ? 0x3c00 : to == Type::BF16 ? 0x3f80 : 0xffff;
    uint16_t *d = warp.at<uint16_t>(inst.dst);
    forLanes(mask, [&](unsigned lane) { d[lane] = value >> lane & 1 ? one : 0; });
    return;
  }
  uint32_t one = to == Type::F32 ? 0x3f800000 : allLanes;
  if (packed)
    one = to == Type::F16x2 ? 0x3c00 : to == Type::BF16x2 ? 0x3f80 : 0xffff;
  uint32_t *d = warp.at<uint32_t>(inst.dst);
  forLanes(mask, [&](unsigned lane) {
    d[lane] = (value >> lane & 1 ? one : 0) | (high >> lane & 1 ? one << 16 : 0);
  });
}

template <template <Type> class Pick> Handler byType(Type type) {
  switch (type) {
  case Type::B16:
  case Type::U16:
    return Pick<Type::U16>::run;
  case Type::S16:
    return Pick<Type::S16>::run;
  case Type::B32:
  case Type::U32:
    return Pick<Type::U32>::run;
  case Type::S32:
    return Pick<Type::S32>::run;
  case Type::B64:
  case Type::U64:
    return Pick<Type::U64>::run;
  case Type::S64:
    return Pick<Type::S64>::run;
  case Type::F32:
    return Pick<Type::F32>::run;
  case Type::F64:
    return Pick<Type::F64>::run;
  case Type::F16:
    return Pick<Type::F16>::run;
  case Type::BF16:
    return Pick<Type::BF16>::run;
  case Type::F16x2:
    return Pick<Type::F16x2>::run;
  case Type::BF16x2:
    return Pick<Type::BF16x2>::run;
  default:
    return nullptr;
  }
}
template <Type T> struct PickSetp {
  static constexpr Handler run = T == Type::F16x2 || T == Type::BF16x2 ? handleSetpPacked<T> : handleSetp<T>;
};
template <Type T> struct PickSet {
  static constexpr Handler run = handleSet<T>;
};

/// The parts that set and setp share. Emits with `handler` into `dst`.
bool emitComparison(Decoder &decoder, const ptx::Instruction &instruction, Modifiers &modifiers,
                    Handler handler, Type type, Relation relation, Slot dst, Slot second,
                    unsigned destinationType) {
  std::string_view boolean = modifiers.takeOneOf({"and", "or", "xor"});
  bool ftz = modifiers.take("ftz");
  size_t count = boolean.empty() ? 3 : 4;
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, count, count))
    return false;
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type), c = noSlot;
  bool negated = false;
  if (!boolean.empty())
    c = decoder.readPredicate(operands[3], negated);
  Inst &inst = decoder.emit(handler, InstructionClass::Compare, dst, a, b, c);
  inst.aux = uint16_t(relation);
  inst.width = uint16_t(destinationType);
  inst.imm = (boolean == "and"   ? 1
              : boolean == "or"  ? 2
              : boolean == "xor" ? 3
                                 : 0) |
             negated << 2 | ftz << 3;
  if (second != noSlot)
    decoder.setList(inst, {second}, {});
  return decoder.ok();
}

bool decodeSetp(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  Relation relation;
  Handler handler = byType<PickSetp>(type);
  if (instruction.operands.empty())
    return decoder.operandCount(instruction, 3, 4);
  if (!handler || !parseRelation(modifiers, type, relation))
    return decoder.fail(instruction.location, "setp needs a comparison and a type");
  const Operand &target = instruction.operands[0];
  bool pair = target.kind == Operand::Kind::Pair;
  Slot first = decoder.writePredicate(pair ? target.parts[0] : target);
  Slot second = pair ? decoder.writePredicate(target.parts[1]) : noSlot;
  return emitComparison(decoder, instruction, modifiers, handler, type, relation, first, second, 0);
}

bool decodeSet(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type to = modifiers.takeType(), type = modifiers.takeType();
  Relation relation;
  Handler handler = byType<PickSet>(type);
  if (instruction.operands.empty())
    return decoder.operandCount(instruction, 3, 4);
  if (!handler || !parseRelation(modifiers, type, relation))
    return decoder.fail(instruction.location, "set needs a comparison and two types");
  return emitComparison(decoder, instruction, modifiers, handler, type, relation,
                        decoder.write(instruction.operands[0], to), noSlot, unsigned(to));
}

template <typename T> void handleSelp(Warp &warp, const Inst &inst, uint32_t mask) {
  const T *a = warp.at<T>(inst.a), *b = warp.at<T>(inst.b);
  uint32_t choose = warp.predicate(inst.c) ^ (inst.imm ? allLanes : 0);
  alignas(64) T result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = choose >> lane & 1 ? a[lane] : b[lane];
  blend(warp.at<T>(inst.dst), result, mask);
}

bool decodeSelp(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 4, 4))
    return false;
  const auto &operands = instruction.operands;
  bool negated = false;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type);
  Slot c = decoder.readPredicate(operands[3], negated);
  unsigned bytes = slotBytes(type);
  Handler handler = bytes == 2   ? handleSelp<uint16_t>
                    : bytes == 4 ? handleSelp<uint32_t>
                                 : handleSelp<uint64_t>;
  if (bytes == 0 || bytes == 16)
    return decoder.fail(instruction.location, "selp does not exist for this type");
  decoder.emit(handler, InstructionClass::Move, decoder.write(operands[0], type), a, b, c).imm = negated;
  return decoder.ok();
}

/// slct: c >= 0 ? a : b. -0 counts as >= 0, NaN as not.
template <typename T, typename C> struct Select {
  static T apply(T a, T b, C c) { return c >= 0 ? a : b; }
};

bool decodeSlct(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("ftz");
  Type type = modifiers.takeType(), condition = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 4, 4))
    return false;
  bool isFloat = condition == Type::F32;
  Handler handler = nullptr;
  switch (slotBytes(type)) {
  case 2:
    handler = isFloat ? &ternaryOp<uint16_t, uint16_t, uint16_t, float, Select<uint16_t, float>>
                      : &ternaryOp<uint16_t, uint16_t, uint16_t, int32_t, Select<uint16_t, int32_t>>;
    break;
  case 4:
    handler = isFloat ? &ternaryOp<uint32_t, uint32_t, uint32_t, float, Select<uint32_t, float>>
                      : &ternaryOp<uint32_t, uint32_t, uint32_t, int32_t, Select<uint32_t, int32_t>>;
    break;
  case 8:
    handler = isFloat ? &ternaryOp<uint64_t, uint64_t, uint64_t, float, Select<uint64_t, float>>
                      : &ternaryOp<uint64_t, uint64_t, uint64_t, int32_t, Select<uint64_t, int32_t>>;
    break;
  default:
    return decoder.fail(instruction.location, "slct does not exist for this type");
  }
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], type), b = decoder.read(operands[2], type),
       c = decoder.read(operands[3], condition);
  decoder.emit(handler, InstructionClass::Move, decoder.write(operands[0], type), a, b, c);
  return decoder.ok();
}

enum class FloatTest : uint8_t { Finite, Infinite, Number, NotANumber, Normal, Subnormal };

template <typename T> void handleTestp(Warp &warp, const Inst &inst, uint32_t mask) {
  const T *a = warp.at<T>(inst.a);
  uint32_t value = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    int kind = std::fpclassify(a[lane]);
    bool holds = false;
    switch (FloatTest(inst.aux)) {
    case FloatTest::Finite:
      holds = kind != FP_INFINITE && kind != FP_NAN;
      break;
    case FloatTest::Infinite:
      holds = kind == FP_INFINITE;
      break;
    case FloatTest::Number:
      holds = kind != FP_NAN;
      break;
    case FloatTest::NotANumber:
      holds = kind == FP_NAN;
      break;
    case FloatTest::Normal:
      holds = kind == FP_NORMAL || kind == FP_ZERO;
      break; // The ISA: zero is normal.
    case FloatTest::Subnormal:
      holds = kind == FP_SUBNORMAL;
      break;
    }
    value |= uint32_t(holds) << lane;
  }
  warp.setPredicate(inst.dst, mask, value);
}

bool decodeTestp(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  constexpr std::string_view names[] = {"finite", "infinite", "number", "notanumber", "normal", "subnormal"};
  unsigned test = 0;
  while (test < 6 && !modifiers.take(names[test]))
    ++test;
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  if (test == 6 || (type != Type::F32 && type != Type::F64))
    return decoder.fail(instruction.location, "testp needs a test and .f32 or .f64");
  Slot a = decoder.read(instruction.operands[1], type);
  decoder
      .emit(type == Type::F32 ? handleTestp<float> : handleTestp<double>, InstructionClass::Compare,
            decoder.writePredicate(instruction.operands[0]), a)
      .aux = uint16_t(test);
  return decoder.ok();
}

} // namespace

void addCompareDecoders(DecoderTable &table) {
  table["setp"] = decodeSetp;
  table["set"] = decodeSet;
  table["selp"] = decodeSelp;
  table["slct"] = decodeSlct;
  table["testp"] = decodeTestp;
}

} // namespace mv::ptxsim
