//===- Devices.cpp - Devices and what can be asked of them -------------------------------===//

#include "Attributes.h"
#include "State.h"

#include <cstdio>
#include <cstring>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// Body of an entry point about one device: `body(slot)`.
template <typename Body> CUresult withDevice(CUdevice device, Body body) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    return slot ? body(*slot) : CUDA_ERROR_INVALID_DEVICE;
  });
}

} // namespace

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  if (!device)
    return CUDA_ERROR_INVALID_VALUE;
  return withDevice(ordinal, [&](DeviceSlot &slot) {
    *device = slot.ordinal;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetCount(int *count) {
  return withDriver([&](Lock &) -> CUresult {
    if (!count)
      return CUDA_ERROR_INVALID_VALUE;
    *count = static_cast<int>(Driver::get().devices.size());
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!name || length <= 0)
      return CUDA_ERROR_INVALID_VALUE;
    std::string text = std::string(slot.profile->marketing) + " (simulated)";
    std::snprintf(name, static_cast<size_t>(length), "%s", text.c_str());
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetUuid(CUuuid *uuid, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!uuid)
      return CUDA_ERROR_INVALID_VALUE;
    std::memset(uuid->bytes, 0, sizeof(uuid->bytes));
    std::memcpy(uuid->bytes, "MV-PTXSIM", 9);
    uuid->bytes[14] = static_cast<char>(slot.profile->computeCapability());
    uuid->bytes[15] = static_cast<char>(slot.ordinal);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceTotalMem(size_t *bytes, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!bytes)
      return CUDA_ERROR_INVALID_VALUE;
    uint64_t limit = Driver::get().settings.options.memoryLimit;
    *bytes = limit ? limit : slot.profile->memoryBytes;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetAttribute(int *value, CUdevice_attribute attribute, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    std::optional<int> found = deviceAttribute(*slot.profile, device, attribute);
    if (!value || !found)
      return CUDA_ERROR_INVALID_VALUE;
    *value = *found;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceComputeCapability(int *major, int *minor, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!major || !minor)
      return CUDA_ERROR_INVALID_VALUE;
    *major = static_cast<int>(slot.profile->major);
    *minor = static_cast<int>(slot.profile->minor);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetProperties(CUdevprop *properties, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!properties)
      return CUDA_ERROR_INVALID_VALUE;
    auto attribute = [&](CUdevice_attribute name) { return *deviceAttribute(*slot.profile, device, name); };
    *properties = {};
    properties->maxThreadsPerBlock = attribute(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    for (int i = 0; i < 3; ++i) {
      properties->maxThreadsDim[i] =
          attribute(static_cast<CUdevice_attribute>(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X + i));
      properties->maxGridSize[i] =
          attribute(static_cast<CUdevice_attribute>(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X + i));
    }
    properties->sharedMemPerBlock = attribute(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
    properties->totalConstantMemory = attribute(CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
    properties->SIMDWidth = 32;
    properties->memPitch = attribute(CU_DEVICE_ATTRIBUTE_MAX_PITCH);
    properties->regsPerBlock = attribute(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
    properties->clockRate = attribute(CU_DEVICE_ATTRIBUTE_CLOCK_RATE);
    properties->textureAlign = attribute(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetPCIBusId(char *id, int length, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!id || length < 13)
      return CUDA_ERROR_INVALID_VALUE;
    std::snprintf(id, static_cast<size_t>(length), "0000:%02x:00.0", slot.ordinal + 1);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetByPCIBusId(CUdevice *device, const char *id) {
  return withDriver([&](Lock &) -> CUresult {
    unsigned domain = 0, bus = 0;
    if (!device || !id ||
        (std::sscanf(id, "%x:%x:", &domain, &bus) != 2 && std::sscanf(id, "%x:", &bus) != 1))
      return CUDA_ERROR_INVALID_VALUE;
    DeviceSlot *slot = Driver::get().device(static_cast<CUdevice>(bus) - 1);
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    *device = slot->ordinal;
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceCanAccessPeer(int *can, CUdevice device, CUdevice peer) {
  return withDriver([&](Lock &) -> CUresult {
    if (!can)
      return CUDA_ERROR_INVALID_VALUE;
    if (!Driver::get().device(device) || !Driver::get().device(peer))
      return CUDA_ERROR_INVALID_DEVICE;
    *can = 0; // Kernels reach their own device's memory only; copies between devices work.
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetP2PAttribute(int *value, CUdevice_P2PAttribute, CUdevice device, CUdevice peer) {
  return cuDeviceCanAccessPeer(value, device, peer);
}

CUresult cuDeviceGetTexture1DLinearMaxWidth(size_t *width, CUarray_format, unsigned, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &slot) -> CUresult {
    if (!width)
      return CUDA_ERROR_INVALID_VALUE;
    *width = *deviceAttribute(*slot.profile, device, CU_DEVICE_ATTRIBUTE_MAXIMUM_TEXTURE1D_LINEAR_WIDTH);
    return CUDA_SUCCESS;
  });
}

CUresult cuDeviceGetExecAffinitySupport(int *supported, CUexecAffinityType, CUdevice device) {
  return withDevice(device, [&](DeviceSlot &) -> CUresult {
    if (!supported)
      return CUDA_ERROR_INVALID_VALUE;
    *supported = 0;
    return CUDA_SUCCESS;
  });
}
