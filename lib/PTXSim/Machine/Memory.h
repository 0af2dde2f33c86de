//===- Memory.h - The simulated device's global memory --------------*- C++ -*-===//
//
// One range of host addresses is reserved and handed out in allocations with gaps between them, so that an
// address a little outside an allocation belongs to none. Registered host memory joins the same sorted list.
// With the memory check, freed ranges are kept in quarantine for a while: a stale pointer then names the
// allocation it once was in.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_MEMORY_H
#define MV_LIB_PTXSIM_MACHINE_MEMORY_H

#include "PTXSim/Checks/Shadow.h"
#include "mv/PTXSim/Device.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace mv::ptxsim {

// The generic address space: what is below 2^48 is global memory; windows above.
inline constexpr uint64_t windowBase = uint64_t(1) << 48;
inline constexpr unsigned windowShift = 40;
enum Window : uint64_t { windowShared = 0, windowLocal = 1, windowParam = 2 };
constexpr uint64_t windowAddress(Window window) { return windowBase | uint64_t(window) << windowShift; }
inline constexpr uint64_t sharedWindow = windowAddress(windowShared);
inline constexpr uint64_t localWindow = windowAddress(windowLocal);
inline constexpr uint64_t paramWindow = windowAddress(windowParam);

struct Allocation {
  uint64_t base = 0, size = 0;
  uint64_t reachable =
      0; ///< What accesses may touch: `size`, or rounded up as a driver would when nothing checks.
  uint64_t shadowBase = 0; ///< Where the shadows begin: `base`, aligned down to a page of them.
  uint64_t identifier = 0; ///< Counts allocations.
  bool host = false, managed = false, isGlobal = false, constant = false, freed = false;
  std::unique_ptr<InitShadow> init;
  std::unique_ptr<RaceShadow> race;
  std::vector<uint64_t>
      touched; ///< For the counters: one bit for each sector of 32 bytes a launch has accessed.

  bool contains(uint64_t address, uint64_t bytes) const {
    return address >= base && address - base <= reachable && bytes <= reachable - (address - base);
  }
};

class Memory {
public:
  Memory(const Options &options, uint64_t capacity);
  ~Memory();
  bool reserved() const { return begin_ != 0; }

  Result allocate(uint64_t bytes, uint64_t &address, bool isGlobal = false);
  Result free(uint64_t address);
  Result registerHost(uint64_t address, uint64_t bytes, bool managed);
  Result unregisterHost(uint64_t address);

  /// The live allocation an access belongs to, or null.
  Allocation *find(uint64_t address, uint64_t bytes);
  const Allocation *nearest(uint64_t address) const;   ///< For messages: the closest live allocation.
  const Allocation *findFreed(uint64_t address) const; ///< The quarantined allocation an address once was in.

  uint64_t used() const { return used_; }
  uint64_t capacity() const { return capacity_; }
  const std::map<uint64_t, std::unique_ptr<Allocation>> &allocations() const { return allocations_; }

private:
  void attachShadows(Allocation &allocation);
  void recycle(const Allocation &allocation);
  uint64_t takeRange(uint64_t bytes);

  const Options &options_;
  uint64_t begin_ = 0, end_ = 0, top_ = 0;
  uint64_t capacity_, used_ = 0, count_ = 0, quarantined_ = 0;
  std::map<uint64_t, std::unique_ptr<Allocation>> allocations_; ///< By base.
  std::map<uint64_t, uint64_t> free_;                           ///< Recycled ranges, by base.
  std::deque<std::unique_ptr<Allocation>> quarantine_;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_MEMORY_H
