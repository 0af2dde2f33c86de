//===- Checker.cpp - Initialisation and reports ---------------------*- C++ -*-===//

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Checks/Place.h"
#include "PTXSim/Checks/Segments.h"
#include "PTXSim/Machine/Launch.h"

namespace mv::ptxsim {

Checker::Checker(const Checks &checks, ReportLog &log, Segments &segments, const Program &program,
                 std::string module, Dim3 grid, Dim3 block, const std::map<uint32_t, std::string> &files)
    : checks_(checks), log_(log), segments_(segments), program_(program), module_(std::move(module)),
      files_(files), launch_(segments.newLaunch()), grid_(grid), blockShape_(block) {}

AccessSite Checker::makeSite(uint32_t origin, uint64_t block, unsigned thread) const {
  const Origin &from = program_.origins[origin < program_.origins.size() ? origin : 0];
  AccessSite site;
  site.instruction = std::string(from.text.substr(0, 200));
  site.line = from.line;
  site.source = sourceOf(from, files_);
  site.block = {uint32_t(block % grid_.x), uint32_t(block / grid_.x % grid_.y),
                uint32_t(block / grid_.x / grid_.y)};
  site.thread = {thread % blockShape_.x, thread / blockShape_.x % blockShape_.y,
                 thread / blockShape_.x / blockShape_.y};
  return site;
}

void Checker::report(CheckKind kind, const Warp &warp, const Inst &inst, unsigned lane,
                     std::string_view space, uint64_t address, std::string message) {
  ReportKey key{program_.name, kind, inst.origin, 0};
  if (!log_.isNew(key))
    return;
  CheckReport report;
  report.kind = kind;
  report.kernel = program_.name;
  report.module = module_;
  report.message = std::move(message);
  report.address = address;
  report.space = space;
  report.site = makeSite(inst.origin, warp.block->linear, warp.index * warpSize + lane);
  log_.add(key, std::move(report));
}

Checker::Place Checker::placeOf(const Warp &warp, Allocation *allocation) {
  if (allocation)
    return {allocation, allocation->shadowBase, allocation->init.get(), allocation->race.get(), nullptr};
  Block &block = *warp.block;
  return {nullptr, 0, block.sharedInit.get(), block.sharedRace.get(), block.shared};
}

void Checker::access(Warp &warp, const Inst &inst, uint32_t mask, const uint64_t *addresses, unsigned bytes,
                     AccessKind kind, Allocation *allocation, const StoredValues &values) {
  Place place = placeOf(warp, allocation);
  if (place.init)
    checkInit(warp, inst, mask, addresses, place, bytes, kind);
  if (place.race)
    checkRaces(warp, inst, mask, addresses, place, bytes, kind, values);
}

void Checker::checkInit(Warp &warp, const Inst &inst, uint32_t mask, const uint64_t *addresses,
                        const Place &place, unsigned bytes, AccessKind kind) {
  InitShadow &shadow = *place.init;
  bool reads = kind == AccessKind::Read || kind == AccessKind::StrongRead || kind == AccessKind::Atomic;
  bool writes = kind != AccessKind::Read && kind != AccessKind::StrongRead;
  unsigned piece = bytes < 16 ? bytes : 16;
  forLanes(mask, [&](unsigned lane) {
    uint64_t offset = addresses[lane] - place.base;
    for (unsigned part = 0; part < bytes; part += piece) {
      if (reads && !shadow.isSet(offset + part, piece)) {
        unsigned unset = 0;
        for (unsigned i = 0; i < piece; ++i)
          unset += !shadow.byteSet(offset + part + i);
        report(CheckKind::UninitializedRead, warp, inst, lane, place.space(), addresses[lane],
               "load of " + std::to_string(bytes) + " bytes reads " + std::to_string(unset) +
                   " that nobody has written, at " + place.describe(addresses[lane]));
      }
      if (writes)
        shadow.set(offset + part, piece);
    }
  });
}

} // namespace mv::ptxsim
