//===- DriverContextTest.cpp - Devices, contexts, sticky errors ---------------------------===//

#include "DriverFixture.h"

#include <thread>

namespace {

// Devices are what the profile says, and ordinals beyond the last are refused.
TEST(DriverDevices, Queries) {
  ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
  int version = 0, count = 0, value = 0;
  EXPECT_EQ(cuDriverGetVersion(&version), CUDA_SUCCESS);
  EXPECT_GE(version, 13000);
  ASSERT_EQ(cuDeviceGetCount(&count), CUDA_SUCCESS);
  EXPECT_EQ(count, 1);
  CUdevice device = -1;
  EXPECT_EQ(cuDeviceGet(&device, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuDeviceGet(&device, 1), CUDA_ERROR_INVALID_DEVICE);
  EXPECT_EQ(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 0), CUDA_SUCCESS);
  EXPECT_EQ(value, 8);
  EXPECT_EQ(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_WARP_SIZE, 0), CUDA_SUCCESS);
  EXPECT_EQ(value, 32);
  EXPECT_EQ(cuDeviceGetAttribute(&value, CU_DEVICE_ATTRIBUTE_CLUSTER_LAUNCH, 0), CUDA_SUCCESS);
  EXPECT_EQ(value, 0);
  EXPECT_EQ(cuDeviceGetAttribute(&value, static_cast<CUdevice_attribute>(100000), 0),
            CUDA_ERROR_INVALID_VALUE);
  char name[64];
  EXPECT_EQ(cuDeviceGetName(name, sizeof(name), 0), CUDA_SUCCESS);
  EXPECT_NE(std::string(name).find("simulated"), std::string::npos);
}

// A thread without a context is told so; contexts stack, and the primary one is counted.
TEST_F(DriverTest, CurrentContext) {
  std::thread([] {
    CUdeviceptr address = 0;
    EXPECT_EQ(cuMemAlloc(&address, 16), CUDA_ERROR_INVALID_CONTEXT);
  }).join();
  CUcontext primary = nullptr, found = nullptr;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&primary, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxPushCurrent(primary), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxGetCurrent(&found), CUDA_SUCCESS);
  EXPECT_EQ(found, primary);
  EXPECT_EQ(cuCtxPopCurrent(&found), CUDA_SUCCESS);
  EXPECT_EQ(found, primary);
  EXPECT_EQ(cuCtxGetCurrent(&found), CUDA_SUCCESS);
  EXPECT_EQ(found, context);
  unsigned flags = 0;
  int active = 0;
  EXPECT_EQ(cuDevicePrimaryCtxGetState(0, &flags, &active), CUDA_SUCCESS);
  EXPECT_EQ(active, 1);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_SUCCESS);
  EXPECT_EQ(cuDevicePrimaryCtxRelease(0), CUDA_ERROR_INVALID_CONTEXT);
}

// An illegal access kills its context: everything in it fails alike, and another context lives on.
TEST_F(DriverTest, StickyError) {
  CUfunction bad = nullptr;
  ASSERT_EQ(cuModuleGetFunction(&bad, module, "bad"), CUDA_SUCCESS);
  (void)cuLaunchKernel(bad, 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr);
  EXPECT_EQ(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
  EXPECT_EQ(launchInc(nullptr), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUdeviceptr address = 0;
  EXPECT_EQ(cuMemAlloc(&address, 16), CUDA_ERROR_ILLEGAL_ADDRESS);
  CUcontext other = nullptr;
  ASSERT_EQ(cuCtxCreate(&other, nullptr, 0, 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc(&address, 16), CUDA_SUCCESS);
  EXPECT_EQ(cuCtxDestroy(other), CUDA_SUCCESS);
}

// Handles that are none are refused, not followed.
TEST_F(DriverTest, negative_Handles) {
  auto *nonsense = reinterpret_cast<void *>(uintptr_t(0x1234560));
  EXPECT_EQ(cuStreamSynchronize(static_cast<CUstream>(nonsense)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventRecord(static_cast<CUevent>(nonsense), nullptr), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuModuleUnload(static_cast<CUmodule>(nonsense)), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuCtxSetCurrent(static_cast<CUcontext>(nonsense)), CUDA_ERROR_INVALID_CONTEXT);
  EXPECT_EQ(cuLaunchKernel(static_cast<CUfunction>(nonsense), 1, 1, 1, 1, 1, 1, 0, nullptr, nullptr, nullptr),
            CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuGraphDestroy(static_cast<CUgraph>(nonsense)), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuCtxGetFlags(nullptr), CUDA_ERROR_INVALID_VALUE);
}

// Streams and events: times go forward, and events without a time are refused.
TEST_F(DriverTest, Events) {
  CUstream stream = nullptr;
  CUevent start = nullptr, stop = nullptr, untimed = nullptr;
  ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&start, CU_EVENT_DEFAULT), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&stop, CU_EVENT_DEFAULT), CUDA_SUCCESS);
  ASSERT_EQ(cuEventCreate(&untimed, CU_EVENT_DISABLE_TIMING), CUDA_SUCCESS);
  float milliseconds = -1;
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, stop), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuEventRecord(start, stream), CUDA_SUCCESS);
  EXPECT_EQ(launchInc(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(stop, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventRecord(untimed, stream), CUDA_SUCCESS);
  EXPECT_EQ(cuEventSynchronize(stop), CUDA_SUCCESS);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, stop), CUDA_SUCCESS);
  EXPECT_GE(milliseconds, 0);
  EXPECT_EQ(cuEventElapsedTime(&milliseconds, start, untimed), CUDA_ERROR_INVALID_HANDLE);
  EXPECT_EQ(cuStreamDestroy(stream), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamDestroy(stream), CUDA_ERROR_INVALID_HANDLE);
}

// A host function may call the driver's queries itself: it runs without the driver's lock.
TEST_F(DriverTest, HostFunction) {
  int calls = 0;
  auto count = [](void *data) {
    int version = 0;
    EXPECT_EQ(cuDeviceGetCount(&version), CUDA_SUCCESS);
    ++*static_cast<int *>(data);
  };
  EXPECT_EQ(cuLaunchHostFunc(nullptr, count, &calls), CUDA_SUCCESS);
  EXPECT_EQ(cuStreamSynchronize(nullptr), CUDA_SUCCESS);
  EXPECT_EQ(calls, 1);
}

// Threads share the context: each works in a stream and memory of its own, all at once.
TEST_F(DriverTest, Threads) {
  auto work = [&](int number) {
    ASSERT_EQ(cuCtxSetCurrent(context), CUDA_SUCCESS);
    CUstream stream = nullptr;
    CUdeviceptr memory = 0;
    ASSERT_EQ(cuStreamCreate(&stream, CU_STREAM_NON_BLOCKING), CUDA_SUCCESS);
    ASSERT_EQ(cuMemAlloc(&memory, 4), CUDA_SUCCESS);
    ASSERT_EQ(cuMemsetD32Async(memory, number, 1, stream), CUDA_SUCCESS);
    void *arguments[] = {&memory};
    for (int i = 0; i < 20; ++i)
      ASSERT_EQ(cuLaunchKernel(inc, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr), CUDA_SUCCESS);
    int found = 0;
    ASSERT_EQ(cuMemcpyDtoHAsync(&found, memory, 4, stream), CUDA_SUCCESS);
    ASSERT_EQ(cuStreamSynchronize(stream), CUDA_SUCCESS);
    EXPECT_EQ(found, number + 20);
    EXPECT_EQ(cuMemFree(memory), CUDA_SUCCESS);
    EXPECT_EQ(cuStreamDestroy(stream), CUDA_SUCCESS);
  };
  std::vector<std::thread> threads;
  for (int number = 0; number < 4; ++number)
    threads.emplace_back(work, 100 * number);
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
