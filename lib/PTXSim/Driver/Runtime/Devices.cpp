//===- Devices.cpp - Devices, contexts and errors of the runtime ---------------------------===//

#include "Runtime.h"

#include <cstring>
#include <string>

using namespace mv::ptxsim::runtime;

namespace {

thread_local int currentDevice = 0;
thread_local cudaError_t lastError = cudaSuccess;

/// Errors that the runtime has and the driver does not.
struct RuntimeError {
  cudaError_t code;
  const char *name, *text;
};
constexpr RuntimeError runtimeErrors[] = {
    {cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration", "invalid configuration argument"},
    {cudaErrorInvalidSymbol, "cudaErrorInvalidSymbol", "invalid device symbol"},
    {cudaErrorMissingConfiguration, "cudaErrorMissingConfiguration",
     "__global__ function call is not configured"},
    {cudaErrorInvalidDeviceFunction, "cudaErrorInvalidDeviceFunction", "invalid device function"},
    {cudaErrorInvalidMemcpyDirection, "cudaErrorInvalidMemcpyDirection", "invalid copy direction for memcpy"},
    {cudaErrorInvalidPitchValue, "cudaErrorInvalidPitchValue", "invalid pitch argument"},
};

/// The primary context of a device. Each is retained once, for the life of the process.
CUresult primaryContext(int device, CUcontext &context) {
  static CUcontext retained[64] = {};
  if (device < 0 || device >= 64)
    return CUDA_ERROR_INVALID_DEVICE;
  if (!retained[device])
    if (CUresult result = cuDevicePrimaryCtxRetain(&retained[device], device))
      return result;
  context = retained[device];
  return CUDA_SUCCESS;
}

CUresult makeCurrent(int device) {
  CUcontext context = nullptr;
  if (CUresult result = primaryContext(device, context))
    return result;
  return cuCtxSetCurrent(context);
}

} // namespace

CUresult mv::ptxsim::runtime::ensureContext() {
  if (CUresult result = cuInit(0))
    return result;
  CUcontext current = nullptr;
  if (CUresult result = cuCtxGetCurrent(&current))
    return result;
  return current ? CUDA_SUCCESS : makeCurrent(currentDevice);
}

cudaError_t mv::ptxsim::runtime::finish(cudaError_t error) {
  if (error != cudaSuccess && error != cudaErrorNotReady)
    lastError = error;
  return error;
}

cudaError_t cudaGetLastError() {
  cudaError_t error = lastError;
  lastError = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return lastError; }

const char *cudaGetErrorName(cudaError_t error) {
  for (const RuntimeError &known : runtimeErrors)
    if (known.code == error)
      return known.name;
  const char *name = nullptr;
  return cuGetErrorName(static_cast<CUresult>(error), &name) == CUDA_SUCCESS ? name
                                                                             : "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error) {
  for (const RuntimeError &known : runtimeErrors)
    if (known.code == error)
      return known.text;
  const char *text = nullptr;
  return cuGetErrorString(static_cast<CUresult>(error), &text) == CUDA_SUCCESS ? text
                                                                               : "unrecognized error code";
}

cudaError_t cudaDriverGetVersion(int *version) { return finish(cuDriverGetVersion(version)); }

cudaError_t cudaRuntimeGetVersion(int *version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int *count) {
  *count = 0;
  CUresult result = cuInit(0);
  return finish(result == CUDA_SUCCESS ? cuDeviceGetCount(count) : result);
}

cudaError_t cudaGetDevice(int *device) {
  *device = currentDevice;
  return cudaSuccess;
}

cudaError_t cudaSetDevice(int device) {
  int count = 0;
  if (cudaError_t error = cudaGetDeviceCount(&count))
    return error;
  if (device < 0 || device >= count)
    return finish(cudaErrorInvalidDevice);
  currentDevice = device;
  return finish(makeCurrent(device));
}

cudaError_t cudaInitDevice(int device, unsigned, unsigned) {
  CUcontext context = nullptr;
  CUresult result = cuInit(0);
  return finish(result == CUDA_SUCCESS ? primaryContext(device, context) : result);
}

cudaError_t cudaSetDeviceFlags(unsigned flags) {
  CUresult result = cuInit(0);
  return finish(result == CUDA_SUCCESS ? cuDevicePrimaryCtxSetFlags(currentDevice, flags) : result);
}

cudaError_t cudaGetDeviceFlags(unsigned *flags) {
  return withContext([&] { return cuCtxGetFlags(flags); });
}

cudaError_t cudaDeviceSynchronize() {
  return withContext([] { return cuCtxSynchronize(); });
}

cudaError_t cudaDeviceReset() {
  return withContext([] { return cuDevicePrimaryCtxReset(currentDevice); });
}

cudaError_t cudaDeviceGetAttribute(int *value, cudaDeviceAttr attribute, int device) {
  CUresult result = cuInit(0);
  return finish(result == CUDA_SUCCESS
                    ? cuDeviceGetAttribute(value, static_cast<CUdevice_attribute>(attribute), device)
                    : result);
}

cudaError_t cudaDeviceSetLimit(cudaLimit limit, size_t value) {
  return withContext([&] { return cuCtxSetLimit(static_cast<CUlimit>(limit), value); });
}

cudaError_t cudaDeviceGetLimit(size_t *value, cudaLimit limit) {
  return withContext([&] { return cuCtxGetLimit(value, static_cast<CUlimit>(limit)); });
}

cudaError_t cudaDeviceGetCacheConfig(cudaFuncCache *config) {
  return withContext([&] { return cuCtxGetCacheConfig(reinterpret_cast<CUfunc_cache *>(config)); });
}

cudaError_t cudaDeviceSetCacheConfig(cudaFuncCache config) {
  return withContext([&] { return cuCtxSetCacheConfig(static_cast<CUfunc_cache>(config)); });
}

cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
  return withContext([&] { return cuCtxGetStreamPriorityRange(least, greatest); });
}

cudaError_t cudaDeviceCanAccessPeer(int *can, int device, int peer) {
  return withContext([&] { return cuDeviceCanAccessPeer(can, device, peer); });
}

cudaError_t cudaDeviceGetPCIBusId(char *id, int length, int device) {
  return withContext([&] { return cuDeviceGetPCIBusId(id, length, device); });
}

cudaError_t cudaDeviceGetByPCIBusId(int *device, const char *id) {
  return withContext([&] { return cuDeviceGetByPCIBusId(device, id); });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp *properties, int device) {
  if (cudaError_t error = finish(cuInit(0)))
    return error;
  std::memset(properties, 0, sizeof(*properties));
  if (cudaError_t error = finish(cuDeviceGetName(properties->name, sizeof(properties->name), device)))
    return error;
  auto get = [&](CUdevice_attribute attribute) {
    int value = 0;
    cuDeviceGetAttribute(&value, attribute, device);
    return value;
  };
  CUuuid uuid = {};
  cuDeviceGetUuid(&uuid, device);
  std::memcpy(properties->uuid.bytes, uuid.bytes, sizeof(uuid.bytes));
  cuDeviceTotalMem(&properties->totalGlobalMem, device);
  properties->sharedMemPerBlock = get(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK);
  properties->regsPerBlock = get(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_BLOCK);
  properties->warpSize = get(CU_DEVICE_ATTRIBUTE_WARP_SIZE);
  properties->memPitch = get(CU_DEVICE_ATTRIBUTE_MAX_PITCH);
  properties->maxThreadsPerBlock = get(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  for (int i = 0; i < 3; ++i) {
    properties->maxThreadsDim[i] =
        get(static_cast<CUdevice_attribute>(CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X + i));
    properties->maxGridSize[i] = get(static_cast<CUdevice_attribute>(CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X + i));
  }
  properties->totalConstMem = get(CU_DEVICE_ATTRIBUTE_TOTAL_CONSTANT_MEMORY);
  properties->major = get(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  properties->minor = get(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  properties->textureAlignment = get(CU_DEVICE_ATTRIBUTE_TEXTURE_ALIGNMENT);
  properties->texturePitchAlignment = get(CU_DEVICE_ATTRIBUTE_TEXTURE_PITCH_ALIGNMENT);
  properties->multiProcessorCount = get(CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  properties->canMapHostMemory = get(CU_DEVICE_ATTRIBUTE_CAN_MAP_HOST_MEMORY);
  properties->surfaceAlignment = get(CU_DEVICE_ATTRIBUTE_SURFACE_ALIGNMENT);
  properties->concurrentKernels = get(CU_DEVICE_ATTRIBUTE_CONCURRENT_KERNELS);
  properties->pciBusID = get(CU_DEVICE_ATTRIBUTE_PCI_BUS_ID);
  properties->asyncEngineCount = get(CU_DEVICE_ATTRIBUTE_ASYNC_ENGINE_COUNT);
  properties->unifiedAddressing = get(CU_DEVICE_ATTRIBUTE_UNIFIED_ADDRESSING);
  properties->memoryBusWidth = get(CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);
  properties->l2CacheSize = get(CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  properties->maxThreadsPerMultiProcessor = get(CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
  properties->streamPrioritiesSupported = get(CU_DEVICE_ATTRIBUTE_STREAM_PRIORITIES_SUPPORTED);
  properties->globalL1CacheSupported = get(CU_DEVICE_ATTRIBUTE_GLOBAL_L1_CACHE_SUPPORTED);
  properties->localL1CacheSupported = get(CU_DEVICE_ATTRIBUTE_LOCAL_L1_CACHE_SUPPORTED);
  properties->sharedMemPerMultiprocessor = get(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
  properties->regsPerMultiprocessor = get(CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR);
  properties->managedMemory = get(CU_DEVICE_ATTRIBUTE_MANAGED_MEMORY);
  properties->concurrentManagedAccess = get(CU_DEVICE_ATTRIBUTE_CONCURRENT_MANAGED_ACCESS);
  properties->computePreemptionSupported = get(CU_DEVICE_ATTRIBUTE_COMPUTE_PREEMPTION_SUPPORTED);
  properties->canUseHostPointerForRegisteredMem =
      get(CU_DEVICE_ATTRIBUTE_CAN_USE_HOST_POINTER_FOR_REGISTERED_MEM);
  properties->cooperativeLaunch = get(CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH);
  properties->sharedMemPerBlockOptin = get(CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
  properties->maxBlocksPerMultiProcessor = get(CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR);
  properties->reservedSharedMemPerBlock = get(CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK);
  properties->hostRegisterSupported = get(CU_DEVICE_ATTRIBUTE_HOST_REGISTER_SUPPORTED);
  properties->memoryPoolsSupported = get(CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED);
  return cudaSuccess;
}

cudaError_t cudaGetDriverEntryPointByVersion(const char *symbol, void **function, unsigned version,
                                             unsigned long long flags,
                                             cudaDriverEntryPointQueryResult *status) {
  if (cudaError_t error = finish(cuInit(0)))
    return error;
  return finish(cuGetProcAddress(symbol, function, static_cast<int>(version), flags,
                                 reinterpret_cast<CUdriverProcAddressQueryResult *>(status)));
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
cudaError_t cudaGetDriverEntryPoint(const char *symbol, void **function, unsigned long long flags,
                                    cudaDriverEntryPointQueryResult *status) {
  return cudaGetDriverEntryPointByVersion(symbol, function, CUDART_VERSION, flags, status);
}
MV_RUNTIME_PER_THREAD(cudaGetDriverEntryPoint, _ptsz)
#pragma GCC diagnostic pop
MV_RUNTIME_PER_THREAD(cudaGetDriverEntryPointByVersion, _ptsz)

// A profiler would be told by these where to look; the simulator's counters look everywhere.
extern "C" __attribute__((visibility("default"))) cudaError_t cudaProfilerStart() { return cudaSuccess; }
extern "C" __attribute__((visibility("default"))) cudaError_t cudaProfilerStop() { return cudaSuccess; }
