//===- Launch.cpp - Launches and what is asked of kernels in the runtime --------------------===//

#include "Runtime.h"

#include <cstring>
#include <vector>

using namespace mv::ptxsim::runtime;

namespace {

/// A shape no device runs has an error of its own here; the driver has one for all wrong arguments.
bool isPossible(dim3 grid, dim3 block) {
  uint64_t threads = uint64_t(block.x) * block.y * block.z;
  return grid.x && grid.y && grid.z && grid.y <= 65535 && grid.z <= 65535 && threads && threads <= 1024 &&
         block.z <= 64;
}

CUresult launch(const void *function, dim3 grid, dim3 block, size_t shared, cudaStream_t stream,
                void **arguments, std::vector<CUlaunchAttribute> attributes) {
  CUfunction kernel = nullptr;
  if (CUresult result = kernelOf(function, kernel))
    return result;
  if (!isPossible(grid, block))
    return static_cast<CUresult>(cudaErrorInvalidConfiguration);
  CUlaunchConfig config = {};
  config.gridDimX = grid.x;
  config.gridDimY = grid.y;
  config.gridDimZ = grid.z;
  config.blockDimX = block.x;
  config.blockDimY = block.y;
  config.blockDimZ = block.z;
  config.sharedMemBytes = static_cast<unsigned>(shared);
  config.hStream = stream;
  config.attrs = attributes.data();
  config.numAttrs = static_cast<unsigned>(attributes.size());
  return cuLaunchKernelEx(&config, kernel, arguments, nullptr);
}

/// Body of a function that asks something of a kernel: `body(function)`.
template <typename Body> cudaError_t withKernel(const void *function, Body body) {
  return withContext([&] {
    CUfunction kernel = nullptr;
    CUresult result = kernelOf(function, kernel);
    return result == CUDA_SUCCESS ? body(kernel) : result;
  });
}

} // namespace

cudaError_t cudaLaunchKernel(const void *function, dim3 grid, dim3 block, void **arguments, size_t shared,
                             cudaStream_t stream) {
  return withContext([&] { return launch(function, grid, block, shared, stream, arguments, {}); });
}

cudaError_t cudaLaunchCooperativeKernel(const void *function, dim3 grid, dim3 block, void **arguments,
                                        size_t shared, cudaStream_t stream) {
  CUlaunchAttribute cooperative = {};
  cooperative.id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;
  cooperative.value.cooperative = 1;
  return withContext([&] { return launch(function, grid, block, shared, stream, arguments, {cooperative}); });
}

cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t *config, const void *function, void **arguments) {
  static_assert(sizeof(cudaLaunchAttribute) == sizeof(CUlaunchAttribute),
                "the runtime's attributes are the driver's");
  return withContext([&] {
    std::vector<CUlaunchAttribute> attributes(config->numAttrs);
    if (config->numAttrs)
      std::memcpy(attributes.data(), config->attrs, config->numAttrs * sizeof(CUlaunchAttribute));
    return launch(function, config->gridDim, config->blockDim, config->dynamicSmemBytes, config->stream,
                  arguments, attributes);
  });
}

cudaError_t cudaFuncGetAttributes(cudaFuncAttributes *attributes, const void *function) {
  return withKernel(function, [&](CUfunction kernel) {
    std::memset(attributes, 0, sizeof(*attributes));
    auto get = [&](CUfunction_attribute attribute) {
      int value = 0;
      cuFuncGetAttribute(&value, attribute, kernel);
      return value;
    };
    attributes->sharedSizeBytes = get(CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
    attributes->constSizeBytes = get(CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES);
    attributes->localSizeBytes = get(CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
    attributes->maxThreadsPerBlock = get(CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
    attributes->numRegs = get(CU_FUNC_ATTRIBUTE_NUM_REGS);
    attributes->ptxVersion = get(CU_FUNC_ATTRIBUTE_PTX_VERSION);
    attributes->binaryVersion = get(CU_FUNC_ATTRIBUTE_BINARY_VERSION);
    attributes->maxDynamicSharedSizeBytes = get(CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
    attributes->preferredShmemCarveout = get(CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT);
    return CUDA_SUCCESS;
  });
}

cudaError_t cudaFuncSetAttribute(const void *function, cudaFuncAttribute attribute, int value) {
  return withKernel(function, [&](CUfunction kernel) {
    return cuFuncSetAttribute(kernel, static_cast<CUfunction_attribute>(attribute), value);
  });
}

cudaError_t cudaFuncSetCacheConfig(const void *function, cudaFuncCache config) {
  return withKernel(function, [&](CUfunction kernel) {
    return cuFuncSetCacheConfig(kernel, static_cast<CUfunc_cache>(config));
  });
}

cudaError_t cudaFuncGetName(const char **name, const void *function) {
  return withKernel(function, [&](CUfunction kernel) { return cuFuncGetName(name, kernel); });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, const void *function, int threads,
                                                          size_t shared) {
  return withKernel(function, [&](CUfunction kernel) {
    return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, kernel, threads, shared);
  });
}

cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, const void *function,
                                                                   int threads, size_t shared, unsigned) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, shared);
}

cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(size_t *bytes, const void *function, int blocks,
                                                      int threads) {
  return withKernel(function, [&](CUfunction kernel) {
    return cuOccupancyAvailableDynamicSMemPerBlock(bytes, kernel, blocks, threads);
  });
}

MV_RUNTIME_PER_THREAD(cudaLaunchKernel, _ptsz)
MV_RUNTIME_PER_THREAD(cudaLaunchCooperativeKernel, _ptsz)
MV_RUNTIME_PER_THREAD(cudaLaunchKernelExC, _ptsz)
