//===- DriverModuleTest.cpp - Modules, libraries, functions, launches ---------------------===//

#include "DriverFixture.h"

#include <cstdio>
#include <cstring>
#include <fstream>

namespace {

// Functions and globals by name; a name that is not there is CUDA_ERROR_NOT_FOUND.
TEST_F(DriverTest, Lookup) {
  CUfunction function = nullptr;
  EXPECT_EQ(cuModuleGetFunction(&function, module, "nothing"), CUDA_ERROR_NOT_FOUND);
  CUdeviceptr table = 0;
  size_t bytes = 0;
  EXPECT_EQ(cuModuleGetGlobal(&table, &bytes, module, "table"), CUDA_SUCCESS);
  EXPECT_EQ(bytes, 16u);
  int values[4] = {};
  EXPECT_EQ(cuMemcpyDtoH(values, table, 16), CUDA_SUCCESS);
  EXPECT_EQ(values[2], 3);
  const char *name = nullptr;
  EXPECT_EQ(cuFuncGetName(&name, add), CUDA_SUCCESS);
  EXPECT_STREQ(name, "add");
  size_t offset = 0, size = 0;
  EXPECT_EQ(cuFuncGetParamInfo(add, 1, &offset, &size), CUDA_SUCCESS);
  EXPECT_EQ(offset, 8u);
  EXPECT_EQ(size, 4u);
  EXPECT_EQ(cuFuncGetParamInfo(add, 2, &offset, &size), CUDA_ERROR_INVALID_VALUE);
}

// Arguments as pointers and as one buffer come to the same.
TEST_F(DriverTest, Arguments) {
  unsigned by = 5;
  void *pointers[] = {&buffer, &by};
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, pointers, nullptr), CUDA_SUCCESS);
  struct {
    CUdeviceptr p;
    unsigned value;
  } packed = {buffer, 7};
  size_t bytes = 12;
  void *extra[] = {CU_LAUNCH_PARAM_BUFFER_POINTER, &packed, CU_LAUNCH_PARAM_BUFFER_SIZE, &bytes,
                   CU_LAUNCH_PARAM_END};
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra), CUDA_SUCCESS);
  std::vector<int> out(32);
  EXPECT_EQ(cuMemcpyDtoH(out.data(), buffer, 128), CUDA_SUCCESS);
  EXPECT_EQ(out, std::vector<int>(32, 12));
  bytes = 8;
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(add, 1, 1, 1, 32, 1, 1, 0, nullptr, pointers, extra), CUDA_ERROR_INVALID_VALUE);
}

// Shapes no device runs are refused before anything runs, and the context lives.
TEST_F(DriverTest, negative_Launches) {
  void *arguments[] = {&buffer};
  EXPECT_EQ(cuLaunchKernel(inc, 0, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(inc, 1, 1, 1, 1025, 1, 1, 0, nullptr, arguments, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(inc, 1, 65536, 1, 1, 1, 1, 0, nullptr, arguments, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuLaunchKernel(inc, 1, 1, 1, 1, 1, 1, 200000, nullptr, arguments, nullptr),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuFuncSetAttribute(inc, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 200000),
            CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(cuFuncSetAttribute(inc, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 65536), CUDA_SUCCESS);
  EXPECT_EQ(cuLaunchKernel(inc, 1, 1, 1, 1, 1, 1, 65536, nullptr, arguments, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(value(), 1);
}

// The extended launch takes attributes; those of what is not simulated are refused.
TEST_F(DriverTest, ExtendedLaunch) {
  CUlaunchAttribute attribute = {};
  attribute.id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
  attribute.value.clusterDim = {1, 1, 1};
  CUlaunchConfig config = {};
  config.gridDimX = config.gridDimY = config.gridDimZ = 1;
  config.blockDimX = config.blockDimY = config.blockDimZ = 1;
  config.attrs = &attribute;
  config.numAttrs = 1;
  void *arguments[] = {&buffer};
  EXPECT_EQ(cuLaunchKernelEx(&config, inc, arguments, nullptr), CUDA_SUCCESS);
  EXPECT_EQ(value(), 1);
  attribute.value.clusterDim = {2, 1, 1};
  EXPECT_EQ(cuLaunchKernelEx(&config, inc, arguments, nullptr), CUDA_ERROR_INVALID_CLUSTER_SIZE);
  attribute.id = CU_LAUNCH_ATTRIBUTE_LAUNCH_COMPLETION_EVENT;
  EXPECT_EQ(cuLaunchKernelEx(&config, inc, arguments, nullptr), CUDA_ERROR_NOT_SUPPORTED);
}

// Malformed PTX: the driver's code, and the reason in the caller's buffer, cut to its size.
TEST_F(DriverTest, negative_JitLog) {
  char log[256] = {1}, tiny[4] = {1, 1, 1, 1};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  CUmodule broken = nullptr;
  EXPECT_EQ(cuModuleLoadDataEx(&broken, "this is no PTX", 2, options, values), CUDA_ERROR_INVALID_PTX);
  EXPECT_GT(std::strlen(log), 5u);
  EXPECT_EQ(reinterpret_cast<size_t>(values[1]), std::strlen(log));
  values[0] = tiny;
  values[1] = reinterpret_cast<void *>(sizeof(tiny));
  EXPECT_EQ(cuModuleLoadDataEx(&broken, "this is no PTX", 2, options, values), CUDA_ERROR_INVALID_PTX);
  EXPECT_EQ(std::strlen(tiny), 3u);
}

// A module from a file is the module from its text.
TEST_F(DriverTest, LoadFile) {
  std::string path = ::testing::TempDir() + "driver-module.ptx";
  std::ofstream(path) << testPTX;
  CUmodule loaded = nullptr;
  CUfunction function = nullptr;
  EXPECT_EQ(cuModuleLoad(&loaded, path.c_str()), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleGetFunction(&function, loaded, "inc"), CUDA_SUCCESS);
  EXPECT_EQ(cuModuleUnload(loaded), CUDA_SUCCESS);
  void *arguments[] = {&buffer};
  EXPECT_EQ(cuLaunchKernel(function, 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr),
            CUDA_ERROR_INVALID_HANDLE);
  std::remove(path.c_str());
}

// Machine code cannot be simulated, and anything else is no image.
TEST_F(DriverTest, negative_Images) {
  CUmodule loaded = nullptr;
  const char elf[64] = "\x7f"
                       "ELF\x02";
  EXPECT_EQ(cuModuleLoadData(&loaded, elf), CUDA_ERROR_NO_BINARY_FOR_GPU);
  const char binary[64] = "\x01\x02\x03";
  EXPECT_EQ(cuModuleLoadData(&loaded, binary), CUDA_ERROR_INVALID_IMAGE);
  EXPECT_EQ(cuModuleLoad(&loaded, "/nowhere/at/all.ptx"), CUDA_ERROR_FILE_NOT_FOUND);
}

// A library's kernel is launched in the place of a function, and outlives no unload.
TEST_F(DriverTest, Libraries) {
  CUlibrary library = nullptr;
  ASSERT_EQ(cuLibraryLoadData(&library, testPTX, nullptr, nullptr, 0, nullptr, nullptr, 0), CUDA_SUCCESS);
  unsigned count = 0;
  EXPECT_EQ(cuLibraryGetKernelCount(&count, library), CUDA_SUCCESS);
  EXPECT_EQ(count, 3u);
  CUkernel kernel = nullptr;
  ASSERT_EQ(cuLibraryGetKernel(&kernel, library, "inc"), CUDA_SUCCESS);
  EXPECT_EQ(cuKernelSetAttribute(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, 1024, kernel, 0),
            CUDA_SUCCESS);
  void *arguments[] = {&buffer};
  EXPECT_EQ(
      cuLaunchKernel(reinterpret_cast<CUfunction>(kernel), 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr),
      CUDA_SUCCESS);
  EXPECT_EQ(value(), 1);
  EXPECT_EQ(cuLibraryUnload(library), CUDA_SUCCESS);
  EXPECT_EQ(
      cuLaunchKernel(reinterpret_cast<CUfunction>(kernel), 1, 1, 1, 1, 1, 1, 0, nullptr, arguments, nullptr),
      CUDA_ERROR_INVALID_HANDLE);
}

// Occupancy answers within the device's limits.
TEST_F(DriverTest, Occupancy) {
  int blocks = 0, grid = 0, block = 0;
  EXPECT_EQ(cuOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, inc, 1024, 0), CUDA_SUCCESS);
  EXPECT_EQ(blocks, 2);
  EXPECT_EQ(cuOccupancyMaxPotentialBlockSize(&grid, &block, inc, nullptr, 0, 0), CUDA_SUCCESS);
  EXPECT_GT(grid, 0);
  EXPECT_EQ(block % 32, 0);
}

} // namespace
