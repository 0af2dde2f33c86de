//===- Copies.cpp - Moving and filling memory --------------------------------------------===//

#include "Copies.h"

#include "State.h"

#include <cstring>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// One side of a copy: where its rows are.
struct Side {
  uint64_t base = 0;
  size_t pitch = 0, planePitch = 0;
  bool declaredHost = false;
};

Side sourceOf(const CUDA_MEMCPY3D &copy) {
  Side side;
  side.declaredHost = copy.srcMemoryType == CU_MEMORYTYPE_HOST;
  side.pitch = copy.srcPitch ? copy.srcPitch : copy.srcXInBytes + copy.WidthInBytes;
  side.planePitch = side.pitch * (copy.srcHeight ? copy.srcHeight : copy.Height);
  side.base = (side.declaredHost ? reinterpret_cast<uint64_t>(copy.srcHost) : copy.srcDevice) +
              copy.srcXInBytes + copy.srcY * side.pitch + copy.srcZ * side.planePitch;
  return side;
}

Side destinationOf(const CUDA_MEMCPY3D &copy) {
  Side side;
  side.declaredHost = copy.dstMemoryType == CU_MEMORYTYPE_HOST;
  side.pitch = copy.dstPitch ? copy.dstPitch : copy.dstXInBytes + copy.WidthInBytes;
  side.planePitch = side.pitch * (copy.dstHeight ? copy.dstHeight : copy.Height);
  side.base = (side.declaredHost ? reinterpret_cast<uint64_t>(copy.dstHost) : copy.dstDevice) +
              copy.dstXInBytes + copy.dstY * side.pitch + copy.dstZ * side.planePitch;
  return side;
}

/// Copies bytes between any two addresses; each may be host memory or any device's.
CUresult copyBytes(uint64_t to, uint64_t from, size_t bytes, bool toMustBeDevice, bool fromMustBeDevice) {
  Driver &driver = Driver::get();
  PointerInfo info;
  DeviceSlot *toDevice = driver.ownerOf(to, info);
  DeviceSlot *fromDevice = driver.ownerOf(from, info);
  auto isPinned = [&](uint64_t address) { return driver.hostRangeOf(address) != driver.hostRanges.end(); };
  if ((toMustBeDevice && !toDevice && !isPinned(to)) || (fromMustBeDevice && !fromDevice && !isPinned(from)))
    return CUDA_ERROR_INVALID_VALUE;
  if (toDevice && fromDevice && toDevice != fromDevice) {
    std::vector<std::byte> through(bytes);
    if (CUresult code = toResult(fromDevice->engine->copyOut(through.data(), from, bytes), nullptr))
      return code;
    return toResult(toDevice->engine->copyIn(to, through.data(), bytes), nullptr);
  }
  if (toDevice && fromDevice)
    return toResult(toDevice->engine->copyWithin(to, from, bytes), nullptr);
  if (toDevice)
    return toResult(toDevice->engine->copyIn(to, reinterpret_cast<const void *>(from), bytes), nullptr);
  if (fromDevice)
    return toResult(fromDevice->engine->copyOut(reinterpret_cast<void *>(to), from, bytes), nullptr);
  std::memmove(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from), bytes);
  return CUDA_SUCCESS;
}

CUDA_MEMCPY3D from2D(const CUDA_MEMCPY2D &copy) {
  CUDA_MEMCPY3D result = {};
  result.srcXInBytes = copy.srcXInBytes;
  result.srcY = copy.srcY;
  result.srcMemoryType = copy.srcMemoryType;
  result.srcHost = copy.srcHost;
  result.srcDevice = copy.srcDevice;
  result.srcArray = copy.srcArray;
  result.srcPitch = copy.srcPitch;
  result.dstXInBytes = copy.dstXInBytes;
  result.dstY = copy.dstY;
  result.dstMemoryType = copy.dstMemoryType;
  result.dstHost = copy.dstHost;
  result.dstDevice = copy.dstDevice;
  result.dstArray = copy.dstArray;
  result.dstPitch = copy.dstPitch;
  result.WidthInBytes = copy.WidthInBytes;
  result.Height = copy.Height;
  result.Depth = 1;
  return result;
}

/// A synchronous call works on the legacy default stream.
CUresult submitCopy(const CUDA_MEMCPY3D &copy, CUstream stream) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    if (CUresult code = checkCopy(copy))
      return code;
    return submit(lock, stream, CopyOperation{copy});
  });
}

CUresult submitFlat(CUmemorytype toType, CUdeviceptr to, CUmemorytype fromType, CUdeviceptr from,
                    size_t bytes, CUstream stream) {
  return submitCopy(flatCopy(toType, to, fromType, from, bytes).copy, stream);
}

CUresult submitFill(CUdeviceptr to, size_t pitch, uint32_t value, unsigned elementBytes, size_t width,
                    size_t height, CUstream stream) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    if (to % elementBytes != 0 || (height > 1 && pitch < width * elementBytes))
      return CUDA_ERROR_INVALID_VALUE;
    return submit(lock, stream, FillOperation{to, value, elementBytes, width, height, pitch});
  });
}

/// The answer of a call that returns when the copy has been made.
CUresult waited(CUresult submitted) {
  if (submitted != CUDA_SUCCESS)
    return submitted;
  return withContext([](Lock &, CUctx_st &context) { return waitForAll(context); });
}

CUdeviceptr address(const void *host) { return reinterpret_cast<CUdeviceptr>(host); }

constexpr CUmemorytype hostType = CU_MEMORYTYPE_HOST, deviceType = CU_MEMORYTYPE_DEVICE,
                       anyType = CU_MEMORYTYPE_UNIFIED;

} // namespace

CUresult mv::ptxsim::driver::checkCopy(const CUDA_MEMCPY3D &copy) {
  for (CUmemorytype type : {copy.srcMemoryType, copy.dstMemoryType}) {
    if (type == CU_MEMORYTYPE_ARRAY)
      return CUDA_ERROR_NOT_SUPPORTED;
    if (type != hostType && type != deviceType && type != anyType)
      return CUDA_ERROR_INVALID_VALUE;
  }
  if ((copy.srcPitch && copy.srcPitch < copy.WidthInBytes) ||
      (copy.dstPitch && copy.dstPitch < copy.WidthInBytes))
    return CUDA_ERROR_INVALID_VALUE;
  return CUDA_SUCCESS;
}

CUresult mv::ptxsim::driver::runCopy(CUctx_st &, const CUDA_MEMCPY3D &copy) {
  Side from = sourceOf(copy), to = destinationOf(copy);
  if (copy.WidthInBytes == 0 || copy.Height == 0 || copy.Depth == 0)
    return CUDA_SUCCESS;
  size_t width = copy.WidthInBytes, height = copy.Height;
  // Rows without gaps are one piece.
  if (height > 1 && from.pitch == width && to.pitch == width) {
    width *= height;
    height = 1;
  }
  for (size_t plane = 0; plane < copy.Depth; ++plane)
    for (size_t row = 0; row < height; ++row)
      if (CUresult code = copyBytes(to.base + plane * to.planePitch + row * to.pitch,
                                    from.base + plane * from.planePitch + row * from.pitch, width,
                                    copy.dstMemoryType == deviceType, copy.srcMemoryType == deviceType))
        return code;
  return CUDA_SUCCESS;
}

CUresult mv::ptxsim::driver::runFill(CUctx_st &context, const FillOperation &fill) {
  if (fill.width == 0 || fill.height == 0)
    return CUDA_SUCCESS;
  PointerInfo info;
  DeviceSlot *owner = Driver::get().ownerOf(fill.destination, info);
  Device &engine = owner ? *owner->engine : context.engine();
  return toResult(
      engine.fill(fill.destination, fill.value, fill.elementBytes, fill.width, fill.height, fill.pitch),
      nullptr);
}

CUresult cuMemcpy(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return waited(submitFlat(anyType, to, anyType, from, bytes, nullptr));
}
CUresult cuMemcpyAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return submitFlat(anyType, to, anyType, from, bytes, stream);
}
CUresult cuMemcpyHtoD(CUdeviceptr to, const void *from, size_t bytes) {
  return waited(submitFlat(deviceType, to, hostType, address(from), bytes, nullptr));
}
CUresult cuMemcpyHtoDAsync(CUdeviceptr to, const void *from, size_t bytes, CUstream stream) {
  return submitFlat(deviceType, to, hostType, address(from), bytes, stream);
}
CUresult cuMemcpyDtoH(void *to, CUdeviceptr from, size_t bytes) {
  return waited(submitFlat(hostType, address(to), deviceType, from, bytes, nullptr));
}
CUresult cuMemcpyDtoHAsync(void *to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return submitFlat(hostType, address(to), deviceType, from, bytes, stream);
}
CUresult cuMemcpyDtoD(CUdeviceptr to, CUdeviceptr from, size_t bytes) {
  return waited(submitFlat(deviceType, to, deviceType, from, bytes, nullptr));
}
CUresult cuMemcpyDtoDAsync(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
  return submitFlat(deviceType, to, deviceType, from, bytes, stream);
}
CUresult cuMemcpyPeer(CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext, size_t bytes) {
  return waited(submitFlat(deviceType, to, deviceType, from, bytes, nullptr));
}
CUresult cuMemcpyPeerAsync(CUdeviceptr to, CUcontext, CUdeviceptr from, CUcontext, size_t bytes,
                           CUstream stream) {
  return submitFlat(deviceType, to, deviceType, from, bytes, stream);
}
CUresult cuMemcpy2D(const CUDA_MEMCPY2D *copy) {
  return copy ? waited(submitCopy(from2D(*copy), nullptr)) : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuMemcpy2DUnaligned(const CUDA_MEMCPY2D *copy) { return cuMemcpy2D(copy); }
CUresult cuMemcpy2DAsync(const CUDA_MEMCPY2D *copy, CUstream stream) {
  return copy ? submitCopy(from2D(*copy), stream) : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuMemcpy3D(const CUDA_MEMCPY3D *copy) {
  return copy ? waited(submitCopy(*copy, nullptr)) : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuMemcpy3DAsync(const CUDA_MEMCPY3D *copy, CUstream stream) {
  return copy ? submitCopy(*copy, stream) : CUDA_ERROR_INVALID_VALUE;
}

CUresult cuMemsetD8(CUdeviceptr to, unsigned char value, size_t count) {
  return submitFill(to, 0, value, 1, count, 1, nullptr);
}
CUresult cuMemsetD16(CUdeviceptr to, unsigned short value, size_t count) {
  return submitFill(to, 0, value, 2, count, 1, nullptr);
}
CUresult cuMemsetD32(CUdeviceptr to, unsigned value, size_t count) {
  return submitFill(to, 0, value, 4, count, 1, nullptr);
}
CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
  return submitFill(to, 0, value, 1, count, 1, stream);
}
CUresult cuMemsetD16Async(CUdeviceptr to, unsigned short value, size_t count, CUstream stream) {
  return submitFill(to, 0, value, 2, count, 1, stream);
}
CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
  return submitFill(to, 0, value, 4, count, 1, stream);
}
CUresult cuMemsetD2D8(CUdeviceptr to, size_t pitch, unsigned char value, size_t width, size_t height) {
  return submitFill(to, pitch, value, 1, width, height, nullptr);
}
CUresult cuMemsetD2D16(CUdeviceptr to, size_t pitch, unsigned short value, size_t width, size_t height) {
  return submitFill(to, pitch, value, 2, width, height, nullptr);
}
CUresult cuMemsetD2D32(CUdeviceptr to, size_t pitch, unsigned value, size_t width, size_t height) {
  return submitFill(to, pitch, value, 4, width, height, nullptr);
}
CUresult cuMemsetD2D8Async(CUdeviceptr to, size_t pitch, unsigned char value, size_t width, size_t height,
                           CUstream stream) {
  return submitFill(to, pitch, value, 1, width, height, stream);
}
CUresult cuMemsetD2D16Async(CUdeviceptr to, size_t pitch, unsigned short value, size_t width, size_t height,
                            CUstream stream) {
  return submitFill(to, pitch, value, 2, width, height, stream);
}
CUresult cuMemsetD2D32Async(CUdeviceptr to, size_t pitch, unsigned value, size_t width, size_t height,
                            CUstream stream) {
  return submitFill(to, pitch, value, 4, width, height, stream);
}

MV_DRIVER_PER_THREAD(cuMemcpy, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpyAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemcpyHtoD, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpyHtoDAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemcpyDtoH, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpyDtoHAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemcpyDtoD, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpyDtoDAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemcpyPeer, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpyPeerAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemcpy2D, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpy2DUnaligned, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpy2DAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemcpy3D, _ptds)
MV_DRIVER_PER_THREAD(cuMemcpy3DAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuMemsetD8, _ptds)
MV_DRIVER_PER_THREAD(cuMemsetD16, _ptds)
MV_DRIVER_PER_THREAD(cuMemsetD32, _ptds)
MV_DRIVER_PER_THREAD(cuMemsetD8Async, _ptsz)
MV_DRIVER_PER_THREAD(cuMemsetD16Async, _ptsz)
MV_DRIVER_PER_THREAD(cuMemsetD32Async, _ptsz)
MV_DRIVER_PER_THREAD(cuMemsetD2D8, _ptds)
MV_DRIVER_PER_THREAD(cuMemsetD2D16, _ptds)
MV_DRIVER_PER_THREAD(cuMemsetD2D32, _ptds)
MV_DRIVER_PER_THREAD(cuMemsetD2D8Async, _ptsz)
MV_DRIVER_PER_THREAD(cuMemsetD2D16Async, _ptsz)
MV_DRIVER_PER_THREAD(cuMemsetD2D32Async, _ptsz)
