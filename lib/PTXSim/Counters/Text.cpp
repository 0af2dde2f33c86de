//===- Text.cpp - Counters as a table and as JSON -------------------*- C++ -*-===//

#include "mv/PTXSim/Counters.h"

#include <cstdio>

namespace mv::ptxsim {
namespace {

template <typename... Args> std::string format(const char *pattern, Args... args) {
  char text[512];
  int length = std::snprintf(text, sizeof(text), pattern, args...);
  return std::string(text, size_t(length < 0                   ? 0
                                  : length < int(sizeof(text)) ? length
                                                               : int(sizeof(text)) - 1));
}

double ratio(uint64_t a, uint64_t b) { return b ? double(a) / double(b) : 0; }

std::string quoted(const std::string &text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += format("\\u%04x", unsigned(c));
    else
      out += c;
  }
  return out + "\"";
}

std::string accessJson(const InstructionAccess &access) {
  const AccessCounters &c = access.counters;
  std::string out = format("{\"line\": %u, \"instruction\": ", access.line) + quoted(access.instruction);
  if (!access.source.empty())
    out += ", \"source\": " + quoted(access.source);
  if (c.sharedRequests)
    out += format(", \"shared_requests\": %llu, \"phases\": %llu, \"ideal_phases\": %llu",
                  (unsigned long long)c.sharedRequests, (unsigned long long)c.phases,
                  (unsigned long long)c.idealPhases);
  if (c.globalRequests)
    out += format(", \"global_requests\": %llu, \"sectors\": %llu, \"used_bytes\": %llu",
                  (unsigned long long)c.globalRequests, (unsigned long long)c.sectors,
                  (unsigned long long)c.usedBytes);
  return out + "}";
}

} // namespace

std::string countersTable(std::span<const KernelCounters> counters, const DeviceProfile &profile) {
  std::string out =
      format("Lower bounds on %s (%s): each says how long one unit alone is busy; none is a measured time.\n",
             std::string(profile.marketing).c_str(), std::string(profile.name).c_str());
  for (const KernelCounters &c : counters) {
    TimeBounds b = timeBounds(c, profile);
    out += "\n" + c.kernel +
           format(": %llu launches, %llu blocks of %u threads, %u%s registers, %u bytes of shared memory\n",
                  (unsigned long long)c.launches, (unsigned long long)c.blocks, c.blockThreads, c.registers,
                  c.registersAreEstimated ? " (estimated)" : "", c.sharedBytesPerBlock);
    out += format("  warp instructions %llu, threads active %.1f of 32\n",
                  (unsigned long long)c.warpInstructions, ratio(c.threadInstructions, c.warpInstructions));
    out += "   ";
    for (unsigned i = 0; i < instructionClassCount; ++i)
      if (c.byClass[i])
        out += " " + std::string(instructionClassName(InstructionClass(i))) +
               format(" %llu", (unsigned long long)c.byClass[i]);
    out += "\n";
    if (c.matrixInstructions)
      out += format("  matrix operations %.4g FLOP in %llu instructions\n", double(c.matrixFlops),
                    (unsigned long long)c.matrixInstructions);
    out += format("  global loads  %.4g bytes, %.2f sectors a request, %.0f %% of the sectors' bytes used\n",
                  double(c.globalLoadBytes), ratio(c.globalLoadSectors, c.globalLoadRequests),
                  100 * ratio(c.globalLoadBytes, c.globalLoadSectors * 32));
    out += format("  global stores %.4g bytes, %.2f sectors a request, %.0f %% of the sectors' bytes used; "
                  "%.4g distinct bytes\n",
                  double(c.globalStoreBytes), ratio(c.globalStoreSectors, c.globalStoreRequests),
                  100 * ratio(c.globalStoreBytes, c.globalStoreSectors * 32), double(c.uniqueGlobalBytes));
    out += format("  shared memory %llu requests, %.2f phases each, %.2f times the least\n",
                  (unsigned long long)c.sharedRequests, ratio(c.sharedPhases, c.sharedRequests),
                  ratio(c.sharedPhases, c.sharedIdealPhases));
    out += format("  atomics %llu, barriers %llu, branches %llu, divergent %llu\n",
                  (unsigned long long)c.atomics, (unsigned long long)c.barriers,
                  (unsigned long long)c.branches, (unsigned long long)c.divergentBranches);
    out += format("  occupancy %.0f %% (%u blocks); bounds in us: matrix %.3f, issue %.3f, shared %.3f, L2 "
                  "%.3f, DRAM %.3f -> %s\n",
                  100 * b.occupancy, b.blocksPerMultiprocessor, b.matrix * 1e6, b.issue * 1e6, b.shared * 1e6,
                  b.l2 * 1e6, b.dram * 1e6, std::string(b.limiter()).c_str());
  }
  return out;
}

std::string countersJson(std::span<const KernelCounters> counters, const DeviceProfile &profile) {
  std::string out = "{\"device\": " + quoted(std::string(profile.name)) +
                    ", \"chip\": " + quoted(std::string(profile.marketing)) + ", \"kernels\": [";
  bool first = true;
  for (const KernelCounters &c : counters) {
    TimeBounds b = timeBounds(c, profile);
    out += first ? "\n" : ",\n";
    first = false;
    out += " {\"kernel\": " + quoted(c.kernel) + ", \"module\": " + quoted(c.module);
    auto add = [&](const char *name, uint64_t value) {
      out += format(", \"%s\": %llu", name, (unsigned long long)value);
    };
    add("launches", c.launches), add("blocks", c.blocks), add("threads", c.threads);
    add("block_threads", c.blockThreads), add("registers", c.registers),
        add("registers_are_estimated", c.registersAreEstimated);
    add("shared_bytes_per_block", c.sharedBytesPerBlock);
    add("warp_instructions", c.warpInstructions), add("thread_instructions", c.threadInstructions);
    out += ", \"by_class\": {";
    for (unsigned i = 0; i < instructionClassCount; ++i)
      out += (i ? ", \"" : "\"") + std::string(instructionClassName(InstructionClass(i))) +
             format("\": %llu", (unsigned long long)c.byClass[i]);
    out += "}";
    add("matrix_instructions", c.matrixInstructions), add("matrix_flops", c.matrixFlops);
    add("global_load_requests", c.globalLoadRequests), add("global_load_bytes", c.globalLoadBytes);
    add("global_load_sectors", c.globalLoadSectors), add("global_store_requests", c.globalStoreRequests);
    add("global_store_bytes", c.globalStoreBytes), add("global_store_sectors", c.globalStoreSectors);
    add("unique_global_bytes", c.uniqueGlobalBytes), add("shared_requests", c.sharedRequests);
    add("shared_phases", c.sharedPhases), add("shared_ideal_phases", c.sharedIdealPhases),
        add("shared_bytes", c.sharedBytes);
    out += ", \"accesses\": [";
    for (size_t i = 0; i < c.accesses.size(); ++i)
      out += (i ? ",\n  " : "\n  ") + accessJson(c.accesses[i]);
    out += "]";
    add("atomics", c.atomics), add("barriers", c.barriers), add("branches", c.branches);
    add("divergent_branches", c.divergentBranches);
    out += format(", \"occupancy\": %.4f, \"lower_bounds_seconds\": {\"matrix\": %.6e, \"issue\": %.6e, "
                  "\"shared\": %.6e, "
                  "\"l2\": %.6e, \"dram\": %.6e}, \"limiter\": \"%s\"}",
                  b.occupancy, b.matrix, b.issue, b.shared, b.l2, b.dram, std::string(b.limiter()).c_str());
  }
  return out + "\n]}\n";
}

} // namespace mv::ptxsim
