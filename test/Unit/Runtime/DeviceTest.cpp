//===- DeviceTest.cpp - Which code runs -----------------------------------------===//

#include "TestSession.h"

#include "mv/Runtime/CPUFeatures.h"
#include "mv/Runtime/Session.h"

#include <cstdlib>

using namespace mv;
using namespace mv::test;

namespace {

struct Variable {
  explicit Variable(const char *value) { setenv("MV_CPU_TARGET", value, 1); }
  ~Variable() { unsetenv("MV_CPU_TARGET"); }
};

float levelThatRan(Session &session) { return runSession(session, testImages(1), 1).summary[0]; }

} // namespace

// Each kernel writes the level that it was compiled for.
TEST(DeviceTest, RunsTheBestCodeOfTheMachine) {
  const TemporaryFolder folder;
  const Package package(writeRunnablePackage(folder, {"x86-64", "x86-64-v3", "x86-64-v4"}));
  const auto machine = runtime::machineLevel();
  const float expected = machine >= runtime::CPULevel::X86_64_v4   ? 4
                         : machine >= runtime::CPULevel::X86_64_v3 ? 3
                                                                   : 1;
  Session session(package);
  EXPECT_EQ(levelThatRan(session), expected);
  EXPECT_EQ(session.info().target, std::string(expected == 1   ? "x86-64"
                                               : expected == 3 ? "x86-64-v3"
                                                               : "x86-64-v4"));
  EXPECT_EQ(package.target(0).supported, 1);
  EXPECT_EQ(package.target(1).supported, expected >= 3);
  EXPECT_EQ(package.target(2).supported, expected >= 4);
}

TEST(DeviceTest, AllCodesAgree) {
  const TemporaryFolder folder;
  const Package package(writeRunnablePackage(folder, {"x86-64-v4", "x86-64", "x86-64-v3"}));
  const std::vector<float> images = testImages(9);
  for (uint32_t target = 0; target < 3; ++target) {
    if (!package.target(target).supported)
      continue;
    Session session(package, sessionOptions(2, package.target(target).name));
    const TestOutputs outputs = runSession(session, images, 9);
    EXPECT_EQ(outputs, expectedOutputs(images, 9, outputs.summary[0])) << package.target(target).name;
    EXPECT_STREQ(session.info().target, package.target(target).name);
  }
}

// The environment chooses, and an option goes before it.
TEST(DeviceTest, TheEnvironmentChoosesALowerTarget) {
  const TemporaryFolder folder;
  const Package package(writeRunnablePackage(folder, {"x86-64", "x86-64-v3"}));
  const Variable variable("x86-64");
  Session session(package);
  EXPECT_EQ(levelThatRan(session), 1);
  if (runtime::machineLevel() < runtime::CPULevel::X86_64_v3)
    GTEST_SKIP() << "this machine has no x86-64-v3";
  Session optionFirst(package, sessionOptions(1, "x86-64-v3"));
  EXPECT_EQ(levelThatRan(optionFirst), 3);
}

TEST(DeviceTest, NegativeTargetsThatThePackageLacks) {
  const TemporaryFolder folder;
  const Package package(writeRunnablePackage(folder, {"x86-64"}));
  for (const char *target : {"x86-64-v3", "i386"})
    expectError(errorOf([&] { const Session session(package, sessionOptions(1, target)); }), MV_INVALID_INPUT,
                "it has code for x86-64");
  const Variable variable("sparc");
  expectError(errorOf([&] { const Session session(package); }), MV_INVALID_INPUT, "'sparc'");
}

// A kernel without code for the chosen level runs what it has for a lower one.
TEST(DeviceTest, KernelsFallBackToLowerLevels) {
  if (runtime::machineLevel() < runtime::CPULevel::X86_64_v3)
    GTEST_SKIP() << "this machine has no x86-64-v3";
  const TemporaryFolder folder;
  const Package package(writeRunnablePackage(folder, {"x86-64", "x86-64-v3"}, [](package::ModelT &model) {
    model.kernels[2]->implementations.pop_back(); // summary: only x86-64 is left.
  }));
  Session session(package);
  EXPECT_EQ(session.info().target, std::string("x86-64-v3"));
  EXPECT_EQ(levelThatRan(session), 1);
}

// A package whose file system forbids execution, and one without a file, run from a copy of the code.
TEST(DeviceTest, RunsFromMemory) {
  const TemporaryFolder folder;
  writeRunnablePackage(folder);
  const std::string content = folder.read("model.mvx");
  auto *bytes = static_cast<std::byte *>(std::aligned_alloc(4096, (content.size() + 4095) / 4096 * 4096));
  std::memcpy(bytes, content.data(), content.size());
  {
    auto file = package::PackageFile::parse({bytes, content.size()}, "memory");
    ASSERT_TRUE(file.ok()) << file.status().message();
    auto session = runtime::Session::create(*file, {.device = "cpu", .threads = 2, .cpuTarget = "x86-64"});
    ASSERT_TRUE(session.ok()) << session.status().message();
    const std::vector<float> images = testImages(2);
    TestOutputs outputs(2);
    float *pointers[] = {outputs.centred.data(), outputs.summary.data()};
    const Status status = session->run({0, 2, images.data(), pointers});
    ASSERT_TRUE(status.ok()) << status.message();
    EXPECT_EQ(outputs, expectedOutputs(images, 2, 1));
  }
  std::free(bytes);
}
