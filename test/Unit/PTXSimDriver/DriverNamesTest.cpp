//===- DriverNamesTest.cpp - Errors' names and entry points by name -----------------------===//

#include "Attributes.h"

#include <cuda.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace {

// Every error has a name of its own, and a number that is none has neither name nor text.
TEST(DriverNames, Errors) {
  const char *name = nullptr, *text = nullptr;
  EXPECT_EQ(cuGetErrorName(CUDA_ERROR_ILLEGAL_ADDRESS, &name), CUDA_SUCCESS);
  EXPECT_STREQ(name, "CUDA_ERROR_ILLEGAL_ADDRESS");
  EXPECT_EQ(cuGetErrorString(CUDA_ERROR_INVALID_PTX, &text), CUDA_SUCCESS);
  EXPECT_STREQ(text, "a PTX JIT compilation failed");
  EXPECT_EQ(cuGetErrorName(static_cast<CUresult>(12345), &name), CUDA_ERROR_INVALID_VALUE);
  EXPECT_EQ(name, nullptr);
  std::set<std::string> names;
  for (int code = 0; code < 1000; ++code)
    if (cuGetErrorName(static_cast<CUresult>(code), &name) == CUDA_SUCCESS)
      EXPECT_TRUE(names.insert(name).second) << name;
  EXPECT_GT(names.size(), 90u);
}

// A name finds the newest variant that the asked-for version has.
TEST(DriverNames, ProcAddress) {
  void *found = nullptr;
  CUdriverProcAddressQueryResult status;
  auto find = [&](const char *name, int version) {
    EXPECT_EQ(cuGetProcAddress(name, &found, version, CU_GET_PROC_ADDRESS_DEFAULT, &status), CUDA_SUCCESS);
    return found;
  };
  EXPECT_EQ(find("cuMemAlloc", 13000), reinterpret_cast<void *>(&cuMemAlloc));
  EXPECT_EQ(find("cuInit", 2000), reinterpret_cast<void *>(&cuInit));
  EXPECT_EQ(find("cuCtxCreate", 13000), reinterpret_cast<void *>(&cuCtxCreate));
  EXPECT_NE(find("cuCtxCreate", 12000), reinterpret_cast<void *>(&cuCtxCreate));
  EXPECT_EQ(find("cuLaunchKernelEx", 11000), nullptr);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_VERSION_NOT_SUFFICIENT);
  EXPECT_EQ(find("cuNothing", 13000), nullptr);
  EXPECT_EQ(status, CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND);
  EXPECT_EQ(cuGetProcAddress("cuNothing", &found, 13000, 0, nullptr), CUDA_ERROR_NOT_FOUND);
}

// A function that is not simulated is there, and says so.
TEST(DriverNames, negative_Unsupported) {
  void *found = nullptr;
  CUdriverProcAddressQueryResult status;
  ASSERT_EQ(cuGetProcAddress("cuTexObjectCreate", &found, 13000, 0, &status), CUDA_SUCCESS);
  ASSERT_NE(found, nullptr);
  auto *create = reinterpret_cast<decltype(&cuTexObjectCreate)>(found);
  EXPECT_EQ(create(nullptr, nullptr, nullptr, nullptr), CUDA_ERROR_NOT_SUPPORTED);
}

// The driver's private tables are not imitated.
TEST(DriverNames, negative_ExportTable) {
  const void *table = &table;
  CUuuid id = {};
  EXPECT_EQ(cuGetExportTable(&table, &id), CUDA_ERROR_NOT_FOUND);
  EXPECT_EQ(table, nullptr);
}

// Every attribute cuda.h knows has an answer on every profile.
TEST(DriverNames, Attributes) {
  for (const mv::ptxsim::DeviceProfile &profile : mv::ptxsim::deviceProfiles())
    for (int attribute = 1; attribute < CU_DEVICE_ATTRIBUTE_MAX; ++attribute)
      EXPECT_TRUE(
          mv::ptxsim::driver::deviceAttribute(profile, 0, static_cast<CUdevice_attribute>(attribute)));
}

} // namespace
