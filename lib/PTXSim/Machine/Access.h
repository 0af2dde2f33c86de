//===- Access.h - From the addresses of 32 lanes to host memory -----*- C++ -*-===//
//
// Every access of a kernel to memory goes through resolve: it finds the host addresses of all lanes at once,
// checks bounds and alignment, and tells the checks and the counters. The usual case, all lanes inside the
// allocation that the same instruction touched last time, costs a minimum and a maximum over the lanes.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_ACCESS_H
#define MV_LIB_PTXSIM_MACHINE_ACCESS_H

#include "PTXSim/Checks/Checker.h"
#include "PTXSim/Machine/Handlers.h"
#include "PTXSim/Machine/Launch.h"

namespace mv::ptxsim {

using LaneAddresses = std::array<uint64_t, warpSize>;

struct AccessRequest {
  Slot base = noSlot;
  ptx::Space space = ptx::Space::Generic;
  unsigned bytes = 4; ///< Of a lane; alignment too.
  AccessKind kind = AccessKind::Read;
  StoredValues values = {};
  int64_t offset = 0; ///< Usually Inst::imm.
  uint8_t flags = 0;  ///< Usually Inst::flags.
};

/// Fills `host` for the lanes of `mask`. False when the launch has been stopped by a bad address.
bool resolve(Warp &warp, const Inst &inst, uint32_t mask, const AccessRequest &request, LaneAddresses &host);

/// The addresses themselves, in their space, without looking at memory.
void laneAddresses(const Warp &warp, const AccessRequest &request, LaneAddresses &addresses);

/// Where a strong access goes: to be asked before it is made, since it may overwrite its own address.
LaneAddresses strongAddresses(const Warp &warp, const Inst &inst, ptx::Space space);
/// Tells the race check that a strong access synchronises. A write before it is made, a read after: then who sees a
/// value from another thread finds what was released with it.
void noteStrong(Warp &warp, const Inst &inst, uint32_t mask, ptx::Space space, bool write,
                const LaneAddresses &addresses);

/// For builtins: one lane's generic address, or null.
uint8_t *hostPointer(Warp &warp, unsigned lane, uint64_t generic, uint64_t bytes);

/// Parts of a generic address.
inline bool isSharedWindow(uint64_t address) { return address >> windowShift == sharedWindow >> windowShift; }

inline bool isWrite(AccessKind kind) { return kind != AccessKind::Read && kind != AccessKind::StrongRead; }

// Counting (Counters/Count.cpp).
void countGlobal(Worker &worker, Allocation &allocation, const LaneAddresses &addresses, uint32_t mask,
                 unsigned bytes, AccessKind kind, uint32_t origin);
void countShared(Worker &worker, const LaneAddresses &addresses, uint32_t mask, unsigned bytes,
                 uint32_t origin);

/// `.shared::cta`, `.global`, …; Generic when none is named.
ptx::Space takeMemorySpace(Modifiers &modifiers);
std::string hexText(uint64_t value);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_ACCESS_H
