//===- Atomics.cpp - atom and red -----------------------------------*- C++ -*-===//
//
// PTX ISA, "atom" and "red". Lanes of an instruction take effect in the order of their numbers. On global
// memory each is an atomic operation of the host, since other blocks run at the same time.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"
#include "PTXSim/Machine/Numbers.h"

#include <atomic>
#include <type_traits>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

// Operations: old value, operand b, operand c (cas only) to the new value, all as the bits that memory holds.
struct And {
  template <typename T> static T apply(T old, T b, T) { return T(old & b); }
};
struct Or {
  template <typename T> static T apply(T old, T b, T) { return T(old | b); }
};
struct Xor {
  template <typename T> static T apply(T old, T b, T) { return T(old ^ b); }
};
struct Exchange {
  template <typename T> static T apply(T, T b, T) { return b; }
};
struct CompareSwap {
  template <typename T> static T apply(T old, T b, T c) { return old == b ? c : old; }
};
struct Add {
  template <typename T> static T apply(T old, T b, T) { return T(old + b); }
};
struct Increment {
  template <typename T> static T apply(T old, T b, T) { return old >= b ? T(0) : T(old + 1); }
};
struct Decrement {
  template <typename T> static T apply(T old, T b, T) { return old == 0 || old > b ? b : T(old - 1); }
};
template <typename S> struct Min {
  template <typename T> static T apply(T old, T b, T) { return S(b) < S(old) ? b : old; }
};
template <typename S> struct Max {
  template <typename T> static T apply(T old, T b, T) { return S(b) > S(old) ? b : old; }
};
struct AddFloat {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    return asBits(canonical(asFloat(old) + asFloat(b)));
  }
};
/// atom.add.f32 on global memory flushes subnormals, as the ISA says.
struct AddFloatFlush {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    return asBits(flush(canonical(flush(asFloat(old)) + flush(asFloat(b)))));
  }
};
struct AddDouble {
  static uint64_t apply(uint64_t old, uint64_t b, uint64_t) { return asBits(asDouble(old) + asDouble(b)); }
};
enum class HalfOp { Add, Min, Max };
template <bool Bfloat, HalfOp Op> struct Half {
  static uint16_t one(uint16_t x, uint16_t y) {
    float a = Bfloat ? bfloatToFloat32(x) : halfToFloat32(x),
          b = Bfloat ? bfloatToFloat32(y) : halfToFloat32(y);
    if (Op != HalfOp::Add) {
      if (a != a && b != b)
        return canonicalHalfNaN;
      if (a != a || b != b)
        return a != a ? y : x;
      return (Op == HalfOp::Min ? b < a : b > a) ? y : x;
    }
    return Bfloat ? floatToBfloat(a + b) : floatToHalf(a + b);
  }
  static uint16_t apply(uint16_t old, uint16_t b, uint16_t) { return one(old, b); }
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    return one(uint16_t(old), uint16_t(b)) | uint32_t(one(uint16_t(old >> 16), uint16_t(b >> 16))) << 16;
  }
};

template <typename T, typename Op> T update(uint64_t address, T b, T c) {
  T *memory = reinterpret_cast<T *>(address);
  T old = __atomic_load_n(memory, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(memory, &old, Op::apply(old, b, c), true, __ATOMIC_SEQ_CST,
                                      __ATOMIC_RELAXED)) {
  }
  return old;
}

/// a: address, b, c: operands; aux: the space; dst only for atom.
template <typename T, typename Op> void handleAtomic(Warp &warp, const Inst &inst, uint32_t mask) {
  LaneAddresses host;
  AccessRequest request;
  request.base = inst.a;
  request.space = Space(inst.aux);
  request.bytes = sizeof(T);
  request.kind = AccessKind::Atomic;
  request.offset = inst.imm;
  request.flags = inst.flags;
  if (!resolve(warp, inst, mask, request, host))
    return;
  bool synchronises = warp.checker && warp.checker->checks().race;
  LaneAddresses addresses;
  if (synchronises) {
    addresses = strongAddresses(warp, inst, request.space);
    noteStrong(warp, inst, mask, request.space, true, addresses);
  }
  if (warp.counting)
    warp.worker->counters.atomics += unsigned(std::popcount(mask));
  ++warp.polls;
  const T *b = warp.at<T>(inst.b), *c = inst.c == noSlot ? b : warp.at<T>(inst.c);
  alignas(64) T result[32];
  forLanes(mask, [&](unsigned lane) { result[lane] = update<T, Op>(host[lane], b[lane], c[lane]); });
  if (inst.dst != noSlot)
    blend(warp.at<T>(inst.dst), result, mask);
  if (synchronises)
    noteStrong(warp, inst, mask, request.space, false, addresses);
}

template <typename Op> Handler bits(Type type) {
  return ptx::typeBits(type) == 16   ? nullptr
         : ptx::typeBits(type) == 32 ? &handleAtomic<uint32_t, Op>
         : ptx::typeBits(type) == 64 ? &handleAtomic<uint64_t, Op>
                                     : nullptr;
}

template <template <typename> class Op, HalfOp HalfKind> Handler ordering(Type type) {
  switch (type) {
  case Type::U32:
    return &handleAtomic<uint32_t, Op<uint32_t>>;
  case Type::S32:
    return &handleAtomic<uint32_t, Op<int32_t>>;
  case Type::U64:
    return &handleAtomic<uint64_t, Op<uint64_t>>;
  case Type::S64:
    return &handleAtomic<uint64_t, Op<int64_t>>;
  case Type::F16:
    return &handleAtomic<uint16_t, Half<false, HalfKind>>;
  case Type::F16x2:
    return &handleAtomic<uint32_t, Half<false, HalfKind>>;
  case Type::BF16:
    return &handleAtomic<uint16_t, Half<true, HalfKind>>;
  case Type::BF16x2:
    return &handleAtomic<uint32_t, Half<true, HalfKind>>;
  default:
    return nullptr;
  }
}

Handler addition(Type type, bool global) {
  switch (type) {
  case Type::F32:
    return global ? &handleAtomic<uint32_t, AddFloatFlush> : &handleAtomic<uint32_t, AddFloat>;
  case Type::F64:
    return &handleAtomic<uint64_t, AddDouble>;
  case Type::F16:
    return &handleAtomic<uint16_t, Half<false, HalfOp::Add>>;
  case Type::F16x2:
    return &handleAtomic<uint32_t, Half<false, HalfOp::Add>>;
  case Type::BF16:
    return &handleAtomic<uint16_t, Half<true, HalfOp::Add>>;
  case Type::BF16x2:
    return &handleAtomic<uint32_t, Half<true, HalfOp::Add>>;
  default:
    return bits<Add>(type);
  }
}

Handler atomicHandler(std::string_view op, Type type, Space space) {
  if (op == "and")
    return bits<And>(type);
  if (op == "or")
    return bits<Or>(type);
  if (op == "xor")
    return bits<Xor>(type);
  if (op == "exch")
    return bits<Exchange>(type);
  if (op == "cas")
    return ptx::typeBits(type) == 16 ? &handleAtomic<uint16_t, CompareSwap> : bits<CompareSwap>(type);
  if (op == "add")
    return addition(type, space != Space::Shared);
  if (op == "inc")
    return type == Type::U32 ? &handleAtomic<uint32_t, Increment> : nullptr;
  if (op == "dec")
    return type == Type::U32 ? &handleAtomic<uint32_t, Decrement> : nullptr;
  if (op == "min")
    return ordering<Min, HalfOp::Min>(type);
  if (op == "max")
    return ordering<Max, HalfOp::Max>(type);
  return nullptr;
}

bool decodeAtomic(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool returns = instruction.opcode == "atom";
  if (modifiers.take("async"))
    return decoder.unsupported(instruction, "red.async");
  std::string_view order = modifiers.takeOneOf({"relaxed", "acquire", "release", "acq_rel"});
  modifiers.takeOneOf({"cta", "cluster", "gpu", "sys"});
  Space space = takeMemorySpace(modifiers);
  bool hasPolicy = modifiers.take("L2::cache_hint");
  std::string_view op =
      modifiers.takeOneOf({"and", "or", "xor", "exch", "cas", "add", "inc", "dec", "min", "max"});
  modifiers.take("noftz");
  Type type = modifiers.takeType();
  size_t count = (returns ? 1 : 0) + 2 + (op == "cas" ? 1 : 0);
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, count, count + hasPolicy))
    return false;
  const Operand *operands = instruction.operands.data() + (returns ? 1 : 0);
  Handler handler = atomicHandler(op, type, space);
  if (!handler || operands[1].kind == Operand::Kind::Vector)
    return decoder.unsupported(instruction, std::string(instruction.opcode) + "." + std::string(op) + "." +
                                                std::string(ptx::typeName(type)));
  AddressOperand address;
  if (!decoder.address(operands[0], space, address))
    return false;
  Slot b = decoder.read(operands[1], type), c = op == "cas" ? decoder.read(operands[2], type) : noSlot;
  Slot d = returns ? decoder.write(instruction.operands[0], type) : noSlot;
  Inst &inst = decoder.emit(handler, InstructionClass::Atomic, d, address.base, b, c);
  inst.imm = address.offset;
  inst.aux = uint16_t(space);
  inst.flags =
      uint8_t(address.flags | flagStrong | (order == "acquire" || order == "acq_rel" ? flagAcquire : 0) |
              (order == "release" || order == "acq_rel" ? flagRelease : 0));
  return decoder.ok();
}

} // namespace

void addAtomicDecoders(DecoderTable &table) { table["atom"] = table["red"] = decodeAtomic; }

} // namespace mv::ptxsim
