//===- DriverMemoryTest.cpp - Allocations, copies, fills, addresses -----------------------===//

#include "DriverFixture.h"

#include <numeric>

namespace {

// Copies there and back, and between two places on the device.
TEST_F(DriverTest, Copies) {
  std::vector<int> in(32), out(32, -1);
  std::iota(in.begin(), in.end(), 0);
  CUdeviceptr other = 0;
  ASSERT_EQ(cuMemAlloc(&other, 128), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyHtoD(buffer, in.data(), 128), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyDtoD(other, buffer, 128), CUDA_SUCCESS);
  EXPECT_EQ(cuMemcpyDtoH(out.data(), other, 128), CUDA_SUCCESS);
  EXPECT_EQ(in, out);
  std::fill(out.begin(), out.end(), -1);
  EXPECT_EQ(cuMemcpy(reinterpret_cast<CUdeviceptr>(out.data()), other + 64, 64), CUDA_SUCCESS);
  EXPECT_EQ(out[0], 16);
  EXPECT_EQ(cuMemFree(other), CUDA_SUCCESS);
}

// A copy that leaves its allocation by more than the padding behind it, or names memory that is none, is
// refused and copies nothing.
TEST_F(DriverTest, negative_Copies) {
  std::vector<char> host(1 << 16, 1);
  EXPECT_EQ(cuMemcpyHtoD(buffer, host.data(), host.size()), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemcpyDtoH(host.data(), 4096, 4), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32(buffer, 0, 1 << 16), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemsetD32(buffer + 2, 0, 1), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(value(), 0);
}

// Rows of a pitched copy go where they should, and the bytes between them stay as they were.
TEST_F(DriverTest, Copy2D) {
  std::vector<unsigned char> in(6 * 4);
  std::iota(in.begin(), in.end(), 1);
  CUDA_MEMCPY2D copy = {};
  copy.srcMemoryType = CU_MEMORYTYPE_HOST;
  copy.srcHost = in.data();
  copy.srcPitch = 6;
  copy.srcXInBytes = 1;
  copy.dstMemoryType = CU_MEMORYTYPE_DEVICE;
  copy.dstDevice = buffer;
  copy.dstPitch = 16;
  copy.dstY = 1;
  copy.WidthInBytes = 5;
  copy.Height = 4;
  EXPECT_EQ(cuMemcpy2D(&copy), CUDA_SUCCESS);
  std::vector<unsigned char> out(128);
  EXPECT_EQ(cuMemcpyDtoH(out.data(), buffer, 128), CUDA_SUCCESS);
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 16; ++column)
      EXPECT_EQ(out[row * 16 + column], row >= 1 && row < 5 && column < 5 ? (row - 1) * 6 + column + 2 : 0)
          << row << ", " << column;
  copy.dstPitch = 4;
  EXPECT_EQ(cuMemcpy2D(&copy), CUDA_ERROR_INVALID_VALUE);
}

// Fills of each width, flat and in rows.
TEST_F(DriverTest, Fills) {
  EXPECT_EQ(cuMemsetD16(buffer, 0xABCD, 2), CUDA_SUCCESS);
  EXPECT_EQ(static_cast<unsigned>(value()), 0xABCDABCDu);
  EXPECT_EQ(cuMemsetD2D32(buffer, 16, 7, 1, 3), CUDA_SUCCESS);
  std::vector<int> out(32);
  EXPECT_EQ(cuMemcpyDtoH(out.data(), buffer, 128), CUDA_SUCCESS);
  EXPECT_EQ(out[0], 7);
  EXPECT_EQ(out[1], 0);
  EXPECT_EQ(out[4], 7);
  EXPECT_EQ(out[8], 7);
  EXPECT_EQ(out[12], 0);
}

// What an address belongs to: device memory, pinned memory, nothing.
TEST_F(DriverTest, Pointers) {
  unsigned type = 0, managed = 1;
  CUdeviceptr base = 0;
  size_t bytes = 0;
  EXPECT_EQ(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, buffer + 5), CUDA_SUCCESS);
  EXPECT_EQ(type, unsigned(CU_MEMORYTYPE_DEVICE));
  EXPECT_EQ(cuMemGetAddressRange(&base, &bytes, buffer + 5), CUDA_SUCCESS);
  EXPECT_EQ(base, buffer);
  EXPECT_EQ(bytes, 128u);
  void *pinned = nullptr;
  ASSERT_EQ(cuMemAllocHost(&pinned, 64), CUDA_SUCCESS);
  auto address = reinterpret_cast<CUdeviceptr>(pinned);
  EXPECT_EQ(cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, address), CUDA_SUCCESS);
  EXPECT_EQ(type, unsigned(CU_MEMORYTYPE_HOST));
  EXPECT_EQ(cuPointerGetAttribute(&managed, CU_POINTER_ATTRIBUTE_IS_MANAGED, address), CUDA_SUCCESS);
  EXPECT_EQ(managed, 0u);
  EXPECT_EQ(cuMemFreeHost(pinned), CUDA_SUCCESS);
  int local = 0;
  EXPECT_EQ(
      cuPointerGetAttribute(&type, CU_POINTER_ATTRIBUTE_MEMORY_TYPE, reinterpret_cast<CUdeviceptr>(&local)),
      CUDA_ERROR_INVALID_VALUE);
}

// Host memory is registered once, and a kernel reaches it under its own address.
TEST_F(DriverTest, RegisteredMemory) {
  alignas(64) static int host[16] = {41};
  EXPECT_EQ(cuMemHostRegister(host, sizeof(host), 0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemHostRegister(host + 4, 4, 0), CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED);
  CUdeviceptr address = 0;
  EXPECT_EQ(cuMemHostGetDevicePointer(&address, host, 0), CUDA_SUCCESS);
  void *arguments[] = {&address};
  EXPECT_EQ(cuLaunchKernel(inc, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(host[0], 42);
  EXPECT_EQ(cuMemHostUnregister(host), CUDA_SUCCESS);
  EXPECT_EQ(cuMemHostUnregister(host), CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED);
}

// Freeing: null is fine; twice, or inside an allocation, is not.
TEST_F(DriverTest, Free) {
  size_t before = 0, during = 0, after = 0, total = 0;
  EXPECT_EQ(cuMemGetInfo(&before, &total), CUDA_SUCCESS);
  CUdeviceptr address = 0;
  ASSERT_EQ(cuMemAlloc(&address, 1 << 20), CUDA_SUCCESS);
  EXPECT_EQ(address % 256, 0u);
  EXPECT_EQ(cuMemGetInfo(&during, &total), CUDA_SUCCESS);
  EXPECT_LE(during + (1 << 20), before);
  EXPECT_EQ(cuMemFree(address + 256), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemFree(address), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFree(address), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemGetInfo(&after, &total), CUDA_SUCCESS);
  EXPECT_EQ(after, before);
  EXPECT_EQ(cuMemFree(0), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAlloc(&address, 0), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuMemAlloc(&address, size_t(1) << 45), CUDA_ERROR_OUT_OF_MEMORY);
}

// Stream-ordered allocation, from the default pool and from one of the program's.
TEST_F(DriverTest, Pools) {
  CUmemoryPool pool = nullptr, own = nullptr;
  EXPECT_EQ(cuDeviceGetDefaultMemPool(&pool, 0), CUDA_SUCCESS);
  CUmemPoolProps properties = {};
  properties.allocType = CU_MEM_ALLOCATION_TYPE_PINNED;
  properties.location.type = CU_MEM_LOCATION_TYPE_DEVICE;
  EXPECT_EQ(cuMemPoolCreate(&own, &properties), CUDA_SUCCESS);
  cuuint64_t threshold = 1 << 20, found = 0;
  EXPECT_EQ(cuMemPoolSetAttribute(own, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &threshold), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPoolGetAttribute(own, CU_MEMPOOL_ATTR_RELEASE_THRESHOLD, &found), CUDA_SUCCESS);
  EXPECT_EQ(found, threshold);
  CUdeviceptr a = 0, b = 0;
  EXPECT_EQ(cuMemAllocAsync(&a, 64, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemAllocFromPoolAsync(&b, 64, own, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(a, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemFreeAsync(b, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPoolDestroy(own), CUDA_SUCCESS);
  EXPECT_EQ(cuMemPoolDestroy(pool), CUDA_ERROR_INVALID_VALUE);
}

} // namespace
