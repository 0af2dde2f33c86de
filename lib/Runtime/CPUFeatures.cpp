//===- CPUFeatures.cpp - What this machine's CPU can run ------------------------===//

#include "mv/Runtime/CPUFeatures.h"

#include <array>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

using namespace mv::runtime;

static constexpr std::array<std::string_view, 5> kNames = {"", "x86-64", "x86-64-v2", "x86-64-v3",
                                                           "x86-64-v4"};

/// Intel SDM volume 2A, CPUID: bit `index` of a register.
static constexpr uint32_t bit(unsigned index) { return uint32_t(1) << index; }

/// Of leaf 1, ECX.
static constexpr uint32_t kOSXSAVE = bit(27);

/// What a level adds to the one before it. psABI x86-64, table 3.1.
struct Requirement {
  CPULevel level;
  uint32_t leaf1Ecx, leaf1Edx, leaf7Ebx, extended1Ecx;
  uint64_t xcr0;
};
static constexpr std::array<Requirement, 4> kRequirements = {{
    // CX8, CMOV, FXSR, SSE, SSE2.
    {CPULevel::X86_64, 0, bit(8) | bit(15) | bit(24) | bit(25) | bit(26), 0, 0, 0},
    // SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT; LAHF.
    {CPULevel::X86_64_v2, bit(0) | bit(9) | bit(13) | bit(19) | bit(20) | bit(23), 0, 0, bit(0), 0},
    // FMA, MOVBE, OSXSAVE, AVX, F16C; BMI1, AVX2, BMI2; LZCNT; XMM and YMM state.
    {CPULevel::X86_64_v3, bit(12) | bit(22) | kOSXSAVE | bit(28) | bit(29), 0, bit(3) | bit(5) | bit(8),
     bit(5), 0x6},
    // AVX-512 F, DQ, CD, BW, VL; opmask and ZMM state.
    {CPULevel::X86_64_v4, 0, 0, bit(16) | bit(17) | bit(28) | bit(30) | bit(31), 0, 0xE6},
}};

CPUIdentification mv::runtime::identifyCPU() {
  CPUIdentification cpu;
#if defined(__x86_64__)
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) {
    cpu.leaf1Ecx = ecx;
    cpu.leaf1Edx = edx;
  }
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
    cpu.leaf7Ebx = ebx;
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx))
    cpu.extended1Ecx = ecx;
  if (cpu.leaf1Ecx & kOSXSAVE) {
    uint32_t low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    cpu.xcr0 = uint64_t(high) << 32 | low;
  }
#endif
  return cpu;
}

CPULevel mv::runtime::levelOf(const CPUIdentification &cpu) {
  CPULevel level = CPULevel::None;
  for (const Requirement &need : kRequirements) {
    if ((cpu.leaf1Ecx & need.leaf1Ecx) != need.leaf1Ecx || (cpu.leaf1Edx & need.leaf1Edx) != need.leaf1Edx ||
        (cpu.leaf7Ebx & need.leaf7Ebx) != need.leaf7Ebx ||
        (cpu.extended1Ecx & need.extended1Ecx) != need.extended1Ecx || (cpu.xcr0 & need.xcr0) != need.xcr0)
      break;
    level = need.level;
  }
  return level;
}

CPULevel mv::runtime::machineLevel() {
  static const CPULevel level = levelOf(identifyCPU());
  return level;
}

std::string_view mv::runtime::levelName(CPULevel level) { return kNames[static_cast<size_t>(level)]; }

CPULevel mv::runtime::levelNamed(std::string_view name) {
  for (size_t index = 1; index < kNames.size(); ++index)
    if (name == kNames[index])
      return static_cast<CPULevel>(index);
  return CPULevel::None;
}
