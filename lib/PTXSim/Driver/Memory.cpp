//===- Memory.cpp - Allocating device and pinned host memory -----------------------------===//

#include "Memory.h"

#include "State.h"

#include <cstdlib>
#include <unistd.h>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

constexpr size_t pitchAlignment = 512;

/// Makes a host range known to every device that runs.
CUresult pin(void *host, HostRange range) {
  Driver &driver = Driver::get();
  uint64_t address = reinterpret_cast<uint64_t>(host);
  for (DeviceSlot &slot : driver.devices)
    if (slot.engine)
      if (CUresult code = toResult(slot.engine->registerHost(host, range.bytes, range.managed), nullptr))
        return code;
  driver.hostRanges[address] = range;
  return CUDA_SUCCESS;
}

CUresult allocateHost(void **host, size_t bytes, unsigned flags, bool managed) {
  if (!host || bytes == 0)
    return CUDA_ERROR_INVALID_VALUE;
  if (CUresult code = forbidDuringCapture())
    return code;
  // Whole pages, as the driver's: a program may rely on the alignment.
  size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  *host = std::aligned_alloc(page, (bytes + page - 1) / page * page);
  if (!*host)
    return CUDA_ERROR_OUT_OF_MEMORY;
  CUresult code = pin(*host, {bytes, flags, /*allocated=*/true, managed});
  if (code != CUDA_SUCCESS)
    std::free(*host);
  return code;
}

/// Forgets the range that begins at `host`, and frees it when it was allocated here.
CUresult unpin(uint64_t address, bool allocated) {
  Driver &driver = Driver::get();
  auto found = driver.hostRanges.find(address);
  if (found == driver.hostRanges.end() || found->second.allocated != allocated)
    return allocated ? CUDA_ERROR_INVALID_VALUE : CUDA_ERROR_HOST_MEMORY_NOT_REGISTERED;
  for (DeviceSlot &slot : driver.devices)
    if (slot.engine)
      (void)slot.engine->unregisterHost(reinterpret_cast<void *>(address));
  driver.hostRanges.erase(found);
  if (allocated)
    std::free(reinterpret_cast<void *>(address));
  return CUDA_SUCCESS;
}

} // namespace

CUresult mv::ptxsim::driver::allocate(CUctx_st &context, size_t bytes, CUdeviceptr &address) {
  uint64_t found = 0;
  if (CUresult code = toResult(context.engine().allocate(bytes, found), nullptr))
    return code;
  context.allocations.insert(found);
  address = found;
  return CUDA_SUCCESS;
}

CUresult mv::ptxsim::driver::release(CUctx_st &, CUdeviceptr address) {
  Driver &driver = Driver::get();
  PointerInfo info;
  if (DeviceSlot *owner = driver.ownerOf(address, info)) {
    if (info.base != address)
      return CUDA_ERROR_INVALID_VALUE;
    CUresult code = toResult(owner->engine->free(address), nullptr);
    if (owner->primary)
      owner->primary->allocations.erase(address);
    if (CUcontext current = currentContext())
      current->allocations.erase(address);
    return code;
  }
  auto range = driver.hostRanges.find(address);
  if (range != driver.hostRanges.end() && range->second.managed)
    return unpin(address, /*allocated=*/true);
  // Not an allocation any more: the engine tells a double free from a wild pointer.
  CUcontext current = currentContext();
  CUresult code = current ? toResult(current->engine().free(address), nullptr) : CUDA_ERROR_INVALID_VALUE;
  return code == CUDA_SUCCESS ? CUDA_ERROR_INVALID_VALUE : code;
}

CUresult cuMemGetInfo(size_t *freeBytes, size_t *totalBytes) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (freeBytes)
      *freeBytes = context.engine().freeBytes();
    if (totalBytes)
      *totalBytes = context.engine().totalBytes();
    return CUDA_SUCCESS;
  });
}

CUresult cuMemAlloc(CUdeviceptr *address, size_t bytes) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!address || bytes == 0)
      return CUDA_ERROR_INVALID_VALUE;
    if (CUresult code = forbidDuringCapture())
      return code;
    return allocate(context, bytes, *address);
  });
}

CUresult cuMemAllocPitch(CUdeviceptr *address, size_t *pitch, size_t width, size_t height,
                         unsigned elementBytes) {
  if (!address || !pitch || width == 0 || height == 0 ||
      (elementBytes != 4 && elementBytes != 8 && elementBytes != 16))
    return CUDA_ERROR_INVALID_VALUE;
  *pitch = (width + pitchAlignment - 1) / pitchAlignment * pitchAlignment;
  return cuMemAlloc(address, *pitch * height);
}

CUresult cuMemFree(CUdeviceptr address) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (address == 0)
      return CUDA_SUCCESS;
    if (CUresult code = forbidDuringCapture())
      return code;
    return release(context, address);
  });
}

CUresult cuMemAllocHost(void **host, size_t bytes) { return cuMemHostAlloc(host, bytes, 0); }

CUresult cuMemHostAlloc(void **host, size_t bytes, unsigned flags) {
  return withContext([&](Lock &, CUctx_st &) { return allocateHost(host, bytes, flags, /*managed=*/false); });
}

CUresult cuMemAllocManaged(CUdeviceptr *address, size_t bytes, unsigned flags) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!address || (flags != CU_MEM_ATTACH_GLOBAL && flags != CU_MEM_ATTACH_HOST))
      return CUDA_ERROR_INVALID_VALUE;
    void *host = nullptr;
    CUresult code = allocateHost(&host, bytes, flags, /*managed=*/true);
    *address = reinterpret_cast<CUdeviceptr>(host);
    return code;
  });
}

CUresult cuMemFreeHost(void *host) {
  return withContext(
      [&](Lock &, CUctx_st &) { return unpin(reinterpret_cast<uint64_t>(host), /*allocated=*/true); });
}

CUresult cuMemHostRegister(void *host, size_t bytes, unsigned flags) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    Driver &driver = Driver::get();
    uint64_t address = reinterpret_cast<uint64_t>(host);
    if (!host || bytes == 0)
      return CUDA_ERROR_INVALID_VALUE;
    auto next = driver.hostRanges.lower_bound(address);
    if (driver.hostRangeOf(address) != driver.hostRanges.end() ||
        (next != driver.hostRanges.end() && next->first < address + bytes))
      return CUDA_ERROR_HOST_MEMORY_ALREADY_REGISTERED;
    return pin(host, {bytes, flags, /*allocated=*/false, /*managed=*/false});
  });
}

CUresult cuMemHostUnregister(void *host) {
  return withContext(
      [&](Lock &, CUctx_st &) { return unpin(reinterpret_cast<uint64_t>(host), /*allocated=*/false); });
}

CUresult cuMemHostGetDevicePointer(CUdeviceptr *address, void *host, unsigned flags) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    Driver &driver = Driver::get();
    uint64_t wanted = reinterpret_cast<uint64_t>(host);
    if (!address || flags != 0 || driver.hostRangeOf(wanted) == driver.hostRanges.end())
      return CUDA_ERROR_INVALID_VALUE;
    *address = wanted;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemHostGetFlags(unsigned *flags, void *host) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    auto range = Driver::get().hostRangeOf(reinterpret_cast<uint64_t>(host));
    if (!flags || range == Driver::get().hostRanges.end())
      return CUDA_ERROR_INVALID_VALUE;
    *flags = range->second.flags;
    return CUDA_SUCCESS;
  });
}

// Managed memory is host memory that kernels reach, so where it should be and who reads it changes nothing.
CUresult cuMemPrefetchAsync(CUdeviceptr address, size_t, CUmemLocation, unsigned, CUstream stream) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    auto range = Driver::get().hostRangeOf(address);
    if (range == Driver::get().hostRanges.end() || !range->second.managed)
      return CUDA_ERROR_INVALID_VALUE;
    return submit(lock, stream, EmptyOperation{});
  });
}

CUresult cuMemAdvise(CUdeviceptr address, size_t, CUmem_advise, CUmemLocation) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    auto range = Driver::get().hostRangeOf(address);
    return range != Driver::get().hostRanges.end() && range->second.managed ? CUDA_SUCCESS
                                                                            : CUDA_ERROR_INVALID_VALUE;
  });
}

MV_DRIVER_PER_THREAD(cuMemPrefetchAsync, _ptsz)
