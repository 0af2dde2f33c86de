//===- Block.cpp - Warps in turn, and the barriers between them -----*- C++ -*-===//

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Machine/Launch.h"

#include <algorithm>
#include <cstring>

namespace mv::ptxsim {
namespace {

/// Instructions of a warp's turn. Short turns cost little; long ones waste work where a warp spins.
constexpr int32_t warpTurn = 4096;

} // namespace

Block::Block(Launch &owner, Worker &runner) : launch(&owner), worker(&runner) {
  sharedBytes = owner.sharedBytes;
  sharedStorage.resize(sharedBytes + 128);
  auto aligned = (reinterpret_cast<uintptr_t>(sharedStorage.data()) + 127) & ~uintptr_t(127);
  shared = reinterpret_cast<uint8_t *>(aligned);
  for (unsigned i = 0; i < owner.warpsPerBlock; ++i)
    warps.push_back(std::make_unique<Warp>());
}

Block::~Block() = default;

void Block::reset(uint64_t linearId) {
  linear = linearId;
  id = {uint32_t(linearId % launch->grid.x), uint32_t(linearId / launch->grid.x % launch->grid.y),
        uint32_t(linearId / launch->grid.x / launch->grid.y)};
  threads = liveThreads = launch->blockThreads;
  executed = 0;
  failed = false;
  for (Barrier &barrier : barriers)
    barrier = Barrier();
  std::memset(shared, 0, sharedBytes);
  for (unsigned i = 0; i < warps.size(); ++i) {
    unsigned lanes = std::min(warpSize, threads - i * warpSize);
    warps[i]->start(*this, i, lanes == warpSize ? allLanes : (1u << lanes) - 1);
  }
  if (launch->checker)
    launch->checker->startBlock(*this);
}

bool Block::run(uint64_t turn) {
  uint64_t end = executed + turn;
  while (executed < end) {
    bool alive = false;
    uint64_t before = executed;
    for (auto &warp : warps) {
      if (warp->finished())
        continue;
      alive = true;
      warp->runTurn(warpTurn);
      if (failed || launch->failed.load(std::memory_order_relaxed))
        return true;
    }
    if (!alive)
      return true;
    if (executed == before && !breakDeadlock())
      return true;
    uint64_t limit = launch->options.instructionLimit;
    if (limit && executed > limit) {
      launch->fail(Error::Timeout, "kernel " + launch->program.name + ": block " + std::to_string(linear) +
                                       " ran more than " + std::to_string(limit) + " warp instructions");
      return true;
    }
  }
  return false;
}

/// No warp can run. Collectives with missing lanes go ahead without them; else barriers never complete.
bool Block::breakDeadlock() {
  for (auto &warp : warps)
    if (warp->resolveCollectives(true))
      return true;
  for (unsigned i = 0; i < barriers.size(); ++i)
    if (completeBarrier(i))
      return true;
  for (auto &warp : warps)
    for (Split &split : warp->splits) {
      if (split.state != SplitState::AtBarrier)
        continue;
      const Inst &inst = warp->code[split.pc];
      unsigned lane = unsigned(std::countr_zero(split.mask));
      if (launch->checker && launch->checker->checks().sync)
        launch->checker->report(CheckKind::BarrierDeadlock, *warp, inst, lane, "block", 0,
                                "the barrier never completes: other threads have exited or wait elsewhere");
      fault(*warp, inst, lane, Error::LaunchFailed, "barrier never completes");
      return false;
    }
  launch->fail(Error::LaunchFailed, "kernel " + launch->program.name + ": no thread can go on");
  return false;
}

void Block::threadsExited(Warp &warp, uint32_t lanes) {
  liveThreads -= unsigned(std::popcount(lanes));
  checkBarriers();
}

void Block::checkBarriers() {
  for (unsigned i = 0; i < barriers.size(); ++i)
    if (barriers[i].inUse)
      completeBarrier(i);
}

/// Whether all are there that `barrier` waits for. A warp counts whole once all its living lanes have
/// arrived.
static bool isComplete(const Block &block, const Barrier &barrier) {
  unsigned here = 0, counted = barrier.arrivals;
  for (unsigned i = 0; i < block.warps.size(); ++i) {
    uint32_t arrived = barrier.arrived[i];
    here += unsigned(std::popcount(arrived));
    counted += arrived && arrived == block.warps[i]->live ? warpSize : unsigned(std::popcount(arrived));
  }
  if (barrier.expected == 0)
    return here + barrier.arrivals >= block.liveThreads;
  return counted >= barrier.expected;
}

bool Block::completeBarrier(unsigned index) {
  Barrier &barrier = barriers[index];
  if (!barrier.inUse || !isComplete(*this, barrier))
    return false;
  Barrier done = barrier;
  barrier = Barrier();
  unsigned holds = 0, here = 0;
  for (unsigned i = 0; i < warps.size(); ++i) {
    holds += unsigned(std::popcount(done.trueLanes[i]));
    here += unsigned(std::popcount(done.arrived[i]));
  }
  if (launch->checker)
    launch->checker->barrier(*this, done);
  for (auto &warp : warps)
    warp->leaveBarrier(index, holds, here);
  return true;
}

} // namespace mv::ptxsim
