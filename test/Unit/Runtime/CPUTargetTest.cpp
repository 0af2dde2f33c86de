//===- CPUTargetTest.cpp - Levels of CPUs, and the choice among codes -----------===//

#include "CPUTarget.h"
#include "Package/TestModel.h"

#include <gtest/gtest.h>

using namespace mv;
using namespace mv::runtime;
using namespace mv::test;

namespace {

/// All that x86-64-v4 needs: bits as in the manual's table of CPUID.
CPUIdentification completeCPU() {
  CPUIdentification cpu;
  cpu.leaf1Ecx = 0x3ED83201 | 1u << 12 | 1u << 28;
  cpu.leaf1Edx = 0x0FC08FFF | 1u << 24 | 1u << 25 | 1u << 26;
  cpu.leaf7Ebx = 0xD0030128;
  cpu.extended1Ecx = 0x21;
  cpu.xcr0 = 0xE7;
  return cpu;
}

/// A model with one kernel for each list, implemented for the codes of the list.
flatbuffers::DetachedBuffer modelFor(const std::vector<const char *> &targets,
                                     const std::vector<std::vector<uint32_t>> &kernels) {
  package::ModelT model = testModel();
  for (const char *target : targets) {
    auto code = std::make_unique<package::CodeT>();
    code->target = target;
    model.code.push_back(std::move(code));
  }
  model.kernels.clear();
  for (const auto &codes : kernels) {
    model.kernels.push_back(kernel("k", {}));
    for (const uint32_t code : codes)
      model.kernels.back()->implementations.push_back(implementation(code, {{0, 1, 1, 1}}));
  }
  flatbuffers::FlatBufferBuilder builder;
  package::FinishModelBuffer(builder, package::Model::Pack(builder, &model));
  return builder.Release();
}

} // namespace

TEST(CPUTargetTest, LevelsNeedAllTheirFeatures) {
  EXPECT_EQ(levelOf(completeCPU()), CPULevel::X86_64_v4);
  EXPECT_EQ(levelOf({}), CPULevel::None);
  CPUIdentification cpu = completeCPU();
  cpu.leaf7Ebx &= ~(1u << 31); // AVX512VL
  EXPECT_EQ(levelOf(cpu), CPULevel::X86_64_v3);
  cpu = completeCPU();
  cpu.leaf1Ecx &= ~(1u << 12); // FMA
  EXPECT_EQ(levelOf(cpu), CPULevel::X86_64_v2);
  cpu = completeCPU();
  cpu.extended1Ecx &= ~1u; // LAHF
  EXPECT_EQ(levelOf(cpu), CPULevel::X86_64);
}

// Registers that the operating system does not save cannot be used, whatever the CPU has.
TEST(CPUTargetTest, LevelsNeedTheOperatingSystem) {
  CPUIdentification cpu = completeCPU();
  cpu.xcr0 = 0x7; // XMM and YMM, no ZMM.
  EXPECT_EQ(levelOf(cpu), CPULevel::X86_64_v3);
  cpu.xcr0 = 0x3;
  EXPECT_EQ(levelOf(cpu), CPULevel::X86_64_v2);
  cpu = completeCPU();
  cpu.leaf1Ecx &= ~(1u << 27); // OSXSAVE
  EXPECT_EQ(levelOf(cpu), CPULevel::X86_64_v2);
}

// What the compiler was told about this machine, the runtime must find on it.
TEST(CPUTargetTest, FindsWhatTheCompilerKnows) {
#if defined(__x86_64__)
  EXPECT_EQ(machineLevel() >= CPULevel::X86_64_v3,
            bool(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                 __builtin_cpu_supports("bmi2")));
  EXPECT_EQ(machineLevel() >= CPULevel::X86_64_v4,
            bool(__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")));
#endif
}

TEST(CPUTargetTest, Names) {
  for (const CPULevel level :
       {CPULevel::X86_64, CPULevel::X86_64_v2, CPULevel::X86_64_v3, CPULevel::X86_64_v4})
    EXPECT_EQ(levelNamed(levelName(level)), level);
  EXPECT_EQ(levelNamed("sm_90a"), CPULevel::None);
  EXPECT_EQ(levelNamed(""), CPULevel::None);
}

TEST(CPUTargetTest, ChoosesTheHighestUsableLevel) {
  const auto buffer = modelFor({"x86-64-v3", "sm_80", "x86-64", "x86-64-v4"}, {{0, 2, 3}, {0, 2, 3}});
  const package::Model &model = *package::GetModel(buffer.data());
  EXPECT_EQ(*chooseLevel(model, CPULevel::X86_64_v4, ""), CPULevel::X86_64_v4);
  EXPECT_EQ(*chooseLevel(model, CPULevel::X86_64_v3, ""), CPULevel::X86_64_v3);
  EXPECT_EQ(*chooseLevel(model, CPULevel::X86_64_v2, ""), CPULevel::X86_64);
  EXPECT_EQ(*chooseLevel(model, CPULevel::X86_64_v4, "x86-64-v3"), CPULevel::X86_64_v3);
  // The order in which a kernel lists its implementations says nothing.
  EXPECT_EQ(*chooseImplementation(model, *model.kernels()->Get(0), CPULevel::X86_64_v2), 1u);
  EXPECT_EQ(*chooseImplementation(model, *model.kernels()->Get(0), CPULevel::X86_64_v3), 0u);
}

TEST(CPUTargetTest, NegativeMachineTooOld) {
  const auto buffer = modelFor({"x86-64-v3", "x86-64-v4"}, {{0, 1}});
  const package::Model &model = *package::GetModel(buffer.data());
  const Status none = chooseLevel(model, CPULevel::X86_64_v2, "").status();
  EXPECT_EQ(none.code(), StatusCode::Unavailable);
  EXPECT_EQ(none.message(),
            "the package has no code for this machine's CPU: it has code for x86-64-v3, x86-64-v4, "
            "this machine is an x86-64-v2");
  const Status requested = chooseLevel(model, CPULevel::X86_64_v3, "x86-64-v4").status();
  EXPECT_EQ(requested.code(), StatusCode::Unavailable);
  EXPECT_NE(requested.message().find("this machine is an x86-64-v3"), std::string::npos)
      << requested.message();
}

// A level that some kernel has no code for is no choice.
TEST(CPUTargetTest, NegativeIncompleteLevel) {
  const auto buffer = modelFor({"x86-64", "x86-64-v3"}, {{0, 1}, {1}});
  const package::Model &model = *package::GetModel(buffer.data());
  EXPECT_EQ(*chooseLevel(model, CPULevel::X86_64_v3, ""), CPULevel::X86_64_v3);
  EXPECT_EQ(chooseLevel(model, CPULevel::X86_64_v2, "").status().code(), StatusCode::Unavailable);
  EXPECT_EQ(chooseLevel(model, CPULevel::X86_64_v3, "x86-64").status().code(), StatusCode::InvalidInput);
}
