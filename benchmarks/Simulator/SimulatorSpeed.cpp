//===- SimulatorSpeed.cpp - Instructions a second of the simulator ----------------===//
//
//   simulator-speed [SECONDS]
//
// Three kernels, each on one host thread, without checks and with all of them: f32 arithmetic in
// registers, matrix products (mma.sync m16n8k16) in registers, and a tiled product as compilers write it
// (cp.async, ldmatrix, mma.sync). Prints thread instructions and matrix instructions a second of CPU time,
// which a busy machine does not change much.
//
//===----------------------------------------------------------------------===//

#include "mv/PTXSim/Device.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

using namespace mv::ptxsim;

namespace {

constexpr const char *header = ".version 7.0\n.target sm_80\n.address_size 64\n";

/// Eight independent chains of multiply-adds and some integer work, in a loop.
std::string arithmeticKernel() {
  std::string body;
  for (int i = 0; i < 8; ++i) {
    std::string n = std::to_string(i);
    body += "  fma.rn.f32 %f" + n + ", %f" + n + ", %f8, %f9;\n";
    body += "  add.s32 %r" + n + ", %r" + n + ", %r8;\n  xor.b32 %r" + n + ", %r" + n + ", %r9;\n";
    body += "  mul.f32 %f" + n + ", %f" + n + ", %f8;\n";
  }
  return std::string(header) + R"(
.visible .entry kernel(.param .u64 out, .param .u64 in, .param .u32 count)
{
  .reg .pred %p<2>;
  .reg .f32 %f<10>;
  .reg .s32 %r<12>;
  .reg .u64 %rd<3>;
  mov.u32 %r8, %tid.x;
  mov.u32 %r9, 12345;
  cvt.rn.f32.s32 %f8, %r8;
  mov.f32 %f9, 0f3F000000;
)" +
         [] {
           std::string start;
           for (int i = 0; i < 8; ++i)
             start +=
                 "  mov.f32 %f" + std::to_string(i) + ", %f8;\n  mov.u32 %r" + std::to_string(i) + ", %r8;\n";
           return start;
         }() +
         R"(
  ld.param.u32 %r10, [count];
loop:
)" + body +
         R"(
  sub.s32 %r10, %r10, 1;
  setp.gt.s32 %p1, %r10, 0;
  @%p1 bra loop;
  add.f32 %f0, %f0, %f1;
  add.s32 %r0, %r0, %r1;
  cvt.rn.f32.s32 %f1, %r0;
  add.f32 %f0, %f0, %f1;
  ld.param.u64 %rd0, [out];
  mul.wide.u32 %rd1, %r8, 4;
  add.u64 %rd0, %rd0, %rd1;
  st.global.f32 [%rd0], %f0;
  ret;
}
)";
}

/// Four accumulators of m16n8k16 products.
std::string matrixKernel() {
  std::string body, start;
  for (int i = 0; i < 4; ++i) {
    std::string d;
    for (int k = 0; k < 4; ++k) {
      d += (k ? ", %f" : "%f") + std::to_string(4 * i + k);
      start += "  mov.f32 %f" + std::to_string(4 * i + k) + ", 0f00000000;\n";
    }
    body += "  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {" + d +
            "}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {" + d + "};\n";
  }
  for (int i = 0; i < 6; ++i)
    start += "  mov.b32 %r" + std::to_string(i) + ", 0x2E662E66;\n";
  return std::string(header) + R"(
.visible .entry kernel(.param .u64 out, .param .u64 in, .param .u32 count)
{
  .reg .pred %p<2>;
  .reg .f32 %f<16>;
  .reg .b32 %r<12>;
  .reg .u64 %rd<3>;
  mov.u32 %r8, %tid.x;
  ld.param.u32 %r10, [count];
)" + start +
         "loop:\n" + body + R"(
  sub.s32 %r10, %r10, 1;
  setp.gt.s32 %p1, %r10, 0;
  @%p1 bra loop;
  ld.param.u64 %rd0, [out];
  mul.wide.u32 %rd1, %r8, 4;
  add.u64 %rd0, %rd0, %rd1;
  st.global.f32 [%rd0], %f0;
  ret;
}
)";
}

/// A loop of stages: copy 16 bytes a thread asynchronously, wait, barrier, load fragments, multiply, barrier.
std::string tiledKernel() {
  return std::string(header) + R"(
.visible .entry kernel(.param .u64 out, .param .u64 in, .param .u32 count)
{
  .reg .pred %p<2>;
  .reg .f32 %f<8>;
  .reg .b32 %r<20>;
  .reg .u64 %rd<6>;
  .shared .align 16 .b8 tile[4096];
  mov.u32 %r8, %tid.x;
  ld.param.u32 %r10, [count];
  ld.param.u64 %rd2, [in];
  mul.wide.u32 %rd3, %r8, 16;
  add.u64 %rd2, %rd2, %rd3;
  mov.u32 %r11, tile;
  mad.lo.u32 %r12, %r8, 16, %r11;
  and.b32 %r13, %r8, 31;
  mad.lo.u32 %r14, %r13, 16, %r11;
  mov.f32 %f0, 0f00000000;
  mov.f32 %f1, 0f00000000;
  mov.f32 %f2, 0f00000000;
  mov.f32 %f3, 0f00000000;
loop:
  cp.async.cg.shared.global [%r12], [%rd2], 16;
  cp.async.commit_group;
  cp.async.wait_group 0;
  bar.sync 0;
  ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r0, %r1, %r2, %r3}, [%r14];
  ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r4, %r5}, [%r14+512];
  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, %r2, %r3}, {%r4, %r5}, {%f0, %f1, %f2, %f3};
  mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%f0, %f1, %f2, %f3}, {%r0, %r1, %r2, %r3}, {%r5, %r4}, {%f0, %f1, %f2, %f3};
  bar.sync 0;
  sub.s32 %r10, %r10, 1;
  setp.gt.s32 %p1, %r10, 0;
  @%p1 bra loop;
  ld.param.u64 %rd0, [out];
  mul.wide.u32 %rd1, %r8, 4;
  add.u64 %rd0, %rd0, %rd1;
  st.global.f32 [%rd0], %f0;
  ret;
}
)";
}

struct Rates {
  double threadInstructions = 0, matrixInstructions = 0; ///< A second.
};

double cpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

Rates measure(const std::string &ptx, bool checks, double seconds) {
  constexpr unsigned threads = 128, rounds = 200;
  auto fail = [](const Result &result) {
    if (result.ok())
      return;
    std::fprintf(stderr, "simulator-speed: %s\n", result.message().c_str());
    std::exit(3);
  };
  Options options;
  options.hostThreads = 1;
  options.counters = true;
  if (checks)
    options.checks = {true, true, true, true};
  Result result;
  auto device = Device::create(*findProfile("sm_80"), options, &result);
  fail(result);
  std::shared_ptr<Module> module;
  fail(device->loadModule(ptx, {}, module));
  struct {
    uint64_t out, in;
    uint32_t count, padding;
  } parameters = {0, 0, rounds, 0};
  fail(device->allocate(threads * 4, parameters.out));
  fail(device->allocate(threads * 16, parameters.in));
  fail(device->fill(parameters.in, 0, 4, threads * 4));
  const Kernel &kernel = *module->findKernel("kernel");
  LaunchConfig config;
  config.block = {threads};
  std::span bytes(reinterpret_cast<const std::byte *>(&parameters), kernel.info().parameterBytes);
  auto launch = [&] { fail(device->launch(kernel, config, bytes)); };
  // Counting costs time, so the numbers come from one counted launch and the time from uncounted ones.
  launch();
  KernelCounters once = device->counters().front();
  options.counters = false;
  device.reset();
  device = Device::create(*findProfile("sm_80"), options, &result);
  fail(result);
  fail(device->loadModule(ptx, {}, module));
  fail(device->allocate(threads * 4, parameters.out));
  fail(device->allocate(threads * 16, parameters.in));
  fail(device->fill(parameters.in, 0, 4, threads * 4));
  const Kernel &fast = *module->findKernel("kernel");
  uint64_t launches = 0;
  double start = cpuSeconds();
  double passed = 0;
  do {
    fail(device->launch(fast, config, bytes));
    ++launches;
    passed = cpuSeconds() - start;
  } while (passed < seconds);
  return {double(once.threadInstructions) * launches / passed,
          double(once.matrixInstructions) * launches / passed};
}

} // namespace

int main(int argc, char **argv) {
  double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  std::printf("%-12s %-8s %24s %20s\n", "kernel", "checks", "thread instructions/s", "mma.sync/s");
  for (auto [name, ptx] : {std::pair<const char *, std::string>{"arithmetic", arithmeticKernel()},
                           {"matrix", matrixKernel()},
                           {"tiled", tiledKernel()}}) {
    Rates plain = measure(ptx, false, seconds), checked = measure(ptx, true, seconds);
    std::printf("%-12s %-8s %24.3e %20.3e\n", name, "none", plain.threadInstructions,
                plain.matrixInstructions);
    std::printf("%-12s %-8s %24.3e %20.3e   %.2f times slower\n", name, "all", checked.threadInstructions,
                checked.matrixInstructions, plain.threadInstructions / checked.threadInstructions);
  }
  return 0;
}
