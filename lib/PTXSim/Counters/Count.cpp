//===- Count.cpp - Sectors and bank phases of one request -----------*- C++ -*-===//
//
// Global memory moves in sectors of 32 bytes. Shared memory has 32 banks of 4 bytes; a phase serves one word
// of each bank to any number of lanes. Accesses of 8 bytes are served to half a warp at a time, of 16 to a
// quarter (CUDA C++ Programming Guide, "Shared Memory", and what compute capability 5.0 and later do).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"

#include <algorithm>
#include <atomic>

namespace mv::ptxsim {
namespace {

/// Sorts and counts what is distinct; requests are nearly always sorted already.
unsigned countDistinct(uint64_t *values, unsigned count) {
  if (!std::is_sorted(values, values + count))
    std::sort(values, values + count);
  return unsigned(std::unique(values, values + count) - values);
}

} // namespace

void countGlobal(Worker &worker, Allocation &allocation, const LaneAddresses &addresses, uint32_t mask,
                 unsigned bytes, AccessKind kind, uint32_t origin) {
  KernelCounters &counters = worker.counters;
  uint64_t sectors[warpSize];
  unsigned count = unsigned(std::popcount(mask)), lanes = 0;
  forLanes(mask, [&](unsigned lane) { sectors[lanes++] = addresses[lane]; });
  unsigned used = countDistinct(sectors, count); // Aligned and of one size, so no two overlap in part.
  for (unsigned i = 0; i < used; ++i)
    sectors[i] /= 32;
  unsigned distinct = countDistinct(sectors, used);
  for (unsigned i = 0; i < distinct; ++i) {
    uint64_t index = sectors[i] - allocation.base / 32, bit = uint64_t(1) << index % 64;
    if (index / 64 >= allocation.touched.size())
      continue;
    std::atomic_ref<uint64_t> word(allocation.touched[index / 64]);
    if (!(word.load(std::memory_order_relaxed) & bit) &&
        !(word.fetch_or(bit, std::memory_order_relaxed) & bit))
      counters.uniqueGlobalBytes += 32;
  }
  if (kind == AccessKind::Atomic)
    return;
  bool store = isWrite(kind);
  (store ? counters.globalStoreRequests : counters.globalLoadRequests) += 1;
  (store ? counters.globalStoreBytes : counters.globalLoadBytes) += uint64_t(count) * bytes;
  (store ? counters.globalStoreSectors : counters.globalLoadSectors) += distinct;
  AccessCounters &access = worker.accesses[origin];
  ++access.globalRequests;
  access.sectors += distinct;
  access.usedBytes += uint64_t(used) * bytes;
}

void countShared(Worker &worker, const LaneAddresses &addresses, uint32_t mask, unsigned bytes,
                 uint32_t origin) {
  AccessCounters &access = worker.accesses[origin];
  ++access.sharedRequests;
  KernelCounters &counters = worker.counters;
  unsigned group = bytes <= 4 ? 32 : bytes == 8 ? 16 : 8, words = bytes <= 4 ? 1 : std::min(bytes, 16u) / 4;
  ++counters.sharedRequests;
  counters.sharedBytes += uint64_t(std::popcount(mask)) * bytes;
  for (unsigned first = 0; first < warpSize; first += group) {
    uint32_t lanes = mask & (group == 32 ? allLanes : ((1u << group) - 1) << first);
    if (!lanes)
      continue;
    uint64_t touched[warpSize];
    unsigned count = 0;
    forLanes(lanes, [&](unsigned lane) {
      for (unsigned word = 0; word < words; ++word)
        touched[count++] = addresses[lane] / 4 + word;
    });
    unsigned distinct = countDistinct(touched, count);
    unsigned perBank[32] = {}, phases = 0;
    for (unsigned i = 0; i < distinct; ++i)
      phases = std::max(phases, ++perBank[touched[i] % 32]);
    counters.sharedPhases += phases;
    counters.sharedIdealPhases += 1;
    access.phases += phases;
    access.idealPhases += 1;
  }
}

} // namespace mv::ptxsim
