//===- Waste.cpp - What the checks of speed find in the counters ----*- C++ -*-===//

#include "PTXSim/Counters/Aggregate.h"

#include <cstdio>

namespace mv::ptxsim {
namespace {

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f %%", 100 * share);
  return text;
}

double useOf(uint64_t bytes, uint64_t sectors) { return double(bytes) / double(sectors * 32); }

CheckReport makeReport(CheckKind kind, const KernelCounters &kernel, const InstructionAccess &access,
                       std::string message) {
  CheckReport report;
  report.kind = kind;
  report.kernel = kernel.kernel;
  report.module = kernel.module;
  report.message = std::move(message);
  report.site.instruction = access.instruction;
  report.site.line = access.line;
  report.site.source = access.source;
  report.isSum = true;
  return report;
}

void findConflicts(const KernelCounters &kernel, std::vector<CheckReport> &found) {
  for (const InstructionAccess &access : kernel.accesses) {
    const AccessCounters &counters = access.counters;
    if (counters.phases <= counters.idealPhases)
      continue;
    found.push_back(makeReport(CheckKind::BankConflicts, kernel, access,
                               std::to_string(counters.sharedRequests) + " requests take " +
                                   std::to_string(counters.phases) + " phases, where " +
                                   std::to_string(counters.idealPhases) + " would do"));
  }
}

/// A kernel may waste a little. Where it is more, every instruction that wastes as much for itself is told.
void findWastedSectors(const KernelCounters &kernel, std::vector<CheckReport> &found) {
  uint64_t sectors = 0, bytes = 0;
  for (const InstructionAccess &access : kernel.accesses) {
    sectors += access.counters.sectors;
    bytes += access.counters.usedBytes;
  }
  if (sectors == 0 || useOf(bytes, sectors) >= leastSectorUse)
    return;
  for (const InstructionAccess &access : kernel.accesses) {
    const AccessCounters &counters = access.counters;
    if (counters.sectors == 0 || useOf(counters.usedBytes, counters.sectors) >= leastSectorUse)
      continue;
    found.push_back(makeReport(CheckKind::WastedSectors, kernel, access,
                               percent(useOf(counters.usedBytes, counters.sectors)) + " of the bytes of " +
                                   std::to_string(counters.sectors) + " sectors are used, and " +
                                   percent(useOf(bytes, sectors)) + " of those of the kernel's " +
                                   std::to_string(sectors)));
  }
}

} // namespace

std::vector<CheckReport> findWaste(std::span<const KernelCounters> counters, const Checks &checks) {
  std::vector<CheckReport> found;
  for (const KernelCounters &kernel : counters) {
    if (checks.phases)
      findConflicts(kernel, found);
    if (checks.sectors)
      findWastedSectors(kernel, found);
  }
  return found;
}

} // namespace mv::ptxsim
