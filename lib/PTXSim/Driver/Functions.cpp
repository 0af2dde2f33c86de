//===- Functions.cpp - Functions, kernels of libraries, and their attributes -------------===//

#include "State.h"

#include <algorithm>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

CUresult getAttribute(const CUfunc_st &function, CUfunction_attribute attribute, int &value) {
  const FunctionInfo &info = function.info();
  const DeviceProfile &profile = *function.module->context->device->profile;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK:
    value = static_cast<int>(std::min(info.maxThreads, profile.maxThreadsPerBlock));
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES:
    value = static_cast<int>(info.staticShared);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_CONST_SIZE_BYTES:
    value = static_cast<int>(info.constantBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES:
    value = static_cast<int>(info.localBytes);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_NUM_REGS:
    value = static_cast<int>(info.registers);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_PTX_VERSION:
    value = static_cast<int>(info.targetArchitecture);
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_BINARY_VERSION:
    value = static_cast<int>(profile.computeCapability());
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_CACHE_MODE_CA:
    value = 0;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    value = std::max(function.maxDynamicShared,
                     static_cast<int>(profile.sharedPerBlock) - static_cast<int>(info.staticShared));
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    value = function.carveout;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_CLUSTER_SIZE_MUST_BE_SET:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_HEIGHT:
  case CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_DEPTH:
  case CU_FUNC_ATTRIBUTE_CLUSTER_SCHEDULING_POLICY_PREFERENCE:
    value = 0;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    value = function.nonPortableCluster;
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

CUresult setAttribute(CUfunc_st &function, CUfunction_attribute attribute, int value) {
  const DeviceProfile &profile = *function.module->context->device->profile;
  switch (attribute) {
  case CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES:
    if (value < 0 ||
        static_cast<uint64_t>(value) + function.info().staticShared > profile.sharedPerBlockOptin)
      return CUDA_ERROR_INVALID_VALUE;
    function.maxDynamicShared = value;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT:
    if (value < -1 || value > 100)
      return CUDA_ERROR_INVALID_VALUE;
    function.carveout = value;
    return CUDA_SUCCESS;
  case CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED:
    function.nonPortableCluster = value != 0;
    return CUDA_SUCCESS;
  default:
    return CUDA_ERROR_INVALID_VALUE;
  }
}

/// Body of an entry point about one function (or kernel in the place of one): `body(function)`.
template <typename Body> CUresult withFunction(CUfunction handle, Body body) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    CUfunction function = nullptr;
    if (CUresult code = resolveFunction(handle, function))
      return code;
    return body(*function);
  });
}

/// The same for a kernel: in the current context, or in that of a device.
template <typename Body> CUresult withKernel(CUkernel kernel, Body body) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    CUfunction function = nullptr;
    if (!Driver::get().kernels.contains(kernel))
      return CUDA_ERROR_INVALID_HANDLE;
    if (CUresult code = functionOf(kernel, &context, function))
      return code;
    return body(*function);
  });
}

CUresult parameterInfo(const CUfunc_st &function, size_t index, size_t *offset, size_t *size) {
  if (!offset || index >= function.info().parameters.size())
    return CUDA_ERROR_INVALID_VALUE;
  *offset = function.info().parameters[index].offset;
  if (size)
    *size = function.info().parameters[index].size;
  return CUDA_SUCCESS;
}

unsigned activeBlocks(const CUfunc_st &function, unsigned threads, size_t dynamicShared) {
  return occupancyBlocks(*function.module->context->device->profile, function.info(), threads,
                         static_cast<unsigned>(dynamicShared));
}

} // namespace

CUresult cuFuncGetAttribute(int *value, CUfunction_attribute attribute, CUfunction function) {
  return withFunction(function, [&](CUfunc_st &found) {
    return value ? getAttribute(found, attribute, *value) : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attribute, int value) {
  return withFunction(function, [&](CUfunc_st &found) { return setAttribute(found, attribute, value); });
}

CUresult cuFuncSetCacheConfig(CUfunction function, CUfunc_cache) {
  return withFunction(function, [](CUfunc_st &) { return CUDA_SUCCESS; });
}

CUresult cuFuncSetSharedMemConfig(CUfunction function, CUsharedconfig) {
  return withFunction(function, [](CUfunc_st &) { return CUDA_SUCCESS; });
}

CUresult cuFuncGetModule(CUmodule *module, CUfunction function) {
  return withFunction(function, [&](CUfunc_st &found) {
    if (!module)
      return CUDA_ERROR_INVALID_VALUE;
    *module = found.module;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncGetName(const char **name, CUfunction function) {
  return withFunction(function, [&](CUfunc_st &found) {
    if (!name)
      return CUDA_ERROR_INVALID_VALUE;
    *name = found.info().name.c_str();
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncGetParamInfo(CUfunction function, size_t index, size_t *offset, size_t *size) {
  return withFunction(function, [&](CUfunc_st &found) { return parameterInfo(found, index, offset, size); });
}

CUresult cuFuncIsLoaded(CUfunctionLoadingState *state, CUfunction function) {
  return withFunction(function, [&](CUfunc_st &) {
    if (!state)
      return CUDA_ERROR_INVALID_VALUE;
    *state = CU_FUNCTION_LOADING_STATE_LOADED;
    return CUDA_SUCCESS;
  });
}

CUresult cuFuncLoad(CUfunction function) {
  return withFunction(function, [](CUfunc_st &) { return CUDA_SUCCESS; });
}

CUresult cuKernelGetFunction(CUfunction *function, CUkernel kernel) {
  return withKernel(kernel, [&](CUfunc_st &found) {
    if (!function)
      return CUDA_ERROR_INVALID_VALUE;
    *function = &found;
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetLibrary(CUlibrary *library, CUkernel kernel) {
  return withDriver([&](Lock &) -> CUresult {
    if (!library || !Driver::get().kernels.contains(kernel))
      return CUDA_ERROR_INVALID_VALUE;
    *library = kernel->library;
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetName(const char **name, CUkernel kernel) {
  return withDriver([&](Lock &) -> CUresult {
    if (!name || !Driver::get().kernels.contains(kernel))
      return CUDA_ERROR_INVALID_VALUE;
    *name = kernel->name.c_str();
    return CUDA_SUCCESS;
  });
}

CUresult cuKernelGetAttribute(int *value, CUfunction_attribute attribute, CUkernel kernel, CUdevice) {
  return withKernel(kernel, [&](CUfunc_st &found) {
    return value ? getAttribute(found, attribute, *value) : CUDA_ERROR_INVALID_VALUE;
  });
}

CUresult cuKernelSetAttribute(CUfunction_attribute attribute, int value, CUkernel kernel, CUdevice) {
  return withKernel(kernel, [&](CUfunc_st &found) {
    CUresult code = setAttribute(found, attribute, value);
    if (code == CUDA_SUCCESS)
      kernel->attributes[attribute] = value; // For functions made from it in other contexts.
    return code;
  });
}

CUresult cuKernelGetParamInfo(CUkernel kernel, size_t index, size_t *offset, size_t *size) {
  return withKernel(kernel, [&](CUfunc_st &found) { return parameterInfo(found, index, offset, size); });
}

CUresult cuKernelSetCacheConfig(CUkernel kernel, CUfunc_cache, CUdevice) {
  return withKernel(kernel, [](CUfunc_st &) { return CUDA_SUCCESS; });
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, CUfunction function, int threads,
                                                     size_t dynamicShared) {
  return withFunction(function, [&](CUfunc_st &found) {
    if (!blocks || threads <= 0)
      return CUDA_ERROR_INVALID_VALUE;
    *blocks = static_cast<int>(activeBlocks(found, static_cast<unsigned>(threads), dynamicShared));
    return CUDA_SUCCESS;
  });
}

CUresult cuOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks, CUfunction function, int threads,
                                                              size_t dynamicShared, unsigned) {
  return cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, function, threads, dynamicShared);
}

CUresult cuOccupancyMaxPotentialBlockSizeWithFlags(int *gridSize, int *blockSize, CUfunction function,
                                                   CUoccupancyB2DSize sharedOfBlock, size_t dynamicShared,
                                                   int limit, unsigned) {
  return withFunction(function, [&](CUfunc_st &found) {
    if (!gridSize || !blockSize)
      return CUDA_ERROR_INVALID_VALUE;
    const DeviceProfile &profile = *found.module->context->device->profile;
    unsigned most = std::min(found.info().maxThreads, profile.maxThreadsPerBlock);
    if (limit > 0)
      most = std::min(most, static_cast<unsigned>(limit));
    unsigned best = 0, bestThreads = 0, bestBlocks = 0;
    for (unsigned threads = (most + 31) / 32 * 32; threads >= 32; threads -= 32) {
      size_t shared = sharedOfBlock ? sharedOfBlock(static_cast<int>(threads)) : dynamicShared;
      unsigned blocks = activeBlocks(found, std::min(threads, most), shared);
      if (blocks * threads > best) {
        best = blocks * threads;
        bestThreads = std::min(threads, most);
        bestBlocks = blocks;
      }
    }
    *blockSize = static_cast<int>(bestThreads);
    *gridSize = static_cast<int>(bestBlocks * profile.multiprocessors);
    return CUDA_SUCCESS;
  });
}

CUresult cuOccupancyMaxPotentialBlockSize(int *gridSize, int *blockSize, CUfunction function,
                                          CUoccupancyB2DSize sharedOfBlock, size_t dynamicShared, int limit) {
  return cuOccupancyMaxPotentialBlockSizeWithFlags(gridSize, blockSize, function, sharedOfBlock,
                                                   dynamicShared, limit, 0);
}

CUresult cuOccupancyAvailableDynamicSMemPerBlock(size_t *bytes, CUfunction function, int blocks,
                                                 int threads) {
  return withFunction(function, [&](CUfunc_st &found) {
    if (!bytes || blocks <= 0 || threads <= 0)
      return CUDA_ERROR_INVALID_VALUE;
    const DeviceProfile &profile = *found.module->context->device->profile;
    int64_t each =
        static_cast<int64_t>(profile.sharedPerMultiprocessor) / blocks - profile.sharedReservedPerBlock;
    int64_t most = std::min<int64_t>(each, profile.sharedPerBlockOptin) - found.info().staticShared;
    *bytes = static_cast<size_t>(std::max<int64_t>(most, 0));
    return CUDA_SUCCESS;
  });
}
