//===- CUDADevicesTest.cpp - Several GPUs, several sessions ---------------------===//

#include "DriverTrace.h"
#include "GPUPackage.h"

#include <cstdlib>
#include <thread>

using namespace mv;
using namespace mv::test;

namespace {

/// Before the driver starts.
[[maybe_unused]] const int kTwoGPUs = setenv("MV_SIM_DEVICES", "2", 1);

struct CUDADevicesTest : testing::Test {
  CUDADevicesTest() : package(writeGPUPackage(folder, {readPTX("sm_80")})) {}

  /// How often the package's parameters have been copied to a GPU.
  size_t uploads(const DriverTrace &trace) const {
    const cuda::Address factors = cuda::addressOf(package.parameter(0).data);
    return static_cast<size_t>(
        std::count_if(trace.calls().begin(), trace.calls().end(), [&](const DriverCall &call) {
          return call.name == "copyAsync" && call.addresses[1] == factors;
        }));
  }

  TemporaryFolder folder;
  Package package;
};

} // namespace

/// Two GPUs, from two threads at once: the same bits.
TEST_F(CUDADevicesTest, RunsSideBySide) {
  const std::vector<float> images = testImages(7);
  std::vector<TestOutputs> found(2, TestOutputs(7));
  std::vector<std::thread> threads;
  for (size_t index = 0; index < 2; ++index)
    threads.emplace_back([&, index] {
      Session session(package, onDevice(index == 0 ? "cuda:0" : "cuda:1"));
      for (int round = 0; round < 10; ++round)
        found[index] = runSession(session, images, 7);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(found[0], expectedOutputs(images, 7, kLevel));
  EXPECT_EQ(found[1], found[0]);
}

/// A GPU gets a package's parameters once, however many sessions run it there; the last one takes them away.
TEST_F(CUDADevicesTest, SessionsOfAGPUShareParameters) {
  DriverTrace trace;
  {
    Session first(package, onDevice("cuda:0")), second(package, onDevice("cuda:1"));
    std::vector<std::thread> threads;
    for (const char *device : {"cuda:0", "cuda:1", "cuda:1", "cuda:0"})
      threads.emplace_back([&, device] {
        Session session(package, onDevice(device));
        expectRight(session, 3);
      });
    for (std::thread &thread : threads)
      thread.join();
    expectRight(first, 2);
    EXPECT_EQ(uploads(trace), 2u);
  }
  EXPECT_EQ(trace.count("memAlloc"), trace.count("memFree"));
  EXPECT_EQ(trace.count("moduleLoad"), trace.count("moduleUnload"));
}

/// Memory of another GPU is no memory of the session's.
TEST_F(CUDADevicesTest, NegativeMemoryOfAnotherGPU) {
  Session zero(package, onDevice("cuda:0")), one(package, onDevice("cuda:1"));
  const HostMemory output(zero, 4096);
  cuda::Driver &driver = DriverTrace::driver();
  cuda::Context context = nullptr, ignored = nullptr;
  ASSERT_EQ(driver.primaryRetain(&context, 1), cuda::kSuccess);
  ASSERT_EQ(driver.pushCurrent(context), cuda::kSuccess);
  cuda::Address memory = 0;
  cuda::Stream stream = nullptr;
  EXPECT_EQ(driver.memAlloc(&memory, 4096), cuda::kSuccess);
  EXPECT_EQ(driver.streamCreate(&stream, 0), cuda::kSuccess);
  float *outputs[] = {static_cast<float *>(output.data()), nullptr};
  const auto *input = reinterpret_cast<const float *>(memory);
  expectError(errorOf([&] { zero.enqueue(0, 1, input, outputs); }), MV_INVALID_INPUT,
              "the input lies on GPU 1: expected memory of GPU 0");
  expectError(errorOf([&] { zero.enqueue(0, 1, outputs[0], outputs, stream); }), MV_INVALID_INPUT,
              "the stream belongs to another context: expected one of the primary context of GPU 0");
  EXPECT_EQ(driver.streamDestroy(stream), cuda::kSuccess);
  EXPECT_EQ(driver.memFree(memory), cuda::kSuccess);
  driver.popCurrent(&ignored);
  driver.primaryRelease(1);
}
