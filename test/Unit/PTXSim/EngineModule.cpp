//===- EngineModule.cpp - Modules, memory and what is refused -------*- C++ -*-===//

#include "EngineSupport.h"

#include "mv/PTXSim/Faults.h"

namespace mv::ptxsim::test {
namespace {

Result loadText(const std::string &text, std::string_view profile = "sm_90") {
  Simulator simulator({}, profile);
  return simulator.load(text);
}
std::string entry(const std::string &body) {
  return header() + ".visible .entry f() {\n" + body + "\nret; }";
}

// Messages name module, line and column, and what is wrong.
TEST(EngineModule, negative_Errors) {
  struct Case {
    std::string text;
    Error error;
    std::string message;
  } cases[] = {
      {"", Error::InvalidPTX, "no .version"},
      {entry(".reg .b32 %r; add.u32 %r, %r;"), Error::InvalidPTX, "'add' has 2 operands, expected 3"},
      {entry(".reg .b64 %r; add.u32 %r, %r, 1;"), Error::InvalidPTX,
       "test:5:27: operand %r is .b64, the instruction wants .u32"},
      {entry(".reg .b32 %r; add.u32 %r, %q, 1;"), Error::InvalidPTX, "'%q' is not known"},
      {entry("bra nowhere;"), Error::InvalidPTX, "label 'nowhere' is not defined"},
      {entry("frobnicate.u32 1;"), Error::UnsupportedPTX, "instruction 'frobnicate' is not supported"},
      {entry(".reg .b32 %r; add.fancy.u32 %r, %r, 1;"), Error::UnsupportedPTX, "modifier .fancy of 'add'"},
      {header() + ".visible .entry f() { /* open", Error::InvalidPTX, "comment without end"},
      {header() + ".visible .entry f() { ", Error::InvalidPTX, "expected '}'"},
      {".version 8.0\n.target sm_200\n.address_size 64\n", Error::UnsupportedVersion,
       "newer than the device"},
      {".version 12.0\n.target sm_80\n", Error::UnsupportedVersion, "PTX version 12.0"},
      {header() + ".extern .global .u32 x;", Error::UnresolvedSymbol, "'x' is declared .extern"},
      {header() + ".extern .func g(); .visible .entry f() { call g; ret; }", Error::UnresolvedSymbol,
       "'g' is declared but nowhere"},
  };
  for (const Case &c : cases) {
    Result result = loadText(c.text);
    EXPECT_EQ(int(result.error()), int(c.error)) << c.text << "\n" << result.message();
    EXPECT_NE(result.message().find(c.message), std::string::npos) << result.message();
  }
}

// Hopper's units are refused by name.
TEST(EngineModule, negative_HopperByName) {
  const std::pair<std::string, std::string> cases[] = {
      {"wgmma.fence.sync.aligned;", "wgmma.fence"},
      {"setmaxnreg.inc.sync.aligned.u32 240;", "setmaxnreg"},
      {"barrier.cluster.arrive;", "barrier.cluster"},
      {".reg .b32 %r; .reg .b64 %rd; "
       "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes [%r], [%rd, {%r, %r}], "
       "[%r];",
       "cp.async.bulk.tensor"},
      {".reg .b64 %rd; .reg .b32 %r; mbarrier.arrive.expect_tx.shared.b64 %rd, [%r], 16;", "expect_tx"},
  };
  for (const auto &[body, name] : cases) {
    Result result = loadText(entry(body));
    EXPECT_EQ(int(result.error()), int(Error::UnsupportedPTX)) << body;
    EXPECT_NE(result.message().find(name), std::string::npos) << result.message();
  }
}

TEST(EngineModule, GlobalsConstantsAndInfo) {
  Simulator simulator;
  Result loaded = simulator.load(header() + R"(
.visible .const .align 4 .f32 table[3] = {1.0, 0f40000000, -3.5};
.visible .global .align 8 .u64 pointer = generic(values)+4;
.visible .global .align 4 .u32 values[2] = {7, 0x9};
.visible .global .align 16 .b8 bytes[5];
.visible .entry f(.param .u32 a, .param .u64 b, .param .align 16 .b8 c[20]) .maxntid 128, 1, 1 .minnctapersm 2 {
.reg .b32 %r<4>; .reg .b64 %rd<4>; .shared .b32 s[10]; .reg .f32 %f;
ld.param.u64 %rd0, [b]; ld.param.u32 %r1, [c+16]; ld.const.f32 %f, [table+8]; ld.global.u64 %rd1, [pointer]; ld.u32 %r2, [%rd1];
st.global.u32 [%rd0], %r1; st.global.f32 [%rd0+4], %f; st.global.u32 [%rd0+8], %r2; ret; })");
  ASSERT_TRUE(loaded.ok()) << loaded.message();
  const FunctionInfo &info = simulator.module->findKernel("f")->info();
  EXPECT_EQ(info.parameterBytes, 36u);
  ASSERT_EQ(info.parameters.size(), 3u);
  EXPECT_EQ(info.parameters[1].offset, 8u);
  EXPECT_EQ(info.parameters[2].offset, 16u);
  EXPECT_EQ(info.maxThreads, 128u);
  EXPECT_EQ(info.minBlocks, 2u);
  EXPECT_EQ(info.staticShared, 40u);
  EXPECT_EQ(info.constantBytes, 12u);
  const GlobalInfo *values = simulator.module->findGlobal("values");
  ASSERT_TRUE(values);
  EXPECT_EQ(values->size, 8u);
  EXPECT_TRUE(simulator.module->findGlobal("table")->constant);
  uint64_t out = simulator.allocate(64);
  std::vector<std::byte> parameters(36);
  uint32_t last = 1234;
  std::memcpy(parameters.data() + 8, &out, 8);
  std::memcpy(parameters.data() + 32, &last, 4);
  Result result = simulator.device->launch(*simulator.module->findKernel("f"), {}, parameters);
  ASSERT_TRUE(result.ok()) << result.message();
  auto got = simulator.download<uint32_t>(out, 3);
  EXPECT_EQ(got[0], 1234u);
  EXPECT_EQ(floatOf(got[1]), -3.5f);
  EXPECT_EQ(got[2], 9u);
}

TEST(EngineModule, negative_BadLaunches) {
  Simulator simulator;
  ASSERT_TRUE(simulator
                  .load(header() +
                        ".visible .entry f(.param .u64 a) .reqntid 64, 1, 1 { .shared .b8 s[40000]; ret; }"
                        ".visible .entry g() { trap; }")
                  .ok());
  const Kernel &f = *simulator.module->findKernel("f");
  std::vector<std::byte> parameters(8);
  EXPECT_EQ(simulator.device->launch(f, {.grid = {0}, .block = {64}}, parameters).error(),
            Error::InvalidValue);
  EXPECT_EQ(simulator.device->launch(f, {.block = {2048}}, parameters).error(), Error::InvalidValue);
  EXPECT_EQ(simulator.device->launch(f, {.block = {128}}, parameters).error(), Error::OutOfResources);
  EXPECT_EQ(simulator.device->launch(f, {.block = {32}}, parameters).error(), Error::InvalidValue);
  EXPECT_EQ(simulator.device->launch(f, {.block = {64}, .dynamicShared = 200000}, parameters).error(),
            Error::OutOfResources);
  EXPECT_EQ(simulator.device->launch(f, {.block = {64}}, {}).error(), Error::InvalidValue);
  EXPECT_EQ(simulator.device->launch(f, {.block = {64}, .cluster = {2, 1, 1}}, parameters).error(),
            Error::NotSupported);
  EXPECT_TRUE(simulator.device->launch(f, {.block = {64}}, parameters).ok());
  EXPECT_EQ(simulator.launch("g", {.block = {32}}, {}).error(), Error::Trap);
  LaunchConfig cooperative{.grid = {100000}, .block = {64}};
  cooperative.cooperative = true;
  EXPECT_EQ(simulator.device->launch(f, cooperative, parameters).error(), Error::CooperativeTooLarge);
}

TEST(EngineMemory, AllocationsCopiesAndHostMemory) {
  Simulator simulator({.memoryLimit = 1 << 20});
  Device &device = *simulator.device;
  uint64_t a = 0, b = 0, c = 0;
  ASSERT_TRUE(device.allocate(1000, a).ok());
  ASSERT_TRUE(device.allocate(1, b).ok());
  EXPECT_EQ(a % 256, 0u);
  EXPECT_EQ(device.totalBytes(), 1u << 20);
  EXPECT_EQ(device.allocate(2 << 20, c).error(), Error::OutOfMemory);
  EXPECT_EQ(device.fill(a, 0x01020304, 4, 10, 3, 100).ok(), true);
  EXPECT_EQ(device.fill(a, 0, 1, 2000).error(), Error::InvalidValue);
  auto words = simulator.download<uint32_t>(a + 200, 10);
  EXPECT_EQ(words[9], 0x01020304u);
  ASSERT_TRUE(device.copyWithin(a + 500, a + 200, 40).ok());
  EXPECT_EQ(simulator.download<uint32_t>(a + 500, 1)[0], 0x01020304u);
  EXPECT_EQ(device.copyOut(words.data(), a + 990, 40).error(), Error::InvalidValue);
  PointerInfo info;
  ASSERT_TRUE(device.queryPointer(a + 17, info).ok());
  EXPECT_EQ(info.base, a);
  EXPECT_EQ(info.size, 1000u);
  // Registered host memory is its own device address.
  std::vector<uint32_t> host(64, 5);
  ASSERT_TRUE(device.registerHost(host.data(), 256).ok());
  ASSERT_TRUE(
      simulator
          .load(
              header() +
              ".visible .entry f(.param .u64 p) { .reg .b64 %rd; .reg .b32 %r<2>; ld.param.u64 %rd, [p]; "
              "mov.u32 %r0, %tid.x; mad.wide.u32 %rd, %r0, 4, %rd; atom.global.add.u32 %r1, [%rd], 3; ret; }")
          .ok());
  uint64_t address = reinterpret_cast<uint64_t>(host.data());
  ASSERT_TRUE(simulator.launch("f", {.block = {64}}, {address}).ok());
  EXPECT_EQ(host[63], 8u);
  ASSERT_TRUE(device.unregisterHost(host.data()).ok());
  EXPECT_EQ(simulator.launch("f", {.block = {64}}, {address}).error(), Error::IllegalAddress);
}

// The same result for any number of host threads.
TEST(EngineLaunch, HostThreadsDoNotChangeResults) {
  std::vector<uint32_t> results[2];
  for (unsigned threads : {1u, 3u}) {
    Simulator simulator({.hostThreads = threads});
    ASSERT_TRUE(simulator
                    .load(header() + R"(
.visible .entry f(.param .u64 out) {
.reg .b32 %r<8>; .reg .b64 %rd<3>; .reg .pred %p;
ld.param.u64 %rd0, [out]; mov.u32 %r0, %tid.x; mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mad.lo.u32 %r3, %r1, %r2, %r0;
mov.u32 %r4, %r3; mov.u32 %r5, 0;
L: mad.lo.u32 %r4, %r4, 1664525, 1013904223; add.u32 %r5, %r5, 1; setp.lt.u32 %p, %r5, %r0; @%p bra L;
mul.wide.u32 %rd1, %r3, 4; add.u64 %rd1, %rd1, %rd0; st.global.u32 [%rd1], %r4; ret; })")
                    .ok());
    uint64_t out = simulator.allocate(100 * 96 * 4);
    ASSERT_TRUE(simulator.launch("f", {.grid = {100}, .block = {96}}, {out}).ok());
    results[threads > 1] = simulator.download<uint32_t>(out, 100 * 96);
  }
  EXPECT_EQ(results[0], results[1]);
}

// All atomics of a block on one word, in lane order within a warp.
TEST(EngineAtomics, Operations) {
  auto check = [](const std::string &op, uint32_t start, uint32_t want) {
    Simulator simulator;
    Result loaded = simulator.load(header() +
                                   ".visible .entry f(.param .u64 p) { .reg .b64 %rd; .reg .b32 %r<3>; "
                                   "ld.param.u64 %rd, [p]; mov.u32 %r0, %tid.x; " +
                                   op + " ret; }");
    ASSERT_TRUE(loaded.ok()) << loaded.message();
    uint64_t word = simulator.upload(std::vector<uint32_t>{start});
    ASSERT_TRUE(simulator.launch("f", {.block = {32}}, {word}).ok());
    EXPECT_EQ(simulator.download<uint32_t>(word, 1)[0], want) << op;
  };
  check("red.global.add.u32 [%rd], %r0;", 5, 5 + 496);
  check("atom.global.max.u32 %r1, [%rd], %r0;", 5, 31);
  check("red.global.min.s32 [%rd], -7;", 5, uint32_t(-7));
  check("red.global.inc.u32 [%rd], 9;", 0, 2); // 32 steps modulo 10.
  check("red.global.dec.u32 [%rd], 9;", 5, 3); // 5 down to 0, then from 9.
  check("atom.global.exch.b32 %r1, [%rd], %r0;", 5, 31);
  check("red.global.or.b32 [%rd], %r0;", 32, 63);
  check("red.global.xor.b32 [%rd], %r0;", 0, 0);
  check("cvt.rn.f32.u32 %r1, %r0; red.global.add.f32 [%rd], %r1;", 0, bitsOf(496.0f));
  check("atom.global.add.noftz.f16x2 %r1, [%rd], 0x3c003c00;", 0, 0x50005000);
}

// Of the PTX ISA's table of releases; 12.6 brought no new one.
TEST(EngineFaults, VersionsOfPTX) {
  auto newest = [](const char *driver) { return newestPTX(*parseDriverVersion(driver)); };
  EXPECT_EQ(newest("10.2"), 65u);
  EXPECT_EQ(newest("11.0"), 70u);
  EXPECT_EQ(newest("11.8"), 78u);
  EXPECT_EQ(newest("12.5"), 85u);
  EXPECT_EQ(newest("12.6"), 85u);
  EXPECT_EQ(newest("12.8"), 87u);
  EXPECT_EQ(newest("13.0"), 90u);
  EXPECT_EQ(*parseDriverVersion("12.6"), 12060);
}

TEST(EngineFaults, negative_NewerPTXThanTheDriver) {
  Simulator simulator;
  Result loaded = simulator.device->loadModule(header() + ".visible .entry f() { ret; }",
                                               {.name = "test", .newestPTX = 78}, simulator.module);
  EXPECT_EQ(loaded.error(), Error::UnsupportedVersion);
  EXPECT_EQ(loaded.message(), "test: .version 8.0 is newer than the driver, which knows up to 7.8");
}

TEST(EngineFaults, ParseSizesAndLosses) {
  EXPECT_EQ(*parseMemorySize("512"), 512u);
  EXPECT_EQ(*parseMemorySize("64M"), uint64_t(64) << 20);
  EXPECT_EQ(*parseMemorySize("1024G"), uint64_t(1) << 40);
  for (const char *text : {"", "0", "M", "64m", "64MB", "-1", "1025G", "18446744073709551616"})
    EXPECT_FALSE(parseMemorySize(text).ok()) << text;
  EXPECT_EQ(parseLostDevice("12")->launch, 12u);
  EXPECT_FALSE(parseLostDevice("12")->memory);
  EXPECT_TRUE(parseLostDevice("3:ecc")->memory);
  for (const char *text : {"", "0", "-1", "3:", "3ecc", "3:ecc "})
    EXPECT_FALSE(parseLostDevice(text).ok()) << text;
  for (const char *text : {"", "11", "11.", "9.2", "11.x", "11.10"})
    EXPECT_FALSE(parseDriverVersion(text).ok()) << text;
}

} // namespace
} // namespace mv::ptxsim::test
