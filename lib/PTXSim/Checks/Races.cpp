//===- Races.cpp - Conflicting accesses that nothing orders ---------*- C++ -*-===//

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Checks/Place.h"
#include "PTXSim/Checks/Segments.h"
#include "PTXSim/Machine/Launch.h"

#include <bit>
#include <cstring>

namespace mv::ptxsim {
namespace {

WarpClock &clockOf(const Warp &warp) { return warp.block->clocks->warps[warp.index]; }

bool isStrong(AccessKind kind) {
  return kind == AccessKind::Atomic || kind == AccessKind::StrongRead || kind == AccessKind::StrongWrite;
}
bool readsOnly(AccessKind kind) { return kind == AccessKind::Read || kind == AccessKind::StrongRead; }

std::string_view nameOf(AccessKind kind) {
  switch (kind) {
  case AccessKind::Read:
    return "load";
  case AccessKind::StrongRead:
    return "strong load";
  case AccessKind::Write:
    return "store";
  case AccessKind::StrongWrite:
    return "strong store";
  case AccessKind::Atomic:
    return "atomic";
  default:
    return "asynchronous copy";
  }
}

} // namespace

bool Checker::ordered(const Warp &warp, Record record) const {
  const SegmentInfo &info = segments_.info(record.segment());
  if (info.launch != launch_)
    return true;
  const Knowledge &known = clockOf(warp).known;
  if (info.block == warp.block->linear)
    return info.warp == warp.index || info.clock <= known.own[info.warp];
  if (!known.foreign)
    return false;
  auto found = known.foreign->find(info.block);
  return found != known.foreign->end() && info.clock <= found->second[info.warp];
}

bool Checker::conflicts(const Warp &warp, Record other, const Record &now) const {
  if (!other || (other.atomic() && now.atomic()))
    return false;
  if (other.segment() == now.segment())
    return other.async() || other.lane() != now.lane();
  if (other.async())
    return segments_.info(other.segment()).launch == launch_;
  return !ordered(warp, other);
}

/// A store that changes nothing: memory holds the value already, or the other lane of this very instruction
/// stores it too.
bool Checker::harmless(const Warp &warp, uint32_t mask, const uint64_t *addresses, const Place &place,
                       unsigned lane, Record other, const Record &now, const StoredValues &values) const {
  if (!values.slots || other.async())
    return false;
  bool sameInstruction = other.segment() == now.segment() && other.origin() == now.origin() &&
                         (mask >> other.lane() & 1) && addresses[other.lane()] == addresses[lane];
  bool sameAsMemory = true, sameAsLane = sameInstruction;
  for (unsigned i = 0; i < values.count; ++i) {
    const uint8_t *reg = warp.at<uint8_t>(values.slots[i]);
    const uint8_t *mine = reg + lane * values.registerBytes;
    sameAsMemory &= std::memcmp(mine, place.host(addresses[lane]) + i * values.bytes, values.bytes) == 0;
    sameAsLane =
        sameAsLane && std::memcmp(mine, reg + other.lane() * values.registerBytes, values.bytes) == 0;
  }
  return sameAsMemory || sameAsLane;
}

void Checker::reportRace(const Warp &warp, const Inst &inst, unsigned lane, uint64_t address,
                         const Place &place, Record other, AccessKind kind, bool otherWrote) {
  CheckKind found = other.async() ? CheckKind::AsyncNotWaited : CheckKind::Race;
  ReportKey key{program_.name, found, std::min(inst.origin, other.origin()),
                std::max(inst.origin, other.origin())};
  if (!log_.isNew(key))
    return;
  const SegmentInfo &info = segments_.info(other.segment());
  CheckReport report;
  report.kind = found;
  report.kernel = program_.name;
  report.module = module_;
  report.address = address;
  report.space = place.space();
  std::string where = place.describe(address);
  if (other.async())
    report.message =
        std::string(nameOf(kind)) + " of bytes that an asynchronous copy is still writing, at " + where;
  else
    report.message = std::string(nameOf(kind)) + " conflicts with an earlier " +
                     (other.atomic() ? "atomic or strong access"
                      : otherWrote   ? "store"
                                     : "load") +
                     " at " + where +
                     (info.block != warp.block->linear ? ": nothing orders the two blocks"
                      : info.warp != warp.index        ? ": nothing orders the two warps"
                                                       : ": nothing orders the two lanes");
  report.site = makeSite(inst.origin, warp.block->linear, warp.index * warpSize + lane);
  report.hasOther = true;
  report.other = makeSite(other.origin(), info.block, info.warp * warpSize + other.lane());
  log_.add(key, std::move(report));
}

void Checker::checkGranule(Warp &warp, const Inst &inst, unsigned lane, Granule &granule, const Record &now,
                           const Place &place, const uint64_t *addresses, uint32_t mask, AccessKind kind,
                           const StoredValues &values) {
  if (conflicts(warp, granule.write, now) &&
      (readsOnly(kind) || !harmless(warp, mask, addresses, place, lane, granule.write, now, values)))
    reportRace(warp, inst, lane, addresses[lane], place, granule.write, kind, true);
  if (!readsOnly(kind)) {
    for (Record &read : granule.read) {
      if (conflicts(warp, read, now))
        reportRace(warp, inst, lane, addresses[lane], place, read, kind, false);
      read = {};
    }
    granule.write = now;
    return;
  }
  // Keep two readers that nothing orders before this one; a third adds nothing.
  for (Record &read : granule.read)
    if (!read || read.bits == now.bits || (read.segment() != now.segment() && ordered(warp, read))) {
      read = now;
      return;
    }
}

/// What `ordered` said about the segments met last; good for one instruction, in which no clock changes.
struct Checker::OrderCache {
  uint32_t segments[8] = {};
  bool answers[8] = {};
};

inline bool Checker::orderedCached(const Warp &warp, Record record, OrderCache &cache) const {
  uint32_t segment = record.segment();
  if (cache.segments[segment % 8] != segment) {
    cache.segments[segment % 8] = segment;
    cache.answers[segment % 8] = ordered(warp, record);
  }
  return cache.answers[segment % 8];
}

/// Whether `other` is certainly no conflict and no longer worth keeping: from a segment that comes before
/// this one.
inline bool Checker::isPast(const Warp &warp, Record other, const Record &now, OrderCache &cache) const {
  return !other || (!other.async() && other.segment() != now.segment() && orderedCached(warp, other, cache));
}

/// The usual cases, without a call: all that is on record lies in the past, or is this very lane's. True when
/// done.
inline bool Checker::checkQuickly(const Warp &warp, Granule &granule, const Record &now, bool reads,
                                  OrderCache &cache) const {
  bool writeFine = isPast(warp, granule.write, now, cache) || granule.write.bits == now.bits;
  if (!writeFine)
    return false;
  Record &first = granule.read[0];
  if (reads) {
    if (first.bits == now.bits)
      return true;
    if (!isPast(warp, first, now, cache))
      return false;
    first = now;
    return true;
  }
  if (!isPast(warp, first, now, cache) || !isPast(warp, granule.read[1], now, cache))
    return false;
  granule = {now, {}};
  return true;
}

void Checker::checkRaces(Warp &warp, const Inst &inst, uint32_t mask, const uint64_t *addresses,
                         const Place &place, unsigned bytes, AccessKind kind, const StoredValues &values) {
  constexpr uint64_t pageMask = RaceShadow::pageBytes - 1;
  uint32_t segment = clockOf(warp).segment;
  unsigned shift = unsigned(std::min(4, std::countr_zero(bytes)));
  bool reads = readsOnly(kind);
  OrderCache cache;
  RaceShadow::Page *page = nullptr;
  uint64_t pageNumber = ~uint64_t(0);
  std::unique_lock<std::mutex> lock;
  forLanes(mask, [&](unsigned lane) {
    uint64_t offset = addresses[lane] - place.base;
    if (offset / RaceShadow::pageBytes != pageNumber) {
      pageNumber = offset / RaceShadow::pageBytes;
      page = &place.race->page(offset);
      if (lock.owns_lock())
        lock.unlock();      // One at a time, or two threads could each hold what the other wants.
      if (place.allocation) // Shared memory belongs to one thread of the host.
        lock = std::unique_lock(page->lock);
      if (page->shift > shift)
        page->refine(shift);
    }
    Record now = Record::make(segment, inst.origin, lane, isStrong(kind), kind == AccessKind::AsyncWrite);
    Granule *granule = page->granules.data() + ((offset & pageMask) >> page->shift);
    for (unsigned i = 0; i < bytes >> page->shift; ++i)
      if (!checkQuickly(warp, granule[i], now, reads, cache))
        checkGranule(warp, inst, lane, granule[i], now, place, addresses, mask, kind, values);
  });
}

void Checker::forget(Allocation &allocation, uint64_t address, uint64_t bytes) {
  if (!allocation.race)
    return;
  for (uint64_t at = address - allocation.shadowBase, end = at + bytes; at < end;) {
    RaceShadow::Page &page = allocation.race->page(at);
    std::lock_guard guard(page.lock);
    uint64_t stop = std::min(end, (at / RaceShadow::pageBytes + 1) * RaceShadow::pageBytes);
    for (; at < stop; at += uint64_t(1) << page.shift)
      page.granules[(at & (RaceShadow::pageBytes - 1)) >> page.shift] = {};
  }
}

void Checker::asyncCompleted(Warp &warp, uint32_t origin, unsigned lane, uint32_t address, unsigned bytes) {
  Block &block = *warp.block;
  if (!block.sharedRace)
    return;
  RaceShadow::Page &page = block.sharedRace->page(address);
  Record now = Record::make(clockOf(warp).segment, origin, lane, false, false);
  Granule *granule = page.granules.data() + ((address & (RaceShadow::pageBytes - 1)) >> page.shift);
  for (unsigned i = 0; i < bytes >> page.shift; ++i)
    granule[i].write = now;
}

} // namespace mv::ptxsim
