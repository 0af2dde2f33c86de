//===- EngineMatrix.cpp - mma, ldmatrix, cp.async, mbarrier ---------*- C++ -*-===//
//
// Matrices are put into fragments here by the tables of the PTX ISA, element by element, independently of the
// layout rule the simulator uses. Values are small, so that every sum is exact and one result is right
// whatever the order.
//
//===----------------------------------------------------------------------===//

#include "EngineSupport.h"

#include <functional>

namespace mv::ptxsim::test {
namespace {

struct Place {
  unsigned row, column;
};
using Table = std::function<Place(unsigned lane, unsigned element)>;

/// One mma: elements of A, B and C per lane, how they are laid out, and how to encode a value.
struct MmaCase {
  std::string name;                        ///< "m16n8k16.row.col.f32.f16.f16.f32"
  unsigned m, k, perLaneA, perLaneB, bits; ///< bits of an element of A and B
  Table a, b;
  std::function<uint32_t(int)> encode;
};

/// Runs C += A B with values -3 … 4 and f32 or s32 sums, and compares with the plain triple loop.
void checkMma(const MmaCase &test, bool integer) {
  unsigned perLaneC = test.m / 4, wordsA = test.perLaneA * test.bits / 32,
           wordsB = test.perLaneB * test.bits / 32;
  auto valueA = [](unsigned r, unsigned c) { return int((r * 7 + c * 3) % 8) - 3; };
  auto valueB = [](unsigned r, unsigned c) { return int((r * 5 + c * 11) % 7) - 2; };
  std::vector<uint32_t> input(32 * (wordsA + wordsB), 0);
  unsigned perWord = 32 / test.bits;
  for (unsigned lane = 0; lane < 32; ++lane) {
    for (unsigned i = 0; i < test.perLaneA; ++i) {
      Place p = test.a(lane, i);
      input[lane * (wordsA + wordsB) + i / perWord] |= test.encode(valueA(p.row, p.column))
                                                       << i % perWord * test.bits;
    }
    for (unsigned i = 0; i < test.perLaneB; ++i) {
      Place p = test.b(lane, i);
      input[lane * (wordsA + wordsB) + wordsA + i / perWord] |= test.encode(valueB(p.row, p.column))
                                                                << i % perWord * test.bits;
    }
  }
  auto list = [](const char *prefix, unsigned first, unsigned count) {
    std::string text = "{";
    for (unsigned i = 0; i < count; ++i)
      text += (i ? ", " : "") + std::string(prefix) + std::to_string(first + i);
    return text + "}";
  };
  std::string body =
      header(test.name.find("e4m3") != std::string::npos ? 89 : 80) +
      ".visible .entry f(.param .u64 in, .param .u64 out) {\n.reg .b32 %r<20>, %d<8>, %t; .reg .b64 %rd<4>;\n"
      "ld.param.u64 %rd0, [in]; ld.param.u64 %rd1, [out]; mov.u32 %t, %tid.x;\nmad.wide.u32 %rd0, %t, " +
      std::to_string(4 * (wordsA + wordsB)) + ", %rd0; mad.wide.u32 %rd1, %t, " +
      std::to_string(4 * perLaneC) + ", %rd1;\n";
  for (unsigned i = 0; i < wordsA + wordsB; ++i)
    body += "ld.global.b32 %r" + std::to_string(i) + ", [%rd0+" + std::to_string(4 * i) + "];\n";
  for (unsigned i = 0; i < perLaneC; ++i)
    body += "mov.b32 %d" + std::to_string(i) + ", " + (integer ? "1" : "0f3F800000") + ";\n";
  body += "mma.sync.aligned." + test.name + " " + list("%d", 0, perLaneC) + ", " + list("%r", 0, wordsA) +
          ", " + list("%r", wordsA, wordsB) + ", " + list("%d", 0, perLaneC) + ";\n";
  for (unsigned i = 0; i < perLaneC; ++i)
    body += "st.global.b32 [%rd1+" + std::to_string(4 * i) + "], %d" + std::to_string(i) + ";\n";
  Simulator simulator({}, "sm_90");
  Result loaded = simulator.load(body + "ret; }");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  uint64_t in = simulator.upload(input), out = simulator.allocate(32 * perLaneC * 4);
  Result result = simulator.launch("f", {.block = {32}}, {in, out});
  ASSERT_TRUE(result.ok()) << result.message();
  auto got = simulator.download<uint32_t>(out, 32 * perLaneC);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned i = 0; i < perLaneC; ++i) {
      unsigned row = lane / 4 + (i >= 2 ? 8 : 0), column = lane % 4 * 2 + (i & 1);
      int want = 1;
      for (unsigned k = 0; k < test.k; ++k)
        want += valueA(row, k) * valueB(k, column);
      int have = integer ? int(got[lane * perLaneC + i]) : int(floatOf(got[lane * perLaneC + i]));
      EXPECT_EQ(have, want) << test.name << " row " << row << " column " << column;
    }
}

uint32_t encodeHalf(int value) {
  _Float16 half(value);
  uint16_t bits;
  std::memcpy(&bits, &half, 2);
  return bits;
}
uint32_t encodeBfloat(int value) { return bitsOf(float(value)) >> 16; }
uint32_t encodeFloat(int value) { return bitsOf(float(value)); }
uint32_t encodeByte(int value) { return uint8_t(value); }
/// e4m3 of -3 … 4: exponent bias 7, three bits of mantissa.
uint32_t encodeE4M3(int value) {
  const uint32_t magnitude[] = {0x00, 0x38, 0x40, 0x44, 0x48};
  return magnitude[value < 0 ? -value : value] | (value < 0 ? 0x80 : 0);
}

// The tables of "Matrix Fragments for mma.m16n8k16 with floating point type" and its siblings.
TEST(EngineMatrix, HalfAndBfloat) {
  Table a16 = [](unsigned lane, unsigned i) {
    bool low = i < 2 || (i >= 4 && i < 6);
    return Place{lane / 4 + (low ? 0u : 8u), lane % 4 * 2 + (i & 1) + (i >= 4 ? 8u : 0u)};
  };
  Table b16 = [](unsigned lane, unsigned i) {
    return Place{lane % 4 * 2 + (i & 1) + (i >= 2 ? 8u : 0u), lane / 4};
  };
  Table a8 = [](unsigned lane, unsigned i) {
    return Place{lane / 4 + (i >= 2 ? 8u : 0u), lane % 4 * 2 + (i & 1)};
  };
  Table b8 = [](unsigned lane, unsigned i) { return Place{lane % 4 * 2 + i, lane / 4}; };
  checkMma({"m16n8k16.row.col.f32.f16.f16.f32", 16, 16, 8, 4, 16, a16, b16, encodeHalf}, false);
  checkMma({"m16n8k16.row.col.f32.bf16.bf16.f32", 16, 16, 8, 4, 16, a16, b16, encodeBfloat}, false);
  checkMma({"m16n8k8.row.col.f32.f16.f16.f32", 16, 8, 4, 2, 16, a8, b8, encodeHalf}, false);
  checkMma({"m16n8k8.row.col.f32.bf16.bf16.f32", 16, 8, 4, 2, 16, a8, b8, encodeBfloat}, false);
}

TEST(EngineMatrix, TF32) {
  Table a4 = [](unsigned lane, unsigned i) { return Place{lane / 4 + (i ? 8u : 0u), lane % 4}; };
  Table b4 = [](unsigned lane, unsigned) { return Place{lane % 4, lane / 4}; };
  Table a8 = [](unsigned lane, unsigned i) {
    return Place{lane / 4 + (i & 1 ? 8u : 0u), lane % 4 + (i >= 2 ? 4u : 0u)};
  };
  Table b8 = [](unsigned lane, unsigned i) { return Place{lane % 4 + (i ? 4u : 0u), lane / 4}; };
  checkMma({"m16n8k4.row.col.f32.tf32.tf32.f32", 16, 4, 2, 1, 32, a4, b4, encodeFloat}, false);
  checkMma({"m16n8k8.row.col.f32.tf32.tf32.f32", 16, 8, 4, 2, 32, a8, b8, encodeFloat}, false);
}

TEST(EngineMatrix, BytesAndFP8) {
  Table a16 = [](unsigned lane, unsigned i) {
    return Place{lane / 4 + (i >= 4 ? 8u : 0u), lane % 4 * 4 + (i & 3)};
  };
  Table b16 = [](unsigned lane, unsigned i) { return Place{lane % 4 * 4 + i, lane / 4}; };
  Table a32 = [](unsigned lane, unsigned i) {
    bool low = i < 4 || (i >= 8 && i < 12);
    return Place{lane / 4 + (low ? 0u : 8u), lane % 4 * 4 + (i & 3) + (i >= 8 ? 16u : 0u)};
  };
  Table b32 = [](unsigned lane, unsigned i) {
    return Place{lane % 4 * 4 + (i & 3) + (i >= 4 ? 16u : 0u), lane / 4};
  };
  Table a8 = [](unsigned lane, unsigned i) { return Place{lane / 4, lane % 4 * 4 + i}; };
  checkMma({"m16n8k16.row.col.s32.s8.s8.s32", 16, 16, 8, 4, 8, a16, b16, encodeByte}, true);
  checkMma({"m16n8k32.row.col.s32.s8.s8.s32", 16, 32, 16, 8, 8, a32, b32, encodeByte}, true);
  checkMma({"m8n8k16.row.col.s32.s8.s8.s32", 8, 16, 4, 4, 8, a8, b16, encodeByte}, true);
  checkMma({"m16n8k32.row.col.f32.e4m3.e4m3.f32", 16, 32, 16, 8, 8, a32, b32, encodeE4M3}, false);
}

// The accumulator takes products in the order of k, each sum rounded to nearest: 2^24 + 1 + 1 stays 2^24, and
// 1 + 1 + 2^24 does not.
TEST(EngineMatrix, AccumulationOrder) {
  auto got = evaluate<uint32_t>(
      "{ .reg .b32 a, z, one, big, d0, d1, d2, d3; mov.b32 one, 0x00003c00; mov.b32 z, 0;\n"
      // Row k of B is 1 for even k = 2 * (lane % 4); A is 1 everywhere: four ones are added to 2^24.
      "mov.b32 a, 0x3c003c00; mov.b32 big, 0f4B800000;\n"
      "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32 {d0, d1, d2, d3}, {a, a}, {one}, {big, big, big, "
      "big};\n"
      "mov.b32 %d, d0; }",
      std::vector<uint32_t>(32, 0));
  EXPECT_EQ(floatOf(got[0]), 16777216.0f);
}

// ldmatrix as its table says, and .trans; stmatrix brings the registers back.
TEST(EngineMatrix, LoadStoreMatrix) {
  Simulator simulator({.checks = {true, true, true, true}}, "sm_90");
  Result loaded = simulator.load(header(90) + R"(
.visible .entry f(.param .u64 out) {
.reg .b32 %r<20>; .reg .b64 %rd<4>; .reg .b16 %h<3>;
.shared .align 16 .b8 tile[512], copy[512];
ld.param.u64 %rd0, [out]; mov.u32 %r0, %tid.x; mov.u32 %r1, tile;
shl.b32 %r2, %r0, 4; add.u32 %r1, %r1, %r2; mul.lo.u32 %r3, %r0, 8;
mad.lo.u32 %r4, %r3, 65537, 65536; add.u32 %r5, %r4, 131074; add.u32 %r6, %r5, 131074; add.u32 %r7, %r6, 131074;
st.shared.v4.b32 [%r1], {%r4, %r5, %r6, %r7}; bar.sync 0;
ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r8, %r9, %r10, %r11}, [%r1];
ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r12, %r13, %r14, %r15}, [%r1];
mov.u32 %r16, copy; add.u32 %r16, %r16, %r2;
stmatrix.sync.aligned.m8n8.x4.trans.shared.b16 [%r16], {%r12, %r13, %r14, %r15}; bar.sync 0;
ld.shared.v4.b32 {%r4, %r5, %r6, %r7}, [%r16];
mad.wide.u32 %rd0, %r0, 48, %rd0;
st.global.v4.b32 [%rd0], {%r8, %r9, %r10, %r11}; st.global.v4.b32 [%rd0+16], {%r12, %r13, %r14, %r15};
st.global.v4.b32 [%rd0+32], {%r4, %r5, %r6, %r7}; ret; })");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  uint64_t out = simulator.allocate(32 * 48);
  Result result = simulator.launch("f", {.block = {32}}, {out});
  ASSERT_TRUE(result.ok()) << result.message();
  // Element c of row r (of 32 rows of 8) is 8 r + c.
  auto got = simulator.download<uint16_t>(out, 32 * 24);
  for (unsigned lane = 0; lane < 32; ++lane)
    for (unsigned matrix = 0; matrix < 4; ++matrix)
      for (unsigned e = 0; e < 2; ++e) {
        unsigned row = lane / 4, column = lane % 4 * 2 + e;
        EXPECT_EQ(got[lane * 24 + matrix * 2 + e], (8 * matrix + row) * 8 + column);
        EXPECT_EQ(got[lane * 24 + 8 + matrix * 2 + e], (8 * matrix + column) * 8 + row);
        unsigned index = matrix * 2 + e;
        EXPECT_EQ(got[lane * 24 + 16 + index], lane * 8 + index);
      }
  EXPECT_EQ(simulator.reportText(), "");
}

const char *pipeline = R"(
.visible .entry f(.param .u64 in, .param .u64 out) {
.reg .pred %p; .reg .b32 %r<20>; .reg .b64 %rd<6>;
.shared .align 16 .b32 buffer[128];
ld.param.u64 %rd0, [in]; ld.param.u64 %rd1, [out]; mov.u32 %r0, %tid.x; mov.u32 %r1, buffer;
mad.wide.u32 %rd2, %r0, 4, %rd0; mad.lo.u32 %r2, %r0, 4, %r1; mov.u32 %r3, 4; setp.lt.u32 %p, %r0, 50; selp.u32 %r4, 4, 0, %p;
cp.async.ca.shared.global [%r2], [%rd2], 4; cp.async.commit_group;
cp.async.ca.shared.global [%r2+256], [%rd2+256], 4, %r4; cp.async.commit_group;
cp.async.wait_group WAIT;
BARRIER
mov.u32 %r5, 63; sub.u32 %r6, %r5, %r0; mad.lo.u32 %r7, %r6, 4, %r1;
ld.shared.u32 %r8, [%r7]; ld.shared.u32 %r9, [%r7+256]; add.u32 %r10, %r8, %r9;
mad.wide.u32 %rd3, %r0, 4, %rd1; st.global.u32 [%rd3], %r10; ret; })";

std::string replaced(std::string text, const std::string &from, const std::string &to) {
  for (size_t at; (at = text.find(from)) != std::string::npos;)
    text.replace(at, from.size(), to);
  return text;
}

/// Runs the pipeline with a wait and a barrier; the reports are in the simulator.
std::unique_ptr<Simulator> runPipeline(const std::string &wait, const std::string &barrier,
                                       std::vector<uint32_t> &result) {
  auto simulator = std::make_unique<Simulator>(Options{.checks = {true, true, true, true}});
  Result loaded = simulator->load(header() + replaced(replaced(pipeline, "WAIT", wait), "BARRIER", barrier));
  EXPECT_TRUE(loaded.ok()) << loaded.message();
  std::vector<uint32_t> in(128);
  for (unsigned i = 0; i < 128; ++i)
    in[i] = i * i;
  uint64_t out = simulator->allocate(256);
  Result launched = simulator->launch("f", {.block = {64}}, {simulator->upload(in), out});
  EXPECT_TRUE(launched.ok()) << launched.message();
  result = simulator->download<uint32_t>(out, 64);
  return simulator;
}

// Copies of 0 bytes fill with zeros; with the wait and the barrier nothing is reported.
TEST(EngineAsync, GroupsAndZeroFill) {
  std::vector<uint32_t> got;
  auto simulator = runPipeline("0", "bar.sync 0;", got);
  for (uint32_t i = 0; i < 64; ++i) {
    uint32_t j = 63 - i;
    EXPECT_EQ(got[i], j * j + (j < 50 ? (j + 64) * (j + 64) : 0));
  }
  EXPECT_EQ(simulator->reportText(), "");
}

// A wait off by one: the second group's data is used before it has arrived, and the numbers are wrong too.
TEST(EngineAsync, negative_WaitOffByOne) {
  std::vector<uint32_t> got;
  auto simulator = runPipeline("1", "bar.sync 0;", got);
  EXPECT_EQ(simulator->count(CheckKind::AsyncNotWaited), 1u) << simulator->reportText();
  EXPECT_EQ(got[20], 43u * 43);
}

// Each lane has waited for its own copies, but reads another lane's.
TEST(EngineAsync, negative_DroppedBarrier) {
  std::vector<uint32_t> got;
  auto simulator = runPipeline("0", "", got);
  EXPECT_GE(simulator->count(CheckKind::Race), 1u) << simulator->reportText();
}

// An mbarrier that 64 threads arrive at, their copies included, lets all of them go on in order.
TEST(EngineAsync, MemoryBarrierObject) {
  Simulator simulator({.checks = {true, true, true, true}});
  Result loaded = simulator.load(header() + R"(
.visible .entry f(.param .u64 in, .param .u64 out) {
.reg .pred %p; .reg .b32 %r<20>; .reg .b64 %rd<6>;
.shared .align 16 .b32 buffer[64]; .shared .align 8 .b64 barrier;
ld.param.u64 %rd0, [in]; ld.param.u64 %rd1, [out]; mov.u32 %r0, %tid.x; mov.u32 %r1, buffer; mov.u32 %r2, barrier;
setp.ne.u32 %p, %r0, 0; @%p bra ready; mbarrier.init.shared.b64 [%r2], 128;
ready: bar.sync 0;
mad.wide.u32 %rd2, %r0, 4, %rd0; mad.lo.u32 %r3, %r0, 4, %r1;
cp.async.ca.shared.global [%r3], [%rd2], 4; cp.async.mbarrier.arrive.noinc.shared.b64 [%r2]; mbarrier.arrive.shared.b64 %rd3, [%r2];
{ .reg .pred done; again: mbarrier.test_wait.shared.b64 done, [%r2], %rd3; @!done bra again; }
mov.u32 %r5, 63; sub.u32 %r6, %r5, %r0; mad.lo.u32 %r7, %r6, 4, %r1; ld.shared.u32 %r8, [%r7];
mad.wide.u32 %rd3, %r0, 4, %rd1; st.global.u32 [%rd3], %r8; ret; })");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  std::vector<uint32_t> in(64);
  for (unsigned i = 0; i < 64; ++i)
    in[i] = i + 100;
  uint64_t out = simulator.allocate(256);
  Result result = simulator.launch("f", {.block = {64}}, {simulator.upload(in), out});
  ASSERT_TRUE(result.ok()) << result.message();
  auto got = simulator.download<uint32_t>(out, 64);
  for (uint32_t i = 0; i < 64; ++i)
    EXPECT_EQ(got[i], 163 - i);
  EXPECT_EQ(simulator.reportText(), "");
}

} // namespace
} // namespace mv::ptxsim::test
