//===- Checker.h - The checks, as the machine calls them ------------*- C++ -*-===//
//
// One Checker serves one launch. The machine calls it before an access happens, so that a stored value can
// still be compared with what memory holds.
//
// Happens-before. A *segment* is what a warp does between two of its synchronisations; segments are numbered
// over all launches, so that records of earlier launches are recognised as old without clearing anything.
// Each warp has a vector clock over the warps of its block: the last segment of each that it is known to come
// after.
//  - A barrier joins the clocks of all that took part.
//  - A fence remembers the warp's clock; a strong write (atomic, volatile, relaxed, or release, which is its
//  own fence)
//    leaves it at its address; a strong read takes it along, and the next fence or barrier (or acquire at
//    once) joins it.
//  - Lanes of one warp are unordered within a segment; bar.warp.sync begins a new one, as do barriers and
//  fences.
//  - Blocks are unordered but for what they exchange through memory as above.
//  - cp.async writes in flight belong to nobody: any access to their bytes is a finding. When its wait
//  completes a copy,
//    the write becomes the waiting lane's.
// Two accesses conflict when one is a write, they share a byte, and not both are strong. A write of the value
// that is there already is not reported: many threads setting one flag is idiom, not error.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_CHECKS_CHECKER_H
#define MV_LIB_PTXSIM_CHECKS_CHECKER_H

#include "PTXSim/Checks/ReportLog.h"
#include "PTXSim/Checks/Shadow.h"
#include "PTXSim/Machine/Program.h"
#include "mv/PTXSim/CheckReport.h"

#include <array>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace mv::ptxsim {

struct Barrier;
struct Block;
struct Warp;
struct Allocation;
class Segments;

using WarpClocks = std::array<uint32_t, 32>;

/// What a warp knows: of its own block by warp, of other blocks what it acquired.
struct Knowledge {
  WarpClocks own = {};
  std::shared_ptr<const std::map<uint64_t, WarpClocks>> foreign; ///< By block.
};

struct WarpClock {
  Knowledge known;      ///< known.own[the warp itself] is the clock of its running segment.
  uint32_t segment = 0; ///< Number of the running segment.
  bool hasFence = false;
  Knowledge atFence; ///< What a relaxed write after the fence releases.
  std::map<uint64_t, WarpClocks>
      pending; ///< Acquired by relaxed reads, waiting for a fence. By block, own included.
};

/// What was released at an address.
using ReleasedClocks = std::map<uint64_t, WarpClocks>;

struct BlockClocks {
  std::vector<WarpClock> warps;
  std::unordered_map<uint64_t, ReleasedClocks> shared; ///< By address in shared memory.
};

enum class AccessKind : uint8_t { Read, Write, Atomic, StrongRead, StrongWrite, AsyncWrite };

/// The values a store is about to write, for telling a harmless repetition from a race.
struct StoredValues {
  const Slot *slots = nullptr;
  unsigned count = 0, bytes = 0; ///< Elements, and their size in memory …
  unsigned registerBytes = 0;    ///< … and in registers.
};

class Checker {
public:
  Checker(const Checks &checks, ReportLog &log, Segments &segments, const Program &program,
          std::string module, Dim3 grid, Dim3 block, const std::map<uint32_t, std::string> &files);

  const Checks &checks() const { return checks_; }

  // Memory and sync findings.
  void report(CheckKind kind, const Warp &warp, const Inst &inst, unsigned lane, std::string_view space,
              uint64_t address, std::string message);

  /// Checks an access of `mask` lanes to one allocation, or to shared memory when that is null.
  void access(Warp &warp, const Inst &inst, uint32_t mask, const uint64_t *addresses, unsigned bytes,
              AccessKind kind, Allocation *allocation, const StoredValues &values = {});
  /// Memory that malloc hands out begins a new life.
  void forget(Allocation &allocation, uint64_t address, uint64_t bytes);
  /// Bytes of shared memory that a completed cp.async wrote.
  void asyncCompleted(Warp &warp, uint32_t origin, unsigned lane, uint32_t address, unsigned bytes);

  // Order.
  void startBlock(Block &block);
  void barrier(Block &block, const Barrier &barrier);
  WarpClocks arrive(Warp &warp); ///< bar.arrive: what waiting threads will come after.
  void warpSync(Warp &warp, uint32_t lanes);
  void fence(Warp &warp);
  void strongRead(Warp &warp, uint64_t address, bool shared, bool acquire);
  void strongWrite(Warp &warp, uint64_t address, bool shared, bool release);

private:
  struct Place;
  static Place placeOf(const Warp &warp, Allocation *allocation);
  void checkInit(Warp &warp, const Inst &inst, uint32_t mask, const uint64_t *addresses, const Place &place,
                 unsigned bytes, AccessKind kind);
  void checkRaces(Warp &warp, const Inst &inst, uint32_t mask, const uint64_t *addresses, const Place &place,
                  unsigned bytes, AccessKind kind, const StoredValues &values);
  void checkGranule(Warp &warp, const Inst &inst, unsigned lane, Granule &granule, const Record &now,
                    const Place &place, const uint64_t *addresses, uint32_t mask, AccessKind kind,
                    const StoredValues &values);
  bool conflicts(const Warp &warp, Record other, const Record &now) const;
  bool ordered(const Warp &warp, Record record) const;
  struct OrderCache;
  bool orderedCached(const Warp &warp, Record record, OrderCache &cache) const;
  bool isPast(const Warp &warp, Record other, const Record &now, OrderCache &cache) const;
  bool checkQuickly(const Warp &warp, Granule &granule, const Record &now, bool reads,
                    OrderCache &cache) const;
  bool harmless(const Warp &warp, uint32_t mask, const uint64_t *addresses, const Place &place, unsigned lane,
                Record other, const Record &now, const StoredValues &values) const;
  void reportRace(const Warp &warp, const Inst &inst, unsigned lane, uint64_t address, const Place &place,
                  Record other, AccessKind kind, bool otherWrote);
  void newSegment(Block &block, unsigned warpIndex);
  void joinPending(Block &block, WarpClock &clock);
  void publish(Block &block, const Knowledge &knowledge, uint64_t address, bool shared);
  AccessSite makeSite(uint32_t origin, uint64_t block, unsigned thread) const;

  Checks checks_;
  ReportLog &log_;
  Segments &segments_;
  const Program &program_;
  std::string module_;
  const std::map<uint32_t, std::string> &files_;
  uint32_t launch_;
  Dim3 grid_, blockShape_;
  std::mutex releasesLock_;
  std::atomic<bool> anyRelease_{false};
  std::unordered_map<uint64_t, ReleasedClocks> releases_;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_CHECKS_CHECKER_H
