//===- Contexts.cpp - Contexts, primary contexts and the current one ---------------------===//

#include "State.h"

#include <algorithm>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

CUresult createContext(DeviceSlot &slot, bool primary, unsigned flags, CUcontext &context) {
  Driver &driver = Driver::get();
  if (CUresult code = driver.startDevice(slot))
    return code;
  context = new CUctx_st;
  context->device = &slot;
  context->primary = primary;
  context->flags = flags;
  context->legacyStream.context = context;
  context->legacyStream.legacy = true;
  context->limits = {{CU_LIMIT_STACK_SIZE, 1024},
                     {CU_LIMIT_PRINTF_FIFO_SIZE, 1 << 20},
                     {CU_LIMIT_MALLOC_HEAP_SIZE, 8 << 20},
                     {CU_LIMIT_DEV_RUNTIME_SYNC_DEPTH, 2},
                     {CU_LIMIT_DEV_RUNTIME_PENDING_LAUNCH_COUNT, 2048},
                     {CU_LIMIT_MAX_L2_FETCH_GRANULARITY, 64},
                     {CU_LIMIT_PERSISTING_L2_CACHE_SIZE, 0}};
  driver.contexts.insert(context);
  return CUDA_SUCCESS;
}

/// Frees what belongs to a context. Its engine stays, with its reports.
void emptyContext(CUctx_st &context) {
  Driver &driver = Driver::get();
  std::erase_if(driver.captures, [&](const auto &capture) { return capture->origin->context == &context; });
  for (CUstream stream : context.streams) {
    driver.streams.erase(stream);
    delete stream;
  }
  for (CUevent event : context.events) {
    driver.events.erase(event);
    delete event;
  }
  for (CUmodule module : context.modules) {
    for (const auto &function : module->functions)
      driver.functions.erase(function.get());
    driver.modules.erase(module);
    delete module;
  }
  // What is still allocated is freed with the context, and yet it was a leak: the check keeps it to tell at
  // exit.
  if (!driver.settings.options.checks.memory)
    for (uint64_t address : context.allocations)
      (void)context.engine().free(address);
  context.streams.clear();
  context.events.clear();
  context.modules.clear();
  context.allocations.clear();
  context.perThreadStreams.clear();
}

void destroyContext(CUcontext context) {
  emptyContext(*context);
  Driver::get().contexts.erase(context);
  std::vector<CUcontext> &stack = contextStack();
  std::erase(stack, context);
  delete context;
}

/// `context`, or the current one when it is null.
CUcontext orCurrent(CUcontext context) { return context ? context : currentContext(); }

} // namespace

CUresult cuCtxCreate(CUcontext *context, CUctxCreateParams *parameters, unsigned flags, CUdevice device) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    if (!context)
      return CUDA_ERROR_INVALID_VALUE;
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    if (parameters && (parameters->numExecAffinityParams || parameters->cigParams))
      return CUDA_ERROR_NOT_SUPPORTED;
    if (CUresult code = createContext(*slot, /*primary=*/false, flags, *context))
      return code;
    contextStack().push_back(*context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxDestroy(CUcontext context) {
  return withDriver([&](Lock &) -> CUresult {
    if (!Driver::get().contexts.contains(context))
      return CUDA_ERROR_INVALID_CONTEXT;
    if (context->primary)
      return CUDA_ERROR_INVALID_CONTEXT;
    destroyContext(context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxPushCurrent(CUcontext context) {
  return withDriver([&](Lock &) -> CUresult {
    if (!Driver::get().contexts.contains(context))
      return CUDA_ERROR_INVALID_CONTEXT;
    contextStack().push_back(context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxPopCurrent(CUcontext *context) {
  return withDriver([&](Lock &) -> CUresult {
    if (contextStack().empty())
      return CUDA_ERROR_INVALID_CONTEXT;
    if (context)
      *context = contextStack().back();
    contextStack().pop_back();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetCurrent(CUcontext context) {
  return withDriver([&](Lock &) -> CUresult {
    if (context && !Driver::get().contexts.contains(context))
      return CUDA_ERROR_INVALID_CONTEXT;
    std::vector<CUcontext> &stack = contextStack();
    if (!stack.empty())
      stack.pop_back();
    if (context)
      stack.push_back(context);
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetCurrent(CUcontext *context) {
  return withDriver([&](Lock &) -> CUresult {
    if (!context)
      return CUDA_ERROR_INVALID_VALUE;
    *context = currentContext();
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetDevice_v2(CUdevice *device, CUcontext context) {
  return withDriver([&](Lock &) -> CUresult {
    CUcontext found = orCurrent(context);
    if (!device)
      return CUDA_ERROR_INVALID_VALUE;
    if (!Driver::get().contexts.contains(found))
      return CUDA_ERROR_INVALID_CONTEXT;
    *device = found->device->ordinal;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetDevice(CUdevice *device) { return cuCtxGetDevice_v2(device, nullptr); }

CUresult cuCtxGetFlags(unsigned *flags) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!flags)
      return CUDA_ERROR_INVALID_VALUE;
    *flags = context.flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetFlags(unsigned flags) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    context.flags = flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetId(CUcontext context, unsigned long long *id) {
  return withDriver([&](Lock &) -> CUresult {
    CUcontext found = orCurrent(context);
    if (!Driver::get().contexts.contains(found))
      return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    if (!id)
      return CUDA_ERROR_INVALID_VALUE;
    *id = found->id;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetApiVersion(CUcontext context, unsigned *version) {
  return withDriver([&](Lock &) -> CUresult {
    if (!Driver::get().contexts.contains(orCurrent(context)))
      return CUDA_ERROR_INVALID_CONTEXT;
    if (!version)
      return CUDA_ERROR_INVALID_VALUE;
    *version = 3020;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSynchronize_v2(CUcontext context) {
  return withDriver([&](Lock &) -> CUresult {
    CUcontext found = orCurrent(context);
    if (!Driver::get().contexts.contains(found))
      return CUDA_ERROR_INVALID_CONTEXT;
    if (CUresult code = forbidDuringCapture())
      return code;
    return waitForAll(*found);
  });
}

CUresult cuCtxSynchronize() { return cuCtxSynchronize_v2(nullptr); }

CUresult cuCtxSetLimit(CUlimit limit, size_t value) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!context.limits.count(limit))
      return CUDA_ERROR_UNSUPPORTED_LIMIT;
    context.limits[limit] = value;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetLimit(size_t *value, CUlimit limit) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!value)
      return CUDA_ERROR_INVALID_VALUE;
    if (!context.limits.count(limit))
      return CUDA_ERROR_UNSUPPORTED_LIMIT;
    *value = context.limits[limit];
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxGetCacheConfig(CUfunc_cache *config) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!config)
      return CUDA_ERROR_INVALID_VALUE;
    *config = context.cacheConfig;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxSetCacheConfig(CUfunc_cache config) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    context.cacheConfig = config;
    return CUDA_SUCCESS;
  });
}

CUresult cuCtxResetPersistingL2Cache() {
  return withContext([](Lock &, CUctx_st &) { return CUDA_SUCCESS; });
}

CUresult cuCtxGetStreamPriorityRange(int *least, int *greatest) {
  return withContext([&](Lock &, CUctx_st &) {
    if (least)
      *least = 0;
    if (greatest)
      *greatest = -5;
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    if (!context)
      return CUDA_ERROR_INVALID_VALUE;
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    if (!slot->primary)
      if (CUresult code = createContext(*slot, /*primary=*/true, slot->primaryFlags, slot->primary))
        return code;
    ++slot->primaryRetains;
    *context = slot->primary;
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxRelease(CUdevice device) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    if (!slot->primary || slot->primaryRetains == 0)
      return CUDA_ERROR_INVALID_CONTEXT;
    if (--slot->primaryRetains == 0) {
      destroyContext(slot->primary);
      slot->primary = nullptr;
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxReset(CUdevice device) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    if (!slot->primary)
      return CUDA_SUCCESS;
    emptyContext(*slot->primary);
    slot->primary->sticky = slot->primary->lost = CUDA_SUCCESS;
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxSetFlags(CUdevice device, unsigned flags) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    slot->primaryFlags = flags;
    if (slot->primary)
      slot->primary->flags = flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned *flags, int *active) {
  return withDriver([&](Lock &) -> CUresult {
    DeviceSlot *slot = Driver::get().device(device);
    if (!slot)
      return CUDA_ERROR_INVALID_DEVICE;
    if (!flags || !active)
      return CUDA_ERROR_INVALID_VALUE;
    *flags = slot->primaryFlags;
    *active = slot->primary != nullptr;
    return CUDA_SUCCESS;
  });
}
