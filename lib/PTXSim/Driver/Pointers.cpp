//===- Pointers.cpp - What an address is ---------------------------------------------------===//

#include "State.h"

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// What the driver knows of one address.
struct Found {
  bool device = false, pinned = false, managed = false;
  uint64_t base = 0;
  size_t bytes = 0;
  CUdevice ordinal = 0;
  CUcontext context = nullptr;
};

Found lookUp(uint64_t address) {
  Driver &driver = Driver::get();
  Found found;
  PointerInfo info;
  if (DeviceSlot *owner = driver.ownerOf(address, info)) {
    found.device = true;
    found.managed = info.managed;
    found.base = info.base;
    found.bytes = info.size;
    found.ordinal = owner->ordinal;
    found.context = owner->primary ? owner->primary : currentContext();
    return found;
  }
  auto range = driver.hostRangeOf(address);
  if (range == driver.hostRanges.end())
    return found;
  found.pinned = true;
  found.managed = range->second.managed;
  found.base = range->first;
  found.bytes = range->second.bytes;
  found.context = currentContext();
  return found;
}

template <typename T> CUresult put(void *data, T value) {
  *static_cast<T *>(data) = value;
  return CUDA_SUCCESS;
}

CUresult getAttribute(void *data, CUpointer_attribute attribute, CUdeviceptr address) {
  Found found = lookUp(address);
  if (!found.device && !found.pinned)
    return CUDA_ERROR_INVALID_VALUE;
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_CONTEXT:
    return put(data, found.context);
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
    return put<unsigned>(data, found.pinned && !found.managed ? CU_MEMORYTYPE_HOST : CU_MEMORYTYPE_DEVICE);
  case CU_POINTER_ATTRIBUTE_DEVICE_POINTER:
    return put(data, address);
  case CU_POINTER_ATTRIBUTE_HOST_POINTER:
    return found.pinned ? put(data, reinterpret_cast<void *>(address)) : CUDA_ERROR_INVALID_VALUE;
  case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
    return put<unsigned>(data, 1);
  case CU_POINTER_ATTRIBUTE_BUFFER_ID:
    return put<unsigned long long>(data, found.base);
  case CU_POINTER_ATTRIBUTE_IS_MANAGED:
    return put<unsigned>(data, found.managed);
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    return put<int>(data, found.ordinal);
  case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
    return put<unsigned>(data, 0);
  case CU_POINTER_ATTRIBUTE_RANGE_START_ADDR:
    return put<CUdeviceptr>(data, found.base);
  case CU_POINTER_ATTRIBUTE_RANGE_SIZE:
    return put<size_t>(data, found.bytes);
  case CU_POINTER_ATTRIBUTE_MAPPED:
    return put<unsigned>(data, 1);
  case CU_POINTER_ATTRIBUTE_ALLOWED_HANDLE_TYPES:
    return put<unsigned long long>(data, 0);
  case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
    return put<unsigned>(data, 0);
  case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
    return put<unsigned>(data, CU_POINTER_ATTRIBUTE_ACCESS_FLAG_READWRITE);
  case CU_POINTER_ATTRIBUTE_MEMPOOL_HANDLE:
    return put<CUmemoryPool>(data, nullptr);
  default:
    return CUDA_ERROR_NOT_SUPPORTED;
  }
}

/// What cuPointerGetAttributes answers for memory it does not know: nothing, without an error.
void clearAttribute(void *data, CUpointer_attribute attribute) {
  switch (attribute) {
  case CU_POINTER_ATTRIBUTE_MEMORY_TYPE:
  case CU_POINTER_ATTRIBUTE_SYNC_MEMOPS:
  case CU_POINTER_ATTRIBUTE_IS_MANAGED:
  case CU_POINTER_ATTRIBUTE_IS_LEGACY_CUDA_IPC_CAPABLE:
  case CU_POINTER_ATTRIBUTE_MAPPED:
  case CU_POINTER_ATTRIBUTE_IS_GPU_DIRECT_RDMA_CAPABLE:
  case CU_POINTER_ATTRIBUTE_ACCESS_FLAGS:
    (void)put<unsigned>(data, 0);
    return;
  case CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL:
    (void)put<int>(data, -2);
    return;
  default:
    (void)put<uint64_t>(data, 0);
    return;
  }
}

} // namespace

CUresult cuPointerGetAttribute(void *data, CUpointer_attribute attribute, CUdeviceptr address) {
  return withDriver(
      [&](Lock &) { return data ? getAttribute(data, attribute, address) : CUDA_ERROR_INVALID_VALUE; });
}

CUresult cuPointerGetAttributes(unsigned count, CUpointer_attribute *attributes, void **data,
                                CUdeviceptr address) {
  return withDriver([&](Lock &) -> CUresult {
    if (!attributes || !data)
      return CUDA_ERROR_INVALID_VALUE;
    for (unsigned i = 0; i < count; ++i)
      if (getAttribute(data[i], attributes[i], address) != CUDA_SUCCESS)
        clearAttribute(data[i], attributes[i]);
    return CUDA_SUCCESS;
  });
}

CUresult cuPointerSetAttribute(const void *value, CUpointer_attribute attribute, CUdeviceptr address) {
  return withDriver([&](Lock &) -> CUresult {
    Found found = lookUp(address);
    if (!value || attribute != CU_POINTER_ATTRIBUTE_SYNC_MEMOPS || !found.device)
      return CUDA_ERROR_INVALID_VALUE;
    return CUDA_SUCCESS;
  });
}

CUresult cuMemGetAddressRange(CUdeviceptr *base, size_t *bytes, CUdeviceptr address) {
  return withDriver([&](Lock &) -> CUresult {
    Found found = lookUp(address);
    if (!found.device && !found.pinned)
      return CUDA_ERROR_NOT_FOUND;
    if (base)
      *base = found.base;
    if (bytes)
      *bytes = found.bytes;
    return CUDA_SUCCESS;
  });
}
