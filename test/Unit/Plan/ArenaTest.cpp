//===- ArenaTest.cpp - Where buffers lie ----------------------------------------===//

#include "mv/Plan/Arena.h"

#include <gtest/gtest.h>

#include <random>

using namespace mv;

namespace {

int64_t roundedSize(const LiveInterval &interval) { return (interval.bytes + 63) / 64 * 64; }

/// What every plan owes its caller, whatever the intervals.
void expectValid(const std::vector<LiveInterval> &intervals, const ArenaPlan &plan) {
  ASSERT_EQ(plan.offsets.size(), intervals.size());
  EXPECT_GE(plan.bytes, plan.live);
  for (size_t i = 0; i < intervals.size(); ++i) {
    EXPECT_GE(plan.offsets[i], 0);
    EXPECT_EQ(plan.offsets[i] % 64, 0);
    EXPECT_LE(plan.offsets[i] + roundedSize(intervals[i]), plan.bytes);
    for (size_t j = 0; j < i; ++j) {
      if (!intervals[i].overlaps(intervals[j]))
        continue;
      bool disjoint = plan.offsets[i] + roundedSize(intervals[i]) <= plan.offsets[j] ||
                      plan.offsets[j] + roundedSize(intervals[j]) <= plan.offsets[i];
      EXPECT_TRUE(disjoint) << "intervals " << j << " and " << i << " share memory at offsets "
                            << plan.offsets[j] << " and " << plan.offsets[i];
    }
  }
}

/// The largest sum alive at once, counted dispatch by dispatch.
int64_t countLive(const std::vector<LiveInterval> &intervals) {
  int64_t largest = 0, last = 0;
  for (const LiveInterval &interval : intervals)
    last = std::max(last, interval.end);
  for (int64_t time = 0; time <= last; ++time) {
    int64_t sum = 0;
    for (const LiveInterval &interval : intervals)
      sum += interval.begin <= time && time <= interval.end ? roundedSize(interval) : 0;
    largest = std::max(largest, sum);
  }
  return largest;
}

} // namespace

TEST(Arena, NothingTakesNothing) {
  ArenaPlan plan = planArena({});
  EXPECT_EQ(plan.bytes, 0);
  EXPECT_EQ(plan.live, 0);
}

TEST(Arena, AChainUsesTwoBuffers) {
  std::vector<LiveInterval> chain;
  for (int64_t i = 0; i < 10; ++i)
    chain.push_back({i, i + 1, 1024});
  ArenaPlan plan = planArena(chain);
  expectValid(chain, plan);
  EXPECT_EQ(plan.bytes, 2048);
}

// A dispatch writes its result while it reads its inputs: [0, 1] and [1, 2] must not share.
TEST(Arena, EndAndBeginAtTheSameDispatchOverlap) {
  std::vector<LiveInterval> intervals{{0, 1, 64}, {1, 2, 64}};
  ArenaPlan plan = planArena(intervals);
  EXPECT_NE(plan.offsets[0], plan.offsets[1]);
  EXPECT_EQ(plan.bytes, 128);
}

TEST(Arena, SizesAreRoundedUpToCacheLines) {
  std::vector<LiveInterval> intervals{{0, 1, 1}, {0, 1, 65}};
  ArenaPlan plan = planArena(intervals);
  expectValid(intervals, plan);
  EXPECT_EQ(plan.live, 64 + 128);
  EXPECT_EQ(plan.bytes, 64 + 128);
}

// Placing the small long-lived buffer first, between the large ones, would split the arena.
TEST(Arena, ALongLivedBufferLiesAtTheSide) {
  std::vector<LiveInterval> intervals{{0, 1, 4096}, {1, 9, 64},   {2, 3, 4096},
                                      {4, 5, 4096}, {6, 7, 4096}, {3, 4, 4096}};
  ArenaPlan plan = planArena(intervals);
  expectValid(intervals, plan);
  EXPECT_EQ(plan.bytes, plan.live);
}

// The figure above planArena's declaration.
TEST(Arena, TheExampleOfTheHeader) {
  std::vector<LiveInterval> intervals{{0, 1, 128}, {1, 2, 192}, {2, 3, 128}};
  ArenaPlan plan = planArena(intervals);
  expectValid(intervals, plan);
  EXPECT_EQ(plan.bytes, 320);
  EXPECT_EQ(plan.offsets[0], plan.offsets[2]);
}

// Residual networks: a chain whose every second value lives on past its neighbours.
TEST(Arena, ResidualChainsLoseNothing) {
  std::vector<LiveInterval> intervals;
  for (int64_t block = 0; block < 20; ++block) {
    int64_t size = 64 * (1 + (block * 7) % 5);
    intervals.push_back({3 * block, 3 * block + 3, size});
    intervals.push_back({3 * block + 1, 3 * block + 2, 4 * size});
    intervals.push_back({3 * block + 2, 3 * block + 3, size});
  }
  ArenaPlan plan = planArena(intervals);
  expectValid(intervals, plan);
  EXPECT_EQ(plan.bytes, plan.live);
}

TEST(Arena, RandomIntervalsNeverShareWhileAlive) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::vector<LiveInterval> intervals(1 + random() % 40);
    int64_t dispatches = 1 + random() % 50;
    for (LiveInterval &interval : intervals) {
      interval.begin = random() % dispatches;
      interval.end = std::min<int64_t>(dispatches, interval.begin + random() % 8);
      interval.bytes = 1 + random() % 5000;
    }
    ArenaPlan plan = planArena(intervals);
    expectValid(intervals, plan);
    EXPECT_EQ(plan.live, countLive(intervals));
    EXPECT_LE(plan.bytes * 100, plan.live * 115) << "round " << round; // the worst of these rounds is 1.112
  }
}

TEST(Arena, TheSameIntervalsGiveTheSamePlan) {
  std::vector<LiveInterval> intervals;
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    int64_t begin = random() % 30;
    intervals.push_back({begin, begin + int64_t(random() % 6), int64_t(1 + random() % 3000)});
  }
  EXPECT_EQ(planArena(intervals).offsets, planArena(intervals).offsets);
}
