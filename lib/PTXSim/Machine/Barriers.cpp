//===- Barriers.cpp - bar, barrier, fences, nanosleep ---------------*- C++ -*-===//
//
// PTX ISA, "Parallel Synchronization and Communication Instructions". A split that reaches a barrier is
// parked until the barrier completes. Barriers count threads: all that live, or a given number, to which a
// warp whose living lanes have all arrived contributes 32.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"

#include <atomic>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Type;

namespace {

enum Reduction : uint16_t { NoReduction, PopCount, All, Any };

void reportDivergent(Warp &warp, const Inst &inst, uint32_t mask, const std::string &message) {
  if (warp.checker && warp.checker->checks().sync)
    warp.checker->report(CheckKind::DivergentBarrier, warp, inst, unsigned(std::countr_zero(mask)), "block",
                         0, message);
}

/// Whether lanes reach an .aligned barrier ahead of others of their warp, where they may: because those were
/// not waited for before. It is then for the others to come to the same barrier.
bool checkAligned(Warp &warp, const Inst &inst, uint32_t mask) {
  if (!(inst.flags & flagAligned) || mask == warp.live)
    return false;
  if (!warp.loosened)
    reportDivergent(warp, inst, mask,
                    "barrier reached by lanes " + maskText(mask) + " of a warp whose lanes " +
                        maskText(warp.live) + " are alive");
  else if (const Split *other = warp.earlySplit(/*except=*/warp.pc - 1))
    reportDivergent(warp, inst, mask,
                    "barrier reached by lanes " + maskText(mask) + " of a warp whose lanes " +
                        maskText(other->mask) + " wait at the barrier in line " +
                        std::to_string(warp.program->origins[warp.code[other->pc].origin].line));
  return warp.loosened;
}

/// a: barrier, b: thread count; c: predicate of a reduction (imm: negated, aux: kind); d unused.
void handleBarrier(Warp &warp, const Inst &inst, uint32_t mask) {
  unsigned lane = unsigned(std::countr_zero(mask));
  bool early = checkAligned(warp, inst, mask);
  if (mask != warp.active) {
    warp.fork(mask, warp.pc - 1, warp.program->reconverge[warp.pc - 1]);
    return;
  }
  uint32_t index = warp.at<uint32_t>(inst.a)[lane];
  uint32_t expected = inst.b == noSlot ? 0 : warp.at<uint32_t>(inst.b)[lane];
  if (index > 15 || expected % warpSize != 0)
    return fault(warp, inst, lane, Error::IllegalInstruction,
                 index > 15 ? "barrier " + std::to_string(index) + ": only 0 to 15 exist"
                            : "barrier for " + std::to_string(expected) + " threads: not a multiple of 32");
  Barrier &barrier = warp.block->barriers[index];
  if (warp.checker && warp.checker->checks().sync && barrier.inUse && barrier.expected != expected)
    warp.checker->report(CheckKind::DivergentBarrier, warp, inst, lane, "block", 0,
                         "barrier " + std::to_string(index) + " is used with " + std::to_string(expected) +
                             " threads while others wait for " + std::to_string(barrier.expected));
  barrier.inUse = true;
  barrier.expected = expected;
  barrier.arrived[warp.index] |= mask;
  barrier.participants[warp.index] |= mask;
  if (inst.c != noSlot)
    barrier.trueLanes[warp.index] |= mask & (warp.predicate(inst.c) ^ (inst.imm ? allLanes : 0));
  Split &split = warp.splits[warp.current];
  split.waitMembers = index;
  split.waitLanes = mask;
  split.early = early;
  if (warp.counting)
    ++warp.worker->counters.barriers;
  warp.park(SplitState::AtBarrier);
  warp.block->completeBarrier(index);
}

void handleArrive(Warp &warp, const Inst &inst, uint32_t mask) {
  unsigned lane = unsigned(std::countr_zero(mask));
  checkAligned(warp, inst, mask);
  uint32_t index = warp.at<uint32_t>(inst.a)[lane], expected = warp.at<uint32_t>(inst.b)[lane];
  if (index > 15 || expected == 0 || expected % warpSize != 0)
    return fault(warp, inst, lane, Error::IllegalInstruction, "bad barrier or thread count of bar.arrive");
  Barrier &barrier = warp.block->barriers[index];
  barrier.inUse = true;
  barrier.expected = expected;
  barrier.arrivals += mask == warp.live ? warpSize : unsigned(std::popcount(mask));
  if (warp.checker && warp.checker->checks().race)
    barrier.released.push_back({warp.index, warp.checker->arrive(warp)});
  warp.block->completeBarrier(index);
}

void handleFence(Warp &warp, const Inst &inst, uint32_t mask) {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (warp.checker)
    warp.checker->fence(warp);
}

void handleSleep(Warp &warp, const Inst &inst, uint32_t mask) { warp.yield(); }

void handleNothing(Warp &, const Inst &, uint32_t) {}

bool decodeBlockBarrier(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  if (modifiers.take("cluster"))
    return decoder.unsupported(instruction, "barrier.cluster");
  modifiers.take("cta");
  if (modifiers.take("warp"))
    return decodeWarpBarrier(decoder, instruction);
  std::string_view what = modifiers.takeOneOf({"sync", "arrive", "red"});
  // bar is barrier….aligned.
  bool aligned = modifiers.take("aligned") || instruction.opcode == "bar";
  std::string_view op = modifiers.takeOneOf({"popc", "and", "or"});
  modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  const auto &operands = instruction.operands;
  uint8_t flags = aligned ? flagAligned : 0;
  if (what == "red") {
    if (!decoder.operandCount(instruction, 3, 4))
      return false;
    bool negated = false;
    Slot a = decoder.read(operands[1], Type::U32);
    Slot b = operands.size() == 4 ? decoder.read(operands[2], Type::U32) : noSlot;
    Slot c = decoder.readPredicate(operands.back(), negated);
    Slot d = op == "popc" ? decoder.write(operands[0], Type::U32) : decoder.writePredicate(operands[0]);
    Inst &inst = decoder.emit(handleBarrier, InstructionClass::Barrier, d, a, b, c);
    inst.aux = op == "popc" ? PopCount : op == "and" ? All : Any;
    inst.imm = negated;
    inst.flags = flags;
    return decoder.ok();
  }
  if (!decoder.operandCount(instruction, what == "arrive" ? 2 : 1, 2))
    return false;
  Slot a = decoder.read(operands[0], Type::U32);
  Slot b = operands.size() == 2 ? decoder.read(operands[1], Type::U32) : noSlot;
  decoder.emit(what == "arrive" ? handleArrive : handleBarrier, InstructionClass::Barrier, noSlot, a, b)
      .flags = flags;
  return decoder.ok();
}

/// membar.{cta,gl,sys}, fence{.sc,.acq_rel}.scope. Proxy fences order accesses of units that are not
/// simulated.
bool decodeFence(Decoder &decoder, const ptx::Instruction &instruction) {
  if (!decoder.operandCount(instruction, 0, 2))
    return false;
  decoder.emit(handleFence, InstructionClass::Barrier);
  return true;
}

bool decodeSleep(Decoder &decoder, const ptx::Instruction &instruction) {
  if (!decoder.operandCount(instruction, 1, 1))
    return false;
  decoder.emit(handleSleep, InstructionClass::Control);
  return true;
}

/// griddepcontrol: launches do not overlap, so there is nothing to wait for.
bool decodeNothing(Decoder &decoder, const ptx::Instruction &) {
  decoder.emit(handleNothing, InstructionClass::Control);
  return true;
}

} // namespace

void checkSkippedBarrier(Warp &warp, uint32_t lanes) {
  if (const Split *early = warp.earlySplit())
    reportDivergent(warp, warp.code[early->pc], early->mask,
                    "barrier at which lanes " + maskText(early->mask) + " wait for lanes " + maskText(lanes) +
                        " of their warp, which end without it");
}

void finishBarrierReduction(Warp &warp, const Inst &inst, uint32_t lanes, unsigned holds, unsigned here) {
  if (inst.aux == PopCount) {
    uint32_t *d = warp.at<uint32_t>(inst.dst);
    forLanes(lanes, [&](unsigned lane) { d[lane] = holds; });
  } else if (inst.aux != NoReduction) {
    bool value = inst.aux == All ? holds == here : holds > 0;
    warp.setPredicate(inst.dst, lanes, value ? allLanes : 0);
  }
}

void addBarrierDecoders(DecoderTable &table) {
  table["bar"] = table["barrier"] = decodeBlockBarrier;
  table["membar"] = table["fence"] = decodeFence;
  table["nanosleep"] = decodeSleep;
  table["griddepcontrol"] = decodeNothing;
}

} // namespace mv::ptxsim
