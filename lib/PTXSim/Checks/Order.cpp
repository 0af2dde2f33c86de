//===- Order.cpp - Clocks of the race check -------------------------*- C++ -*-===//

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Checks/Segments.h"
#include "PTXSim/Machine/Launch.h"

#include <algorithm>

namespace mv::ptxsim {
namespace {

using Foreign = std::map<uint64_t, WarpClocks>;

void join(WarpClocks &into, const WarpClocks &from) {
  for (unsigned i = 0; i < 32; ++i)
    into[i] = std::max(into[i], from[i]);
}

void joinForeign(std::shared_ptr<const Foreign> &into, const Foreign &from) {
  if (from.empty())
    return;
  auto merged = into ? std::make_shared<Foreign>(*into) : std::make_shared<Foreign>();
  for (const auto &[block, clocks] : from)
    join((*merged)[block], clocks);
  into = std::move(merged);
}

} // namespace

void Checker::newSegment(Block &block, unsigned warpIndex) {
  WarpClock &clock = block.clocks->warps[warpIndex];
  SegmentInfo info;
  info.block = block.linear;
  info.launch = launch_;
  info.clock = ++clock.known.own[warpIndex];
  info.warp = warpIndex;
  clock.segment = segments_.add(info);
  if (clock.segment == 0) // 0 means nobody.
    clock.segment = segments_.add(info);
}

void Checker::startBlock(Block &block) {
  if (checks_.init) {
    if (block.sharedInit)
      block.sharedInit->clearAll();
    else
      block.sharedInit = std::make_unique<InitShadow>(block.sharedBytes);
  }
  if (!checks_.race)
    return;
  if (block.sharedRace)
    block.sharedRace->clearAll();
  else
    block.sharedRace = std::make_unique<RaceShadow>(block.sharedBytes);
  block.clocks = std::make_unique<BlockClocks>();
  block.clocks->warps.resize(block.warps.size());
  for (unsigned i = 0; i < block.warps.size(); ++i)
    newSegment(block, i);
}

void Checker::joinPending(Block &block, WarpClock &clock) {
  if (clock.pending.empty())
    return;
  if (auto own = clock.pending.find(block.linear); own != clock.pending.end()) {
    join(clock.known.own, own->second);
    clock.pending.erase(own);
  }
  joinForeign(clock.known.foreign, clock.pending);
  clock.pending.clear();
}

void Checker::barrier(Block &block, const Barrier &barrier) {
  if (!checks_.race)
    return;
  WarpClocks together = {};
  std::shared_ptr<const Foreign> foreign;
  for (unsigned i = 0; i < block.warps.size(); ++i) {
    if (!barrier.participants[i])
      continue;
    WarpClock &clock = block.clocks->warps[i];
    joinPending(block, clock);
    join(together, clock.known.own);
    if (clock.known.foreign && clock.known.foreign != foreign)
      joinForeign(foreign, *clock.known.foreign);
  }
  for (const Barrier::Arrival &arrival : barrier.released)
    join(together, arrival.clocks);
  for (unsigned i = 0; i < block.warps.size(); ++i) {
    if (!barrier.participants[i])
      continue;
    WarpClock &clock = block.clocks->warps[i];
    clock.known.own = together;
    clock.known.foreign = foreign;
    newSegment(block, i);
  }
}

WarpClocks Checker::arrive(Warp &warp) {
  WarpClocks now = warp.block->clocks->warps[warp.index].known.own;
  newSegment(*warp.block, warp.index);
  return now;
}

void Checker::warpSync(Warp &warp, uint32_t) {
  if (checks_.race)
    newSegment(*warp.block, warp.index);
}

void Checker::fence(Warp &warp) {
  if (!checks_.race)
    return;
  WarpClock &clock = warp.block->clocks->warps[warp.index];
  joinPending(*warp.block, clock);
  clock.hasFence = true;
  clock.atFence = clock.known;
  newSegment(*warp.block, warp.index);
}

void Checker::publish(Block &block, const Knowledge &knowledge, uint64_t address, bool shared) {
  auto add = [&](ReleasedClocks &released) {
    join(released[block.linear], knowledge.own);
    if (knowledge.foreign)
      for (const auto &[other, clocks] : *knowledge.foreign)
        join(released[other], clocks);
  };
  if (shared)
    return add(block.clocks->shared[address]);
  std::lock_guard guard(releasesLock_);
  add(releases_[address]);
  anyRelease_.store(true);
}

void Checker::strongWrite(Warp &warp, uint64_t address, bool shared, bool release) {
  if (!checks_.race)
    return;
  WarpClock &clock = warp.block->clocks->warps[warp.index];
  if (!release) {
    if (clock.hasFence)
      publish(*warp.block, clock.atFence, address, shared);
    return;
  }
  publish(*warp.block, clock.known, address, shared);
  newSegment(*warp.block, warp.index);
}

void Checker::strongRead(Warp &warp, uint64_t address, bool shared, bool acquire) {
  if (!checks_.race)
    return;
  Block &block = *warp.block;
  WarpClock &clock = block.clocks->warps[warp.index];
  auto take = [&](const std::unordered_map<uint64_t, ReleasedClocks> &from) {
    auto found = from.find(address);
    if (found == from.end())
      return;
    for (const auto &[other, clocks] : found->second)
      join(clock.pending[other], clocks);
  };
  if (shared) {
    take(block.clocks->shared);
  } else if (anyRelease_.load()) {
    std::lock_guard guard(releasesLock_);
    take(releases_);
  }
  if (acquire)
    joinPending(block, clock);
}

} // namespace mv::ptxsim
