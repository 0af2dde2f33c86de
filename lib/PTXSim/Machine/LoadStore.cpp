//===- LoadStore.cpp - ld, st and their relatives -------------------*- C++ -*-===//
//
// PTX ISA, "Data Movement and Conversion Instructions". Cache hints and levels have no effect. Vector
// accesses are one access of the whole width. Strong accesses (volatile, relaxed, acquire, release) are
// single atomic accesses of the host per element.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"

#include <atomic>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

template <typename T> T loadRelaxed(uint64_t address) {
  return __atomic_load_n(reinterpret_cast<T *>(address), __ATOMIC_RELAXED);
}
template <typename T> void storeRelaxed(uint64_t address, T value) {
  __atomic_store_n(reinterpret_cast<T *>(address), value, __ATOMIC_RELAXED);
}

bool contiguous(const LaneAddresses &host, unsigned bytes) {
  uint64_t different = 0;
  for (unsigned lane = 0; lane < warpSize; ++lane)
    different |= host[lane] ^ (host[0] + uint64_t(lane) * bytes);
  return different == 0;
}

AccessRequest requestOf(const Inst &inst, Space space, AccessKind kind) {
  AccessRequest request;
  request.base = inst.a;
  request.space = space;
  request.bytes = inst.width;
  request.kind = kind;
  request.offset = inst.imm;
  request.flags = inst.flags;
  return request;
}

/// T: what stands in memory; R: the register it is extended to.
template <typename T, typename R, Space S> void handleLoad(Warp &warp, const Inst &inst, uint32_t mask) {
  LaneAddresses host;
  bool strong = inst.flags & flagStrong;
  if (!resolve(warp, inst, mask, requestOf(inst, S, strong ? AccessKind::StrongRead : AccessKind::Read),
               host))
    return;
  const Slot *list = warp.list(inst);
  if (strong) {
    ++warp.polls;
    LaneAddresses addresses;
    if (warp.checker)
      addresses = strongAddresses(warp, inst, S);
    for (unsigned i = 0; i < inst.defs; ++i) {
      R *d = warp.at<R>(list[i]);
      forLanes(mask, [&](unsigned lane) { d[lane] = R(loadRelaxed<T>(host[lane] + i * sizeof(T))); });
    }
    if (inst.flags & flagAcquire)
      std::atomic_thread_fence(std::memory_order_acquire);
    if (warp.checker)
      noteStrong(warp, inst, mask, S, false, addresses);
    return;
  }
  if (sizeof(T) == sizeof(R) && inst.defs == 1 && mask == allLanes && contiguous(host, sizeof(T))) {
    std::memcpy(warp.at<R>(list[0]), reinterpret_cast<const void *>(host[0]), sizeof(T) * warpSize);
    return;
  }
  for (unsigned i = 0; i < inst.defs; ++i) {
    R *d = warp.at<R>(list[i]);
    forLanes(mask, [&](unsigned lane) {
      T value;
      std::memcpy(&value, reinterpret_cast<const void *>(host[lane] + i * sizeof(T)), sizeof(T));
      d[lane] = R(value);
    });
  }
}

template <typename T, typename R, Space S> void handleStore(Warp &warp, const Inst &inst, uint32_t mask) {
  LaneAddresses host;
  bool strong = inst.flags & flagStrong;
  const Slot *list = warp.list(inst);
  AccessRequest request = requestOf(inst, S, strong ? AccessKind::StrongWrite : AccessKind::Write);
  request.values = {list, inst.uses, sizeof(T), sizeof(R)};
  if (!resolve(warp, inst, mask, request, host))
    return;
  if (strong) {
    if (inst.flags & flagRelease)
      std::atomic_thread_fence(std::memory_order_release);
    if (warp.checker)
      noteStrong(warp, inst, mask, S, true, strongAddresses(warp, inst, S));
    for (unsigned i = 0; i < inst.uses; ++i) {
      const R *a = warp.at<R>(list[i]);
      forLanes(mask, [&](unsigned lane) { storeRelaxed<T>(host[lane] + i * sizeof(T), T(a[lane])); });
    }
    return;
  }
  if (sizeof(T) == sizeof(R) && inst.uses == 1 && mask == allLanes && contiguous(host, sizeof(T))) {
    std::memcpy(reinterpret_cast<void *>(host[0]), warp.at<R>(list[0]), sizeof(T) * warpSize);
    return;
  }
  for (unsigned i = 0; i < inst.uses; ++i) {
    const R *a = warp.at<R>(list[i]);
    forLanes(mask, [&](unsigned lane) {
      T value = T(a[lane]);
      std::memcpy(reinterpret_cast<void *>(host[lane] + i * sizeof(T)), &value, sizeof(T));
    });
  }
}

/// 128-bit elements are two planes of 64 bits in registers.
template <Space S, bool Store> void handle128(Warp &warp, const Inst &inst, uint32_t mask) {
  LaneAddresses host;
  AccessRequest request = requestOf(inst, S, Store ? AccessKind::Write : AccessKind::Read);
  if (!resolve(warp, inst, mask, request, host))
    return;
  const Slot *list = warp.list(inst);
  unsigned count = Store ? inst.uses : inst.defs;
  for (unsigned i = 0; i < count; ++i) {
    uint64_t *value = warp.at<uint64_t>(list[i]);
    forLanes(mask, [&](unsigned lane) {
      uint64_t parts[2] = {value[lane], value[lane + 32]};
      void *memory = reinterpret_cast<void *>(host[lane] + i * 16);
      if (Store) {
        std::memcpy(memory, parts, 16);
      } else {
        std::memcpy(parts, memory, 16);
        value[lane] = parts[0];
        value[lane + 32] = parts[1];
      }
    });
  }
}

/// A kernel parameter at a constant place: the same for all lanes.
template <typename T, typename R> void handleLoadParameter(Warp &warp, const Inst &inst, uint32_t mask) {
  const std::vector<uint8_t> &parameters = warp.block->launch->parameters;
  const Slot *list = warp.list(inst);
  for (unsigned i = 0; i < inst.defs; ++i) {
    uint64_t offset = uint64_t(inst.imm) + i * sizeof(T);
    if (offset > parameters.size() || sizeof(T) > parameters.size() - offset)
      return fault(warp, inst, unsigned(std::countr_zero(mask)), Error::IllegalAddress,
                   "load beyond the " + std::to_string(parameters.size()) + " bytes of parameters");
    T value;
    std::memcpy(&value, parameters.data() + offset, sizeof(T));
    R *d = warp.at<R>(list[i]);
    forLanes(mask, [&](unsigned lane) { d[lane] = R(value); });
  }
}

template <typename T, typename R, bool Store> Handler bySpace(Space space) {
  switch (space) {
  case Space::Global:
  case Space::Const:
    return Store ? handleStore<T, R, Space::Global> : handleLoad<T, R, Space::Global>;
  case Space::Shared:
    return Store ? handleStore<T, R, Space::Shared> : handleLoad<T, R, Space::Shared>;
  case Space::Local:
    return Store ? handleStore<T, R, Space::Local> : handleLoad<T, R, Space::Local>;
  case Space::Param:
    return Store ? nullptr : handleLoad<T, R, Space::Param>;
  default:
    return Store ? handleStore<T, R, Space::Generic> : handleLoad<T, R, Space::Generic>;
  }
}

template <bool Store> Handler handler128(Space space) {
  switch (space) {
  case Space::Global:
  case Space::Const:
    return handle128<Space::Global, Store>;
  case Space::Shared:
    return handle128<Space::Shared, Store>;
  case Space::Local:
    return handle128<Space::Local, Store>;
  case Space::Param:
    return Store ? nullptr : handle128<Space::Param, Store>;
  default:
    return handle128<Space::Generic, Store>;
  }
}

struct Variant {
  Handler load, store, parameter;
};

template <typename T, typename R> Variant variant(Space space) {
  return {bySpace<T, R, false>(space), bySpace<T, R, true>(space), handleLoadParameter<T, R>};
}

/// By the type in memory and the width of the register. Signed narrow types extend their sign.
Variant pick(Type type, unsigned registerBytes, Space space) {
  switch (type) {
  case Type::B8:
  case Type::U8:
  case Type::E4M3:
  case Type::E5M2:
    return registerBytes == 2   ? variant<uint8_t, uint16_t>(space)
           : registerBytes == 4 ? variant<uint8_t, uint32_t>(space)
                                : variant<uint8_t, uint64_t>(space);
  case Type::S8:
    return registerBytes == 2   ? variant<int8_t, int16_t>(space)
           : registerBytes == 4 ? variant<int8_t, int32_t>(space)
                                : variant<int8_t, int64_t>(space);
  case Type::B16:
  case Type::U16:
  case Type::F16:
  case Type::BF16:
  case Type::E4M3x2:
  case Type::E5M2x2:
    return registerBytes == 2   ? variant<uint16_t, uint16_t>(space)
           : registerBytes == 4 ? variant<uint16_t, uint32_t>(space)
                                : variant<uint16_t, uint64_t>(space);
  case Type::S16:
    return registerBytes == 2   ? variant<int16_t, int16_t>(space)
           : registerBytes == 4 ? variant<int16_t, int32_t>(space)
                                : variant<int16_t, int64_t>(space);
  case Type::S32:
    return registerBytes == 4 ? variant<int32_t, int32_t>(space) : variant<int32_t, int64_t>(space);
  case Type::B128:
    return {handler128<false>(space), handler128<true>(space), handler128<false>(space)};
  default:
    break;
  }
  if (ptx::typeBits(type) == 32)
    return registerBytes == 4 ? variant<uint32_t, uint32_t>(space) : variant<uint32_t, uint64_t>(space);
  return variant<uint64_t, uint64_t>(space);
}

/// Everything of ld and st that is about caches.
void takeCacheHints(Modifiers &modifiers, bool &hasPolicy) {
  hasPolicy = modifiers.take("L2::cache_hint");
  while (!modifiers.takePrefix("L1::").empty() || !modifiers.takePrefix("L2::").empty()) {
  }
  modifiers.takeOneOf({"ca", "cg", "cs", "lu", "cv", "wb", "wt"});
  modifiers.take("nc");
  modifiers.take("unified");
}

uint8_t takeOrder(Modifiers &modifiers) {
  std::string_view order = modifiers.takeOneOf({"weak", "volatile", "relaxed", "acquire", "release", "mmio"});
  if (modifiers.take("mmio") || order == "mmio")
    modifiers.takeOneOf({"relaxed"});
  modifiers.takeOneOf({"cta", "cluster", "gpu", "sys"});
  uint8_t flags = order.empty() || order == "weak" ? 0 : flagStrong;
  return uint8_t(flags | (order == "acquire" ? flagAcquire : order == "release" ? flagRelease : 0));
}

const Operand *vectorOrSelf(const Operand &operand, size_t &count) {
  bool isVector = operand.kind == Operand::Kind::Vector;
  count = isVector ? operand.parts.size() : 1;
  return isVector ? operand.parts.data() : &operand;
}

bool checkVector(Decoder &decoder, const ptx::Instruction &instruction, std::string_view vector, size_t count,
                 Type type) {
  size_t wanted = vector.empty() ? 1 : size_t(vector[1] - '0');
  if (count == wanted && count * ptx::typeBytes(type) <= 32)
    return true;
  return decoder.fail(instruction.location, "'" + std::string(instruction.opcode) + "' has " +
                                                std::to_string(count) + " elements of ." +
                                                std::string(ptx::typeName(type)) + ", expected " +
                                                std::to_string(wanted) + " of at most 32 bytes together");
}

/// Register width for all elements: as wide as the widest register among them, none narrower than the type.
unsigned elementBytes(const Decoder &decoder, const Operand *parts, size_t count, Type type) {
  unsigned bytes = slotBytes(type);
  for (size_t i = 0; i < count; ++i)
    bytes = std::max(bytes, slotBytes(decoder.registerType(parts[i])));
  return bytes;
}

Type bitsType(unsigned bytes) {
  return bytes == 2 ? Type::B16 : bytes == 4 ? Type::B32 : bytes == 8 ? Type::B64 : Type::B128;
}

Space frameSpace(Space space, const AddressOperand &address, bool isKernel) {
  // Parameters of functions and of calls live in the frame, in local memory.
  if (space == Space::Param && (address.flags & flagFrame))
    return Space::Local;
  if (space == Space::Generic && (address.flags & flagFrame))
    return Space::Local;
  return space;
}

/// What ld and st have in common.
struct MemoryAccess {
  uint8_t order;
  Space space;
  Type type;
  size_t count;
  const Operand *parts; ///< `count` of them.
  AddressOperand address;
};

/// Reads the modifiers and operands of ld or st (`name`), whose value and address are the operands of these numbers.
bool decodeAccess(Decoder &decoder, const ptx::Instruction &instruction, const char *name, size_t value,
                  size_t location, MemoryAccess &access) {
  Modifiers modifiers(instruction);
  bool hasPolicy = false;
  access.order = takeOrder(modifiers);
  access.space = takeMemorySpace(modifiers);
  takeCacheHints(modifiers, hasPolicy);
  std::string_view vector = modifiers.takeOneOf({"v2", "v4", "v8"});
  access.type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, hasPolicy ? 3 : 2))
    return false;
  access.parts = vectorOrSelf(instruction.operands[value], access.count);
  if (access.type == Type::None || access.type == Type::Pred)
    return decoder.fail(instruction.location, std::string(name) + " has no type");
  return checkVector(decoder, instruction, vector, access.count, access.type) &&
         decoder.address(instruction.operands[location], access.space, access.address);
}

bool decodeLoad(Decoder &decoder, const ptx::Instruction &instruction) {
  MemoryAccess access;
  if (!decodeAccess(decoder, instruction, "ld", 0, 1, access))
    return false;
  auto &[order, space, type, count, parts, address] = access;
  bool parameterConstant = space == Space::Param && !(address.flags & flagFrame) && type != Type::B128 &&
                           instruction.operands[1].parts[0].kind == Operand::Kind::Symbol &&
                           instruction.operands[1].parts[0].variable >= 0;
  space = frameSpace(space, address, decoder.isKernel());
  unsigned bytes = elementBytes(decoder, parts, count, type);
  Variant handlers = pick(type, bytes, space);
  std::vector<Slot> defs;
  for (size_t i = 0; i < count; ++i)
    defs.push_back(decoder.writeWide(parts[i], bitsType(bytes)));
  if (!decoder.ok())
    return false;
  InstructionClass kind = space == Space::Shared  ? InstructionClass::LoadShared
                          : space == Space::Local ? InstructionClass::Local
                          : space == Space::Param || space == Space::Const
                              ? InstructionClass::ParameterConstant
                              : InstructionClass::LoadGlobal;
  Inst &inst = decoder.emit(parameterConstant ? handlers.parameter : handlers.load, kind);
  if (!parameterConstant)
    inst.a = address.base;
  inst.imm = address.offset;
  if (parameterConstant)
    inst.imm += int64_t(decoder.frameVariable(uint32_t(instruction.operands[1].parts[0].variable)).offset);
  inst.flags = uint8_t(address.flags | order);
  inst.width = uint16_t(count * ptx::typeBytes(type));
  decoder.setList(inst, defs, {});
  return decoder.ok();
}

bool decodeStore(Decoder &decoder, const ptx::Instruction &instruction) {
  MemoryAccess access;
  if (!decodeAccess(decoder, instruction, "st", 1, 0, access))
    return false;
  auto &[order, space, type, count, parts, address] = access;
  space = frameSpace(space, address, decoder.isKernel());
  if (space == Space::Param || space == Space::Const)
    return decoder.fail(instruction.location,
                        "st to ." + std::string(ptx::spaceName(space)) + " memory, which is read-only");
  unsigned bytes = elementBytes(decoder, parts, count, type);
  std::vector<Slot> uses;
  for (size_t i = 0; i < count; ++i) {
    Type have = decoder.registerType(parts[i]);
    if (have != Type::None && slotBytes(have) < bytes) {
      Slot wide = decoder.temporary(bytes);
      emitResize(decoder, wide, bytes, decoder.read(parts[i], have), slotBytes(have), false);
      uses.push_back(wide);
    } else {
      uses.push_back(
          decoder.read(parts[i], have == Type::None && bytes == slotBytes(type) ? type : bitsType(bytes)));
    }
  }
  Variant handlers = pick(type, bytes, space);
  if (!decoder.ok())
    return false;
  InstructionClass kind = space == Space::Shared  ? InstructionClass::StoreShared
                          : space == Space::Local ? InstructionClass::Local
                                                  : InstructionClass::StoreGlobal;
  Inst &inst = decoder.emit(handlers.store, kind);
  inst.a = address.base;
  inst.imm = address.offset;
  inst.flags = uint8_t(address.flags | order);
  inst.width = uint16_t(count * ptx::typeBytes(type));
  decoder.setList(inst, {}, uses);
  return decoder.ok();
}

void handleNothing(Warp &, const Inst &, uint32_t) {}

/// prefetch, prefetchu, discard, applypriority: hints.
bool decodeHint(Decoder &decoder, const ptx::Instruction &) {
  decoder.emit(handleNothing, InstructionClass::Other);
  return true;
}

bool decodeCreatePolicy(Decoder &decoder, const ptx::Instruction &instruction) {
  if (instruction.operands.empty())
    return decoder.operandCount(instruction, 1, 4);
  emitMove(decoder, decoder.write(instruction.operands[0], Type::B64), decoder.constant(0, 8), 8);
  return decoder.ok();
}

} // namespace

LaneAddresses strongAddresses(const Warp &warp, const Inst &inst, Space space) {
  LaneAddresses addresses;
  laneAddresses(warp, requestOf(inst, space, AccessKind::StrongRead), addresses);
  return addresses;
}

void noteStrong(Warp &warp, const Inst &inst, uint32_t mask, Space space, bool write,
                const LaneAddresses &addresses) {
  forLanes(mask, [&](unsigned lane) {
    uint64_t address = addresses[lane];
    bool shared = space == Space::Shared || (space == Space::Generic && isSharedWindow(address));
    if (shared)
      address &= (uint64_t(1) << windowShift) - 1;
    if (write)
      warp.checker->strongWrite(warp, address, shared, inst.flags & flagRelease);
    else
      warp.checker->strongRead(warp, address, shared, inst.flags & flagAcquire);
  });
}

void emitFrameStore(Decoder &decoder, Slot value, unsigned bytes, uint32_t frameOffset) {
  Type type = bitsType(bytes);
  Inst &inst = decoder.emit(pick(type, bytes, Space::Local).store, InstructionClass::Local);
  inst.a = decoder.constant(0, 8);
  inst.imm = frameOffset;
  inst.flags = flagFrame;
  inst.width = uint16_t(bytes);
  decoder.setList(inst, {}, {value});
}

void emitFrameLoad(Decoder &decoder, Slot to, unsigned bytes, uint32_t frameOffset) {
  Type type = bitsType(bytes);
  Inst &inst = decoder.emit(pick(type, bytes, Space::Local).load, InstructionClass::Local);
  inst.a = decoder.constant(0, 8);
  inst.imm = frameOffset;
  inst.flags = flagFrame;
  inst.width = uint16_t(bytes);
  decoder.setList(inst, {to}, {});
}

void addMemoryDecoders(DecoderTable &table) {
  table["ld"] = table["ldu"] = decodeLoad;
  table["st"] = decodeStore;
  table["prefetch"] = table["prefetchu"] = table["discard"] = table["applypriority"] = decodeHint;
  table["createpolicy"] = decodeCreatePolicy;
}

} // namespace mv::ptxsim
