//===- EngineControl.cpp - Divergence, calls, barriers, collectives -*- C++ -*-===//

#include "EngineSupport.h"

#include <numeric>

namespace mv::ptxsim::test {
namespace {

std::vector<uint32_t> lanes(unsigned count = 32) {
  std::vector<uint32_t> values(count);
  std::iota(values.begin(), values.end(), 0);
  return values;
}

// Nested loops with trip counts that differ per lane, left early by some: all lanes arrive, each with its own
// result.
TEST(EngineControl, NestedLoopsWithBreak) {
  auto got = evaluate<uint32_t>("mov.u32 %d, 0; mov.u32 %w0, 0;\n"
                                "outer: setp.ge.u32 %p0, %w0, %a; @%p0 bra done; mov.u32 %w1, 0;\n"
                                "inner: setp.gt.u32 %p1, %w1, %w0; @%p1 bra next; add.u32 %d, %d, %w1;\n"
                                "setp.gt.u32 %p2, %d, 100; @%p2 bra done; add.u32 %w1, %w1, 1; bra inner;\n"
                                "next: add.u32 %w0, %w0, 1; bra outer;\ndone:",
                                lanes());
  for (uint32_t a = 0; a < 32; ++a) {
    uint32_t want = 0;
    for (uint32_t i = 0; i < a && want <= 100; ++i)
      for (uint32_t j = 0; j <= i && want <= 100; ++j)
        want += j;
    EXPECT_EQ(got[a], want) << a;
  }
}

// Jumps into the middle of each other's arms: no structured nesting exists.
TEST(EngineControl, UnstructuredFlow) {
  auto got = evaluate<uint32_t>("mov.u32 %d, 0; and.b32 %w0, %a, 1; and.b32 %w1, %a, 2; setp.eq.u32 %p0, "
                                "%w0, 0; setp.eq.u32 %p1, %w1, 0;\n"
                                "@%p0 bra B;\nA: add.u32 %d, %d, 1; @%p1 bra C;\n"
                                "B: add.u32 %d, %d, 10; setp.gt.u32 %p2, %d, 35; @%p2 bra D; @!%p1 bra A;\n"
                                "C: add.u32 %d, %d, 100;\nD: add.u32 %d, %d, 1000;",
                                lanes());
  for (uint32_t a = 0; a < 32; ++a) {
    bool p0 = !(a & 1), p1 = !(a & 2);
    uint32_t d = 0;
    char at = p0 ? 'B' : 'A';
    while (at != 'E') {
      if (at == 'A')
        d += 1, at = p1 ? 'C' : 'B';
      else if (at == 'B')
        d += 10, at = d > 35 ? 'D' : !p1 ? 'A' : 'C';
      else if (at == 'C')
        d += 100, at = 'D';
      else
        d += 1000, at = 'E';
    }
    EXPECT_EQ(got[a], d) << a;
  }
}

// After divergent code the warp is whole again: a vote over the active lanes sees all 32.
TEST(EngineControl, Reconverges) {
  auto got = evaluate<uint32_t>(
      "and.b32 %w0, %a, 3; setp.eq.u32 %p0, %w0, 0; @%p0 bra X; add.u32 %w1, %a, 1; setp.eq.u32 %p1, %w0, 1; "
      "@%p1 bra Y;\n"
      "mov.u32 %w1, 5; bra Z;\nY: mov.u32 %w1, 6; bra Z;\nX: mov.u32 %w1, 7;\nZ: activemask.b32 %d;",
      lanes());
  for (uint32_t mask : got)
    EXPECT_EQ(mask, 0xffffffffu);
}

// A side that leads to a trap does not keep the others from meeting.
TEST(EngineControl, MeetsBeforeUntakenTrap) {
  auto got = evaluate<uint32_t>(
      "setp.lt.u32 %p0, %a, 10; @%p0 bra X; setp.gt.u32 %p1, %a, 1000; @!%p1 bra fine; trap;\n"
      "fine: mov.u32 %w1, 5;\nX: activemask.b32 %d;",
      lanes());
  for (uint32_t mask : got)
    EXPECT_EQ(mask, 0xffffffffu);
}

// A lane that spins on a lock that another lane of its warp holds: both must get on.
TEST(EngineControl, LockInsideAWarp) {
  Simulator simulator;
  ASSERT_TRUE(simulator
                  .load(header() + R"(
.visible .entry f(.param .u64 lock) {
.reg .pred %p; .reg .b32 %r<5>; .reg .b64 %rd<3>;
ld.param.u64 %rd0, [lock];
spin: atom.global.cas.b32 %r1, [%rd0], 0, 1; setp.ne.u32 %p, %r1, 0; @%p bra spin;
ld.volatile.global.u32 %r2, [%rd0+4]; add.u32 %r2, %r2, 1; st.volatile.global.u32 [%rd0+4], %r2;
membar.gl; atom.global.exch.b32 %r3, [%rd0], 0; ret; })")
                  .ok());
  uint64_t lock = simulator.upload(std::vector<uint32_t>{0, 0});
  Result result = simulator.launch("f", {.grid = {3}, .block = {64}}, {lock});
  ASSERT_TRUE(result.ok()) << result.message();
  EXPECT_EQ(simulator.download<uint32_t>(lock, 2)[1], 192u);
}

// Recursion, an indirect call through a table, parameters in registers and in .param space.
TEST(EngineControl, Calls) {
  Simulator simulator;
  Result loaded = simulator.load(header() + R"(
.func (.param .b32 r) fib(.param .b32 n) {
.reg .pred %p; .reg .b32 %r<6>;
ld.param.b32 %r0, [n]; setp.lt.u32 %p, %r0, 2; @%p bra small;
sub.u32 %r1, %r0, 1; { .param .b32 a; .param .b32 b; st.param.b32 [a], %r1; call.uni (b), fib, (a); ld.param.b32 %r2, [b]; }
sub.u32 %r1, %r0, 2; { .param .b32 a; .param .b32 b; st.param.b32 [a], %r1; call.uni (b), fib, (a); ld.param.b32 %r3, [b]; }
add.u32 %r4, %r2, %r3; st.param.b32 [r], %r4; ret;
small: st.param.b32 [r], %r0; ret; }
.func (.reg .b32 %o) twice(.reg .b32 %i) { add.u32 %o, %i, %i; ret; }
.func (.param .b32 r) one(.param .b32 n) { .reg .b32 %r; ld.param.b32 %r, [n]; add.u32 %r, %r, 1; st.param.b32 [r], %r; ret; }
.func (.param .b32 r) three(.param .b32 n) { .reg .b32 %r; ld.param.b32 %r, [n]; mul.lo.u32 %r, %r, 3; st.param.b32 [r], %r; ret; }
.global .align 8 .u64 table[2] = {one, three};
.visible .entry f(.param .u64 out) {
.reg .pred %p; .reg .b32 %r<8>; .reg .b64 %rd<6>;
ld.param.u64 %rd0, [out]; mov.u32 %r0, %tid.x; and.b32 %r1, %r0, 7;
{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r1; call.uni (b), fib, (a); ld.param.b32 %r2, [b]; }
call (%r3), twice, (%r0);
and.b32 %r4, %r0, 1; mul.wide.u32 %rd1, %r4, 8; mov.u64 %rd2, table; add.u64 %rd2, %rd2, %rd1; ld.global.u64 %rd3, [%rd2];
{ .param .b32 a; .param .b32 b; st.param.b32 [a], %r0; proto: .callprototype (.param .b32 _) _ (.param .b32 _);
call (b), %rd3, (a), proto; ld.param.b32 %r5, [b]; }
add.u32 %r2, %r2, %r3; add.u32 %r2, %r2, %r5; mul.wide.u32 %rd1, %r0, 4; add.u64 %rd1, %rd1, %rd0; st.global.u32 [%rd1], %r2; ret; })");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  uint64_t out = simulator.allocate(128);
  Result result = simulator.launch("f", {.block = {32}}, {out});
  ASSERT_TRUE(result.ok()) << result.message();
  auto got = simulator.download<uint32_t>(out, 32);
  const uint32_t fib[] = {0, 1, 1, 2, 3, 5, 8, 13};
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], fib[i & 7] + 2 * i + (i & 1 ? 3 * i : i + 1)) << i;
}

TEST(EngineControl, TableBranch) {
  auto got = evaluate<uint32_t>("and.b32 %w0, %a, 3;\nts: .branchtargets L0, L1, L2, L1;\nbrx.idx %w0, ts;\n"
                                "L0: mov.u32 %d, 10; bra E;\nL1: mov.u32 %d, 20; bra E;\nL2: mov.u32 %d, "
                                "30;\nE: activemask.b32 %w1; add.u32 %d, %d, %w1;",
                                lanes());
  const uint32_t want[] = {10, 20, 30, 20};
  for (uint32_t i = 0; i < 32; ++i)
    EXPECT_EQ(got[i], want[i & 3] - 1) << i;
}

// The ISA's pseudocode for shfl, for all four modes, with segments of 8 lanes.
TEST(EngineCollective, Shuffle) {
  auto up = evaluate<uint32_t>(
      "shfl.sync.up.b32 %d|%p0, %a, 3, 0x1800, -1; selp.u32 %w0, 100, 0, %p0; add.u32 %d, %d, %w0;", lanes());
  auto down = evaluate<uint32_t>("shfl.sync.down.b32 %d, %a, 3, 0x181f, -1;", lanes());
  auto butterfly = evaluate<uint32_t>("shfl.sync.bfly.b32 %d, %a, 5, 31, -1;", lanes());
  auto index = evaluate<uint32_t>("shfl.sync.idx.b32 %d, %a, 2, 0x181f, -1;", lanes());
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t segment = lane & 0x18, j = lane - 3;
    bool fine = int(j) >= int(segment);
    EXPECT_EQ(up[lane], fine ? j + 100 : lane);
    EXPECT_EQ(down[lane], lane + 3 <= (segment | 7) ? lane + 3 : lane);
    EXPECT_EQ(butterfly[lane], lane ^ 5);
    EXPECT_EQ(index[lane], segment | 2);
  }
}

TEST(EngineCollective, VoteMatchReduxElect) {
  auto ballot = evaluate<uint32_t>("setp.gt.u32 %p0, %a, 20; vote.sync.ballot.b32 %d, %p0, -1;", lanes());
  auto any = evaluate<uint32_t>(
      "setp.gt.u32 %p0, %a, 30; vote.sync.any.pred %p1, %p0, -1; vote.sync.all.pred %p2, %p0, -1; "
      "vote.sync.uni.pred %p3, !%p0, -1; selp.u32 %d, 1, 0, %p1; selp.u32 %w0, 2, 0, %p2; selp.u32 %w1, 4, "
      "0, %p3; "
      "or.b32 %d, %d, %w0; or.b32 %d, %d, %w1;",
      lanes());
  auto match = evaluate<uint32_t>("and.b32 %w0, %a, 3; match.any.sync.b32 %d, %w0, -1;", lanes());
  auto sum = evaluate<uint32_t>("redux.sync.add.s32 %d, %a, -1;", lanes());
  auto least = evaluate<uint32_t>("sub.s32 %w0, 5, %a; redux.sync.min.s32 %d, %w0, -1;", lanes());
  auto elected = evaluate<uint32_t>("elect.sync %w0|%p0, -1; selp.u32 %d, 1, 0, %p0;", lanes());
  for (uint32_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(ballot[lane], 0xffe00000u);
    EXPECT_EQ(any[lane], 1u);
    EXPECT_EQ(match[lane], 0x11111111u << (lane & 3));
    EXPECT_EQ(sum[lane], 31u * 32 / 2);
    EXPECT_EQ(int32_t(least[lane]), -26);
    EXPECT_EQ(elected[lane], lane == 0);
  }
}

// Two tiles of a warp shuffle at once with their own masks, from diverged code.
TEST(EngineCollective, TilesAndDivergedLanes) {
  auto got = evaluate<uint32_t>(
      "setp.lt.u32 %p0, %a, 16; mov.u32 %w0, 0xffff; mov.u32 %w1, 0xffff0000; selp.b32 %w2, %w0, %w1, %p0;\n"
      "redux.sync.add.s32 %d, %a, %w2;",
      lanes());
  auto apart = evaluate<uint32_t>("setp.lt.u32 %p0, %a, 16; @%p0 bra A; add.u32 %w0, %a, 1000; "
                                  "shfl.sync.idx.b32 %d, %w0, 20, 31, 0xffff0000; bra E;\n"
                                  "A: shfl.sync.idx.b32 %d, %a, 3, 31, 0xffff;\nE: bar.warp.sync -1; "
                                  "vote.sync.all.pred %p1, 1, -1; @!%p1 mov.u32 %d, 9;",
                                  lanes());
  for (uint32_t lane = 0; lane < 32; ++lane) {
    EXPECT_EQ(got[lane], lane < 16 ? 120u : 376u);
    EXPECT_EQ(apart[lane], lane < 16 ? 3u : 1020u);
  }
}

// Named barriers order producers and consumers; bar.red counts over the block.
TEST(EngineBarrier, NamedAndReduction) {
  Simulator simulator({.checks = {true, true, true, true}});
  Result loaded = simulator.load(header() + R"(
.visible .entry f(.param .u64 out) {
.reg .pred %p<3>; .reg .b32 %r<9>; .reg .b64 %rd<3>;
.shared .align 4 .b32 buffer[64];
ld.param.u64 %rd0, [out]; mov.u32 %r0, %tid.x; setp.ge.u32 %p0, %r0, 64; @%p0 bra consumer;
mov.u32 %r1, buffer; shl.b32 %r2, %r0, 2; add.u32 %r1, %r1, %r2; mul.lo.u32 %r3, %r0, 5; st.shared.u32 [%r1], %r3;
bar.arrive 1, 128; bra rest;
consumer: bar.sync 1, 128; sub.u32 %r4, 127, %r0; mov.u32 %r1, buffer; shl.b32 %r2, %r4, 2; add.u32 %r1, %r1, %r2; ld.shared.u32 %r3, [%r1];
rest: setp.lt.u32 %p1, %r0, 50; bar.red.popc.u32 %r5, 0, %p1; add.u32 %r3, %r3, %r5;
mul.wide.u32 %rd1, %r0, 4; add.u64 %rd1, %rd1, %rd0; st.global.u32 [%rd1], %r3; ret; })");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  uint64_t out = simulator.allocate(512);
  Result result = simulator.launch("f", {.block = {128}}, {out});
  ASSERT_TRUE(result.ok()) << result.message();
  auto got = simulator.download<uint32_t>(out, 128);
  for (uint32_t i = 0; i < 128; ++i)
    EXPECT_EQ(got[i], 50 + (i < 64 ? i * 5 : (127 - i) * 5)) << i;
  EXPECT_EQ(simulator.reportText(), "");
}

// Blocks that wait for all others of a cooperative launch, on one host thread and on two.
TEST(EngineControl, CooperativeBlocksAreResident) {
  for (unsigned threads : {1u, 2u}) {
    Simulator simulator({.hostThreads = threads});
    ASSERT_TRUE(simulator
                    .load(header() + R"(
.visible .entry f(.param .u64 count) {
.reg .pred %p; .reg .b32 %r<5>; .reg .b64 %rd<3>;
ld.param.u64 %rd0, [count]; mov.u32 %r0, %tid.x; setp.ne.u32 %p, %r0, 0; @%p bra done;
membar.gl; red.global.add.u32 [%rd0], 1; mov.u32 %r2, %nctaid.x;
spin: ld.acquire.gpu.global.u32 %r1, [%rd0]; setp.lt.u32 %p, %r1, %r2; @%p bra spin;
done: ret; })")
                    .ok());
    uint64_t count = simulator.upload(std::vector<uint32_t>{0});
    LaunchConfig config{.grid = {20}, .block = {64}};
    config.cooperative = true;
    Result result = simulator.launch("f", config, {count});
    EXPECT_TRUE(result.ok()) << result.message();
    EXPECT_EQ(simulator.download<uint32_t>(count, 1)[0], 20u);
  }
}

// An endless loop ends at the limit, with the driver's code for it.
TEST(EngineControl, InstructionLimit) {
  Simulator simulator({.instructionLimit = 100000});
  ASSERT_TRUE(simulator.load(header() + ".visible .entry f() { L: bra L; }").ok());
  EXPECT_EQ(simulator.launch("f", {.block = {32}}, {}).error(), Error::Timeout);
}

} // namespace
} // namespace mv::ptxsim::test
