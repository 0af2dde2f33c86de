//===- Capture.cpp - Recording what streams are given --------------------------------------===//

#include "State.h"

#include <algorithm>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// True when every node of the capture comes before what the origin stream would do next: no fork was left
/// unjoined.
bool everythingJoined(const CUgraph_st &graph, const std::vector<CUgraphNode> &tails) {
  std::set<CUgraphNode> reached;
  std::vector<CUgraphNode> pending = tails;
  while (!pending.empty()) {
    CUgraphNode node = pending.back();
    pending.pop_back();
    if (reached.insert(node).second)
      pending.insert(pending.end(), node->dependencies.begin(), node->dependencies.end());
  }
  return reached.size() == graph.nodes.size();
}

/// Takes every stream and event out of a capture that is over.
void endCapture(Driver &driver, const std::shared_ptr<Capture> &capture) {
  capture->active = false;
  CUcontext context = capture->origin->context;
  auto leave = [&](CUstream_st &stream) {
    if (stream.capture == capture) {
      stream.capture.reset();
      stream.captureTails.clear();
    }
  };
  for (CUstream stream : context->streams)
    leave(*stream);
  for (auto &[thread, stream] : context->perThreadStreams)
    leave(*stream);
  std::erase(driver.captures, capture);
}

CUresult beginCapture(CUstream handle, CUgraph graph, std::vector<CUgraphNode> tails,
                      CUstreamCaptureMode mode) {
  Driver &driver = Driver::get();
  CUstream stream = resolveStream(handle);
  if (!stream)
    return CUDA_ERROR_INVALID_HANDLE;
  if (stream->legacy)
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  if (stream->capture)
    return CUDA_ERROR_ILLEGAL_STATE;
  auto capture = std::make_shared<Capture>();
  capture->ownsGraph = graph == nullptr;
  capture->graph = graph;
  if (!graph) {
    capture->graph = new CUgraph_st;
    driver.graphs.insert(capture->graph);
  }
  capture->origin = stream;
  capture->mode = mode;
  capture->thread = std::this_thread::get_id();
  stream->capture = capture;
  stream->captureTails = std::move(tails);
  driver.captures.push_back(capture);
  return CUDA_SUCCESS;
}

CUstreamCaptureStatus statusOf(const CUstream_st &stream) {
  if (!stream.capture)
    return CU_STREAM_CAPTURE_STATUS_NONE;
  return stream.capture->invalidated ? CU_STREAM_CAPTURE_STATUS_INVALIDATED : CU_STREAM_CAPTURE_STATUS_ACTIVE;
}

} // namespace

CUresult cuStreamBeginCapture(CUstream handle, CUstreamCaptureMode mode) {
  return withContext([&](Lock &, CUctx_st &) { return beginCapture(handle, nullptr, {}, mode); });
}

CUresult cuStreamBeginCaptureToGraph(CUstream handle, CUgraph graph, const CUgraphNode *dependencies,
                                     const CUgraphEdgeData *, size_t count, CUstreamCaptureMode mode) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    if (!Driver::get().graphs.contains(graph) || (count && !dependencies))
      return CUDA_ERROR_INVALID_VALUE;
    return beginCapture(handle, graph, {dependencies, dependencies + count}, mode);
  });
}

CUresult cuStreamEndCapture(CUstream handle, CUgraph *graph) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    Driver &driver = Driver::get();
    CUstream stream = resolveStream(handle);
    if (!graph)
      return CUDA_ERROR_INVALID_VALUE;
    *graph = nullptr;
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    std::shared_ptr<Capture> capture = stream->capture;
    if (!capture)
      return CUDA_ERROR_ILLEGAL_STATE;
    if (capture->origin != stream)
      return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id())
      return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
    CUresult code = CUDA_SUCCESS;
    if (capture->invalidated)
      code = CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    else if (capture->ownsGraph && !everythingJoined(*capture->graph, stream->captureTails))
      code = CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    endCapture(driver, capture);
    if (code == CUDA_SUCCESS) {
      *graph = capture->graph;
    } else if (capture->ownsGraph) {
      delete capture->graph;
    }
    return code;
  });
}

CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus *status) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!status)
      return CUDA_ERROR_INVALID_VALUE;
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    if (stream->legacy)
      for (const auto &capture : Driver::get().captures)
        if (capture->origin->context == &context && !(capture->origin->flags & CU_STREAM_NON_BLOCKING))
          return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
    *status = statusOf(*stream);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetCaptureInfo(CUstream handle, CUstreamCaptureStatus *status, cuuint64_t *id,
                                CUgraph *graph, const CUgraphNode **dependencies,
                                const CUgraphEdgeData **edges, size_t *count) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!status)
      return CUDA_ERROR_INVALID_VALUE;
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    *status = statusOf(*stream);
    if (edges)
      *edges = nullptr;
    if (*status != CU_STREAM_CAPTURE_STATUS_ACTIVE)
      return CUDA_SUCCESS;
    if (id)
      *id = stream->capture->id;
    if (graph)
      *graph = stream->capture->graph;
    if (dependencies)
      *dependencies = stream->captureTails.data();
    if (count)
      *count = stream->captureTails.size();
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamUpdateCaptureDependencies(CUstream handle, CUgraphNode *dependencies,
                                           const CUgraphEdgeData *, size_t count, unsigned flags) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    if (!stream->capture || stream->capture->invalidated)
      return CUDA_ERROR_ILLEGAL_STATE;
    for (size_t i = 0; i < count; ++i)
      if (!Driver::get().nodes.contains(dependencies[i]) || dependencies[i]->graph != stream->capture->graph)
        return CUDA_ERROR_INVALID_VALUE;
    if (flags & CU_STREAM_SET_CAPTURE_DEPENDENCIES)
      stream->captureTails.clear();
    stream->captureTails.insert(stream->captureTails.end(), dependencies, dependencies + count);
    return CUDA_SUCCESS;
  });
}

CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode *mode) {
  if (!mode)
    return CUDA_ERROR_INVALID_VALUE;
  std::swap(*mode, threadCaptureMode());
  return CUDA_SUCCESS;
}

MV_DRIVER_PER_THREAD(cuStreamBeginCapture, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamBeginCaptureToGraph, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamEndCapture, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamIsCapturing, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetCaptureInfo, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamUpdateCaptureDependencies, _ptsz)
