//===- AsyncCopy.cpp - cp.async and its groups, mbarrier ------------*- C++ -*-===//
//
// PTX ISA, "cp.async" and "mbarrier". A copy reads its source when it is issued and writes its destination
// when it is waited for, so that a kernel that forgets to wait computes with old data, as it might on a
// device. A cp.async.mbarrier.arrive completes the lane's copies at once, which is one of the orders a device
// may choose.
//
// An mbarrier's 64 bits: arrivals still pending (0 to 19), arrivals of a phase (20 to 39), the phase's parity
// (63).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

constexpr uint64_t windowMask = (uint64_t(1) << windowShift) - 1;

/// Reads the source of lanes whose size is not the whole copy: each byte count by itself, the rest zero.
bool readPartial(Warp &warp, const Inst &inst, unsigned lane, uint64_t source, uint32_t bytes, uint8_t *to) {
  if (bytes == 0)
    return true;
  Allocation *allocation = warp.block->launch->memory.find(source, bytes);
  if (!allocation) {
    std::string message = "cp.async of " + std::to_string(bytes) + " bytes from global address " +
                          hexText(source) + ": not allocated";
    if (warp.checker && warp.checker->checks().memory)
      warp.checker->report(CheckKind::OutOfBounds, warp, inst, lane, "global", source, message);
    fault(warp, inst, lane, Error::IllegalAddress, message);
    return false;
  }
  std::memcpy(to, reinterpret_cast<const void *>(source), bytes);
  return true;
}

std::unique_ptr<AsyncCopy> newCopy(Warp &warp) {
  if (warp.async.spare.empty())
    return std::make_unique<AsyncCopy>();
  std::unique_ptr<AsyncCopy> copy = std::move(warp.async.spare.back());
  warp.async.spare.pop_back();
  return copy;
}

/// a: destination (imm: offset), b: source (target slot d holds its offset as a constant), c: source bytes.
/// width: bytes; aux: bit 0 destination 32 bits, bit 1 source 32 bits, bit 2 c is a predicate "ignore the
/// source".
void handleCopy(Warp &warp, const Inst &inst, uint32_t mask) {
  AccessRequest to;
  to.base = inst.a;
  to.space = Space::Shared;
  to.bytes = inst.width;
  to.kind = AccessKind::AsyncWrite;
  to.offset = inst.imm;
  to.flags = inst.aux & 1 ? flagAddress32 : 0;
  LaneAddresses destination, source;
  laneAddresses(warp, to, destination);
  LaneAddresses checked;
  if (!resolve(warp, inst, mask, to, checked))
    return;
  AccessRequest from;
  from.base = inst.b;
  from.space = Space::Global;
  from.bytes = inst.width;
  from.offset = *warp.at<int64_t>(inst.d);
  uint32_t whole = mask;
  std::array<uint32_t, warpSize> bytes;
  bytes.fill(inst.width);
  if (inst.c != noSlot) {
    whole = 0;
    forLanes(mask, [&](unsigned lane) {
      if (inst.aux & 4)
        bytes[lane] = warp.predicate(inst.c) >> lane & 1 ? 0 : inst.width;
      else
        bytes[lane] = std::min<uint32_t>(warp.at<uint32_t>(inst.c)[lane], inst.width);
      whole |= uint32_t(bytes[lane] == inst.width) << lane;
    });
  }
  laneAddresses(warp, from, source);
  std::unique_ptr<AsyncCopy> copy = newCopy(warp);
  if (whole && !resolve(warp, inst, whole, from, source))
    return;
  copy->mask = mask;
  copy->bytes = uint8_t(inst.width);
  copy->origin = inst.origin;
  bool fine = true;
  forLanes(mask, [&](unsigned lane) {
    copy->destination[lane] = uint32_t(destination[lane]);
    copy->group[lane] = warp.async.committed[lane];
    if (whole >> lane & 1) {
      std::memcpy(copy->data[lane].data(), reinterpret_cast<const void *>(source[lane]), inst.width);
      return;
    }
    copy->data[lane].fill(0);
    fine = fine && readPartial(warp, inst, lane, source[lane], bytes[lane], copy->data[lane].data());
  });
  if (fine)
    warp.async.pending.push_back(std::move(copy));
}

void finish(Warp &warp, AsyncCopy &copy, uint32_t lanes) {
  forLanes(lanes, [&](unsigned lane) {
    std::memcpy(warp.block->shared + copy.destination[lane], copy.data[lane].data(), copy.bytes);
    if (warp.checker)
      warp.checker->asyncCompleted(warp, copy.origin, lane, copy.destination[lane], copy.bytes);
  });
  copy.mask &= ~lanes;
}

/// Completes the copies of `mask` lanes but for their `keep` newest groups; `all` completes uncommitted ones
/// too.
void complete(Warp &warp, uint32_t mask, uint32_t keep, bool all) {
  std::vector<std::unique_ptr<AsyncCopy>> &pending = warp.async.pending;
  size_t kept = 0;
  for (size_t i = 0; i < pending.size(); ++i) {
    AsyncCopy &copy = *pending[i];
    uint32_t lanes = 0;
    forLanes(copy.mask & mask, [&](unsigned lane) {
      bool done = all || uint64_t(copy.group[lane]) + keep < warp.async.committed[lane];
      lanes |= uint32_t(done) << lane;
    });
    finish(warp, copy, lanes);
    if (copy.mask == 0)
      warp.async.spare.push_back(std::move(pending[i]));
    else
      pending[kept++] = std::move(pending[i]);
  }
  pending.resize(kept);
}

void handleCommit(Warp &warp, const Inst &, uint32_t mask) {
  forLanes(mask, [&](unsigned lane) { ++warp.async.committed[lane]; });
}
void handleWait(Warp &warp, const Inst &inst, uint32_t mask) {
  complete(warp, mask, uint32_t(inst.imm), inst.aux);
}

/// .L2::128B and the like; policy operands.
bool decodeCopyAsync(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("async");
  if (instruction.has("bulk"))
    return decoder.unsupported(instruction,
                               instruction.has("tensor") ? "cp.async.bulk.tensor" : "cp.async.bulk");
  if (modifiers.take("commit_group")) {
    decoder.emit(handleCommit, InstructionClass::AsyncCopy);
    return decoder.operandCount(instruction, 0, 0) && decoder.done(instruction, modifiers);
  }
  bool waitAll = modifiers.take("wait_all");
  if (waitAll || modifiers.take("wait_group")) {
    uint64_t keep = 0;
    if (!decoder.operandCount(instruction, waitAll ? 0 : 1, waitAll ? 0 : 1) ||
        (!waitAll && !decoder.literal(instruction.operands[0], keep, "the number of groups")))
      return false;
    Inst &inst = decoder.emit(handleWait, InstructionClass::AsyncCopy);
    inst.imm = int64_t(std::min<uint64_t>(keep, 1u << 30));
    inst.aux = waitAll;
    return decoder.done(instruction, modifiers);
  }
  if (instruction.has("mbarrier"))
    return decodeBarrierObject(decoder, instruction);
  modifiers.takeOneOf({"ca", "cg"});
  if (!modifiers.take("shared"))
    modifiers.take("shared::cta");
  modifiers.take("global");
  bool hasPolicy = modifiers.take("L2::cache_hint");
  modifiers.takePrefix("L2::");
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 3, 5))
    return false;
  const auto &operands = instruction.operands;
  AddressOperand to, from;
  uint64_t bytes = 0;
  if (!decoder.address(operands[0], Space::Shared, to) ||
      !decoder.address(operands[1], Space::Global, from) ||
      !decoder.literal(operands[2], bytes, "the size of cp.async"))
    return false;
  if (bytes != 4 && bytes != 8 && bytes != 16)
    return decoder.fail(operands[2].location,
                        "cp.async copies 4, 8 or 16 bytes, not " + std::to_string(bytes));
  Slot size = noSlot;
  bool ignores = false;
  size_t extra = operands.size() - 3 - (hasPolicy ? 1 : 0);
  if (extra == 1) {
    ignores = decoder.registerType(operands[3]) == Type::Pred;
    size = decoder.read(operands[3], ignores ? Type::Pred : Type::U32);
  }
  Slot offset = decoder.constant(uint64_t(from.offset), 8);
  Inst &inst = decoder.emit(handleCopy, InstructionClass::AsyncCopy, noSlot, to.base, from.base, size);
  inst.d = offset;
  inst.imm = to.offset;
  inst.width = uint16_t(bytes);
  inst.aux =
      uint16_t((to.flags & flagAddress32 ? 1 : 0) | (from.flags & flagAddress32 ? 2 : 0) | (ignores ? 4 : 0));
  return decoder.ok();
}

// mbarrier

enum BarrierOp : uint16_t {
  Init,
  Invalidate,
  Arrive,
  ArriveDrop,
  CopyArrive,
  CopyArriveNoIncrement,
  Test,
  TestParity,
  PendingCount
};

constexpr uint64_t countMask = (1u << 20) - 1, parityBit = uint64_t(1) << 63;

uint64_t makeWord(uint64_t pending, uint64_t expected, uint64_t parity) {
  return pending | expected << 20 | parity;
}

/// `count` arrivals: the word afterwards. The phase completes when none is pending.
uint64_t arriveAt(uint64_t word, uint64_t count, bool drop) {
  uint64_t pending = word & countMask, expected = word >> 20 & countMask, parity = word & parityBit;
  expected -= drop ? std::min(expected, count) : 0;
  pending -= std::min(pending, count);
  return pending ? makeWord(pending, expected, parity) : makeWord(expected, expected, parity ^ parityBit);
}

void releaseAt(Warp &warp, uint64_t address) {
  if (warp.checker)
    warp.checker->strongWrite(warp, address & windowMask, true, true);
}

/// a: address, b: count, state or parity; dst: state (64 bits) or predicate.
void handleBarrierObject(Warp &warp, const Inst &inst, uint32_t mask) {
  BarrierOp op = BarrierOp(inst.aux);
  if (op == PendingCount) {
    const uint64_t *state = warp.at<uint64_t>(inst.a);
    forLanes(mask,
             [&](unsigned lane) { warp.at<uint32_t>(inst.dst)[lane] = uint32_t(state[lane] & countMask); });
    return;
  }
  AccessRequest request;
  request.base = inst.a;
  request.space = Space(inst.width);
  request.bytes = 8;
  request.kind = op == Init || op == Invalidate ? AccessKind::StrongWrite : AccessKind::Atomic;
  request.offset = inst.imm;
  request.flags = inst.flags;
  LaneAddresses host, addresses;
  laneAddresses(warp, request, addresses);
  if (!resolve(warp, inst, mask, request, host))
    return;
  if (op == CopyArrive || op == CopyArriveNoIncrement)
    complete(warp, mask, 0, true);
  uint32_t passed = 0;
  forLanes(mask, [&](unsigned lane) {
    uint64_t &word = *reinterpret_cast<uint64_t *>(host[lane]);
    uint64_t count = inst.b != noSlot && (op == Init || op == Arrive || op == ArriveDrop)
                         ? warp.at<uint32_t>(inst.b)[lane]
                         : 1;
    switch (op) {
    case Init:
      word = makeWord(count & countMask, count & countMask, 0);
      break;
    case Invalidate:
      word = 0;
      break;
    case Arrive:
    case ArriveDrop:
    case CopyArriveNoIncrement:
      releaseAt(warp, addresses[lane]);
      if (inst.dst != noSlot)
        warp.at<uint64_t>(inst.dst)[lane] = word;
      word = arriveAt(word, count, op == ArriveDrop);
      break;
    case CopyArrive:
      releaseAt(warp, addresses[lane]);
      break;
    case Test:
      passed |= uint32_t(((word ^ warp.at<uint64_t>(inst.b)[lane]) & parityBit) != 0) << lane;
      break;
    case TestParity:
      passed |= uint32_t(bool(word & parityBit) != bool(warp.at<uint32_t>(inst.b)[lane] & 1)) << lane;
      break;
    case PendingCount:
      break;
    }
  });
  if (op != Test && op != TestParity)
    return;
  warp.setPredicate(inst.dst, mask, passed);
  if (warp.checker)
    forLanes(passed, [&](unsigned lane) {
      warp.checker->strongRead(warp, addresses[lane] & windowMask, true, true);
    });
  ++warp.polls;
  if (passed != mask)
    warp.yield();
}

} // namespace

/// mbarrier.* and cp.async.mbarrier.arrive
bool decodeBarrierObject(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool copy = instruction.opcode == "cp";
  if (copy) {
    modifiers.take("async");
    modifiers.take("mbarrier");
  }
  for (std::string_view newer : {"expect_tx", "complete_tx", "shared::cluster", "cluster"})
    if (instruction.has(newer))
      return decoder.unsupported(instruction, "mbarrier with ." + std::string(newer));
  std::string_view what = modifiers.takeOneOf(
      {"init", "inval", "arrive_drop", "arrive", "test_wait", "try_wait", "pending_count"});
  bool noIncrement = modifiers.take("noinc"), parity = modifiers.take("parity");
  modifiers.take("noComplete");
  modifiers.takeOneOf({"release", "acquire", "relaxed"});
  modifiers.takeOneOf({"cta", "gpu", "sys"});
  Space space = takeMemorySpace(modifiers);
  modifiers.takeType();
  if (!decoder.done(instruction, modifiers))
    return false;
  const auto &operands = instruction.operands;
  bool waits = what == "test_wait" || what == "try_wait", arrives = what == "arrive" || what == "arrive_drop";
  BarrierOp op = what == "init"            ? Init
                 : what == "inval"         ? Invalidate
                 : what == "pending_count" ? PendingCount
                 : waits                   ? (parity ? TestParity : Test)
                 : copy                    ? (noIncrement ? CopyArriveNoIncrement : CopyArrive)
                 : what == "arrive_drop"   ? ArriveDrop
                                           : Arrive;
  if (what.empty() || !decoder.operandCount(instruction, 1, 4))
    return decoder.fail(instruction.location, "mbarrier without an operation");
  if (op == PendingCount) {
    if (!decoder.operandCount(instruction, 2, 2))
      return false;
    Slot a = decoder.read(operands[1], Type::B64);
    decoder.emit(handleBarrierObject, InstructionClass::Barrier, decoder.write(operands[0], Type::U32), a)
        .aux = op;
    return decoder.ok();
  }
  bool hasResult = waits || (arrives && !copy && operands.size() >= 2);
  size_t at = hasResult ? 1 : 0;
  AddressOperand address;
  if (operands.size() <= at || !decoder.address(operands[at], space, address))
    return decoder.fail(instruction.location, "mbarrier without an address");
  Slot b = noSlot, d = noSlot;
  if (operands.size() > at + 1)
    b = decoder.read(operands[at + 1], op == Test ? Type::B64 : Type::U32);
  else if (waits || op == Init)
    return decoder.operandCount(instruction, waits ? 3 : 2, 4);
  if (waits)
    d = decoder.writePredicate(operands[0]);
  else if (hasResult)
    d = decoder.write(operands[0], Type::B64);
  Inst &inst = decoder.emit(handleBarrierObject, InstructionClass::Barrier, d, address.base, b);
  inst.imm = address.offset;
  inst.flags = address.flags;
  inst.aux = op;
  inst.width = uint16_t(space);
  return decoder.ok();
}

void addAsyncCopyDecoders(DecoderTable &table) {
  table["cp"] = decodeCopyAsync;
  table["mbarrier"] = decodeBarrierObject;
}

} // namespace mv::ptxsim
