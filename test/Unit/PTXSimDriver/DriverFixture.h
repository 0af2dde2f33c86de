//===- DriverFixture.h - A context and a module for driver tests ----*- C++ -*-===//

#ifndef MV_TEST_UNIT_PTXSIMDRIVER_DRIVERFIXTURE_H
#define MV_TEST_UNIT_PTXSIMDRIVER_DRIVERFIXTURE_H

#include <cuda.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

/// inc: *p += 1. add: p[tid] += value. bad: a store to an address nothing owns.
inline const char *testPTX = R"(
.version 7.0
.target sm_80
.address_size 64
.visible .global .align 4 .u32 table[4] = {1, 2, 3, 4};
.visible .entry inc(.param .u64 p)
{
  .reg .u64 %rd<2>;
  .reg .u32 %r<2>;
  ld.param.u64 %rd0, [p];
  ld.global.u32 %r0, [%rd0];
  add.u32 %r0, %r0, 1;
  st.global.u32 [%rd0], %r0;
  ret;
}
.visible .entry add(.param .u64 p, .param .u32 value)
{
  .reg .u64 %rd<4>;
  .reg .u32 %r<4>;
  ld.param.u64 %rd0, [p];
  ld.param.u32 %r0, [value];
  mov.u32 %r1, %tid.x;
  mul.wide.u32 %rd1, %r1, 4;
  add.u64 %rd0, %rd0, %rd1;
  ld.global.u32 %r2, [%rd0];
  add.u32 %r2, %r2, %r0;
  st.global.u32 [%rd0], %r2;
  ret;
}
.visible .entry bad()
{
  .reg .u64 %rd<2>;
  .reg .u32 %r<2>;
  mov.u64 %rd0, 4096;
  mov.u32 %r0, 1;
  st.global.u32 [%rd0], %r0;
  ret;
}
)";

/// Each test has a context of its own, so that one that kills its context leaves the others alone.
class DriverTest : public ::testing::Test {
protected:
  void SetUp() override {
    ASSERT_EQ(cuInit(0), CUDA_SUCCESS);
    ASSERT_EQ(cuCtxCreate(&context, nullptr, 0, 0), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleLoadData(&module, testPTX), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&inc, module, "inc"), CUDA_SUCCESS);
    ASSERT_EQ(cuModuleGetFunction(&add, module, "add"), CUDA_SUCCESS);
    ASSERT_EQ(cuMemAlloc(&buffer, 128), CUDA_SUCCESS);
    ASSERT_EQ(cuMemsetD8(buffer, 0, 128), CUDA_SUCCESS);
  }
  void TearDown() override { EXPECT_EQ(cuCtxDestroy(context), CUDA_SUCCESS); }

  CUresult launchInc(CUstream stream) {
    void *arguments[] = {&buffer};
    return cuLaunchKernel(inc, 1, 1, 1, 1, 1, 1, 0, stream, arguments, nullptr);
  }
  int value() {
    int found = -1;
    EXPECT_EQ(cuMemcpyDtoH(&found, buffer, 4), CUDA_SUCCESS);
    return found;
  }

  CUcontext context = nullptr;
  CUmodule module = nullptr;
  CUfunction inc = nullptr, add = nullptr;
  CUdeviceptr buffer = 0;
};

#endif // MV_TEST_UNIT_PTXSIMDRIVER_DRIVERFIXTURE_H
