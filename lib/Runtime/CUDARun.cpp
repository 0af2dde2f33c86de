//===- CUDARun.cpp - Running a package on an NVIDIA GPU -------------------------===//

#include "CUDADevice.h"

#include "mv/Support/Text.h"

#include <cstring>

using namespace mv;
using namespace mv::runtime;
using package::BufferKind;

/// Kept at a time: callers use a few batches, and a graph takes some hundred kilobytes.
static constexpr size_t kMaxGraphs = 16;
/// What poison fills memory with: as floats of any size, not-a-number.
static constexpr unsigned char kPoison = 0xFF;

/// Which outputs the caller wants.
static std::vector<bool> wantedOutputs(const Run &run) {
  std::vector<bool> wanted;
  for (float *const output : run.outputs)
    wanted.push_back(output != nullptr);
  return wanted;
}

//===----------------------------------------------------------------------===//
// Work of a run
//===----------------------------------------------------------------------===//

cuda::Address CUDADevice::address(const package::Buffer &buffer, const Layout &layout, int64_t batch) const {
  switch (buffer.kind()) {
  case BufferKind::Input:
    return memory_ + layout.input;
  case BufferKind::Output:
    return memory_ + layout.outputs[buffer.index()];
  case BufferKind::Parameter:
    return parameters_ + parameterOffsets_[buffer.index()];
  case BufferKind::Slice:
    return memory_ + static_cast<uint64_t>(batch) * buffer.offset();
  }
  return 0; // The reader has checked the kind.
}

const std::vector<CUDADevice::Launch> &CUDADevice::launchesOf(uint32_t kernel, int64_t batch) const {
  const Variant *last = nullptr;
  for (const Variant &variant : kernels_[kernel])
    if (variant.batch <= batch)
      last = &variant; // The first is for a batch of 1 on.
  return last->launches;
}

Status CUDADevice::enqueueCopyIn(const Run &run, const Layout &layout) {
  const uint64_t bytes = static_cast<uint64_t>(run.batch) * entries_[run.entry].inputBytes;
  return driver_->check(
      driver_->copyToDeviceAsync(memory_ + layout.input, staging(layout, layout.input), bytes, stream_),
      "copy images to the GPU");
}

Status CUDADevice::enqueueCopyOut(const Run &run, const Layout &layout) {
  const EntryInfo &entry = entries_[run.entry];
  for (size_t index = 0; index < entry.outputs.size(); ++index)
    if (run.outputs[index])
      MV_RETURN_IF_ERROR(driver_->check(
          driver_->copyToHostAsync(staging(layout, layout.outputs[index]), memory_ + layout.outputs[index],
                                   static_cast<uint64_t>(run.batch) * entry.outputs[index], stream_),
          "copy results from the GPU"));
  return Status();
}

/// Launches a dispatch's kernel, and adds its blocks to `blocks`.
Status CUDADevice::enqueueStep(const Step &step, const Layout &layout, int64_t batch, uint64_t &blocks) {
  std::vector<cuda::Address> pointers;
  for (const package::Buffer &buffer : step.buffers)
    pointers.push_back(address(buffer, layout, batch));
  auto images = static_cast<int32_t>(batch);
  std::vector<void *> arguments;
  for (cuda::Address &pointer : pointers)
    arguments.push_back(&pointer);
  arguments.push_back(&images);
  for (const Launch &launch : launchesOf(step.kernel, batch)) {
    const uint64_t groups = (static_cast<uint64_t>(batch) * launch.items - 1) / launch.group + 1;
    const uint64_t grid = groups * launch.multiplier;
    blocks += grid;
    const cuda::Result result =
        driver_->launch(launch.function, static_cast<unsigned>(grid), 1, 1, launch.threads, 1, 1,
                        launch.shared, stream_, arguments.data(), nullptr);
    if (result != cuda::kSuccess)
      return driver_->check(result,
                            "launch kernel " +
                                quote(package_->model().kernels()->Get(step.kernel)->name()->string_view()));
  }
  return Status();
}

Status CUDADevice::enqueueAll(const Run &run, const Layout &layout) {
  MV_RETURN_IF_ERROR(enqueueCopyIn(run, layout));
  uint64_t blocks = 0;
  for (const Step &step : entries_[run.entry].steps)
    MV_RETURN_IF_ERROR(enqueueStep(step, layout, run.batch, blocks));
  return enqueueCopyOut(run, layout);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

void CUDADevice::dropGraphs() {
  for (const auto &[key, graph] : graphs_)
    driver_->graphExecDestroy(graph);
  graphs_.clear();
}

/// The graph of a run of this kind, captured if there is none yet.
StatusOr<cuda::GraphExec> CUDADevice::graphOf(const Run &run, const Layout &layout) {
  const GraphKey key(run.entry, run.batch, wantedOutputs(run));
  if (const auto found = graphs_.find(key); found != graphs_.end())
    return found->second;
  if (graphs_.size() >= kMaxGraphs)
    dropGraphs();
  const std::string what = "capture a CUDA graph";
  MV_RETURN_IF_ERROR(driver_->check(driver_->beginCapture(stream_, cuda::kCaptureThreadLocal), what));
  const Status enqueued = enqueueAll(run, layout);
  cuda::Graph graph = nullptr;
  const cuda::Result captured =
      driver_->endCapture(stream_, &graph); // In any case: it ends the stream's capture.
  MV_RETURN_IF_ERROR(enqueued);
  MV_RETURN_IF_ERROR(driver_->check(captured, what));
  cuda::GraphExec executable = nullptr;
  const cuda::Result instantiated = driver_->graphInstantiate(&executable, graph, 0);
  driver_->graphDestroy(graph);
  MV_RETURN_IF_ERROR(driver_->check(instantiated, what));
  graphs_.emplace(key, executable);
  return executable;
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// Waits for the stream. What fails here failed on the GPU: a kernel is wrong, or the machine is.
Status CUDADevice::synchronize(const Run &run) {
  const cuda::Result result = driver_->streamSynchronize(stream_);
  if (result == cuda::kSuccess)
    return Status();
  const package::Entry &entry = *package_->model().entries()->Get(run.entry);
  return Status::internal("the GPU failed while running " + quote(entry.name()->string_view()) +
                          " on a batch of " + std::to_string(run.batch) + ": " + driver_->describe(result));
}

/// Without a graph, an event before the copy, before the first dispatch, and after each.
Status CUDADevice::runTimed(const Run &run, const Layout &layout, std::vector<uint64_t> &blocks) {
  const std::string what = "time the GPU's work";
  const std::vector<Step> &steps = entries_[run.entry].steps;
  while (events_.size() < steps.size() + 2) {
    cuda::Event event = nullptr;
    MV_RETURN_IF_ERROR(driver_->check(driver_->eventCreate(&event, 0), what));
    events_.push_back(event);
  }
  MV_RETURN_IF_ERROR(driver_->check(driver_->eventRecord(events_[0], stream_), what));
  MV_RETURN_IF_ERROR(enqueueCopyIn(run, layout));
  MV_RETURN_IF_ERROR(driver_->check(driver_->eventRecord(events_[1], stream_), what));
  for (size_t index = 0; index < steps.size(); ++index) {
    MV_RETURN_IF_ERROR(enqueueStep(steps[index], layout, run.batch, blocks.emplace_back()));
    MV_RETURN_IF_ERROR(driver_->check(driver_->eventRecord(events_[index + 2], stream_), what));
  }
  return enqueueCopyOut(run, layout);
}

Status CUDADevice::runProfiled(const Run &run, const Layout &layout, std::vector<DispatchTime> &times) {
  std::vector<uint64_t> blocks;
  const Status enqueued = runTimed(run, layout, blocks);
  MV_RETURN_IF_ERROR(synchronize(run)); // In any case: nothing may be under way when we return.
  MV_RETURN_IF_ERROR(enqueued);
  const auto since = [&](size_t event, int64_t &nanoseconds) {
    float milliseconds = 0;
    const cuda::Result result = driver_->eventElapsed(&milliseconds, events_[0], events_[event]);
    nanoseconds = static_cast<int64_t>(static_cast<double>(milliseconds) * 1e6);
    return driver_->check(result, "time the GPU's work");
  };
  for (size_t index = 0; index < blocks.size(); ++index) {
    DispatchTime time = {0, 0, blocks[index]};
    MV_RETURN_IF_ERROR(since(index + 1, time.start));
    MV_RETURN_IF_ERROR(since(index + 2, time.end));
    times.push_back(time);
  }
  return Status();
}

Status CUDADevice::run(const Run &run, std::vector<DispatchTime> *times) {
  MV_RETURN_IF_ERROR(reserve(run.entry, run.batch));
  const cuda::Current current(*driver_, context_);
  const EntryInfo &entry = entries_[run.entry];
  const Layout layout = layOut(entry, run.batch);
  const auto images = static_cast<uint64_t>(run.batch);
  std::memcpy(staging(layout, layout.input), run.input, images * entry.inputBytes);
  if (poison_)
    MV_RETURN_IF_ERROR(
        driver_->check(driver_->fillAsync(memory_, kPoison, memoryBytes_, stream_), "fill the GPU's memory"));
  if (times) {
    MV_RETURN_IF_ERROR(runProfiled(run, layout, *times));
  } else {
    MV_ASSIGN_OR_RETURN(cuda::GraphExec graph, graphOf(run, layout));
    MV_RETURN_IF_ERROR(driver_->check(driver_->graphLaunch(graph, stream_), "launch a CUDA graph"));
    MV_RETURN_IF_ERROR(synchronize(run));
  }
  for (size_t index = 0; index < entry.outputs.size(); ++index)
    if (float *wanted = run.outputs[index])
      std::memcpy(wanted, staging(layout, layout.outputs[index]), images * entry.outputs[index]);
  return Status();
}
