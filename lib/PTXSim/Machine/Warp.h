//===- Warp.h - Warps, their diverged parts, and blocks -------------*- C++ -*-===//
//
// Divergence. The lanes of a warp that are at the same place form a Split: one program counter, one mask. A
// branch that sends lanes both ways makes two splits, and a Meeting at the branch's immediate post-dominator,
// where both wait until the other has arrived (or exited). This is exact for any control flow, structured or
// not: a post-dominator is by definition passed by all that do not exit. Example, with `if (odd) A; B;` and
// lanes 0 to 3:
//
//   bra  mask 1111   ->  split A mask 0101, split B' mask 1010, meeting at B pending 1111
//   B' reaches B: arrived 1010, waits.  A reaches B: arrived 1111 -> one split, mask 1111, at B.
//
// Why not a stack per warp, as old hardware had: the splits here are all runnable, in turn, so that a lane
// that spins on a lock held by another lane of its warp does not hang. Waiting at a meeting is a matter of
// speed alone: when nothing else in the warp can run, or a lane seems to spin, those who wait are let go
// (`releaseMeetings`). Lanes that come to an .aligned barrier apart because of that wait there for the rest, as
// on chips that schedule lanes independently, and go on together. Where the rest comes to another barrier, or
// to the end, the barrier stood in diverged code.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_WARP_H
#define MV_LIB_PTXSIM_MACHINE_WARP_H

#include "PTXSim/Machine/Memory.h"
#include "PTXSim/Machine/Program.h"

#include <array>
#include <bit>
#include <memory>
#include <vector>

namespace mv::ptxsim {

struct Block;
struct Worker;
struct Launch;
class Checker;
struct BlockClocks;

/// A call that has not returned yet.
struct Frame {
  uint32_t function = 0; ///< The caller, into Program::functions.
  uint32_t returnTo = 0;
  uint32_t callSite = 0;
  uint32_t base = 0;                           ///< The caller's frame base …
  uint32_t stackTop = 0;                       ///< … and the end of its stack.
  std::shared_ptr<std::vector<uint8_t>> saved; ///< The caller's registers, when it may be entered again.
};

enum class SplitState : uint8_t { Ready, AtBarrier, AtCollective };

struct Split {
  uint32_t pc = 0;
  uint32_t mask = 0;
  int32_t meeting = -1; ///< Innermost, into Warp::meetings.
  uint32_t function = 0;
  uint32_t frameBase = 0;
  uint32_t stackTop = 0; ///< First free byte above the frame, alloca included.
  SplitState state = SplitState::Ready;
  bool early = false;       ///< Waits at an .aligned barrier, which the rest of the warp has to reach.
  uint32_t waitLanes = 0;   ///< Of a collective: lanes that take part (the guard applied) …
  uint32_t waitMembers = 0; ///< … and those they wait for.
  uint32_t waitKey = 0;     ///< Where they must be: an instruction, or noPc for any bar.warp.sync.
  std::vector<Frame> frames;
};

struct Meeting {
  uint32_t pc = 0;
  uint32_t pending = 0, arrived = 0;
  int32_t parent = -1;
  uint32_t depth = 0; ///< Call depth it belongs to.
  bool used = false;
  Split resume; ///< What goes on when all are here.
};

/// One cp.async that has not been waited for. Data is read when it is issued and written when it completes.
struct AsyncCopy {
  uint32_t mask = 0;
  uint8_t bytes = 0;
  uint32_t origin = 0;
  std::array<uint32_t, warpSize> destination;
  std::array<uint32_t, warpSize> group; ///< Of each lane, in the order of its commits.
  std::array<std::array<uint8_t, 16>, warpSize> data;
};

struct AsyncState {
  std::vector<std::unique_ptr<AsyncCopy>> pending, spare;
  std::array<uint32_t, warpSize> committed = {}; ///< Groups each lane has committed so far.
};

struct Warp {
  uint8_t *bank[2] = {nullptr, nullptr};
  const Inst *code = nullptr;
  uint32_t pc = 0; ///< Of the running split: already past the instruction in execution.
  uint32_t active = 0;
  int32_t budget = 0; ///< Instructions left in this turn; handlers set it to 0 to stop.
  uint32_t live = 0;  ///< Lanes that have not exited.
  uint32_t frameBase = 0;
  uint32_t function = 0;
  uint32_t stackTop = 0;
  unsigned index = 0;   ///< In the block.
  unsigned current = 0; ///< The running split.
  bool dropped = false; ///< The running split is gone (exited, or arrived at a meeting).
  Block *block = nullptr;
  Worker *worker = nullptr;
  const Program *program = nullptr;
  Checker *checker = nullptr; ///< Null when no check runs.
  bool counting = false;
  uint32_t carry = 0; ///< CC.CF, one bit a lane.
  std::vector<Split> splits;
  std::vector<Meeting> meetings;
  std::unique_ptr<uint8_t[]> registers;
  uint8_t *local = nullptr; ///< 32 areas of program->localBytes.
  std::vector<uint8_t> localStorage;
  AsyncState async;
  uint64_t executed = 0, lastMeeting = 0;
  uint32_t polls = 0;    ///< Atomics and strong loads since lanes last met: what spinning lanes execute.
  bool loosened = false; ///< Lanes were let go before they met, and have not all met since.
  bool yielded = false;  ///< The running split spins: give others a turn.
  bool forced = false;   ///< A collective runs with lanes missing; it must not wait again.

  template <typename T> T *at(Slot slot) const {
    return reinterpret_cast<T *>(bank[slot & 1] + (slot & ~Slot(1)));
  }
  uint32_t &predicate(Slot slot) const { return *at<uint32_t>(slot); }
  void setPredicate(Slot slot, uint32_t mask, uint32_t value) const {
    uint32_t &target = predicate(slot);
    target = (target & ~mask) | (value & mask);
  }
  const Slot *list(const Inst &inst) const { return program->slots.data() + inst.list; }

  // Interpreter.cpp
  void start(Block &owner, unsigned warpIndex, uint32_t lanes);
  void runTurn(int32_t turn);
  bool finished() const { return live == 0; }
  bool hasReadySplit() const;
  /// Sends lanes `taken` of the running split to `target`; the others go on.
  void diverge(uint32_t taken, uint32_t target, uint32_t instPc);
  /// Splits `lanes` off into a split of their own at `pc`, in the given state. They meet the rest again.
  Split &fork(uint32_t lanes, uint32_t forkPc, uint32_t meetPc);
  void arriveAtMeeting(uint32_t resumePc);
  bool atMeeting(uint32_t meetPc) const;
  void exitLanes(uint32_t lanes);
  /// The running split waits; its instruction has not been completed.
  void park(SplitState state);
  void stop() { budget = 0; }
  void yield() { budget = 0, yielded = true; }
  bool releaseMeetings();
  /// A split that waits, early, at another barrier than that at `except`; null when there is none.
  const Split *earlySplit(uint32_t except = noPc) const;
  /// Those that wait at a barrier of the block go on, past it: `holds` of `here` threads gave a reduction true.
  void leaveBarrier(unsigned barrier, unsigned holds, unsigned here);
  /// With `force`, the first one runs with the lanes there are.
  bool resolveCollectives(bool force = false);

private:
  void load(unsigned split);
  void store();
  void settle(int32_t meeting);
  void removeSplit(size_t split);
  int32_t newMeeting(uint32_t meetPc, uint32_t pending, int32_t parent, uint32_t depth);
};

/// Named barriers 0 to 15.
struct Barrier {
  struct Arrival { ///< bar.arrive: what the warp knew then.
    unsigned warp;
    std::array<uint32_t, 32> clocks;
  };
  std::vector<Arrival> released;
  uint32_t expected = 0; ///< Threads; 0: all that live.
  uint32_t arrivals = 0; ///< Of arrive-only participants, in threads.
  bool inUse = false;
  std::array<uint32_t, 32> arrived = {};      ///< Lanes per warp.
  std::array<uint32_t, 32> participants = {}; ///< Those that arrived without waiting included.
  std::array<uint32_t, 32> trueLanes = {};    ///< For .red: where the predicate holds.
};

/// Barriers.cpp: lanes of `warp` end; none of the others may wait for them at an .aligned barrier.
void checkSkippedBarrier(Warp &warp, uint32_t lanes);

/// Barriers.cpp: writes the result of bar.red, where `holds` of `here` threads gave a true predicate.
void finishBarrierReduction(Warp &warp, const Inst &inst, uint32_t lanes, unsigned holds, unsigned here);

struct Block {
  Launch *launch = nullptr;
  Worker *worker = nullptr;
  uint64_t linear = 0;
  Dim3 id;
  unsigned threads = 0, liveThreads = 0;
  std::vector<std::unique_ptr<Warp>> warps;
  std::vector<uint8_t> sharedStorage;
  uint8_t *shared = nullptr;
  uint32_t sharedBytes = 0;
  std::array<Barrier, 16> barriers;
  uint64_t executed = 0;
  bool failed = false;
  std::unique_ptr<BlockClocks> clocks; ///< For the race check.
  std::unique_ptr<InitShadow> sharedInit;
  std::unique_ptr<RaceShadow> sharedRace;

  Block(Launch &owner, Worker &runner);
  ~Block();
  void reset(uint64_t linearId);
  /// Runs for about `turn` warp instructions. True when the block is done (or has failed).
  bool run(uint64_t turn);
  void checkBarriers();
  void threadsExited(Warp &warp, uint32_t lanes);
  /// Lets the waiting go on if all are there.
  bool completeBarrier(unsigned index);

private:
  bool breakDeadlock();
};

/// "0x0000ffff"
std::string maskText(uint32_t mask);

template <typename F> inline void forLanes(uint32_t mask, F &&f) {
  if (mask == allLanes) {
    for (unsigned lane = 0; lane < warpSize; ++lane)
      f(lane);
    return;
  }
  for (uint32_t rest = mask; rest; rest &= rest - 1)
    f(unsigned(std::countr_zero(rest)));
}

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_WARP_H
