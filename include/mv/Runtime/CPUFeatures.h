//===- CPUFeatures.h - What this machine's CPU can run --------------*- C++ -*-===//

#ifndef MV_RUNTIME_CPUFEATURES_H
#define MV_RUNTIME_CPUFEATURES_H

#include <cstdint>
#include <string_view>

namespace mv::runtime {

/// The levels of the x86-64 psABI (section 3.1.1): each has all features of those before it.
enum class CPULevel : uint8_t { None, X86_64, X86_64_v2, X86_64_v3, X86_64_v4 };

/// What CPUID and XGETBV say, as far as the levels depend on it.
struct CPUIdentification {
  uint32_t leaf1Ecx = 0;
  uint32_t leaf1Edx = 0;
  uint32_t leaf7Ebx = 0;
  uint32_t extended1Ecx = 0; ///< Of leaf 0x80000001.
  uint64_t xcr0 = 0;         ///< Registers the operating system saves; 0 without OSXSAVE.
};

/// Reads this CPU; all zero on other architectures.
CPUIdentification identifyCPU();

/// The highest level that the CPU has and the operating system supports.
CPULevel levelOf(const CPUIdentification &cpu);

/// levelOf(identifyCPU()), asked once.
CPULevel machineLevel();

/// "x86-64-v3": LLVM's name, and the package's. "" for None.
std::string_view levelName(CPULevel level);

/// None for a name that is no level.
CPULevel levelNamed(std::string_view name);

} // namespace mv::runtime

#endif // MV_RUNTIME_CPUFEATURES_H
