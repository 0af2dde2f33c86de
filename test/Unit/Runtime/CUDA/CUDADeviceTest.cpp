//===- CUDADeviceTest.cpp - A package with GPU code, on the simulator -----------===//

#include "GPUPackage.h"

using namespace mv;
using namespace mv::test;

namespace {

struct CUDADeviceTest : testing::Test {
  TemporaryFolder folder;
};

} // namespace

TEST_F(CUDADeviceTest, RunsEveryBatch) {
  const Package package(writeGPUPackage(folder, {readPTX("sm_80")}));
  Session session(package, onDevice("cuda"));
  EXPECT_STREQ(session.info().device, "cuda");
  EXPECT_STREQ(session.info().target, "sm_80");
  EXPECT_STREQ(session.info().dtype, "f32");
  for (const int64_t batch : {1, 2, 1, 33, 40, 2, 33}) // Memory grows, and graphs are used again.
    expectRight(session, batch);
}

TEST_F(CUDADeviceTest, LeavesOutUnwantedOutputs) {
  const Package package(writeGPUPackage(folder, {readPTX("sm_80")}));
  Session session(package, onDevice("cuda:0"));
  const std::vector<float> images = testImages(3);
  TestOutputs outputs(3);
  float *pointers[] = {nullptr, outputs.summary.data()};
  session.run(0, 3, images.data(), pointers);
  EXPECT_EQ(outputs.summary, expectedOutputs(images, 3, kLevel).summary);
  expectRight(session, 3);
}

TEST_F(CUDADeviceTest, ProfilesDispatches) {
  const Package package(writeGPUPackage(folder, {readPTX("sm_80")}));
  mv_session_options options = onDevice("cuda");
  options.profile = 1;
  options.poison = 1;
  Session session(package, options);
  expectRight(session, 5);
  ASSERT_EQ(mv_session_profile_count(session.get()), 3u);
  int64_t last = 0;
  for (size_t index = 0; index < 3; ++index) {
    mv_profile_record record = MV_PROFILE_RECORD_INIT;
    ASSERT_EQ(mv_session_get_profile(session.get(), index, &record), nullptr);
    EXPECT_GE(record.start_ns, last);
    EXPECT_GE(record.end_ns, record.start_ns);
    EXPECT_EQ(record.workgroups, (std::array<uint64_t, 3>{10, 20, 1}[index]));
    last = record.end_ns;
  }
}

// A later target's image is better than an earlier one's, and PTX stands in for a cubin that is refused.
TEST_F(CUDADeviceTest, FallsBackToPTX) {
  const Package package(writeGPUPackage(folder, {fakeCubin("sm_80"), readPTX("sm_80")}));
  Session session(package, onDevice("cuda"));
  expectRight(session, 2);
}

TEST_F(CUDADeviceTest, NegativeNoSuchGPU) {
  const Package package(writeGPUPackage(folder, {readPTX("sm_80")}));
  for (const char *device : {"cuda:7", "cuda:99999999999999999999"})
    expectError(errorOf([&] { Session(package, onDevice(device)); }), MV_UNAVAILABLE, "from cuda:0 on");
  expectError(errorOf([&] { Session(package, onDevice("cuda:x")); }), MV_INVALID_INPUT, "unknown device");
}

TEST_F(CUDADeviceTest, NegativeOtherDevices) {
  const Package package(writeGPUPackage(folder, {readPTX("sm_80")}));
  expectError(errorOf([&] { Session(package, onDevice("cpu")); }), MV_UNAVAILABLE, "is compiled for cuda");
  const Package cpu(writeRunnablePackage(folder));
  expectError(errorOf([&] { Session(cpu, onDevice("cuda")); }), MV_UNAVAILABLE, "is compiled for cpu");
}

TEST_F(CUDADeviceTest, NegativeImages) {
  const Package later(writeGPUPackage(folder, {readPTX("sm_121")}));
  expectError(errorOf([&] { Session(later, onDevice("cuda")); }), MV_UNAVAILABLE,
              "it has images for sm_121 (PTX)");
  const Package cubin(writeGPUPackage(folder, {fakeCubin("sm_80")}));
  expectError(errorOf([&] { Session(cubin, onDevice("cuda")); }), MV_UNAVAILABLE, "");
  const Package function(writeGPUPackage(folder, {readPTX("sm_80")}, [](package::ModelT &model) {
    model.kernels[0]->gpu[0]->variants[0]->launches[0]->function = "missing";
  }));
  expectError(errorOf([&] { Session(function, onDevice("cuda")); }), MV_UNAVAILABLE, "'missing'");
}

TEST_F(CUDADeviceTest, NegativeBatches) {
  const Package package(writeGPUPackage(folder, {readPTX("sm_80")}));
  Session session(package, onDevice("cuda"));
  const std::vector<float> images = testImages(1);
  TestOutputs outputs(1);
  float *pointers[] = {outputs.centred.data(), outputs.summary.data()};
  expectError(errorOf([&] { session.run(0, int64_t(1) << 26, images.data(), pointers); }), MV_UNAVAILABLE,
              "takes at most");
}
