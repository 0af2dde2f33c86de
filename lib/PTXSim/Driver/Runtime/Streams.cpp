//===- Streams.cpp - Streams, events, capture and graphs of the runtime ---------------------===//

#include "Runtime.h"

using namespace mv::ptxsim::runtime;

cudaError_t cudaStreamCreate(cudaStream_t *stream) {
  return withContext([&] { return cuStreamCreate(stream, CU_STREAM_DEFAULT); });
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags) {
  return withContext([&] { return cuStreamCreate(stream, flags); });
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned flags, int priority) {
  return withContext([&] { return cuStreamCreateWithPriority(stream, flags, priority); });
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return withContext([&] { return cuStreamDestroy(stream); });
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return withContext([&] { return cuStreamSynchronize(stream); });
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return withContext([&] { return cuStreamQuery(stream); });
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags) {
  return withContext([&] { return cuStreamWaitEvent(stream, event, flags); });
}
cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned *flags) {
  return withContext([&] { return cuStreamGetFlags(stream, flags); });
}
cudaError_t cudaStreamGetPriority(cudaStream_t stream, int *priority) {
  return withContext([&] { return cuStreamGetPriority(stream, priority); });
}
cudaError_t cudaStreamGetId(cudaStream_t stream, unsigned long long *id) {
  return withContext([&] { return cuStreamGetId(stream, id); });
}
cudaError_t cudaStreamGetDevice(cudaStream_t stream, int *device) {
  return withContext([&] { return cuStreamGetDevice(stream, device); });
}
cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void *data,
                                  unsigned flags) {
  return withContext(
      [&] { return cuStreamAddCallback(stream, reinterpret_cast<CUstreamCallback>(callback), data, flags); });
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void *data) {
  return withContext([&] { return cuLaunchHostFunc(stream, function, data); });
}

cudaError_t cudaEventCreate(cudaEvent_t *event) {
  return withContext([&] { return cuEventCreate(event, CU_EVENT_DEFAULT); });
}
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned flags) {
  return withContext([&] { return cuEventCreate(event, flags); });
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return withContext([&] { return cuEventDestroy(event); });
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return withContext([&] { return cuEventRecord(event, stream); });
}
cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned flags) {
  return withContext([&] { return cuEventRecordWithFlags(event, stream, flags); });
}
cudaError_t cudaEventQuery(cudaEvent_t event) {
  return withContext([&] { return cuEventQuery(event); });
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return withContext([&] { return cuEventSynchronize(event); });
}
cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return withContext([&] { return cuEventElapsedTime(milliseconds, start, end); });
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode mode) {
  return withContext([&] { return cuStreamBeginCapture(stream, static_cast<CUstreamCaptureMode>(mode)); });
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph) {
  return withContext([&] { return cuStreamEndCapture(stream, graph); });
}
cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus *status) {
  return withContext(
      [&] { return cuStreamIsCapturing(stream, reinterpret_cast<CUstreamCaptureStatus *>(status)); });
}
cudaError_t cudaStreamGetCaptureInfo(cudaStream_t stream, cudaStreamCaptureStatus *status,
                                     unsigned long long *id, cudaGraph_t *graph,
                                     const cudaGraphNode_t **dependencies, const cudaGraphEdgeData **edges,
                                     size_t *count) {
  return withContext([&] {
    cuuint64_t found = 0;
    CUresult result =
        cuStreamGetCaptureInfo(stream, reinterpret_cast<CUstreamCaptureStatus *>(status), &found, graph,
                               dependencies, reinterpret_cast<const CUgraphEdgeData **>(edges), count);
    if (id)
      *id = found;
    return result;
  });
}
cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode *mode) {
  return finish(cuThreadExchangeStreamCaptureMode(reinterpret_cast<CUstreamCaptureMode *>(mode)));
}

cudaError_t cudaGraphCreate(cudaGraph_t *graph, unsigned flags) {
  return withContext([&] { return cuGraphCreate(graph, flags); });
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  return withContext([&] { return cuGraphDestroy(graph); });
}
cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t *nodes, size_t *count) {
  return withContext([&] { return cuGraphGetNodes(graph, nodes, count); });
}
cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType *type) {
  return withContext([&] { return cuGraphNodeGetType(node, reinterpret_cast<CUgraphNodeType *>(type)); });
}
cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t *node, cudaGraph_t graph,
                                  const cudaGraphNode_t *dependencies, size_t count) {
  return withContext([&] { return cuGraphAddEmptyNode(node, graph, dependencies, count); });
}
cudaError_t cudaGraphAddHostNode(cudaGraphNode_t *node, cudaGraph_t graph,
                                 const cudaGraphNode_t *dependencies, size_t count,
                                 const cudaHostNodeParams *parameters) {
  return withContext([&] {
    CUDA_HOST_NODE_PARAMS host = {parameters->fn, parameters->userData};
    return cuGraphAddHostNode(node, graph, dependencies, count, &host);
  });
}
cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t *node, cudaGraph_t graph,
                                   const cudaGraphNode_t *dependencies, size_t count,
                                   const cudaKernelNodeParams *parameters) {
  return withContext([&] {
    CUDA_KERNEL_NODE_PARAMS kernel = {};
    if (CUresult result = kernelOf(parameters->func, kernel.func))
      return result;
    kernel.gridDimX = parameters->gridDim.x;
    kernel.gridDimY = parameters->gridDim.y;
    kernel.gridDimZ = parameters->gridDim.z;
    kernel.blockDimX = parameters->blockDim.x;
    kernel.blockDimY = parameters->blockDim.y;
    kernel.blockDimZ = parameters->blockDim.z;
    kernel.sharedMemBytes = parameters->sharedMemBytes;
    kernel.kernelParams = parameters->kernelParams;
    kernel.extra = parameters->extra;
    return cuGraphAddKernelNode(node, graph, dependencies, count, &kernel);
  });
}
cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t *node, cudaGraph_t graph,
                                     const cudaGraphNode_t *dependencies, size_t count, void *to,
                                     const void *from, size_t bytes, cudaMemcpyKind) {
  return withContext([&] {
    CUDA_MEMCPY3D copy = {};
    copy.srcMemoryType = copy.dstMemoryType = CU_MEMORYTYPE_UNIFIED;
    copy.srcDevice = addressOf(from);
    copy.dstDevice = addressOf(to);
    copy.WidthInBytes = bytes;
    copy.Height = copy.Depth = 1;
    CUcontext context = nullptr;
    cuCtxGetCurrent(&context);
    return cuGraphAddMemcpyNode(node, graph, dependencies, count, &copy, context);
  });
}
cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t *node, cudaGraph_t graph,
                                   const cudaGraphNode_t *dependencies, size_t count,
                                   const cudaMemsetParams *parameters) {
  return withContext([&] {
    CUDA_MEMSET_NODE_PARAMS fill = {addressOf(parameters->dst), parameters->pitch, parameters->value,
                                    parameters->elementSize,    parameters->width, parameters->height};
    CUcontext context = nullptr;
    cuCtxGetCurrent(&context);
    return cuGraphAddMemsetNode(node, graph, dependencies, count, &fill, context);
  });
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags) {
  return withContext([&] { return cuGraphInstantiateWithFlags(exec, graph, flags); });
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t *exec, cudaGraph_t graph,
                                          unsigned long long flags) {
  return cudaGraphInstantiate(exec, graph, flags);
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t exec, cudaGraph_t graph,
                                cudaGraphExecUpdateResultInfo *info) {
  return withContext(
      [&] { return cuGraphExecUpdate(exec, graph, reinterpret_cast<CUgraphExecUpdateResultInfo *>(info)); });
}
cudaError_t cudaGraphUpload(cudaGraphExec_t exec, cudaStream_t stream) {
  return withContext([&] { return cuGraphUpload(exec, stream); });
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream) {
  return withContext([&] { return cuGraphLaunch(exec, stream); });
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec) {
  return withContext([&] { return cuGraphExecDestroy(exec); });
}
cudaError_t cudaGraphDebugDotPrint(cudaGraph_t graph, const char *path, unsigned flags) {
  return withContext([&] { return cuGraphDebugDotPrint(graph, path, flags); });
}

MV_RUNTIME_PER_THREAD(cudaStreamSynchronize, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamQuery, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamWaitEvent, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamGetFlags, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamGetPriority, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamGetId, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamGetDevice, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamAddCallback, _ptsz)
MV_RUNTIME_PER_THREAD(cudaLaunchHostFunc, _ptsz)
MV_RUNTIME_PER_THREAD(cudaEventRecord, _ptsz)
MV_RUNTIME_PER_THREAD(cudaEventRecordWithFlags, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamBeginCapture, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamEndCapture, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamIsCapturing, _ptsz)
MV_RUNTIME_PER_THREAD(cudaStreamGetCaptureInfo, _ptsz)
MV_RUNTIME_PER_THREAD(cudaGraphLaunch, _ptsz)
