//===- EngineChecks.cpp - Planted bugs and their correct twins ------*- C++ -*-===//
//
// Each bug is found by the check that should find it; the same kernel without the bug is silent.
//
//===----------------------------------------------------------------------===//

#include "EngineSupport.h"

namespace mv::ptxsim::test {
namespace {

constexpr Checks everything = {true, true, true, true};

/// A kernel f(buffer, out) over 64 threads: %t is the thread, %b buffer + 4 t, %o out + 4 t, %s shared + 4 t.
std::string kernel(const std::string &body) {
  return header() +
         ".visible .entry f(.param .u64 buffer, .param .u64 out) {\n.reg .pred %p<4>; .reg .b32 %r<12>, %t, "
         "%s; "
         ".reg .b64 %rd<8>, %b, %o;\n.shared .align 16 .b32 shared[64];\nld.param.u64 %b, [buffer]; "
         "ld.param.u64 %o, [out]; "
         "mov.u32 %t, %tid.x;\nmad.wide.u32 %b, %t, 4, %b; mad.wide.u32 %o, %t, 4, %o; mov.u32 %s, shared; "
         "mad.lo.u32 %s, %t, 4, %s;\n" +
         body + "\nret; }";
}

struct Trial {
  Simulator simulator;
  Result result;
  uint64_t buffer = 0, out = 0;

  explicit Trial(const std::string &body, Checks checks = everything, LaunchConfig config = {.block = {64}},
                 bool fill = true)
      : simulator({.checks = checks}) {
    Result loaded = simulator.load(kernel(body));
    EXPECT_TRUE(loaded.ok()) << loaded.message();
    buffer = fill ? simulator.upload(std::vector<uint32_t>(64, 1)) : simulator.allocate(256);
    out = simulator.allocate(256);
    if (loaded.ok())
      result = simulator.launch("f", config, {buffer, out});
  }
  size_t count(CheckKind kind) const { return simulator.count(kind); }
  std::string text() const { return simulator.reportText(); }
};

#define EXPECT_SILENT(body)                                                                                  \
  do {                                                                                                       \
    Trial silent(body);                                                                                      \
    EXPECT_TRUE(silent.result.ok()) << silent.result.message();                                              \
    EXPECT_EQ(silent.text(), "");                                                                            \
  } while (false)

TEST(EngineCheckMemory, negative_OnePastTheEnd) {
  Trial run("ld.global.u32 %r0, [%b+4]; st.global.u32 [%o], %r0;");
  EXPECT_EQ(run.result.error(), Error::IllegalAddress);
  ASSERT_EQ(run.count(CheckKind::OutOfBounds), 1u);
  CheckReport report = run.simulator.device->reports()[0];
  EXPECT_EQ(report.kernel, "f");
  EXPECT_EQ(report.address, run.buffer + 256);
  EXPECT_EQ(report.site.thread[0], 63u);
  EXPECT_NE(report.message.find("0 bytes after the nearest allocation of 256 bytes"), std::string::npos)
      << report.message;
  EXPECT_SILENT("ld.global.u32 %r0, [%b]; st.global.u32 [%o], %r0;");
}

// Without the check the launch still fails instead of reading what is not there.
TEST(EngineCheckMemory, negative_WildPointerIsAnError) {
  Trial run("mov.u64 %rd0, 0x123456789000; ld.global.u32 %r0, [%rd0];", Checks());
  EXPECT_EQ(run.result.error(), Error::IllegalAddress);
  EXPECT_NE(run.result.message().find("ld.global.u32"), std::string::npos) << run.result.message();
  EXPECT_EQ(run.text(), "");
}

TEST(EngineCheckMemory, negative_SharedBeyondTheEnd) {
  Trial run("st.shared.u32 [%s+16], %t;");
  EXPECT_EQ(run.count(CheckKind::OutOfBounds), 1u);
  EXPECT_EQ(run.result.error(), Error::IllegalAddress);
}

TEST(EngineCheckMemory, negative_Misaligned) {
  Trial run("ld.global.v2.u32 {%r0, %r1}, [%b];");
  EXPECT_EQ(run.result.error(), Error::MisalignedAddress);
  EXPECT_EQ(run.count(CheckKind::Misaligned), 1u);
}

TEST(EngineCheckMemory, negative_UseAfterFree) {
  Simulator simulator({.checks = everything});
  ASSERT_TRUE(simulator.load(kernel("ld.global.u32 %r0, [%b]; st.global.u32 [%o], %r0;")).ok());
  uint64_t buffer = simulator.upload(std::vector<uint32_t>(64, 1)), out = simulator.allocate(256);
  ASSERT_TRUE(simulator.device->free(buffer).ok());
  EXPECT_EQ(simulator.launch("f", {.block = {64}}, {buffer, out}).error(), Error::IllegalAddress);
  EXPECT_EQ(simulator.count(CheckKind::UseAfterFree), 1u) << simulator.reportText();
  EXPECT_EQ(simulator.device->free(buffer).error(), Error::InvalidValue);
}

TEST(EngineCheckMemory, Leaks) {
  Simulator simulator({.checks = everything});
  uint64_t kept = simulator.allocate(100), freed = simulator.allocate(10);
  ASSERT_TRUE(simulator.device->free(freed).ok());
  auto leaks = simulator.device->leaks();
  ASSERT_EQ(leaks.size(), 1u);
  EXPECT_EQ(leaks[0].address, kept);
}

TEST(EngineCheckInit, negative_GlobalAndShared) {
  Trial global("ld.global.u32 %r0, [%b]; st.global.u32 [%o], %r0;", everything, {.block = {64}}, false);
  EXPECT_EQ(global.count(CheckKind::UninitializedRead), 1u) << global.text();
  EXPECT_EQ(global.simulator.device->reports()[0].count, 64u);
  Trial shared("setp.ne.u32 %p0, %t, 5; @%p0 st.shared.u32 [%s], %t; bar.sync 0; ld.shared.u32 %r0, [%s];");
  ASSERT_EQ(shared.count(CheckKind::UninitializedRead), 1u) << shared.text();
  EXPECT_EQ(shared.simulator.device->reports()[0].site.thread[0], 5u);
  EXPECT_SILENT("st.shared.u32 [%s], %t; ld.shared.u32 %r0, [%s];");
}

// Single bytes count: half of a word was written.
TEST(EngineCheckInit, negative_PartOfAWord) {
  Trial run("{ .reg .b16 h; mov.b16 h, 7; st.shared.b16 [%s], h; } ld.shared.u32 %r0, [%s];");
  ASSERT_EQ(run.count(CheckKind::UninitializedRead), 1u);
  EXPECT_NE(run.text().find("reads 2 that nobody has written"), std::string::npos) << run.text();
}

const char *exchange =
    "st.shared.u32 [%s], %t; BARRIER xor.b32 %r0, %t, 33; mov.u32 %r1, shared; mad.lo.u32 %r1, %r0, 4, %r1; "
    "ld.shared.u32 %r2, [%r1]; st.global.u32 [%o], %r2;";
std::string withBarrier(std::string text, const std::string &barrier) {
  return text.replace(text.find("BARRIER"), 7, barrier);
}

// Threads of two warps exchange values: only the block's barrier orders them.
TEST(EngineCheckRace, negative_DroppedBarrier) {
  Trial run(withBarrier(exchange, ""));
  ASSERT_EQ(run.count(CheckKind::Race), 1u) << run.text();
  for (const CheckReport &report : run.simulator.device->reports())
    if (report.kind == CheckKind::Race) {
      EXPECT_TRUE(report.hasOther);
      EXPECT_NE(report.site.instruction, report.other.instruction);
      EXPECT_NE(report.site.thread[0] / 32, report.other.thread[0] / 32);
      EXPECT_EQ(report.space, "shared");
    }
  Trial warpOnly(withBarrier(exchange, "bar.warp.sync -1;"));
  EXPECT_EQ(warpOnly.count(CheckKind::Race), 1u);
  EXPECT_SILENT(withBarrier(exchange, "bar.sync 0;"));
}

// Lanes of one warp exchange values: bar.warp.sync is enough, and needed.
TEST(EngineCheckRace, negative_DroppedWarpBarrier) {
  std::string lanes = withBarrier(exchange, "BARRIER").replace(std::string(exchange).find("33"), 2, "1 ");
  Trial run(withBarrier(lanes, ""));
  EXPECT_EQ(run.count(CheckKind::Race), 1u) << run.text();
  EXPECT_SILENT(withBarrier(lanes, "bar.warp.sync -1;"));
}

// A buffer overwritten before others have read it.
TEST(EngineCheckRace, negative_WriteAfterRead) {
  std::string body = withBarrier(exchange, "bar.sync 0;");
  Trial run(body + "st.shared.u32 [%s], %r2;");
  EXPECT_EQ(run.count(CheckKind::Race), 1u) << run.text();
  EXPECT_SILENT(body + "bar.sync 0; st.shared.u32 [%s], %r2;");
}

// Half words of one word that belong to different threads are no conflict; the same half word is.
TEST(EngineCheckRace, BytesDecide) {
  std::string body = "mov.u32 %r1, shared; mad.lo.u32 %r1, %t, STRIDE, %r1; { .reg .b16 h; cvt.u16.u32 h, "
                     "%t; st.shared.b16 [%r1], h; }";
  auto with = [&](const std::string &stride) {
    return std::string(body).replace(body.find("STRIDE"), 6, stride);
  };
  EXPECT_SILENT(with("2"));
  Trial run(with("0"));
  EXPECT_EQ(run.count(CheckKind::Race), 1u) << run.text();
}

// Many threads setting a flag to the same value is idiom.
TEST(EngineCheckRace, SameValueIsHarmless) {
  EXPECT_SILENT("mov.u32 %r1, shared; mov.u32 %r2, 1; st.shared.u32 [%r1], %r2;");
}

TEST(EngineCheckRace, negative_BetweenBlocks) {
  Trial run("mov.u32 %r0, %ctaid.x; st.global.u32 [%o], %r0;", everything, {.grid = {3}, .block = {64}});
  EXPECT_EQ(run.count(CheckKind::Race), 1u) << run.text();
  Trial atomics("red.global.add.u32 [%b], 1;", everything, {.grid = {3}, .block = {64}});
  EXPECT_EQ(atomics.text(), "");
  EXPECT_EQ(atomics.simulator.download<uint32_t>(atomics.buffer, 1)[0], 4u);
}

// The last block sums what all have written: ordered by fences around the ticket, and not without them.
TEST(EngineCheckRace, negative_TicketWithoutFence) {
  const std::string body = "mov.u32 %r0, %ctaid.x; mul.wide.u32 %rd0, %r0, 4; ld.param.u64 %rd1, [out]; "
                           "add.u64 %rd2, %rd1, %rd0;\n"
                           "setp.ne.u32 %p0, %t, 0; @%p0 bra done; st.global.u32 [%rd2], %r0; FENCE\n"
                           "ld.param.u64 %rd3, [buffer]; atom.global.add.u32 %r1, [%rd3], 1; setp.ne.u32 "
                           "%p1, %r1, 3; @%p1 bra done; FENCE\n"
                           "ld.global.u32 %r2, [%rd1]; ld.global.u32 %r3, [%rd1+4]; add.u32 %r2, %r2, %r3; "
                           "st.global.u32 [%rd1+128], %r2;\ndone:";
  auto with = [&](const std::string &fence) {
    std::string text = body;
    for (size_t at; (at = text.find("FENCE")) != std::string::npos;)
      text.replace(at, 5, fence);
    return text;
  };
  LaunchConfig config{.grid = {3}, .block = {64}};
  Trial fenced(with("membar.gl;"), everything, config);
  EXPECT_EQ(fenced.text(), "");
  Trial bare(with(""), everything, config);
  EXPECT_GE(bare.count(CheckKind::Race), 1u);
}

TEST(EngineCheckSync, negative_DivergentBarrier) {
  Trial run("and.b32 %r0, %t, 1; setp.eq.u32 %p0, %r0, 0; @%p0 bar.sync 0; @!%p0 bar.sync 0;");
  EXPECT_GE(run.count(CheckKind::DivergentBarrier), 1u) << run.text();
  EXPECT_SILENT("setp.lt.u32 %p0, %t, 32; @%p0 bar.sync 0; @!%p0 bar.sync 0;");
}

// Lane 0 spins for a flag that the other warp sets after so long that the lanes which wait for lane 0 are let go.
const std::string spinning =
    "ld.param.u64 %rd0, [buffer]; setp.ge.u32 %p0, %t, 32; @%p0 bra other; setp.ne.u32 %p1, %t, 0; @%p1 bra "
    "together;\n"
    "spin: ld.volatile.global.u32 %r0, [%rd0]; setp.eq.u32 %p2, %r0, 1; @%p2 bra spin; bra together;\n"
    "other: mov.u32 %r1, 0;\n"
    "work: add.u32 %r1, %r1, 1; setp.lt.u32 %p2, %r1, 50000; @%p2 bra work;\n"
    "setp.ne.u32 %p1, %t, 32; @%p1 bra together; st.volatile.global.u32 [%rd0], 2;\ntogether:\n";

// They wait at the barrier for lane 0, as on a chip with independent thread scheduling: what lane 0 stores
// before it is there after it, and from then on the warp is whole.
TEST(EngineCheckSync, BarrierAfterASpinningLane) {
  Trial run(spinning + "setp.ne.u32 %p1, %t, 0; @%p1 bra wait; st.shared.u32 [shared], 7; wait: bar.sync 0; "
                       "ld.shared.u32 %r2, [shared]; bar.sync 0; activemask.b32 %r3; bar.sync 1, 64; "
                       "add.u32 %r2, %r2, %r3; st.global.u32 [%o], %r2;");
  EXPECT_TRUE(run.result.ok()) << run.result.message();
  EXPECT_EQ(run.text(), "");
  EXPECT_EQ(run.simulator.download<uint32_t>(run.out, 64), std::vector<uint32_t>(64, 6));
}

// The patience that lets them go does not hide a barrier in diverged code.
TEST(EngineCheckSync, negative_DivergentBarrierAfterASpinningLane) {
  Trial elsewhere(spinning +
                  "setp.eq.u32 %p1, %t, 0; @%p1 bra first; bar.sync 0; bra end; first: bar.sync 0; end:");
  EXPECT_EQ(elsewhere.count(CheckKind::DivergentBarrier), 1u) << elsewhere.text();
  EXPECT_NE(
      elsewhere.text().find("lanes 0x00000001 of a warp whose lanes 0xfffffffe wait at the barrier in line"),
      std::string::npos)
      << elsewhere.text();
  Trial without(spinning + "setp.eq.u32 %p1, %t, 0; @%p1 bra end; bar.sync 0; end:");
  EXPECT_EQ(without.count(CheckKind::DivergentBarrier), 1u) << without.text();
  EXPECT_NE(without.text().find("wait for lanes 0x00000001 of their warp, which end without it"),
            std::string::npos)
      << without.text();
}

TEST(EngineCheckSync, negative_BarrierThatNeverCompletes) {
  Trial run("setp.ge.u32 %p0, %t, 32; @%p0 bra done; bar.sync 1, 64; done:");
  EXPECT_EQ(run.count(CheckKind::BarrierDeadlock), 1u) << run.text();
  EXPECT_EQ(run.result.error(), Error::LaunchFailed);
}

TEST(EngineCheckSync, negative_MissingLane) {
  // Lane 7 leaves for a barrier that the others reach only after the shuffle that names it.
  Trial run(
      "setp.eq.u32 %p0, %t, 7; @%p0 bra away; shfl.sync.bfly.b32 %r0, %t, 1, 31, -1; away: barrier.sync 0;");
  EXPECT_EQ(run.count(CheckKind::MissingLanes), 1u) << run.text();
  Trial outside("shfl.sync.bfly.b32 %r0, %t, 1, 31, 0xff;");
  EXPECT_EQ(outside.count(CheckKind::MissingLanes), 1u) << outside.text();
  EXPECT_SILENT("shfl.sync.bfly.b32 %r0, %t, 1, 31, -1;");
}

TEST(EngineCheckSync, negative_MatrixWithMissingLanes) {
  Trial run("setp.eq.u32 %p0, %t, 7; mov.b32 %r0, 0; @!%p0 mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 "
            "{%r1, %r2, %r3, %r4}, {%r0, %r0}, {%r0}, {%r0, %r0, %r0, %r0};");
  EXPECT_EQ(run.count(CheckKind::MissingLanes), 1u) << run.text();
}

// Reports carry the source line where the PTX has .loc, and are made once per instruction.
TEST(EngineChecks, SourceLinesAndDeduplication) {
  Simulator simulator({.checks = everything});
  std::string text =
      kernel(".loc 1 42 7\nld.global.u32 %r0, [%b]; st.global.u32 [%o], %r0;") + "\n.file 1 \"a.cu\"\n";
  ASSERT_TRUE(simulator.load(text).ok());
  uint64_t buffer = simulator.allocate(256), out = simulator.allocate(256);
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(simulator.launch("f", {.block = {64}}, {buffer, out}).ok());
  auto reports = simulator.device->reports();
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_EQ(reports[0].site.source, "a.cu:42");
  EXPECT_EQ(reports[0].count, 3u * 64);
}

TEST(EngineChecks, ParseNames) {
  Checks checks;
  std::string unknown;
  EXPECT_TRUE(parseChecks("race,init", checks, unknown));
  EXPECT_TRUE(checks.race && checks.init && !checks.memory && !checks.sync);
  EXPECT_FALSE(parseChecks("race,speed", checks, unknown));
  EXPECT_EQ(unknown, "speed");
}

// Sectors, bank phases and instructions of a kernel that can be counted by hand.
TEST(EngineCounters, ByHand) {
  Simulator simulator({.counters = true});
  ASSERT_TRUE(
      simulator
          .load(kernel(
              "ld.global.u32 %r0, [%b]; shl.b32 %r1, %t, 5; and.b32 %r1, %r1, 255; mov.u32 %r2, shared; "
              "add.u32 %r1, %r1, %r2; ld.shared.u32 %r3, [%r1]; st.global.u32 [%o], %r0; bar.sync 0;"))
          .ok());
  uint64_t buffer = simulator.upload(std::vector<uint32_t>(64, 1)), out = simulator.allocate(256);
  ASSERT_TRUE(simulator.launch("f", {.block = {64}}, {buffer, out}).ok());
  auto counters = simulator.device->counters();
  ASSERT_EQ(counters.size(), 1u);
  const KernelCounters &c = counters[0];
  EXPECT_EQ(c.globalLoadRequests, 2u);
  EXPECT_EQ(c.globalLoadBytes, 256u);
  EXPECT_EQ(c.globalLoadSectors, 8u);
  EXPECT_EQ(c.globalStoreSectors, 8u);
  EXPECT_EQ(c.uniqueGlobalBytes, 512u);
  // Eight different words per warp, 32 bytes apart: four banks, two words in each.
  EXPECT_EQ(c.sharedRequests, 2u);
  EXPECT_EQ(c.sharedPhases, 4u);
  EXPECT_EQ(c.sharedIdealPhases, 2u);
  EXPECT_EQ(c.barriers, 2u);
  // 7 of the frame, 8 of the body, ret; two warps of 32 lanes.
  EXPECT_EQ(c.warpInstructions, 2u * 16);
  EXPECT_EQ(c.threadInstructions, 64u * 16);
  EXPECT_NE(countersTable(counters, simulator.device->profile()).find("Lower bounds"), std::string::npos);
  EXPECT_NE(countersJson(counters, simulator.device->profile()).find("\"global_load_sectors\": 8"),
            std::string::npos);
}

constexpr Checks speed = {.phases = true, .sectors = true};

// The checks of speed tell of sums, once for each instruction, whatever the number of launches.
TEST(EngineCheckPhases, negative_BankConflicts) {
  // Lanes 64 bytes apart: two banks, 16 words in each.
  const std::string strided =
      "shl.b32 %r1, %t, 6; and.b32 %r1, %r1, 2047; mov.u32 %r2, wide; add.u32 %r1, %r1, "
      "%r2; ld.shared.u32 %r3, [%r1]; st.shared.u32 [%s], %r3;";
  std::string text = kernel(strided);
  text.replace(text.find(".shared .align 16"), 0, ".shared .align 16 .b32 wide[512];\n");
  Simulator simulator({.checks = speed});
  ASSERT_TRUE(simulator.load(text).ok());
  uint64_t buffer = simulator.allocate(256), out = simulator.allocate(256);
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(simulator.launch("f", {.block = {64}}, {buffer, out}).ok());
  ASSERT_EQ(simulator.device->reports().size(), 1u) << simulator.reportText();
  EXPECT_NE(simulator.reportText().find(
                "phases: bank conflicts in f (test): 4 requests take 64 phases, where 4 would "
                "do\n    at line 10: ld.shared.u32 %r3, [%r1];"),
            std::string::npos)
      << simulator.reportText();
}

// The least is that of the width: 16 bytes a lane take four phases, and a broadcast one.
TEST(EngineCheckPhases, WideAccessesAndBroadcasts) {
  Trial run("shl.b32 %r1, %t, 4; and.b32 %r1, %r1, 255; mov.u32 %r2, shared; add.u32 %r1, %r1, %r2; "
            "ld.shared.v4.u32 {%r4, %r5, %r6, %r7}, [%r1]; ld.shared.u32 %r3, [shared+12];",
            speed);
  EXPECT_EQ(run.text(), "");
  const KernelCounters c = run.simulator.device->counters()[0];
  ASSERT_EQ(c.accesses.size(), 2u);
  EXPECT_EQ(c.accesses[0].counters.phases, 8u);
  EXPECT_EQ(c.accesses[0].counters.idealPhases, 8u);
  EXPECT_EQ(c.accesses[1].counters.phases, 2u);
}

TEST(EngineCheckSectors, negative_StridedLoad) {
  // Every other word, and all words written.
  const std::string strided =
      "add.u32 %r1, %t, %t; and.b32 %r1, %r1, 62; ld.param.u64 %rd0, [buffer]; mad.wide.u32 "
      "%rd0, %r1, 4, %rd0;\nld.global.u32 %r0, [%rd0];\nst.global.u32 [%o], %r0;";
  Trial run(strided, speed);
  ASSERT_EQ(run.count(CheckKind::WastedSectors), 1u) << run.text();
  EXPECT_NE(run.text().find(
                "sectors: wasted sectors in f (test): 50.0 % of the bytes of 16 sectors are used, and 66.7 "
                "% of those of the kernel's 24\n    at line 10: ld.global.u32 %r0, [%rd0];"),
            std::string::npos)
      << run.text();
  Trial dense("ld.global.u32 %r0, [%b]; st.global.u32 [%o], %r0;", speed);
  EXPECT_EQ(dense.text(), "");
  // Not more than is there: all lanes read one word, which is an eighth of a sector.
  Trial broadcast("ld.param.u64 %rd0, [buffer]; ld.global.u32 %r0, [%rd0];", speed);
  EXPECT_NE(broadcast.text().find("12.5 % of the bytes of 2 sectors"), std::string::npos) << broadcast.text();
}

// Five percent of waste are let pass, whatever single instructions do.
TEST(EngineCheckSectors, LittleWaste) {
  std::string body = "ld.param.u64 %rd0, [buffer]; ld.global.u32 %r0, [%rd0];";
  for (int i = 0; i < 5; ++i)
    body += "st.global.u32 [%o], %r0;";
  EXPECT_EQ(Trial(body, speed).text(), "");
  Checks all;
  std::string unknown;
  EXPECT_TRUE(parseChecks("all", all, unknown));
  EXPECT_FALSE(all.anyOfSpeed());
}

} // namespace
} // namespace mv::ptxsim::test
