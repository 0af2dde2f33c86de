//===- Move.cpp - mov, packing, addresses and special registers -----*- C++ -*-===//

#include "PTXSim/Machine/Handlers.h"
#include "PTXSim/Machine/Launch.h"

#include <chrono>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

struct Copy {
  template <typename T> static T apply(T a) { return a; }
};
template <typename D, typename S> struct Resize {
  static D apply(S a) { return D(a); }
};

void move128(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint64_t *a = warp.at<uint64_t>(inst.a);
  uint64_t *d = warp.at<uint64_t>(inst.dst);
  forLanes(mask, [&](unsigned lane) {
    d[lane] = a[lane];
    d[lane + 32] = a[lane + 32];
  });
}

void movePredicate(Warp &warp, const Inst &inst, uint32_t mask) {
  warp.setPredicate(inst.dst, mask, warp.predicate(inst.a) ^ (inst.imm ? allLanes : 0));
}

Handler moveHandler(unsigned bytes) {
  return bytes == 0   ? movePredicate
         : bytes == 2 ? unary<uint16_t, Copy>()
         : bytes == 4 ? unary<uint32_t, Copy>()
         : bytes == 8 ? unary<uint64_t, Copy>()
                      : move128;
}

/// {a, b, …} into one register. T holds E's side by side.
template <typename T, typename E> void handlePack(Warp &warp, const Inst &inst, uint32_t mask) {
  const Slot *list = warp.list(inst);
  alignas(64) T result[32] = {};
  for (unsigned i = 0; i < inst.uses; ++i) {
    const E *element = warp.at<E>(list[i]);
    unsigned shift = inst.width * i;
    for (unsigned lane = 0; lane < 32; ++lane)
      result[lane] |= T(T(element[lane]) & T(T(~T(0)) >> (sizeof(T) * 8 - inst.width))) << shift;
  }
  blend(warp.at<T>(inst.dst), result, mask);
}

template <typename T, typename E> void handleUnpack(Warp &warp, const Inst &inst, uint32_t mask) {
  const Slot *list = warp.list(inst);
  alignas(64) T source[32];
  std::memcpy(source, warp.at<T>(inst.a), sizeof(source));
  for (unsigned i = 0; i < inst.defs; ++i) {
    unsigned shift = inst.width * i;
    alignas(64) E result[32];
    for (unsigned lane = 0; lane < 32; ++lane)
      result[lane] = E(source[lane] >> shift);
    if (inst.width == 8)
      for (unsigned lane = 0; lane < 32; ++lane)
        result[lane] &= E(0xff);
    blend(warp.at<E>(list[i]), result, mask);
  }
}

void handlePack128(Warp &warp, const Inst &inst, uint32_t mask) {
  const Slot *list = warp.list(inst);
  const uint64_t *low = warp.at<uint64_t>(list[0]), *high = warp.at<uint64_t>(list[1]);
  uint64_t *d = warp.at<uint64_t>(inst.dst);
  forLanes(mask, [&](unsigned lane) {
    d[lane] = low[lane];
    d[lane + 32] = high[lane];
  });
}
void handleUnpack128(Warp &warp, const Inst &inst, uint32_t mask) {
  const Slot *list = warp.list(inst);
  uint64_t *low = warp.at<uint64_t>(list[0]), *high = warp.at<uint64_t>(list[1]);
  const uint64_t *a = warp.at<uint64_t>(inst.a);
  forLanes(mask, [&](unsigned lane) {
    low[lane] = a[lane];
    high[lane] = a[lane + 32];
  });
}

/// Bits of each element of a packed move of `total` bits; the handler pair by widths.
struct PackHandlers {
  Handler pack, unpack;
};
PackHandlers packHandlers(unsigned total, unsigned element) {
  if (total == 128 && element == 64)
    return {handlePack128, handleUnpack128};
  if (total == 64)
    return element == 32   ? PackHandlers{handlePack<uint64_t, uint32_t>, handleUnpack<uint64_t, uint32_t>}
           : element == 16 ? PackHandlers{handlePack<uint64_t, uint16_t>, handleUnpack<uint64_t, uint16_t>}
           : element == 8  ? PackHandlers{handlePack<uint64_t, uint16_t>, handleUnpack<uint64_t, uint16_t>}
                           : PackHandlers{nullptr, nullptr};
  if (total == 32)
    return element == 16 || element == 8
               ? PackHandlers{handlePack<uint32_t, uint16_t>, handleUnpack<uint32_t, uint16_t>}
               : PackHandlers{nullptr, nullptr};
  if (total == 16 && element == 8)
    return {handlePack<uint16_t, uint16_t>, handleUnpack<uint16_t, uint16_t>};
  return {nullptr, nullptr};
}

Type elementType(unsigned bits) {
  return bits == 8 ? Type::B8 : bits == 16 ? Type::B16 : bits == 32 ? Type::B32 : Type::B64;
}

bool decodePacked(Decoder &decoder, const ptx::Instruction &instruction, Type type) {
  const Operand &to = instruction.operands[0], &from = instruction.operands[1];
  bool packs = from.kind == Operand::Kind::Vector;
  const std::vector<Operand> &parts = packs ? from.parts : to.parts;
  unsigned total = ptx::typeBits(type);
  if (parts.empty() || total % parts.size() != 0)
    return decoder.fail(instruction.location,
                        "mov of a vector: the elements do not fill ." + std::string(ptx::typeName(type)));
  unsigned bits = unsigned(total / parts.size());
  PackHandlers handlers = packHandlers(total, bits);
  // {lo, hi} of b128 may be given as four 32-bit elements too; compilers use 64.
  if (!handlers.pack)
    return decoder.unsupported(instruction, "mov of " + std::to_string(parts.size()) + " elements as ." +
                                                std::string(ptx::typeName(type)));
  std::vector<Slot> slots;
  for (const Operand &part : parts)
    slots.push_back(packs ? decoder.read(part, elementType(bits)) : decoder.write(part, elementType(bits)));
  Slot other = packs ? decoder.write(to, type) : decoder.read(from, type);
  Inst &inst = decoder.emit(packs ? handlers.pack : handlers.unpack, InstructionClass::Move);
  inst.width = uint16_t(bits);
  (packs ? inst.dst : inst.a) = other;
  decoder.setList(inst, packs ? std::vector<Slot>() : slots, packs ? slots : std::vector<Slot>());
  return decoder.ok();
}

bool decodeMove(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  const Operand &to = instruction.operands[0], &from = instruction.operands[1];
  if (type == Type::None)
    return decoder.fail(instruction.location, "mov has no type");
  if (to.kind == Operand::Kind::Vector || from.kind == Operand::Kind::Vector)
    return decodePacked(decoder, instruction, type);
  Slot a = decoder.read(from, type), d = decoder.write(to, type);
  Inst &inst = decoder.emit(moveHandler(slotBytes(type)), InstructionClass::Move, d, a);
  inst.imm = type == Type::Pred && from.negated;
  return decoder.ok();
}

// cvta: windows of the generic address space are added or taken away.

template <typename T, bool ToGeneric> void handleConvertAddress(Warp &warp, const Inst &inst, uint32_t mask) {
  const T *a = warp.at<T>(inst.a);
  uint64_t window = uint64_t(inst.imm);
  alignas(64) T result[32];
  for (unsigned lane = 0; lane < 32; ++lane)
    result[lane] = T(ToGeneric ? uint64_t(a[lane]) + window : uint64_t(a[lane]) - window);
  blend(warp.at<T>(inst.dst), result, mask);
}

uint64_t windowOf(std::string_view space) {
  return space == "shared"  ? sharedWindow
         : space == "local" ? localWindow
         : space == "param" ? paramWindow
                            : 0;
}

std::string_view takeSpace(Modifiers &modifiers) {
  if (modifiers.take("shared::cta"))
    return "shared";
  if (modifiers.take("param::entry"))
    return "param";
  return modifiers.takeOneOf({"global", "shared", "local", "const", "param"});
}

bool decodeConvertAddress(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool fromGeneric = modifiers.take("to");
  std::string_view space = takeSpace(modifiers);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  if (space.empty() || ptx::typeBits(type) != 64)
    return decoder.unsupported(instruction, "cvta without a space or of 32-bit addresses");
  Slot a = decoder.read(instruction.operands[1], type), d = decoder.write(instruction.operands[0], type);
  uint64_t window = windowOf(space);
  if (window == 0) {
    decoder.emit(moveHandler(8), InstructionClass::Integer, d, a);
    return decoder.ok();
  }
  decoder
      .emit(fromGeneric ? handleConvertAddress<uint64_t, false> : handleConvertAddress<uint64_t, true>,
            InstructionClass::Integer, d, a)
      .imm = int64_t(window);
  return decoder.ok();
}

void handleIsSpace(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint64_t *a = warp.at<uint64_t>(inst.a);
  uint64_t window = uint64_t(inst.imm);
  uint32_t value = 0;
  for (unsigned lane = 0; lane < 32; ++lane) {
    bool holds = window ? a[lane] >> windowShift == window >> windowShift : a[lane] < windowBase;
    value |= uint32_t(holds) << lane;
  }
  if (inst.aux) { // .const is a part of global memory here: look at the allocation.
    value = 0;
    forLanes(mask, [&](unsigned lane) {
      Allocation *allocation = warp.block->launch->memory.find(a[lane], 1);
      value |= uint32_t(allocation && allocation->constant) << lane;
    });
  }
  warp.setPredicate(inst.dst, mask, value);
}

bool decodeIsSpace(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  if (modifiers.take("shared::cluster"))
    return decoder.unsupported(instruction, "isspacep.shared::cluster");
  std::string_view space = takeSpace(modifiers);
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  Slot a = decoder.read(instruction.operands[1], Type::U64);
  Inst &inst = decoder.emit(handleIsSpace, InstructionClass::Compare,
                            decoder.writePredicate(instruction.operands[0]), a);
  inst.imm = int64_t(windowOf(space));
  inst.aux = space == "const";
  return decoder.ok();
}

// Special registers.

enum class Special : uint16_t {
  TidX,
  TidY,
  TidZ,
  NtidX,
  NtidY,
  NtidZ,
  CtaidX,
  CtaidY,
  CtaidZ,
  NctaidX,
  NctaidY,
  NctaidZ,
  LaneId,
  WarpId,
  NwarpId,
  SmId,
  NsmId,
  GridId,
  MaskEq,
  MaskLe,
  MaskLt,
  MaskGe,
  MaskGt,
  Clock,
  ClockHi,
  Clock64,
  Timer,
  TimerLo,
  TimerHi,
  DynamicShared,
  TotalShared,
  WorkspaceHi,
  WorkspaceLo,
  Zero,
  One,
  Unknown,
};

constexpr struct {
  std::string_view name;
  Special special;
} specialNames[] = {
    {"tid.x", Special::TidX},
    {"tid.y", Special::TidY},
    {"tid.z", Special::TidZ},
    {"tid", Special::TidX},
    {"ntid.x", Special::NtidX},
    {"ntid.y", Special::NtidY},
    {"ntid.z", Special::NtidZ},
    {"ntid", Special::NtidX},
    {"ctaid.x", Special::CtaidX},
    {"ctaid.y", Special::CtaidY},
    {"ctaid.z", Special::CtaidZ},
    {"ctaid", Special::CtaidX},
    {"nctaid.x", Special::NctaidX},
    {"nctaid.y", Special::NctaidY},
    {"nctaid.z", Special::NctaidZ},
    {"nctaid", Special::NctaidX},
    {"laneid", Special::LaneId},
    {"warpid", Special::WarpId},
    {"nwarpid", Special::NwarpId},
    {"smid", Special::SmId},
    {"nsmid", Special::NsmId},
    {"gridid", Special::GridId},
    {"lanemask_eq", Special::MaskEq},
    {"lanemask_le", Special::MaskLe},
    {"lanemask_lt", Special::MaskLt},
    {"lanemask_ge", Special::MaskGe},
    {"lanemask_gt", Special::MaskGt},
    {"clock", Special::Clock},
    {"clock_hi", Special::ClockHi},
    {"clock64", Special::Clock64},
    {"globaltimer", Special::Timer},
    {"globaltimer_lo", Special::TimerLo},
    {"globaltimer_hi", Special::TimerHi},
    {"dynamic_smem_size", Special::DynamicShared},
    {"total_smem_size", Special::TotalShared},
    {"aggr_smem_size", Special::TotalShared},
    {"is_explicit_cluster", Special::Zero},
    // Cooperative groups find their grid-wide barrier here.
    {"envreg1", Special::WorkspaceHi},
    {"envreg2", Special::WorkspaceLo},
    // A cluster is one block.
    {"clusterid.x", Special::CtaidX},
    {"clusterid.y", Special::CtaidY},
    {"clusterid.z", Special::CtaidZ},
    {"nclusterid.x", Special::NctaidX},
    {"nclusterid.y", Special::NctaidY},
    {"nclusterid.z", Special::NctaidZ},
    {"cluster_ctaid.x", Special::Zero},
    {"cluster_ctaid.y", Special::Zero},
    {"cluster_ctaid.z", Special::Zero},
    {"cluster_nctaid.x", Special::One},
    {"cluster_nctaid.y", Special::One},
    {"cluster_nctaid.z", Special::One},
    {"cluster_ctarank", Special::Zero},
    {"cluster_nctarank", Special::One},
    {"reserved_smem_offset_begin", Special::Zero},
    {"reserved_smem_offset_end", Special::Zero},
    {"reserved_smem_offset_cap", Special::Zero},
    {"current_graph_exec", Special::Zero},
};

Special findSpecial(std::string_view name) {
  for (const auto &entry : specialNames)
    if (entry.name == name)
      return entry.special;
  return name.starts_with("envreg") || name.starts_with("pm") ? Special::Zero : Special::Unknown;
}

/// A value that is the same for all lanes.
uint64_t uniformSpecial(const Warp &warp, Special special) {
  const Block &block = *warp.block;
  const Launch &launch = *block.launch;
  switch (special) {
  case Special::NtidX:
    return launch.blockShape.x;
  case Special::NtidY:
    return launch.blockShape.y;
  case Special::NtidZ:
    return launch.blockShape.z;
  case Special::CtaidX:
    return block.id.x;
  case Special::CtaidY:
    return block.id.y;
  case Special::CtaidZ:
    return block.id.z;
  case Special::NctaidX:
    return launch.grid.x;
  case Special::NctaidY:
    return launch.grid.y;
  case Special::NctaidZ:
    return launch.grid.z;
  case Special::WarpId:
    return warp.index;
  case Special::NwarpId:
    return launch.profile.maxThreadsPerMultiprocessor / warpSize;
  case Special::SmId:
    return block.linear % launch.profile.multiprocessors;
  case Special::NsmId:
    return launch.profile.multiprocessors;
  case Special::GridId:
    return launch.gridId;
  // One warp instruction a clock, whatever it is: increasing, and the same in every run.
  case Special::Clock:
  case Special::Clock64:
    return block.executed + warp.executed;
  case Special::ClockHi:
    return (block.executed + warp.executed) >> 32;
  case Special::Timer:
  case Special::TimerLo:
  case Special::TimerHi: {
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    uint64_t nanoseconds = uint64_t(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
    return special == Special::TimerHi ? nanoseconds >> 32 : nanoseconds;
  }
  case Special::DynamicShared:
    return launch.dynamicShared;
  case Special::TotalShared:
    return launch.sharedBytes;
  case Special::WorkspaceHi:
    return launch.gridWorkspace >> 32;
  case Special::WorkspaceLo:
    return uint32_t(launch.gridWorkspace);
  case Special::One:
    return 1;
  default:
    return 0;
  }
}

uint32_t laneSpecial(Special special, unsigned lane) {
  uint32_t bit = 1u << lane;
  switch (special) {
  case Special::MaskEq:
    return bit;
  case Special::MaskLe:
    return bit | (bit - 1);
  case Special::MaskLt:
    return bit - 1;
  case Special::MaskGe:
    return ~(bit - 1);
  case Special::MaskGt:
    return ~(bit | (bit - 1));
  default:
    return lane;
  }
}

void handleSpecial(Warp &warp, const Inst &inst, uint32_t mask) {
  Special special = Special(inst.aux);
  uint32_t *d = warp.at<uint32_t>(inst.dst);
  if (special <= Special::TidZ) {
    blend(d, warp.block->launch->threadIds[warp.index][size_t(special)].data(), mask);
  } else if (special == Special::LaneId || (special >= Special::MaskEq && special <= Special::MaskGt)) {
    forLanes(mask, [&](unsigned lane) { d[lane] = laneSpecial(special, lane); });
  } else {
    uint32_t value = uint32_t(uniformSpecial(warp, special));
    forLanes(mask, [&](unsigned lane) { d[lane] = value; });
  }
}

void handleSpecial64(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t value = uniformSpecial(warp, Special(inst.aux));
  uint64_t *d = warp.at<uint64_t>(inst.dst);
  forLanes(mask, [&](unsigned lane) { d[lane] = value; });
}

template <typename T> void handleFrameAddress(Warp &warp, const Inst &inst, uint32_t mask) {
  T value = T(warp.frameBase + uint64_t(inst.imm));
  T *d = warp.at<T>(inst.dst);
  forLanes(mask, [&](unsigned lane) { d[lane] = value; });
}

template <typename D> Handler resizeTo(unsigned fromBytes, bool isSigned) {
  switch (fromBytes) {
  case 2:
    return isSigned ? &unaryOp<D, int16_t, Resize<D, int16_t>> : &unaryOp<D, uint16_t, Resize<D, uint16_t>>;
  case 4:
    return isSigned ? &unaryOp<D, int32_t, Resize<D, int32_t>> : &unaryOp<D, uint32_t, Resize<D, uint32_t>>;
  default:
    return &unaryOp<D, uint64_t, Resize<D, uint64_t>>;
  }
}

} // namespace

void emitResize(Decoder &decoder, Slot to, unsigned toBytes, Slot from, unsigned fromBytes, bool isSigned) {
  Handler handler = toBytes == 2   ? resizeTo<uint16_t>(fromBytes, isSigned)
                    : toBytes == 4 ? resizeTo<uint32_t>(fromBytes, isSigned)
                                   : resizeTo<uint64_t>(fromBytes, isSigned);
  decoder.emit(handler, InstructionClass::Convert, to, from);
}

void emitMove(Decoder &decoder, Slot to, Slot from, unsigned bytes) {
  decoder.emit(moveHandler(bytes), InstructionClass::Move, to, from);
}

bool emitSpecial(Decoder &decoder, const Operand &operand, Type type, Slot &slot) {
  Special special = findSpecial(operand.name);
  if (special == Special::Unknown)
    return decoder.fail(operand.location,
                        "register or special register '%" + std::string(operand.name) + "' is not known");
  unsigned bytes = slotBytes(type);
  bool wide = special == Special::Clock64 || special == Special::Timer || special == Special::GridId;
  if (bytes != 2 && bytes != 4 && bytes != 8)
    return decoder.fail(operand.location,
                        "a special register cannot be read as ." + std::string(ptx::typeName(type)));
  Slot value = decoder.temporary(wide ? 8 : 4);
  decoder.emit(wide ? handleSpecial64 : handleSpecial, InstructionClass::Move, value).aux = uint16_t(special);
  slot = value;
  if (bytes != (wide ? 8u : 4u)) {
    slot = decoder.temporary(bytes);
    emitResize(decoder, slot, bytes, value, wide ? 8 : 4, false);
  }
  return decoder.ok();
}

void emitFrameAddress(Decoder &decoder, Slot to, unsigned bytes, int64_t offset) {
  decoder
      .emit(bytes == 8 ? handleFrameAddress<uint64_t> : handleFrameAddress<uint32_t>, InstructionClass::Move,
            to)
      .imm = offset;
}

void addMoveDecoders(DecoderTable &table) {
  table["mov"] = decodeMove;
  table["cvta"] = decodeConvertAddress;
  table["isspacep"] = decodeIsSpace;
}

} // namespace mv::ptxsim
