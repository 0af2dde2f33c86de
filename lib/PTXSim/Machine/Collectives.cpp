//===- Collectives.cpp - vote, shfl, match, redux, elect ------------*- C++ -*-===//
//
// PTX ISA, the warp-level instructions of "Parallel Synchronization and Communication". Each names the lanes
// that take part; they run together once all of those that live are there, whatever splits they came in.
// Lanes of one instruction may name different sets, which then run one after the other (tiles of a warp).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"
#include "PTXSim/Machine/Arithmetic.h"

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Type;

namespace {

void reportOutsider(Warp &warp, const Inst &inst, uint32_t lanes, uint32_t members) {
  if (warp.checker && warp.checker->checks().sync)
    warp.checker->report(CheckKind::MissingLanes, warp, inst, unsigned(std::countr_zero(lanes)), "warp", 0,
                         "lanes " + maskText(lanes) + " execute it with a member mask of " +
                             maskText(members) + ", which does not hold them");
}

/// Runs `run(lanes)` for each set of lanes that is complete; others wait.
template <typename F>
void collective(Warp &warp, const Inst &inst, uint32_t mask, Slot memberSlot, uint32_t key, F run) {
  const uint32_t *members = warp.at<uint32_t>(memberSlot);
  uint32_t here = warp.pc - 1;
  bool parks = false;
  for (uint32_t rest = mask; rest;) {
    uint32_t wanted = members[std::countr_zero(rest)], group = 0;
    forLanes(rest, [&](unsigned lane) { group |= uint32_t(members[lane] == wanted) << lane; });
    rest &= ~group;
    if (uint32_t outside = group & ~wanted)
      reportOutsider(warp, inst, outside, wanted);
    if (warp.forced || (wanted & warp.live & ~group) == 0) {
      run(group);
      continue;
    }
    auto wait = [&](Split &split) {
      split.waitLanes = group;
      split.waitMembers = wanted;
      split.waitKey = key;
    };
    if (group == warp.active) {
      wait(warp.splits[warp.current]);
      warp.park(SplitState::AtCollective);
    } else {
      Split &split = warp.fork(group, here, warp.program->reconverge[here]);
      split.state = SplitState::AtCollective;
      wait(split);
    }
    parks = true;
  }
  if (parks)
    warp.resolveCollectives();
}

void handleWarpBarrier(Warp &warp, const Inst &inst, uint32_t mask) {
  collective(warp, inst, mask, inst.a, noPc, [&](uint32_t lanes) {
    if (warp.checker)
      warp.checker->warpSync(warp, lanes);
  });
}

enum Vote : uint16_t { VoteAll, VoteAny, VoteUni, VoteBallot };

/// a: predicate (imm: negated), b: members.
void handleVote(Warp &warp, const Inst &inst, uint32_t mask) {
  collective(warp, inst, mask, inst.b, warp.pc - 1, [&](uint32_t lanes) {
    uint32_t holds = (warp.predicate(inst.a) ^ (inst.imm ? allLanes : 0)) & lanes;
    if (inst.aux == VoteBallot) {
      uint32_t *d = warp.at<uint32_t>(inst.dst);
      forLanes(lanes, [&](unsigned lane) { d[lane] = holds; });
      return;
    }
    bool value = inst.aux == VoteAll   ? holds == lanes
                 : inst.aux == VoteAny ? holds != 0
                                       : holds == 0 || holds == lanes;
    warp.setPredicate(inst.dst, lanes, value ? allLanes : 0);
  });
}

enum Shuffle : uint16_t { ShuffleUp, ShuffleDown, ShuffleXor, ShuffleIndex };

/// a: value, b: lane or distance, c: clamp and segments, d: members; a second destination says whether it was
/// in range.
void handleShuffle(Warp &warp, const Inst &inst, uint32_t mask) {
  collective(warp, inst, mask, inst.d, warp.pc - 1, [&](uint32_t lanes) {
    const uint32_t *a = warp.at<uint32_t>(inst.a), *b = warp.at<uint32_t>(inst.b),
                   *c = warp.at<uint32_t>(inst.c);
    alignas(64) uint32_t result[32];
    uint32_t inRange = 0;
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      int distance = int(b[lane] & 31), clamp = int(c[lane] & 31), segment = int(c[lane] >> 8 & 31);
      int last = (int(lane) & segment) | (clamp & ~segment), first = int(lane) & segment;
      int source = inst.aux == ShuffleUp     ? int(lane) - distance
                   : inst.aux == ShuffleDown ? int(lane) + distance
                   : inst.aux == ShuffleXor  ? int(lane) ^ distance
                                             : first | (distance & ~segment);
      bool fine = inst.aux == ShuffleUp ? source >= last : source <= last;
      result[lane] = a[fine ? source & 31 : int(lane)];
      inRange |= uint32_t(fine) << lane;
    }
    blend(warp.at<uint32_t>(inst.dst), result, lanes);
    if (inst.defs)
      warp.setPredicate(warp.list(inst)[0], lanes, inRange);
  });
}

template <typename T> void handleMatch(Warp &warp, const Inst &inst, uint32_t mask) {
  collective(warp, inst, mask, inst.b, warp.pc - 1, [&](uint32_t lanes) {
    const T *a = warp.at<T>(inst.a);
    uint32_t *d = warp.at<uint32_t>(inst.dst);
    uint32_t result[32] = {};
    forLanes(lanes, [&](unsigned lane) {
      forLanes(lanes, [&](unsigned other) { result[lane] |= uint32_t(a[lane] == a[other]) << other; });
    });
    bool all = result[std::countr_zero(lanes)] == lanes;
    forLanes(lanes, [&](unsigned lane) { d[lane] = !inst.aux ? result[lane] : all ? lanes : 0; });
    if (inst.defs)
      warp.setPredicate(warp.list(inst)[0], lanes, all ? allLanes : 0);
  });
}

template <typename T, typename F> void reduceLanes(Warp &warp, const Inst &inst, uint32_t lanes, F combine) {
  const T *a = warp.at<T>(inst.a);
  T value = a[std::countr_zero(lanes)];
  forLanes(lanes & (lanes - 1), [&](unsigned lane) { value = combine(value, a[lane]); });
  T *d = warp.at<T>(inst.dst);
  forLanes(lanes, [&](unsigned lane) { d[lane] = value; });
}

enum Redux : uint16_t { ReduxAdd, ReduxMin, ReduxMax, ReduxAnd, ReduxOr, ReduxXor };

template <typename T> void handleRedux(Warp &warp, const Inst &inst, uint32_t mask) {
  collective(warp, inst, mask, inst.b, warp.pc - 1, [&](uint32_t lanes) {
    switch (inst.aux) {
    case ReduxAdd:
      return reduceLanes<uint32_t>(warp, inst, lanes, [](uint32_t x, uint32_t y) { return x + y; });
    case ReduxMin:
      return reduceLanes<T>(warp, inst, lanes, [](T x, T y) { return x < y ? x : y; });
    case ReduxMax:
      return reduceLanes<T>(warp, inst, lanes, [](T x, T y) { return x > y ? x : y; });
    case ReduxAnd:
      return reduceLanes<uint32_t>(warp, inst, lanes, [](uint32_t x, uint32_t y) { return x & y; });
    case ReduxOr:
      return reduceLanes<uint32_t>(warp, inst, lanes, [](uint32_t x, uint32_t y) { return x | y; });
    default:
      return reduceLanes<uint32_t>(warp, inst, lanes, [](uint32_t x, uint32_t y) { return x ^ y; });
    }
  });
}

void handleElect(Warp &warp, const Inst &inst, uint32_t mask) {
  collective(warp, inst, mask, inst.a, warp.pc - 1, [&](uint32_t lanes) {
    unsigned leader = unsigned(std::countr_zero(lanes));
    uint32_t *d = warp.at<uint32_t>(inst.dst);
    forLanes(lanes, [&](unsigned lane) { d[lane] = leader; });
    if (inst.defs)
      warp.setPredicate(warp.list(inst)[0], lanes, 1u << leader);
  });
}

void handleActiveMask(Warp &warp, const Inst &inst, uint32_t mask) {
  uint32_t *d = warp.at<uint32_t>(inst.dst);
  forLanes(mask, [&](unsigned lane) { d[lane] = mask; });
}

/// Members for the forms without .sync: whoever is there.
Slot readMembers(Decoder &decoder, const ptx::Instruction &instruction, bool sync, size_t index) {
  if (sync && index < instruction.operands.size())
    return decoder.read(instruction.operands[index], Type::B32);
  Slot mask = decoder.temporary(4);
  decoder.emit(handleActiveMask, InstructionClass::Move, mask);
  return mask;
}

bool decodeVote(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool sync = modifiers.take("sync");
  std::string_view mode = modifiers.takeOneOf({"all", "any", "uni", "ballot"});
  modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, sync ? 3 : 2, sync ? 3 : 2))
    return false;
  bool negated = false;
  Slot a = decoder.readPredicate(instruction.operands[1], negated);
  Slot members = readMembers(decoder, instruction, sync, 2);
  Slot d = mode == "ballot" ? decoder.write(instruction.operands[0], Type::B32)
                            : decoder.writePredicate(instruction.operands[0]);
  Inst &inst = decoder.emit(handleVote, InstructionClass::Collective, d, a, members);
  inst.aux = mode == "all" ? VoteAll : mode == "any" ? VoteAny : mode == "uni" ? VoteUni : VoteBallot;
  inst.imm = negated;
  return decoder.ok();
}

/// d or d|p
void splitPair(Decoder &decoder, const Operand &operand, Slot &first, std::vector<Slot> &second) {
  bool pair = operand.kind == Operand::Kind::Pair;
  first = decoder.write(pair ? operand.parts[0] : operand, Type::B32);
  if (pair)
    second.push_back(decoder.writePredicate(operand.parts[1]));
}

bool decodeShuffle(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool sync = modifiers.take("sync");
  std::string_view mode = modifiers.takeOneOf({"up", "down", "bfly", "idx"});
  modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, sync ? 5 : 4, sync ? 5 : 4))
    return false;
  const auto &operands = instruction.operands;
  Slot a = decoder.read(operands[1], Type::B32), b = decoder.read(operands[2], Type::B32),
       c = decoder.read(operands[3], Type::B32);
  Slot members = readMembers(decoder, instruction, sync, 4), d;
  std::vector<Slot> second;
  splitPair(decoder, operands[0], d, second);
  Inst &inst = decoder.emit(handleShuffle, InstructionClass::Collective, d, a, b, c);
  inst.d = members;
  inst.aux = mode == "up"     ? ShuffleUp
             : mode == "down" ? ShuffleDown
             : mode == "bfly" ? ShuffleXor
                              : ShuffleIndex;
  decoder.setList(inst, second, {});
  return decoder.ok();
}

bool decodeMatch(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool all = modifiers.takeOneOf({"any", "all"}) == "all";
  modifiers.take("sync");
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 3, 3))
    return false;
  Slot a = decoder.read(instruction.operands[1], type),
       members = decoder.read(instruction.operands[2], Type::B32), d;
  std::vector<Slot> second;
  splitPair(decoder, instruction.operands[0], d, second);
  bool wide = ptx::typeBits(type) == 64;
  Inst &inst = decoder.emit(wide ? handleMatch<uint64_t> : handleMatch<uint32_t>,
                            InstructionClass::Collective, d, a, members);
  inst.aux = all;
  decoder.setList(inst, second, {});
  return decoder.ok();
}

bool decodeRedux(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("sync");
  constexpr std::string_view names[] = {"add", "min", "max", "and", "or", "xor"};
  uint16_t op = 0;
  while (op < 6 && !modifiers.take(names[op]))
    ++op;
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 3, 3))
    return false;
  if (op == 6 || ptx::typeBits(type) != 32 || ptx::isFloat(type))
    return decoder.unsupported(instruction, "redux.sync of this operation or type");
  Slot a = decoder.read(instruction.operands[1], type),
       members = decoder.read(instruction.operands[2], Type::B32);
  decoder
      .emit(type == Type::S32 ? handleRedux<int32_t> : handleRedux<uint32_t>, InstructionClass::Collective,
            decoder.write(instruction.operands[0], type), a, members)
      .aux = op;
  return decoder.ok();
}

bool decodeElect(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("sync");
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  Slot members = decoder.read(instruction.operands[1], Type::B32), d;
  std::vector<Slot> second;
  splitPair(decoder, instruction.operands[0], d, second);
  Inst &inst = decoder.emit(handleElect, InstructionClass::Collective, d, members);
  decoder.setList(inst, second, {});
  return decoder.ok();
}

bool decodeActiveMask(Decoder &decoder, const ptx::Instruction &instruction) {
  if (!decoder.operandCount(instruction, 1, 1))
    return false;
  decoder.emit(handleActiveMask, InstructionClass::Collective,
               decoder.write(instruction.operands[0], Type::B32));
  return decoder.ok();
}

} // namespace

bool decodeWarpBarrier(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("warp");
  modifiers.take("sync");
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 1, 1))
    return false;
  Slot members = decoder.read(instruction.operands[0], Type::B32);
  decoder.emit(handleWarpBarrier, InstructionClass::Collective, noSlot, members);
  return decoder.ok();
}

void addCollectiveDecoders(DecoderTable &table) {
  table["vote"] = decodeVote;
  table["shfl"] = decodeShuffle;
  table["match"] = decodeMatch;
  table["redux"] = decodeRedux;
  table["elect"] = decodeElect;
  table["activemask"] = decodeActiveMask;
}

} // namespace mv::ptxsim
