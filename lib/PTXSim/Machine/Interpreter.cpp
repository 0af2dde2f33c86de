//===- Interpreter.cpp - The loop that executes a warp --------------*- C++ -*-===//

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Machine/Launch.h"

#include <algorithm>
#include <cstring>

namespace mv::ptxsim {
namespace {

/// Instructions a split runs before another split of its warp gets a turn.
constexpr int32_t splitTurn = 512;
/// Instructions, or atomics and strong loads, after which lanes that wait at a meeting are let go: whoever
/// they wait for may be waiting for them, as where one lane holds a lock for which the others of its warp
/// spin.
constexpr uint64_t meetingPatience = uint64_t(1) << 21;
constexpr uint32_t pollingPatience = 128;

template <bool Counting> inline void execute(Warp &warp) {
  const Inst *code = warp.code;
  uint64_t executed = 0;
  do {
    const Inst &inst = code[warp.pc++];
    uint32_t mask = warp.active & (warp.predicate(inst.guard) ^ inst.guardXor);
    if constexpr (Counting) {
      size_t index = size_t(&inst - code);
      warp.worker->executions[index] += 1;
      warp.worker->lanes[index] += unsigned(std::popcount(mask));
    }
    if (mask)
      inst.run(warp, inst, mask);
    ++executed;
  } while (--warp.budget > 0);
  warp.executed += executed;
  warp.block->executed += executed;
}

} // namespace

void Warp::start(Block &owner, unsigned warpIndex, uint32_t lanes) {
  block = &owner;
  index = warpIndex;
  worker = owner.worker;
  program = &owner.launch->program;
  checker = owner.launch->checker;
  counting = owner.launch->options.counters;
  code = program->code.data();
  if (!registers)
    registers = std::make_unique<uint8_t[]>(program->registerBytes + 64);
  auto aligned = (reinterpret_cast<uintptr_t>(registers.get()) + 63) & ~uintptr_t(63);
  bank[0] = reinterpret_cast<uint8_t *>(aligned);
  bank[1] = const_cast<uint8_t *>(program->constants.data());
  std::memset(bank[0], 0, program->registerBytes);
  localStorage.assign(size_t(program->localBytes) * warpSize, 0);
  local = localStorage.data();
  live = lanes;
  carry = 0;
  executed = lastMeeting = 0;
  polls = 0;
  loosened = false;
  meetings.clear();
  async.pending.clear();
  async.committed.fill(0);
  splits.assign(1, Split());
  splits[0].mask = lanes;
  splits[0].stackTop = program->functions[0].frameBytes;
  current = 0;
}

void Warp::load(unsigned split) {
  current = split;
  const Split &from = splits[split];
  pc = from.pc;
  active = from.mask;
  frameBase = from.frameBase;
  function = from.function;
  stackTop = from.stackTop;
  dropped = false;
  yielded = false;
}

void Warp::store() {
  Split &to = splits[current];
  to.pc = pc;
  to.mask = active;
  to.frameBase = frameBase;
  to.function = function;
  to.stackTop = stackTop;
}

bool Warp::hasReadySplit() const {
  return std::any_of(splits.begin(), splits.end(),
                     [](const Split &s) { return s.state == SplitState::Ready; });
}

void Warp::runTurn(int32_t turn) {
  uint64_t end = executed + uint64_t(turn);
  unsigned next = current;
  while (live && executed < end && !block->failed) {
    unsigned count = unsigned(splits.size()), tried = 0;
    for (; tried < count; ++tried, ++next)
      if (splits[next % count].state == SplitState::Ready)
        break;
    if (tried == count) {
      if (resolveCollectives() || releaseMeetings())
        continue;
      return;
    }
    load(next % count);
    budget = int32_t(std::min<uint64_t>(end - executed, count > 1 ? splitTurn : uint64_t(turn)));
    if (counting)
      execute<true>(*this);
    else
      execute<false>(*this);
    next = current;
    if (!dropped) {
      store();
      ++next;
    }
    if (!meetings.empty() && (polls > pollingPatience || executed - lastMeeting > meetingPatience)) {
      releaseMeetings();
      lastMeeting = executed;
      polls = 0;
    }
    if (yielded)
      break;
  }
  current = splits.empty() ? 0 : next % unsigned(splits.size());
}

int32_t Warp::newMeeting(uint32_t meetPc, uint32_t pending, int32_t parent, uint32_t depth) {
  size_t slot = 0;
  while (slot < meetings.size() && meetings[slot].used)
    ++slot;
  if (slot == meetings.size())
    meetings.emplace_back();
  Meeting &meeting = meetings[slot];
  meeting.pc = meetPc;
  meeting.pending = pending;
  meeting.arrived = 0;
  meeting.parent = parent;
  meeting.depth = depth;
  meeting.used = true;
  return int32_t(slot);
}

Split &Warp::fork(uint32_t lanes, uint32_t forkPc, uint32_t meetPc) {
  store();
  Split other = splits[current];
  uint32_t depth = uint32_t(other.frames.size());
  int32_t meeting = other.meeting;
  bool sameMeeting =
      meeting >= 0 && meetings[size_t(meeting)].pc == meetPc && meetings[size_t(meeting)].depth == depth;
  if (meetPc != noPc && !sameMeeting)
    meeting = newMeeting(meetPc, active, meeting, depth);
  other.meeting = splits[current].meeting = meeting;
  other.pc = forkPc;
  other.mask = lanes;
  active &= ~lanes;
  splits[current].mask = active;
  splits.push_back(std::move(other));
  budget = std::min(budget, splitTurn);
  return splits.back();
}

void Warp::diverge(uint32_t taken, uint32_t target, uint32_t instPc) {
  fork(taken, target, program->reconverge[instPc]);
}

void Warp::park(SplitState state) {
  --pc;
  store();
  splits[current].state = state;
  dropped = true;
  stop();
}

bool Warp::atMeeting(uint32_t meetPc) const {
  const Split &split = splits[current];
  if (split.meeting < 0)
    return false;
  const Meeting &meeting = meetings[size_t(split.meeting)];
  return meeting.pc == meetPc && meeting.depth == split.frames.size();
}

void Warp::arriveAtMeeting(uint32_t resumePc) {
  pc = resumePc;
  store();
  int32_t index = splits[current].meeting;
  Meeting &meeting = meetings[size_t(index)];
  meeting.arrived |= active;
  meeting.resume = std::move(splits[current]);
  removeSplit(current);
  dropped = true;
  stop();
  settle(index);
}

/// Lets the lanes of a meeting go on together when nobody is missing any more.
void Warp::settle(int32_t index) {
  Meeting &meeting = meetings[size_t(index)];
  if (!meeting.used || meeting.arrived != meeting.pending)
    return;
  meeting.used = false;
  lastMeeting = executed;
  polls = 0;
  if (meeting.arrived == 0)
    return;
  Split split = std::move(meeting.resume);
  split.mask = meeting.arrived;
  split.meeting = meeting.parent;
  split.state = SplitState::Ready;
  loosened &= split.mask != live;
  splits.push_back(std::move(split));
}

void Warp::removeSplit(size_t split) {
  if (current == splits.size() - 1)
    current = unsigned(split);
  if (split + 1 != splits.size())
    splits[split] = std::move(splits.back());
  splits.pop_back();
}

void Warp::exitLanes(uint32_t lanes) {
  if (pc - 1 == program->end)
    checkSkippedBarrier(*this, lanes);
  live &= ~lanes;
  active &= ~lanes;
  std::vector<int32_t> chain;
  for (int32_t meeting = splits[current].meeting; meeting >= 0; meeting = meetings[size_t(meeting)].parent) {
    meetings[size_t(meeting)].pending &= ~lanes;
    chain.push_back(meeting);
  }
  if (active == 0) {
    removeSplit(current);
    dropped = true;
    stop();
  }
  for (int32_t meeting : chain)
    settle(meeting);
  if (splits.size() > 0 && live)
    resolveCollectives();
  block->threadsExited(*this, lanes);
}

bool Warp::releaseMeetings() {
  bool released = false;
  for (size_t i = 0; i < meetings.size(); ++i) {
    if (!meetings[i].used || meetings[i].arrived == 0)
      continue;
    Split split = meetings[i].resume;
    split.mask = meetings[i].arrived;
    split.meeting = meetings[i].parent;
    split.state = SplitState::Ready;
    meetings[i].pending &= ~meetings[i].arrived;
    meetings[i].arrived = 0;
    splits.push_back(std::move(split));
    released = true;
  }
  loosened |= released;
  return released;
}

const Split *Warp::earlySplit(uint32_t except) const {
  for (const Split &split : splits)
    if (split.early && split.pc != except)
      return &split;
  return nullptr;
}

/// Whether two splits that are at the same place are so in the same calls, and have the same to meet.
static bool sameCourse(const Split &a, const Split &b) {
  auto sameFrame = [](const Frame &x, const Frame &y) {
    return x.callSite == y.callSite && x.returnTo == y.returnTo && x.base == y.base && x.saved == y.saved;
  };
  return a.pc == b.pc && a.meeting == b.meeting && a.function == b.function && a.frameBase == b.frameBase &&
         a.stackTop == b.stackTop &&
         std::equal(a.frames.begin(), a.frames.end(), b.frames.begin(), b.frames.end(), sameFrame);
}

void Warp::leaveBarrier(unsigned barrier, unsigned holds, unsigned here) {
  auto waits = [&](const Split &s) { return s.state == SplitState::AtBarrier && s.waitMembers == barrier; };
  for (size_t i = 0; i < splits.size(); ++i) {
    if (!waits(splits[i]))
      continue;
    for (size_t j = splits.size(); --j > i;)
      if (waits(splits[j]) && sameCourse(splits[i], splits[j])) {
        splits[i].mask |= splits[j].mask;
        splits[i].waitLanes |= splits[j].waitLanes;
        removeSplit(j);
      }
    Split &split = splits[i];
    const Inst &inst = code[split.pc];
    split.state = SplitState::Ready;
    split.early = false;
    ++split.pc;
    loosened &= split.mask != live;
    if (inst.dst != noSlot)
      finishBarrierReduction(*this, inst, split.waitLanes, holds, here);
  }
}

/// Executes collectives whose members have all arrived, in whatever splits they are.
bool Warp::resolveCollectives(bool force) {
  bool any = false;
  for (size_t i = 0; i < splits.size(); ++i) {
    if (splits[i].state != SplitState::AtCollective)
      continue;
    uint32_t members = splits[i].waitMembers, arrived = 0, place = splits[i].pc;
    uint32_t key = splits[i].waitKey;
    auto joins = [&](const Split &s) {
      return s.state == SplitState::AtCollective && s.waitMembers == members && s.waitKey == key;
    };
    for (const Split &s : splits)
      arrived |= joins(s) ? s.waitLanes : 0;
    if ((members & live & ~arrived) && !force)
      continue;
    const Inst &inst = code[place];
    if (force && checker && checker->checks().sync)
      checker->report(CheckKind::MissingLanes, *this, inst, unsigned(std::countr_zero(arrived)), "warp", 0,
                      "lanes " + maskText(members & live & ~arrived) + " of the member mask never arrive");
    for (Split &s : splits)
      if (joins(s)) {
        s.state = SplitState::Ready;
        ++s.pc;
      }
    uint32_t savedActive = active, savedPc = pc;
    active = arrived;
    forced = force;
    pc = place + 1;
    inst.run(*this, inst, arrived);
    forced = false;
    active = savedActive;
    pc = savedPc;
    any = true;
    if (force)
      break;
  }
  return any;
}

std::string maskText(uint32_t mask) {
  static const char digits[] = "0123456789abcdef";
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4)
    text += digits[mask >> shift & 15];
  return text;
}

} // namespace mv::ptxsim
