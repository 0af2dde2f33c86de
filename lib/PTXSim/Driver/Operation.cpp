//===- Operation.cpp - Running what a stream was given -----------------------------------===//

#include "Operation.h"

#include "Copies.h"
#include "State.h"

namespace mv::ptxsim::driver {
namespace {

template <typename... Ts> struct Overloaded : Ts... {
  using Ts::operator()...;
};

/// Whether the launch is the one that the settings let fail. As on a device, the launch itself knows nothing of it.
bool losesDevice(CUctx_st &context, const Kernel &kernel) {
  Driver &driver = Driver::get();
  const LostDevice &lost = driver.settings.lost;
  if (++driver.launches != lost.launch)
    return false;
  context.lost = lost.memory ? CUDA_ERROR_ECC_UNCORRECTABLE : CUDA_ERROR_LAUNCH_FAILED;
  driver.report.note("the device was lost at launch " + std::to_string(lost.launch) + ", of " +
                     kernel.info().name + ", as the settings say");
  return true;
}

CUresult runKernel(CUctx_st &context, const KernelOperation &operation) {
  if (!Driver::get().functions.contains(operation.function))
    return CUDA_ERROR_INVALID_HANDLE; // Its module was unloaded after the graph was made.
  const Kernel &kernel = *operation.function->kernel;
  if (losesDevice(context, kernel))
    return CUDA_SUCCESS;
  Result result = context.engine().launch(kernel, operation.config, operation.parameters);
  Driver::get().report.tellNews(Driver::get());
  return toResult(result, &context);
}

CUresult runHost(Lock &lock, const HostOperation &operation) {
  HostOperation copy = operation;
  lock.unlock();
  copy.function(copy.data);
  lock.lock();
  return CUDA_SUCCESS;
}

CUresult runGraph(Lock &lock, CUctx_st &context, std::shared_ptr<CUgraph_st> graph) {
  for (CUgraphNode node : graph->sorted())
    if (CUresult code = execute(lock, context, node->operation))
      return code;
  return CUDA_SUCCESS;
}

} // namespace

CUresult execute(Lock &lock, CUctx_st &context, const Operation &operation) {
  Driver &driver = Driver::get();
  if (context.lost != CUDA_SUCCESS)
    return CUDA_SUCCESS;
  return std::visit(
      Overloaded{[](const EmptyOperation &) -> CUresult { return CUDA_SUCCESS; },
                 [&](const KernelOperation &kernel) { return runKernel(context, kernel); },
                 [&](const CopyOperation &copy) { return runCopy(context, copy.copy); },
                 [&](const FillOperation &fill) { return runFill(context, fill); },
                 [&](const HostOperation &host) { return runHost(lock, host); },
                 [&](const EventRecordOperation &record) -> CUresult {
                   if (!driver.events.contains(record.event))
                     return CUDA_ERROR_INVALID_HANDLE;
                   record.event->recorded = true;
                   record.event->time = std::chrono::steady_clock::now();
                   record.event->capture.reset();
                   return CUDA_SUCCESS;
                 },
                 // Everything before the record has happened already.
                 [](const EventWaitOperation &) -> CUresult { return CUDA_SUCCESS; },
                 [&](const ChildGraphOperation &child) { return runGraph(lock, context, child.graph); }},
      operation);
}

CUresult submit(Lock &lock, CUstream handle, Operation operation) {
  Driver &driver = Driver::get();
  CUstream stream = resolveStream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream->capture) {
    if (stream->capture->invalidated)
      return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    stream->captureTails = {stream->capture->graph->add(std::move(operation), stream->captureTails)};
    return CUDA_SUCCESS;
  }
  if (stream->legacy)
    for (const std::shared_ptr<Capture> &capture : driver.captures)
      if (capture->origin->context == stream->context && !(capture->origin->flags & CU_STREAM_NON_BLOCKING)) {
        capture->invalidated = true;
        return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
      }
  if (stream->context->sticky != CUDA_SUCCESS)
    return stream->context->sticky;
  return execute(lock, *stream->context, operation);
}

CUgraphNodeType nodeType(const Operation &operation) {
  constexpr CUgraphNodeType types[] = {CU_GRAPH_NODE_TYPE_EMPTY,      CU_GRAPH_NODE_TYPE_KERNEL,
                                       CU_GRAPH_NODE_TYPE_MEMCPY,     CU_GRAPH_NODE_TYPE_MEMSET,
                                       CU_GRAPH_NODE_TYPE_HOST,       CU_GRAPH_NODE_TYPE_EVENT_RECORD,
                                       CU_GRAPH_NODE_TYPE_WAIT_EVENT, CU_GRAPH_NODE_TYPE_GRAPH};
  static_assert(std::size(types) == std::variant_size_v<Operation>);
  return types[operation.index()];
}

CopyOperation flatCopy(CUmemorytype toType, CUdeviceptr to, CUmemorytype fromType, CUdeviceptr from,
                       size_t bytes) {
  CopyOperation operation;
  CUDA_MEMCPY3D &copy = operation.copy;
  copy.dstMemoryType = toType;
  copy.srcMemoryType = fromType;
  if (toType == CU_MEMORYTYPE_HOST)
    copy.dstHost = reinterpret_cast<void *>(to);
  else
    copy.dstDevice = to;
  if (fromType == CU_MEMORYTYPE_HOST)
    copy.srcHost = reinterpret_cast<const void *>(from);
  else
    copy.srcDevice = from;
  copy.WidthInBytes = bytes;
  copy.Height = copy.Depth = 1;
  return operation;
}

} // namespace mv::ptxsim::driver
