//===- Launch.cpp - Launching kernels ----------------------------------------------------===//

#include "Launch.h"

#include "State.h"

#include <algorithm>
#include <cstring>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// Packs the arguments of a launch, given one pointer for each or as one buffer.
CUresult packParameters(const FunctionInfo &info, void **arguments, void **extra,
                        std::vector<std::byte> &packed) {
  packed.assign(info.parameterBytes, std::byte(0));
  if (arguments && extra)
    return CUDA_ERROR_INVALID_VALUE;
  if (arguments) {
    for (size_t i = 0; i < info.parameters.size(); ++i) {
      if (!arguments[i])
        return CUDA_ERROR_INVALID_VALUE;
      std::memcpy(packed.data() + info.parameters[i].offset, arguments[i], info.parameters[i].size);
    }
    return CUDA_SUCCESS;
  }
  const void *buffer = nullptr;
  size_t size = 0;
  for (void **at = extra; at && *at != CU_LAUNCH_PARAM_END; at += 2) {
    if (*at == CU_LAUNCH_PARAM_BUFFER_POINTER)
      buffer = at[1];
    else if (*at == CU_LAUNCH_PARAM_BUFFER_SIZE)
      size = *static_cast<size_t *>(at[1]);
    else
      return CUDA_ERROR_INVALID_VALUE;
  }
  if (info.parameters.empty())
    return CUDA_SUCCESS;
  const ParameterInfo &last = info.parameters.back();
  if (!buffer || size < last.offset + last.size || size > (size_t(last.offset) + last.size + 15) / 16 * 16)
    return CUDA_ERROR_INVALID_VALUE;
  std::memcpy(packed.data(), buffer, std::min(size, packed.size()));
  return CUDA_SUCCESS;
}

/// What the driver refuses before the device sees the launch.
CUresult checkConfig(const CUfunc_st &function, const LaunchConfig &config) {
  const FunctionInfo &info = function.info();
  const DeviceProfile &profile = *function.module->context->device->profile;
  constexpr uint32_t largestGridYZ = 65535, largestBlockZ = 64;
  const Dim3 &grid = config.grid, &block = config.block;
  if (grid.volume() == 0 || block.volume() == 0 || grid.x > INT32_MAX || grid.y > largestGridYZ ||
      grid.z > largestGridYZ)
    return CUDA_ERROR_INVALID_VALUE;
  if (block.x > 1024 || block.y > 1024 || block.z > largestBlockZ ||
      block.volume() > profile.maxThreadsPerBlock)
    return CUDA_ERROR_INVALID_VALUE;
  int64_t mostDynamic =
      std::max<int64_t>(function.maxDynamicShared, int64_t(profile.sharedPerBlock) - info.staticShared);
  if (config.dynamicShared > mostDynamic)
    return CUDA_ERROR_INVALID_VALUE;
  if (config.cluster.volume() > 1)
    return CUDA_ERROR_INVALID_CLUSTER_SIZE;
  return CUDA_SUCCESS;
}

CUresult readAttributes(const CUlaunchConfig &from, LaunchConfig &config) {
  for (unsigned i = 0; i < from.numAttrs; ++i) {
    const CUlaunchAttribute &attribute = from.attrs[i];
    switch (attribute.id) {
    case CU_LAUNCH_ATTRIBUTE_COOPERATIVE:
      config.cooperative = attribute.value.cooperative != 0;
      break;
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION:
      config.cluster = {attribute.value.clusterDim.x, attribute.value.clusterDim.y,
                        attribute.value.clusterDim.z};
      break;
    // Hints about speed, and an overlap of kernels that does not change what they compute.
    case CU_LAUNCH_ATTRIBUTE_IGNORE:
    case CU_LAUNCH_ATTRIBUTE_ACCESS_POLICY_WINDOW:
    case CU_LAUNCH_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    case CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION:
    case CU_LAUNCH_ATTRIBUTE_PRIORITY:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN:
    case CU_LAUNCH_ATTRIBUTE_MEM_SYNC_DOMAIN_MAP:
    case CU_LAUNCH_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
      break;
    default:
      return CUDA_ERROR_NOT_SUPPORTED;
    }
  }
  return CUDA_SUCCESS;
}

CUresult launch(CUfunction handle, const LaunchConfig &config, CUstream stream, void **arguments,
                void **extra) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    KernelOperation operation;
    if (CUresult code = makeKernelOperation(handle, config, arguments, extra, operation))
      return code;
    return submit(lock, stream, std::move(operation));
  });
}

LaunchConfig configOf(unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                      unsigned blockZ, unsigned shared) {
  LaunchConfig config;
  config.grid = {gridX, gridY, gridZ};
  config.block = {blockX, blockY, blockZ};
  config.dynamicShared = shared;
  return config;
}

} // namespace

CUresult mv::ptxsim::driver::makeKernelOperation(CUfunction handle, const LaunchConfig &config,
                                                 void **arguments, void **extra, KernelOperation &operation) {
  CUfunction function = nullptr;
  if (CUresult code = resolveFunction(handle, function))
    return code;
  if (CUresult code = checkConfig(*function, config))
    return code;
  operation.function = function;
  operation.config = config;
  if (CUresult code = packParameters(function->info(), arguments, extra, operation.parameters))
    return code;
  operation.pointers.clear();
  for (const ParameterInfo &parameter : function->info().parameters)
    operation.pointers.push_back(operation.parameters.data() + parameter.offset);
  return CUDA_SUCCESS;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                        unsigned blockY, unsigned blockZ, unsigned shared, CUstream stream, void **arguments,
                        void **extra) {
  return launch(function, configOf(gridX, gridY, gridZ, blockX, blockY, blockZ, shared), stream, arguments,
                extra);
}

CUresult cuLaunchCooperativeKernel(CUfunction function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                   unsigned blockX, unsigned blockY, unsigned blockZ, unsigned shared,
                                   CUstream stream, void **arguments) {
  LaunchConfig config = configOf(gridX, gridY, gridZ, blockX, blockY, blockZ, shared);
  config.cooperative = true;
  return launch(function, config, stream, arguments, nullptr);
}

CUresult cuLaunchKernelEx(const CUlaunchConfig *from, CUfunction function, void **arguments, void **extra) {
  if (!from)
    return CUDA_ERROR_INVALID_VALUE;
  LaunchConfig config = configOf(from->gridDimX, from->gridDimY, from->gridDimZ, from->blockDimX,
                                 from->blockDimY, from->blockDimZ, from->sharedMemBytes);
  if (CUresult code = readAttributes(*from, config))
    return code;
  return launch(function, config, from->hStream, arguments, extra);
}

CUresult cuLaunchHostFunc(CUstream stream, CUhostFn function, void *data) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    if (!function)
      return CUDA_ERROR_INVALID_VALUE;
    return submit(lock, stream, HostOperation{function, data});
  });
}

MV_DRIVER_PER_THREAD(cuLaunchKernel, _ptsz)
MV_DRIVER_PER_THREAD(cuLaunchCooperativeKernel, _ptsz)
MV_DRIVER_PER_THREAD(cuLaunchKernelEx, _ptsz)
MV_DRIVER_PER_THREAD(cuLaunchHostFunc, _ptsz)
