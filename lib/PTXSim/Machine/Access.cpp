//===- Access.cpp - From the addresses of 32 lanes to host memory ---*- C++ -*-===//

#include "PTXSim/Machine/Access.h"

namespace mv::ptxsim {

using ptx::Space;

namespace {

struct Extent {
  uint64_t low = ~uint64_t(0), high = 0, bits = 0;
};

Extent extentOf(const LaneAddresses &addresses, uint32_t mask) {
  Extent extent;
  if (mask == allLanes) {
    for (unsigned lane = 0; lane < warpSize; ++lane) {
      extent.low = std::min(extent.low, addresses[lane]);
      extent.high = std::max(extent.high, addresses[lane]);
      extent.bits |= addresses[lane];
    }
    return extent;
  }
  forLanes(mask, [&](unsigned lane) {
    extent.low = std::min(extent.low, addresses[lane]);
    extent.high = std::max(extent.high, addresses[lane]);
    extent.bits |= addresses[lane];
  });
  return extent;
}

std::string_view verb(AccessKind kind) {
  switch (kind) {
  case AccessKind::Read:
  case AccessKind::StrongRead:
    return "load";
  case AccessKind::Atomic:
    return "atomic";
  default:
    return "store";
  }
}

/// Stops the launch for a bad address, and reports it when memory is checked.
bool badAddress(Warp &warp, const Inst &inst, unsigned lane, const AccessRequest &request, Space space,
                uint64_t address, CheckKind kind, const std::string &why) {
  std::string message = std::string(verb(request.kind)) + " of " + std::to_string(request.bytes) +
                        " bytes at " + std::string(ptx::spaceName(space)) + " address " + hexText(address) +
                        ": " + why;
  if (warp.checker && warp.checker->checks().memory)
    warp.checker->report(kind, warp, inst, lane, ptx::spaceName(space), address, message);
  fault(warp, inst, lane, kind == CheckKind::Misaligned ? Error::MisalignedAddress : Error::IllegalAddress,
        message);
  return false;
}

bool misaligned(Warp &warp, const Inst &inst, uint32_t mask, const AccessRequest &request, Space space,
                const LaneAddresses &addresses) {
  for (uint32_t rest = mask; rest; rest &= rest - 1) {
    unsigned lane = unsigned(std::countr_zero(rest));
    if (addresses[lane] & (request.bytes - 1))
      return badAddress(warp, inst, lane, request, space, addresses[lane], CheckKind::Misaligned,
                        "not a multiple of " + std::to_string(request.bytes));
  }
  return true;
}

/// Where a bad global address lies, in words.
std::string explainGlobal(const Memory &memory, uint64_t address, uint64_t bytes, CheckKind &kind) {
  kind = CheckKind::OutOfBounds;
  if (const Allocation *freed = memory.findFreed(address)) {
    kind = CheckKind::UseAfterFree;
    return "offset " + std::to_string(address - freed->base) + " of an allocation of " +
           std::to_string(freed->size) + " bytes that has been freed";
  }
  const Allocation *near = memory.nearest(address);
  if (!near)
    return "nothing is allocated";
  uint64_t end = near->base + near->size;
  std::string what = std::string("the nearest ") + (near->host ? "registered host range" : "allocation") +
                     " of " + std::to_string(near->size) + " bytes at " + hexText(near->base);
  if (address >= end)
    return std::to_string(address - end) + " bytes after " + what;
  if (address >= near->base)
    return std::to_string(address + bytes - end) + " bytes reach beyond " + what;
  return std::to_string(near->base - address) + " bytes before " + what;
}

bool resolveGlobal(Warp &warp, const Inst &inst, uint32_t mask, const AccessRequest &request,
                   const LaneAddresses &addresses, const Extent &extent) {
  Worker &worker = *warp.worker;
  Memory &memory = warp.block->launch->memory;
  if ((extent.bits & (request.bytes - 1)) && !misaligned(warp, inst, mask, request, Space::Global, addresses))
    return false;
  Allocation *&cached = worker.cache[inst.origin];
  auto covers = [&](const Allocation &allocation) {
    return extent.low >= allocation.base && extent.high - allocation.base <= allocation.reachable &&
           request.bytes <= allocation.reachable - (extent.high - allocation.base);
  };
  if (!cached || !covers(*cached)) {
    Allocation *found = memory.find(extent.low, request.bytes);
    if (found && covers(*found))
      cached = found;
    else
      found = nullptr;
    if (!found) {
      // Lanes in several allocations, or somewhere wrong: one by one.
      for (uint32_t rest = mask; rest; rest &= rest - 1) {
        unsigned lane = unsigned(std::countr_zero(rest));
        Allocation *own = memory.find(addresses[lane], request.bytes);
        if (!own) {
          CheckKind kind;
          std::string why = explainGlobal(memory, addresses[lane], request.bytes, kind);
          return badAddress(warp, inst, lane, request, Space::Global, addresses[lane], kind, why);
        }
        if (warp.counting)
          countGlobal(worker, *own, addresses, 1u << lane, request.bytes, request.kind, inst.origin);
        if (warp.checker)
          warp.checker->access(warp, inst, 1u << lane, addresses.data(), request.bytes, request.kind, own,
                               request.values);
      }
      return true;
    }
  }
  if (warp.counting)
    countGlobal(worker, *cached, addresses, mask, request.bytes, request.kind, inst.origin);
  if (warp.checker)
    warp.checker->access(warp, inst, mask, addresses.data(), request.bytes, request.kind, cached,
                         request.values);
  return true;
}

/// Shared, local and parameter memory: plain arrays of known size.
bool resolveArray(Warp &warp, const Inst &inst, uint32_t mask, const AccessRequest &request, Space space,
                  LaneAddresses &addresses, const Extent &extent) {
  const Launch &launch = *warp.block->launch;
  uint64_t size = space == Space::Shared  ? warp.block->sharedBytes
                  : space == Space::Local ? warp.program->localBytes
                                          : launch.parameters.size();
  if (extent.high > size || request.bytes > size - extent.high) {
    for (uint32_t rest = mask; rest; rest &= rest - 1) {
      unsigned lane = unsigned(std::countr_zero(rest));
      if (addresses[lane] > size || request.bytes > size - addresses[lane])
        return badAddress(warp, inst, lane, request, space, addresses[lane], CheckKind::OutOfBounds,
                          "beyond the " + std::to_string(size) + " bytes there are");
    }
  }
  if ((extent.bits & (request.bytes - 1)) && !misaligned(warp, inst, mask, request, space, addresses))
    return false;
  if (space == Space::Shared) {
    if (warp.counting)
      countShared(*warp.worker, addresses, mask, request.bytes, inst.origin);
    if (warp.checker)
      warp.checker->access(warp, inst, mask, addresses.data(), request.bytes, request.kind, nullptr,
                           request.values);
  }
  const uint8_t *base = space == Space::Shared  ? warp.block->shared
                        : space == Space::Local ? warp.local
                                                : launch.parameters.data();
  uint64_t stride = space == Space::Local ? warp.program->localBytes : 0;
  for (unsigned lane = 0; lane < warpSize; ++lane)
    addresses[lane] += reinterpret_cast<uint64_t>(base) + stride * lane;
  return true;
}

Space spaceOfWindow(uint64_t address) {
  if (address < windowBase)
    return Space::Global;
  switch (address >> windowShift) {
  case sharedWindow >> windowShift:
    return Space::Shared;
  case localWindow >> windowShift:
    return Space::Local;
  case paramWindow >> windowShift:
    return Space::Param;
  default:
    return Space::Generic;
  }
}

constexpr uint64_t windowMask = (uint64_t(1) << windowShift) - 1;

/// Generic addresses: lanes are taken together by the space they turn out to be in.
bool resolveGeneric(Warp &warp, const Inst &inst, uint32_t mask, const AccessRequest &request,
                    LaneAddresses &host) {
  LaneAddresses addresses = host;
  for (uint32_t rest = mask; rest;) {
    unsigned first = unsigned(std::countr_zero(rest));
    Space space = spaceOfWindow(addresses[first]);
    if (space == Space::Generic)
      return badAddress(warp, inst, first, request, Space::Generic, addresses[first], CheckKind::OutOfBounds,
                        "in no memory");
    uint32_t same = 0;
    forLanes(rest, [&](unsigned lane) { same |= uint32_t(spaceOfWindow(addresses[lane]) == space) << lane; });
    rest &= ~same;
    LaneAddresses part = addresses;
    if (space != Space::Global)
      for (uint64_t &address : part)
        address &= windowMask;
    Extent extent = extentOf(part, same);
    bool fine = space == Space::Global ? resolveGlobal(warp, inst, same, request, part, extent)
                                       : resolveArray(warp, inst, same, request, space, part, extent);
    if (!fine)
      return false;
    forLanes(same, [&](unsigned lane) { host[lane] = part[lane]; });
  }
  return true;
}

} // namespace

std::string hexText(uint64_t value) {
  static const char digits[] = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[value & 15]);
    value >>= 4;
  } while (value);
  return "0x" + text;
}

void laneAddresses(const Warp &warp, const AccessRequest &request, LaneAddresses &addresses) {
  uint64_t offset = uint64_t(request.offset) + (request.flags & flagFrame ? warp.frameBase : 0);
  if (request.flags & flagAddress32) {
    const uint32_t *base = warp.at<uint32_t>(request.base);
    // Shared addresses wrap in 32 bits; a 32-bit base with a negative offset stays in its window.
    for (unsigned lane = 0; lane < warpSize; ++lane)
      addresses[lane] = uint32_t(base[lane] + uint32_t(offset));
    return;
  }
  const uint64_t *base = warp.at<uint64_t>(request.base);
  for (unsigned lane = 0; lane < warpSize; ++lane)
    addresses[lane] = base[lane] + offset;
}

bool resolve(Warp &warp, const Inst &inst, uint32_t mask, const AccessRequest &request, LaneAddresses &host) {
  laneAddresses(warp, request, host);
  Extent extent = extentOf(host, mask);
  if (request.space == Space::Global || request.space == Space::Const)
    return resolveGlobal(warp, inst, mask, request, host, extent);
  if (request.space != Space::Generic)
    return resolveArray(warp, inst, mask, request, request.space, host, extent);
  if (extent.high < windowBase)
    return resolveGlobal(warp, inst, mask, request, host, extent);
  return resolveGeneric(warp, inst, mask, request, host);
}

uint8_t *hostPointer(Warp &warp, unsigned lane, uint64_t generic, uint64_t bytes) {
  Space space = spaceOfWindow(generic);
  uint64_t offset = generic & windowMask;
  const Launch &launch = *warp.block->launch;
  auto inside = [&](uint64_t size) { return offset <= size && bytes <= size - offset; };
  switch (space) {
  case Space::Global:
    return warp.block->launch->memory.find(generic, bytes) ? reinterpret_cast<uint8_t *>(generic) : nullptr;
  case Space::Shared:
    return inside(warp.block->sharedBytes) ? warp.block->shared + offset : nullptr;
  case Space::Local:
    return inside(warp.program->localBytes) ? warp.local + uint64_t(warp.program->localBytes) * lane + offset
                                            : nullptr;
  case Space::Param:
    return inside(launch.parameters.size()) ? const_cast<uint8_t *>(launch.parameters.data()) + offset
                                            : nullptr;
  default:
    return nullptr;
  }
}

Space takeMemorySpace(Modifiers &modifiers) {
  if (modifiers.take("global"))
    return Space::Global;
  if (modifiers.take("shared") || modifiers.take("shared::cta"))
    return Space::Shared;
  if (modifiers.take("local"))
    return Space::Local;
  if (modifiers.take("const"))
    return Space::Const;
  if (modifiers.take("param") || modifiers.take("param::entry") || modifiers.take("param::func"))
    return Space::Param;
  return Space::Generic;
}

} // namespace mv::ptxsim
