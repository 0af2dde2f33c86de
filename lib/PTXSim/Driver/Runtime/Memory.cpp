//===- Memory.cpp - Memory and copies of the runtime ----------------------------------------===//

#include "Runtime.h"

#include <cstring>

using namespace mv::ptxsim::runtime;

namespace {

/// Copies say which way; a wrong direction is refused before anything moves.
CUresult copyTypes(cudaMemcpyKind kind, CUmemorytype &to, CUmemorytype &from) {
  switch (kind) {
  case cudaMemcpyHostToHost:
    to = from = CU_MEMORYTYPE_HOST;
    return CUDA_SUCCESS;
  case cudaMemcpyHostToDevice:
    to = CU_MEMORYTYPE_DEVICE;
    from = CU_MEMORYTYPE_HOST;
    return CUDA_SUCCESS;
  case cudaMemcpyDeviceToHost:
    to = CU_MEMORYTYPE_HOST;
    from = CU_MEMORYTYPE_DEVICE;
    return CUDA_SUCCESS;
  case cudaMemcpyDeviceToDevice:
    to = from = CU_MEMORYTYPE_DEVICE;
    return CUDA_SUCCESS;
  case cudaMemcpyDefault:
    to = from = CU_MEMORYTYPE_UNIFIED;
    return CUDA_SUCCESS;
  }
  return static_cast<CUresult>(cudaErrorInvalidMemcpyDirection);
}

CUresult copy2D(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width, size_t height,
                cudaMemcpyKind kind, cudaStream_t stream, bool async) {
  CUDA_MEMCPY2D copy = {};
  if (CUresult result = copyTypes(kind, copy.dstMemoryType, copy.srcMemoryType))
    return result;
  copy.dstHost = to;
  copy.dstDevice = addressOf(to);
  copy.dstPitch = toPitch;
  copy.srcHost = from;
  copy.srcDevice = addressOf(from);
  copy.srcPitch = fromPitch;
  copy.WidthInBytes = width;
  copy.Height = height;
  return async ? cuMemcpy2DAsync(&copy, stream) : cuMemcpy2D(&copy);
}

CUresult copyFlat(void *to, const void *from, size_t bytes, cudaMemcpyKind kind, cudaStream_t stream,
                  bool async) {
  return bytes == 0 ? CUDA_SUCCESS : copy2D(to, bytes, from, bytes, bytes, 1, kind, stream, async);
}

CUresult copySymbol(const void *symbol, const void *other, size_t bytes, size_t offset, cudaMemcpyKind kind,
                    bool toSymbol, cudaStream_t stream, bool async) {
  CUdeviceptr address = 0;
  size_t size = 0;
  if (CUresult result = symbolOf(symbol, address, size))
    return result;
  if (offset > size || bytes > size - offset)
    return CUDA_ERROR_INVALID_VALUE;
  auto *device = reinterpret_cast<void *>(address + offset);
  return toSymbol ? copyFlat(device, other, bytes, kind, stream, async)
                  : copyFlat(const_cast<void *>(other), device, bytes, kind, stream, async);
}

} // namespace

cudaError_t cudaMalloc(void **pointer, size_t bytes) {
  return withContext([&] {
    *pointer = nullptr;
    return bytes ? cuMemAlloc(reinterpret_cast<CUdeviceptr *>(pointer), bytes) : CUDA_SUCCESS;
  });
}
cudaError_t cudaFree(void *pointer) {
  return withContext([&] { return cuMemFree(addressOf(pointer)); });
}
cudaError_t cudaMallocHost(void **pointer, size_t bytes) {
  return withContext([&] { return cuMemHostAlloc(pointer, bytes, 0); });
}
cudaError_t cudaHostAlloc(void **pointer, size_t bytes, unsigned flags) {
  return withContext([&] { return cuMemHostAlloc(pointer, bytes, flags); });
}
cudaError_t cudaFreeHost(void *pointer) {
  return withContext([&] { return pointer ? cuMemFreeHost(pointer) : CUDA_SUCCESS; });
}
cudaError_t cudaHostRegister(void *pointer, size_t bytes, unsigned flags) {
  return withContext([&] { return cuMemHostRegister(pointer, bytes, flags); });
}
cudaError_t cudaHostUnregister(void *pointer) {
  return withContext([&] { return cuMemHostUnregister(pointer); });
}
cudaError_t cudaHostGetDevicePointer(void **device, void *host, unsigned flags) {
  return withContext(
      [&] { return cuMemHostGetDevicePointer(reinterpret_cast<CUdeviceptr *>(device), host, flags); });
}
cudaError_t cudaHostGetFlags(unsigned *flags, void *host) {
  return withContext([&] { return cuMemHostGetFlags(flags, host); });
}
cudaError_t cudaMallocManaged(void **pointer, size_t bytes, unsigned flags) {
  return withContext(
      [&] { return cuMemAllocManaged(reinterpret_cast<CUdeviceptr *>(pointer), bytes, flags); });
}
cudaError_t cudaMallocPitch(void **pointer, size_t *pitch, size_t width, size_t height) {
  return withContext(
      [&] { return cuMemAllocPitch(reinterpret_cast<CUdeviceptr *>(pointer), pitch, width, height, 4); });
}
cudaError_t cudaMallocAsync(void **pointer, size_t bytes, cudaStream_t stream) {
  return withContext(
      [&] { return cuMemAllocAsync(reinterpret_cast<CUdeviceptr *>(pointer), bytes, stream); });
}
cudaError_t cudaMallocFromPoolAsync(void **pointer, size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
  return withContext(
      [&] { return cuMemAllocFromPoolAsync(reinterpret_cast<CUdeviceptr *>(pointer), bytes, pool, stream); });
}
cudaError_t cudaFreeAsync(void *pointer, cudaStream_t stream) {
  return withContext([&] { return cuMemFreeAsync(addressOf(pointer), stream); });
}
cudaError_t cudaMemGetInfo(size_t *freeBytes, size_t *totalBytes) {
  return withContext([&] { return cuMemGetInfo(freeBytes, totalBytes); });
}
cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t *pool, int device) {
  return withContext([&] { return cuDeviceGetDefaultMemPool(pool, device); });
}
cudaError_t cudaDeviceGetMemPool(cudaMemPool_t *pool, int device) {
  return withContext([&] { return cuDeviceGetMemPool(pool, device); });
}
cudaError_t cudaDeviceSetMemPool(int device, cudaMemPool_t pool) {
  return withContext([&] { return cuDeviceSetMemPool(device, pool); });
}
cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void *value) {
  return withContext(
      [&] { return cuMemPoolGetAttribute(pool, static_cast<CUmemPool_attribute>(attribute), value); });
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void *value) {
  return withContext(
      [&] { return cuMemPoolSetAttribute(pool, static_cast<CUmemPool_attribute>(attribute), value); });
}
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, size_t bytes) {
  return withContext([&] { return cuMemPoolTrimTo(pool, bytes); });
}
cudaError_t cudaMemPrefetchAsync(const void *pointer, size_t bytes, cudaMemLocation location, unsigned flags,
                                 cudaStream_t stream) {
  return withContext(
      [&] { return cuMemPrefetchAsync(addressOf(pointer), bytes, locationOf(location), flags, stream); });
}
cudaError_t cudaMemAdvise(const void *pointer, size_t bytes, cudaMemoryAdvise advice,
                          cudaMemLocation location) {
  return withContext([&] {
    return cuMemAdvise(addressOf(pointer), bytes, static_cast<CUmem_advise>(advice), locationOf(location));
  });
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind kind) {
  return withContext([&] { return copyFlat(to, from, bytes, kind, nullptr, false); });
}
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  return withContext([&] { return copyFlat(to, from, bytes, kind, stream, true); });
}
cudaError_t cudaMemcpyPeer(void *to, int, const void *from, int, size_t bytes) {
  return withContext([&] { return copyFlat(to, from, bytes, cudaMemcpyDeviceToDevice, nullptr, false); });
}
cudaError_t cudaMemcpyPeerAsync(void *to, int, const void *from, int, size_t bytes, cudaStream_t stream) {
  return withContext([&] { return copyFlat(to, from, bytes, cudaMemcpyDeviceToDevice, stream, true); });
}
cudaError_t cudaMemcpy2D(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width,
                         size_t height, cudaMemcpyKind kind) {
  return withContext(
      [&] { return copy2D(to, toPitch, from, fromPitch, width, height, kind, nullptr, false); });
}
cudaError_t cudaMemcpy2DAsync(void *to, size_t toPitch, const void *from, size_t fromPitch, size_t width,
                              size_t height, cudaMemcpyKind kind, cudaStream_t stream) {
  return withContext([&] { return copy2D(to, toPitch, from, fromPitch, width, height, kind, stream, true); });
}
cudaError_t cudaMemcpyToSymbol(const void *symbol, const void *from, size_t bytes, size_t offset,
                               cudaMemcpyKind kind) {
  return withContext([&] { return copySymbol(symbol, from, bytes, offset, kind, true, nullptr, false); });
}
cudaError_t cudaMemcpyToSymbolAsync(const void *symbol, const void *from, size_t bytes, size_t offset,
                                    cudaMemcpyKind kind, cudaStream_t stream) {
  return withContext([&] { return copySymbol(symbol, from, bytes, offset, kind, true, stream, true); });
}
cudaError_t cudaMemcpyFromSymbol(void *to, const void *symbol, size_t bytes, size_t offset,
                                 cudaMemcpyKind kind) {
  return withContext([&] { return copySymbol(symbol, to, bytes, offset, kind, false, nullptr, false); });
}
cudaError_t cudaMemcpyFromSymbolAsync(void *to, const void *symbol, size_t bytes, size_t offset,
                                      cudaMemcpyKind kind, cudaStream_t stream) {
  return withContext([&] { return copySymbol(symbol, to, bytes, offset, kind, false, stream, true); });
}

cudaError_t cudaMemset(void *pointer, int value, size_t bytes) {
  return withContext(
      [&] { return cuMemsetD8(addressOf(pointer), static_cast<unsigned char>(value), bytes); });
}
cudaError_t cudaMemsetAsync(void *pointer, int value, size_t bytes, cudaStream_t stream) {
  return withContext(
      [&] { return cuMemsetD8Async(addressOf(pointer), static_cast<unsigned char>(value), bytes, stream); });
}
cudaError_t cudaMemset2D(void *pointer, size_t pitch, int value, size_t width, size_t height) {
  return withContext([&] {
    return cuMemsetD2D8(addressOf(pointer), pitch, static_cast<unsigned char>(value), width, height);
  });
}
cudaError_t cudaMemset2DAsync(void *pointer, size_t pitch, int value, size_t width, size_t height,
                              cudaStream_t stream) {
  return withContext([&] {
    return cuMemsetD2D8Async(addressOf(pointer), pitch, static_cast<unsigned char>(value), width, height,
                             stream);
  });
}

cudaError_t cudaPointerGetAttributes(cudaPointerAttributes *attributes, const void *pointer) {
  return withContext([&] {
    unsigned type = 0, managed = 0;
    int device = 0;
    CUdeviceptr onDevice = 0;
    void *onHost = nullptr;
    CUpointer_attribute names[] = {CU_POINTER_ATTRIBUTE_MEMORY_TYPE, CU_POINTER_ATTRIBUTE_IS_MANAGED,
                                   CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL, CU_POINTER_ATTRIBUTE_DEVICE_POINTER,
                                   CU_POINTER_ATTRIBUTE_HOST_POINTER};
    void *values[] = {&type, &managed, &device, &onDevice, &onHost};
    CUresult result = cuPointerGetAttributes(5, names, values, addressOf(pointer));
    std::memset(attributes, 0, sizeof(*attributes));
    attributes->device = device;
    attributes->devicePointer = reinterpret_cast<void *>(onDevice);
    attributes->hostPointer = onHost;
    attributes->type = managed                        ? cudaMemoryTypeManaged
                       : type == CU_MEMORYTYPE_HOST   ? cudaMemoryTypeHost
                       : type == CU_MEMORYTYPE_DEVICE ? cudaMemoryTypeDevice
                                                      : cudaMemoryTypeUnregistered;
    if (attributes->type == cudaMemoryTypeUnregistered)
      attributes->hostPointer = const_cast<void *>(pointer);
    return result;
  });
}

MV_RUNTIME_PER_THREAD(cudaMallocAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMallocFromPoolAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaFreeAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemPrefetchAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemcpy, _ptds)
MV_RUNTIME_PER_THREAD(cudaMemcpyAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemcpyPeerAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemcpy2D, _ptds)
MV_RUNTIME_PER_THREAD(cudaMemcpy2DAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemcpyToSymbol, _ptds)
MV_RUNTIME_PER_THREAD(cudaMemcpyToSymbolAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemcpyFromSymbol, _ptds)
MV_RUNTIME_PER_THREAD(cudaMemcpyFromSymbolAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemset, _ptds)
MV_RUNTIME_PER_THREAD(cudaMemsetAsync, _ptsz)
MV_RUNTIME_PER_THREAD(cudaMemset2D, _ptds)
MV_RUNTIME_PER_THREAD(cudaMemset2DAsync, _ptsz)
