//===- Memory.cpp - The simulated device's global memory ------------*- C++ -*-===//

#include "PTXSim/Machine/Memory.h"

#include <algorithm>
#include <sys/mman.h>

namespace mv::ptxsim {
namespace {

constexpr uint64_t granularity = 512; ///< What a driver rounds allocations to.
constexpr uint64_t gap = 512;         ///< Between allocations.
constexpr uint64_t quarantineBytes =
    1ull << 30; ///< Freed address space that is held back; its pages are given up.

uint64_t roundUp(uint64_t value, uint64_t to) { return (value + to - 1) / to * to; }

} // namespace

Memory::Memory(const Options &options, uint64_t capacity) : options_(options), capacity_(capacity) {
  // Twice the capacity of address space, since freed ranges and gaps take some; no page exists before it is
  // touched.
  for (uint64_t bytes = roundUp(capacity * 2, 4096); bytes >= capacity; bytes -= bytes / 4) {
    void *range =
        mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED)
      continue;
    begin_ = reinterpret_cast<uint64_t>(range);
    end_ = begin_ + bytes;
    top_ = roundUp(begin_ + gap, granularity);
    return;
  }
}

Memory::~Memory() {
  if (begin_)
    munmap(reinterpret_cast<void *>(begin_), end_ - begin_);
}

/// First fit among recycled ranges, then fresh address space. `bytes` includes the gap.
uint64_t Memory::takeRange(uint64_t bytes) {
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    auto [base, size] = *range;
    if (size < bytes)
      continue;
    free_.erase(range);
    if (size > bytes)
      free_[base + bytes] = size - bytes;
    return base;
  }
  if (end_ - top_ < bytes)
    return 0;
  uint64_t base = top_;
  top_ += bytes;
  return base;
}

void Memory::attachShadows(Allocation &allocation) {
  allocation.shadowBase = allocation.base / RaceShadow::pageBytes * RaceShadow::pageBytes;
  uint64_t bytes = allocation.base - allocation.shadowBase + allocation.reachable;
  if (options_.checks.init && !allocation.host)
    allocation.init = std::make_unique<InitShadow>(bytes);
  if (options_.checks.race)
    allocation.race = std::make_unique<RaceShadow>(bytes);
  if (options_.counters)
    allocation.touched.assign(allocation.reachable / 32 / 64 + 2, 0);
}

Result Memory::allocate(uint64_t bytes, uint64_t &address, bool isGlobal) {
  if (bytes == 0)
    return Result(Error::InvalidValue, "allocation of 0 bytes");
  uint64_t rounded = roundUp(bytes, granularity);
  if (bytes > capacity_ || rounded > capacity_ - used_)
    return Result(Error::OutOfMemory, "allocation of " + std::to_string(bytes) +
                                          " bytes: " + std::to_string(capacity_ - used_) + " of " +
                                          std::to_string(capacity_) + " are free");
  uint64_t base = takeRange(rounded + gap);
  while (base == 0 && !quarantine_.empty()) {
    recycle(*quarantine_.front());
    quarantine_.pop_front();
    base = takeRange(rounded + gap);
  }
  if (base == 0)
    return Result(Error::OutOfMemory,
                  "allocation of " + std::to_string(bytes) + " bytes: address space exhausted");
  auto allocation = std::make_unique<Allocation>();
  allocation->base = base;
  allocation->size = bytes;
  allocation->reachable = options_.checks.memory ? bytes : rounded;
  allocation->identifier = ++count_;
  allocation->isGlobal = isGlobal;
  attachShadows(*allocation);
  used_ += rounded;
  address = base;
  allocations_[base] = std::move(allocation);
  return {};
}

void Memory::recycle(const Allocation &allocation) {
  uint64_t base = allocation.base, bytes = roundUp(allocation.size, granularity) + gap;
  quarantined_ -= bytes;
  auto next = free_.lower_bound(base);
  if (next != free_.end() && next->first == base + bytes) {
    bytes += next->second;
    next = free_.erase(next);
  }
  if (next != free_.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == base) {
      previous->second += bytes;
      return;
    }
  }
  free_[base] = bytes;
}

Result Memory::free(uint64_t address) {
  auto found = allocations_.find(address);
  if (found == allocations_.end() || found->second->host) {
    bool twice = findFreed(address) != nullptr;
    return Result(Error::InvalidValue, twice ? "memory is freed twice" : "freed address is no allocation");
  }
  std::unique_ptr<Allocation> allocation = std::move(found->second);
  allocations_.erase(found);
  uint64_t rounded = roundUp(allocation->size, granularity);
  used_ -= rounded;
  // Give the pages back; the contents are gone, as after a real free.
  uint64_t firstPage = roundUp(address, 4096), lastPage = (address + rounded) / 4096 * 4096;
  if (lastPage > firstPage)
    madvise(reinterpret_cast<void *>(firstPage), lastPage - firstPage, MADV_DONTNEED);
  allocation->freed = true;
  allocation->init.reset();
  allocation->race.reset();
  quarantined_ += rounded + gap;
  quarantine_.push_back(std::move(allocation));
  uint64_t limit = options_.checks.memory ? quarantineBytes : 0;
  while (quarantined_ > limit && !quarantine_.empty()) {
    recycle(*quarantine_.front());
    quarantine_.pop_front();
  }
  return {};
}

Result Memory::registerHost(uint64_t address, uint64_t bytes, bool managed) {
  if (address == 0 || bytes == 0 || address + bytes < address || address + bytes > windowBase)
    return Result(Error::InvalidValue, "host range is empty or out of range");
  auto next = allocations_.lower_bound(address);
  bool overlaps = next != allocations_.end() && next->first < address + bytes;
  if (next != allocations_.begin()) {
    const Allocation &previous = *std::prev(next)->second;
    overlaps |= previous.base + previous.size > address;
  }
  if (overlaps)
    return Result(Error::InvalidValue, "host range is registered already");
  auto allocation = std::make_unique<Allocation>();
  allocation->base = address;
  allocation->size = allocation->reachable = bytes;
  allocation->identifier = ++count_;
  allocation->host = true;
  allocation->managed = managed;
  attachShadows(*allocation);
  allocations_[address] = std::move(allocation);
  return {};
}

Result Memory::unregisterHost(uint64_t address) {
  auto found = allocations_.find(address);
  if (found == allocations_.end() || !found->second->host)
    return Result(Error::InvalidValue, "address is not registered host memory");
  allocations_.erase(found);
  return {};
}

Allocation *Memory::find(uint64_t address, uint64_t bytes) {
  auto next = allocations_.upper_bound(address);
  if (next == allocations_.begin())
    return nullptr;
  Allocation *allocation = std::prev(next)->second.get();
  return allocation->contains(address, bytes) ? allocation : nullptr;
}

const Allocation *Memory::nearest(uint64_t address) const {
  auto next = allocations_.upper_bound(address);
  const Allocation *after = next == allocations_.end() ? nullptr : next->second.get();
  const Allocation *before = next == allocations_.begin() ? nullptr : std::prev(next)->second.get();
  if (!before || !after)
    return before ? before : after;
  return address - (before->base + before->size - 1) <= after->base - address ? before : after;
}

const Allocation *Memory::findFreed(uint64_t address) const {
  for (auto allocation = quarantine_.rbegin(); allocation != quarantine_.rend(); ++allocation)
    if (address >= (*allocation)->base &&
        address - (*allocation)->base < std::max<uint64_t>((*allocation)->size, 1))
      return allocation->get();
  return nullptr;
}

} // namespace mv::ptxsim
