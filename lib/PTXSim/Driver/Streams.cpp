//===- Streams.cpp - Streams and events ----------------------------------------------------===//
//
// A stream does what it is given before the call returns, so every stream is always idle and
// whatever an event was recorded after has happened. What is left to model is which handles
// are valid, the times of events, and capture (Capture.cpp).
//
//===----------------------------------------------------------------------===//

#include "State.h"

#include <algorithm>

using namespace mv::ptxsim;
using namespace mv::ptxsim::driver;

namespace {

/// Body of an entry point about one stream: `body(stream)`.
template <typename Body> CUresult withStream(CUstream handle, Body body) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    CUstream stream = resolveStream(handle);
    return stream ? body(*stream) : CUDA_ERROR_INVALID_HANDLE;
  });
}

template <typename Body> CUresult withEvent(CUevent event, Body body) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    return Driver::get().events.contains(event) ? body(*event) : CUDA_ERROR_INVALID_HANDLE;
  });
}

/// Waiting for a stream that is being captured ends the capture.
CUresult waitFor(CUstream_st &stream) {
  if (stream.capture) {
    stream.capture->invalidated = true;
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
  }
  return waitForAll(*stream.context);
}

/// A wait makes the stream part of the capture its event was recorded in.
CUresult joinCapture(CUstream_st &stream, CUevent_st &event) {
  if (stream.capture && stream.capture != event.capture) {
    stream.capture->invalidated = event.capture->invalidated = true;
    return CUDA_ERROR_STREAM_CAPTURE_MERGE;
  }
  if (stream.legacy) {
    event.capture->invalidated = true;
    return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
  }
  stream.capture = event.capture;
  for (CUgraphNode node : event.captureTails)
    if (std::find(stream.captureTails.begin(), stream.captureTails.end(), node) == stream.captureTails.end())
      stream.captureTails.push_back(node);
  return CUDA_SUCCESS;
}

} // namespace

CUresult cuStreamCreateWithPriority(CUstream *stream, unsigned flags, int priority) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    if (!stream || (flags & ~unsigned(CU_STREAM_NON_BLOCKING)))
      return CUDA_ERROR_INVALID_VALUE;
    *stream = new CUstream_st;
    (*stream)->context = &context;
    (*stream)->flags = flags;
    (*stream)->priority = std::min(0, std::max(priority, -5));
    context.streams.insert(*stream);
    Driver::get().streams.insert(*stream);
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamCreate(CUstream *stream, unsigned flags) {
  return cuStreamCreateWithPriority(stream, flags, 0);
}

CUresult cuStreamDestroy(CUstream stream) {
  return withDriver([&](Lock &) -> CUresult {
    Driver &driver = Driver::get();
    if (!driver.streams.contains(stream))
      return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture)
      stream->capture->invalidated = true;
    std::erase_if(driver.captures, [&](const auto &capture) { return capture->origin == stream; });
    stream->context->streams.erase(stream);
    driver.streams.erase(stream);
    delete stream;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamSynchronize(CUstream handle) { return withStream(handle, waitFor); }
CUresult cuStreamQuery(CUstream handle) { return withStream(handle, waitFor); }

CUresult cuStreamGetPriority(CUstream handle, int *priority) {
  return withStream(handle, [&](CUstream_st &stream) {
    if (!priority)
      return CUDA_ERROR_INVALID_VALUE;
    *priority = stream.priority;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetFlags(CUstream handle, unsigned *flags) {
  return withStream(handle, [&](CUstream_st &stream) {
    if (!flags)
      return CUDA_ERROR_INVALID_VALUE;
    *flags = stream.flags;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetId(CUstream handle, unsigned long long *id) {
  return withStream(handle, [&](CUstream_st &stream) {
    if (!id)
      return CUDA_ERROR_INVALID_VALUE;
    *id = stream.id;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetDevice(CUstream handle, CUdevice *device) {
  return withStream(handle, [&](CUstream_st &stream) {
    if (!device)
      return CUDA_ERROR_INVALID_VALUE;
    *device = stream.context->device->ordinal;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetCtx(CUstream handle, CUcontext *context) {
  return withStream(handle, [&](CUstream_st &stream) {
    if (!context)
      return CUDA_ERROR_INVALID_VALUE;
    *context = stream.context;
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamGetCtx_v2(CUstream handle, CUcontext *context, CUgreenCtx *green) {
  if (green)
    *green = nullptr;
  return cuStreamGetCtx(handle, context);
}

CUresult cuStreamAttachMemAsync(CUstream handle, CUdeviceptr, size_t, unsigned) {
  return withStream(handle, [](CUstream_st &) { return CUDA_SUCCESS; });
}

CUresult cuStreamAddCallback(CUstream handle, CUstreamCallback callback, void *data, unsigned flags) {
  return withContext([&](Lock &lock, CUctx_st &context) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!stream)
      return CUDA_ERROR_INVALID_HANDLE;
    if (!callback || flags != 0)
      return CUDA_ERROR_INVALID_VALUE;
    if (CUresult code = waitFor(*stream))
      return code;
    CUresult status = context.sticky;
    lock.unlock();
    callback(handle, status, data);
    lock.lock();
    return CUDA_SUCCESS;
  });
}

CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!stream || !Driver::get().events.contains(event))
      return CUDA_ERROR_INVALID_HANDLE;
    if (event->capture && event->capture->active)
      return joinCapture(*stream, *event);
    if (stream->capture) {
      stream->capture->invalidated = true;
      return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    }
    return CUDA_SUCCESS;
  });
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  return withContext([&](Lock &, CUctx_st &context) -> CUresult {
    constexpr unsigned known = CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING;
    if (flags & CU_EVENT_INTERPROCESS)
      return CUDA_ERROR_NOT_SUPPORTED;
    if (!event || (flags & ~known))
      return CUDA_ERROR_INVALID_VALUE;
    *event = new CUevent_st;
    (*event)->context = &context;
    (*event)->flags = flags;
    context.events.insert(*event);
    Driver::get().events.insert(*event);
    return CUDA_SUCCESS;
  });
}

CUresult cuEventDestroy(CUevent event) {
  return withDriver([&](Lock &) -> CUresult {
    Driver &driver = Driver::get();
    if (!driver.events.contains(event))
      return CUDA_ERROR_INVALID_HANDLE;
    event->context->events.erase(event);
    driver.events.erase(event);
    delete event;
    return CUDA_SUCCESS;
  });
}

CUresult cuEventRecordWithFlags(CUevent event, CUstream handle, unsigned flags) {
  return withContext([&](Lock &lock, CUctx_st &) -> CUresult {
    CUstream stream = resolveStream(handle);
    if (!stream || !Driver::get().events.contains(event))
      return CUDA_ERROR_INVALID_HANDLE;
    if (!stream->capture)
      return submit(lock, handle, EventRecordOperation{event});
    if (stream->capture->invalidated)
      return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (flags & CU_EVENT_RECORD_EXTERNAL)
      return submit(lock, handle, EventRecordOperation{event});
    event->capture = stream->capture;
    event->captureTails = stream->captureTails;
    event->recorded = false;
    return CUDA_SUCCESS;
  });
}

CUresult cuEventRecord(CUevent event, CUstream stream) { return cuEventRecordWithFlags(event, stream, 0); }

CUresult cuEventQuery(CUevent event) {
  return withEvent(event, [](CUevent_st &found) {
    if (found.capture && found.capture->active) {
      found.capture->invalidated = true;
      return CUDA_ERROR_CAPTURED_EVENT;
    }
    return waitForAll(*found.context);
  });
}

CUresult cuEventSynchronize(CUevent event) { return cuEventQuery(event); }

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  return withContext([&](Lock &, CUctx_st &) -> CUresult {
    Driver &driver = Driver::get();
    if (!milliseconds)
      return CUDA_ERROR_INVALID_VALUE;
    if (!driver.events.contains(start) || !driver.events.contains(end))
      return CUDA_ERROR_INVALID_HANDLE;
    for (CUevent event : {start, end})
      if (!event->recorded || (event->flags & CU_EVENT_DISABLE_TIMING))
        return CUDA_ERROR_INVALID_HANDLE;
    *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
    return CUDA_SUCCESS;
  });
}

MV_DRIVER_PER_THREAD(cuStreamSynchronize, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamQuery, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetPriority, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetFlags, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetId, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetDevice, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetCtx, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamGetCtx_v2, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamAttachMemAsync, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamAddCallback, _ptsz)
MV_DRIVER_PER_THREAD(cuStreamWaitEvent, _ptsz)
MV_DRIVER_PER_THREAD(cuEventRecord, _ptsz)
MV_DRIVER_PER_THREAD(cuEventRecordWithFlags, _ptsz)
