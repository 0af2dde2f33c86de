//===- Pools.cpp - Stream-ordered allocation -----------------------------------------------===//
//
// Streams run in the order of the calls, so a stream-ordered allocation is a plain one.
//
//===----------------------------------------------------------------------===//

#include "Memory.h"
#include "State.h"

#include <algorithm>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// Allocating inside a graph would give the graph memory of its own, which is not simulated.
CUresult refuseCapture(CUstream handle) {
  CUstream stream = resolveStream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  return stream->capture ? CUDA_ERROR_NOT_SUPPORTED : CUDA_SUCCESS;
}

CUresult poolAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void *value, bool set) {
  switch (attribute) {
  case CU_MEMPOOL_ATTR_REUSE_FOLLOW_EVENT_DEPENDENCIES:
  case CU_MEMPOOL_ATTR_REUSE_ALLOW_OPPORTUNISTIC:
  case CU_MEMPOOL_ATTR_REUSE_ALLOW_INTERNAL_DEPENDENCIES: {
    uint64_t &stored = pool->attributes.try_emplace(attribute, 1).first->second;
    if (set)
      stored = static_cast<uint64_t>(*static_cast<int *>(value));
    else
      *static_cast<int *>(value) = static_cast<int>(stored);
    return CUDA_SUCCESS;
  }
  case CU_MEMPOOL_ATTR_RELEASE_THRESHOLD: {
    uint64_t &stored = pool->attributes[attribute];
    if (set)
      stored = *static_cast<cuuint64_t *>(value);
    else
      *static_cast<cuuint64_t *>(value) = stored;
    return CUDA_SUCCESS;
  }
  case CU_MEMPOOL_ATTR_RESERVED_MEM_CURRENT:
  case CU_MEMPOOL_ATTR_RESERVED_MEM_HIGH:
  case CU_MEMPOOL_ATTR_USED_MEM_CURRENT:
  case CU_MEMPOOL_ATTR_USED_MEM_HIGH:
    if (!set)
      *static_cast<cuuint64_t *>(value) = 0;
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

/// Body of an entry point about a device's pool: `body(slot)`.
template <typename Body> CUresult withSlot(CUdevice device, Body body) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    return slot ? body(*slot) : CUDA_ERROR_INVALID_DEVICE;
  });
}

} // namespace

CUresult cuMemAllocAsync(CUdeviceptr *address, size_t bytes, CUstream stream) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!address || bytes == 0)
      return CUDA_ERROR_INVALID_VALUE;
    if (CUresult code = refuseCapture(stream))
      return code;
    return allocate(context, bytes, *address);
  });
}

CUresult cuMemAllocFromPoolAsync(CUdeviceptr *address, size_t bytes, CUmemoryPool pool, CUstream stream) {
  {
    Lock lock(Driver::get().mutex);
    if (!Driver::get().pools.contains(pool))
      return CUDA_ERROR_INVALID_VALUE;
  }
  return cuMemAllocAsync(address, bytes, stream);
}

CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (CUresult code = refuseCapture(stream))
      return code;
    return address ? release(context, address) : CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetDefaultMemPool(CUmemoryPool *pool, CUdevice device) {
  return withSlot(device, [&](DeviceSlot &slot) -> CUresult {
    if (!pool)
      return CUDA_ERROR_INVALID_VALUE;
    *pool = slot.defaultPool;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetMemPool(CUmemoryPool *pool, CUdevice device) {
  return withSlot(device, [&](DeviceSlot &slot) -> CUresult {
    if (!pool)
      return CUDA_ERROR_INVALID_VALUE;
    *pool = slot.currentPool;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceSetMemPool(CUdevice device, CUmemoryPool pool) {
  return withSlot(device, [&](DeviceSlot &slot) -> CUresult {
    if (!Driver::get().pools.contains(pool))
      return CUDA_ERROR_INVALID_VALUE;
    slot.currentPool = pool;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolCreate(CUmemoryPool *pool, const CUmemPoolProps *properties) {
  return withDriver([&](Lock &) -> CUresult {
    if (!pool || !properties || properties->location.type != CU_MEM_LOCATION_TYPE_DEVICE)
      return CUDA_ERROR_INVALID_VALUE;
    if (!Driver::get().device(properties->location.id))
      return CUDA_ERROR_INVALID_DEVICE;
    *pool = new CUmemPoolHandle_st;
    (*pool)->device = properties->location.id;
    Driver::get().pools.insert(*pool);
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolDestroy(CUmemoryPool pool) {
  return withDriver([&](Lock &) -> CUresult {
    Driver &driver = Driver::get();
    if (!driver.pools.contains(pool))
      return CUDA_ERROR_INVALID_VALUE;
    for (DeviceSlot &slot : driver.devices) {
      if (slot.defaultPool == pool)
        return CUDA_ERROR_INVALID_VALUE;
      if (slot.currentPool == pool)
        slot.currentPool = slot.defaultPool;
    }
    driver.pools.erase(pool);
    delete pool;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemPoolGetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void *value) {
  return withDriver([&](Lock &) -> CUresult {
    if (!value || !Driver::get().pools.contains(pool))
      return CUDA_ERROR_INVALID_VALUE;
    return poolAttribute(pool, attribute, value, /*set=*/false);
  });
}

CUresult cuMemPoolSetAttribute(CUmemoryPool pool, CUmemPool_attribute attribute, void *value) {
  return withDriver([&](Lock &) -> CUresult {
    if (!value || !Driver::get().pools.contains(pool))
      return CUDA_ERROR_INVALID_VALUE;
    return poolAttribute(pool, attribute, value, /*set=*/true);
  });
}

CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
  return withDriver([&](Lock &) -> CUresult {
    return Driver::get().pools.contains(pool) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
  });
}

MV_DRIVER_PER_THREAD(cuMemAllocAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemAllocFromPoolAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemFreeAsync, _ptsz)
