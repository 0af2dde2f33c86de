//===- CUDARun.cpp - Running a package on an NVIDIA GPU -------------------------===//

#include "CUDADevice.h"

#include "mv/Support/Text.h"

#include <cstring>

using namespace mv;
using namespace mv::runtime;

/// What poison fills memory with: as floats of any size, not-a-number.
static constexpr unsigned char kPoison = 0xFF;

//===----------------------------------------------------------------------===//
// What the caller gave
//===----------------------------------------------------------------------===//

/// Where `pointer`, the run's `what`, points to; an error if this GPU cannot copy from there.
StatusOr<CUDADevice::Place> CUDADevice::placeOf(const void *pointer, const char *what) const {
  constexpr int kAttributes[] = {cuda::kMemoryType, cuda::kIsManaged, cuda::kDeviceOrdinal};
  unsigned type = 0, managed = 0;
  int ordinal = -1;
  void *values[] = {&type, &managed, &ordinal};
  const cuda::Result asked =
      driver_->pointerGetAttributes(std::size(kAttributes), kAttributes, values, cuda::addressOf(pointer));
  if (asked != cuda::kSuccess)
    return driver_->check(asked, std::string("find out where the ") + what + " lies");
  if (managed != 0)
    return Place::GPU;
  if (type == cuda::kHostMemory)
    return Place::Pinned;
  if (type != cuda::kDeviceMemory)
    return Place::Pageable;
  if (ordinal == model_->device())
    return Place::GPU;
  return Status::invalidInput(std::string("the ") + what + " lies on GPU " + std::to_string(ordinal) +
                              ": expected memory of GPU " + std::to_string(model_->device()) +
                              ", which the session runs on, or of the host");
}

Status CUDADevice::checkStream(cuda::Stream stream) const {
  cuda::Context context = nullptr;
  MV_RETURN_IF_ERROR(driver_->check(driver_->streamGetContext(stream, &context), "use the caller's stream"));
  if (context == model_->context())
    return Status();
  return Status::invalidInput(
      "the stream belongs to another context: expected one of the primary context of GPU " +
      std::to_string(model_->device()) + ", which the session runs on");
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

/// What `stream` gets from now on begins after `mark`.
Status CUDADevice::after(cuda::Stream stream, const Mark &mark) const {
  // A caller's stream may be a new one at the address of one that is gone, so we know the order in ours alone.
  const bool isOurs = stream == streams_.upload || stream == streams_.compute || stream == streams_.download;
  if (!mark.stream || (isOurs && stream == mark.stream))
    return Status();
  return driver_->check(driver_->streamWaitEvent(stream, mark.event, 0), "order the GPU's work");
}

Status CUDADevice::record(Mark &mark, cuda::Stream stream) const {
  mark.stream = stream;
  return driver_->check(driver_->eventRecord(mark.event, stream), "order the GPU's work");
}

/// Within a run: what `second` gets from now on begins after what `first` has got.
Status CUDADevice::join(Mark &mark, cuda::Stream first, cuda::Stream second) const {
  if (first == second)
    return Status();
  MV_RETURN_IF_ERROR(record(mark, first));
  return after(second, mark);
}

Status CUDADevice::synchronize(const Slot &slot) const {
  return driver_->check(driver_->eventSynchronize(slot.downloaded.event),
                        "run " + describe(slot.entry, slot.batch));
}

Status CUDADevice::wait(uint64_t run) {
  MV_RETURN_IF_ERROR(checkNumber(run, runs_));
  const cuda::Current current(*driver_, model_->context());
  bool isThere = false; // Whether the slot's latest run is this one, not a later.
  for (const Slot &slot : slots_)
    isThere |= slot.run == run && run != 0;
  for (const Slot &slot : slots_)
    if (slot.run != 0 && (!isThere || slot.run <= run))
      MV_RETURN_IF_ERROR(synchronize(slot));
  return Status();
}

//===----------------------------------------------------------------------===//
// Work of a run
//===----------------------------------------------------------------------===//

Status CUDADevice::copyIn(const Run &run, const Slot &slot, cuda::Stream stream) const {
  const uint64_t bytes = static_cast<uint64_t>(run.batch) * entries_[run.entry].inputBytes;
  return driver_->check(driver_->copyAsync(slot.block.memory, cuda::addressOf(run.input), bytes, stream),
                        "copy images to the GPU");
}

Status CUDADevice::copyOut(const Run &run, const Slot &slot, const Layout &layout,
                           cuda::Stream stream) const {
  const EntryInfo &entry = entries_[run.entry];
  for (size_t index = 0; index < entry.outputs.size(); ++index)
    if (run.outputs[index])
      MV_RETURN_IF_ERROR(driver_->check(
          driver_->copyAsync(cuda::addressOf(run.outputs[index]), slot.block.memory + layout.outputs[index],
                             static_cast<uint64_t>(run.batch) * entry.outputs[index], stream),
          "copy results from the GPU"));
  return Status();
}

/// Fills all memory of the run, before anything of it is written.
Status CUDADevice::poison(Slot &slot, const Streams &streams) const {
  if (!poison_)
    return Status();
  const std::string what = "fill the GPU's memory";
  MV_RETURN_IF_ERROR(after(streams.upload, slot.downloaded));
  MV_RETURN_IF_ERROR(
      driver_->check(driver_->fillAsync(slot.block.memory, kPoison, slot.block.bytes, streams.upload), what));
  return driver_->check(driver_->fillAsync(arena_.memory, kPoison, arena_.bytes, streams.compute), what);
}

/// Hands a run to the GPU; the caller's memory is any that its engines can copy from and to.
Status CUDADevice::enqueueOn(const Run &run, size_t index, const Streams &streams) {
  MV_ASSIGN_OR_RETURN(const Prepared *prepared, prepare(run.entry, run.batch, index));
  Slot &slot = slots_[index];
  MV_RETURN_IF_ERROR(after(streams.upload, slot.computed));
  MV_RETURN_IF_ERROR(after(streams.compute, slots_[latest_].computed));
  MV_RETURN_IF_ERROR(after(streams.compute, slot.downloaded));
  MV_RETURN_IF_ERROR(poison(slot, streams));
  latest_ = index;
  slot.entry = run.entry;
  slot.batch = run.batch;
  MV_RETURN_IF_ERROR(copyIn(run, slot, streams.upload));
  MV_RETURN_IF_ERROR(join(slot.uploaded, streams.upload, streams.compute));
  MV_RETURN_IF_ERROR(
      driver_->check(driver_->graphLaunch(prepared->graph, streams.compute), "launch a CUDA graph"));
  MV_RETURN_IF_ERROR(record(slot.computed, streams.compute));
  if (streams.download != streams.compute)
    MV_RETURN_IF_ERROR(after(streams.download, slot.computed));
  MV_RETURN_IF_ERROR(copyOut(run, slot, prepared->layout, streams.download));
  MV_RETURN_IF_ERROR(record(slot.downloaded, streams.download));
  slot.run = ++runs_;
  return Status();
}

//===----------------------------------------------------------------------===//
// Runs that the caller does not wait for
//===----------------------------------------------------------------------===//

StatusOr<uint64_t> CUDADevice::enqueue(const Run &run, void *stream) {
  const cuda::Current current(*driver_, model_->context());
  const auto check = [&](const void *pointer, const char *what) -> Status {
    MV_ASSIGN_OR_RETURN(const Place place, placeOf(pointer, what));
    if (place != Place::Pageable)
      return Status();
    return Status::invalidInput(std::string("the ") + what +
                                " lies in pageable memory, which a GPU cannot copy while the caller goes on: "
                                "expected GPU memory or pinned memory (mv_session_allocate_host)");
  };
  MV_RETURN_IF_ERROR(check(run.input, "input"));
  for (const float *output : run.outputs)
    if (output)
      MV_RETURN_IF_ERROR(check(output, "output"));
  if (!stream) {
    MV_RETURN_IF_ERROR(enqueueOn(run, runs_ % kSlots, streams_));
    return runs_;
  }
  auto *given = static_cast<cuda::Stream>(stream);
  MV_RETURN_IF_ERROR(checkStream(given));
  MV_RETURN_IF_ERROR(enqueueOn(run, 0, {given, given, given}));
  return runs_;
}

//===----------------------------------------------------------------------===//
// Runs that the caller waits for
//===----------------------------------------------------------------------===//

/// Gives `staged`, a copy of `run`, pinned memory where the caller's is pageable: the GPU copies from and to it at full
/// speed. `outputs` is the room for its pointers.
Status CUDADevice::stage(const Run &run, Run &staged, std::vector<float *> &outputs) {
  const Layout layout = layOut(entries_[run.entry], run.batch);
  const auto place = [&](const void *pointer, const char *what, uint64_t part) -> StatusOr<float *> {
    MV_ASSIGN_OR_RETURN(const Place found, placeOf(pointer, what));
    if (found != Place::Pageable)
      return static_cast<float *>(const_cast<void *>(pointer));
    MV_RETURN_IF_ERROR(ensureStaging(run.entry, run.batch));
    return reinterpret_cast<float *>(staging_ + part);
  };
  MV_ASSIGN_OR_RETURN(float *input, place(run.input, "input", 0));
  if (input != run.input)
    std::memcpy(input, run.input, static_cast<uint64_t>(run.batch) * entries_[run.entry].inputBytes);
  staged.input = input;
  for (size_t index = 0; index < run.outputs.size(); ++index) {
    float *&output = outputs.emplace_back(nullptr);
    if (run.outputs[index]) {
      MV_ASSIGN_OR_RETURN(output, place(run.outputs[index], "output", layout.outputs[index]));
    }
  }
  staged.outputs = outputs;
  return Status();
}

void CUDADevice::unstage(const Run &run, const Run &staged) const {
  for (size_t index = 0; index < run.outputs.size(); ++index)
    if (run.outputs[index] != staged.outputs[index])
      std::memcpy(run.outputs[index], staged.outputs[index],
                  static_cast<uint64_t>(run.batch) * entries_[run.entry].outputs[index]);
}

Status CUDADevice::run(const Run &run, std::vector<DispatchTime> *times) {
  const cuda::Current current(*driver_, model_->context());
  Run staged = run;
  std::vector<float *> outputs;
  MV_RETURN_IF_ERROR(stage(run, staged, outputs));
  // One stream: there is nothing that the copies could overlap with.
  const Streams streams = {streams_.compute, streams_.compute, streams_.compute};
  const Status enqueued = times ? runProfiled(staged, streams, *times) : enqueueOn(staged, 0, streams);
  if (!enqueued.ok()) {
    driver_->streamSynchronize(streams_.compute); // Nothing may be under way when we return.
    return enqueued;
  }
  MV_RETURN_IF_ERROR(synchronize(slots_[0]));
  unstage(run, staged);
  return Status();
}

//===----------------------------------------------------------------------===//
// Profiles
//===----------------------------------------------------------------------===//

/// Without a graph, an event before the copy, before the first dispatch, and after each.
Status CUDADevice::enqueueTimed(const Run &run, const Streams &streams, std::vector<uint64_t> &blocks) {
  const std::string what = "time the GPU's work";
  const std::vector<Step> &steps = entries_[run.entry].steps;
  while (events_.size() < steps.size() + 2) {
    cuda::Event event = nullptr;
    MV_RETURN_IF_ERROR(driver_->check(driver_->eventCreate(&event, 0), what));
    events_.push_back(event);
  }
  const Layout layout = layOut(entries_[run.entry], run.batch);
  Slot &slot = slots_[0];
  MV_RETURN_IF_ERROR(driver_->check(driver_->eventRecord(events_[0], streams.upload), what));
  MV_RETURN_IF_ERROR(copyIn(run, slot, streams.upload));
  MV_RETURN_IF_ERROR(driver_->check(driver_->eventRecord(events_[1], streams.compute), what));
  for (size_t index = 0; index < steps.size(); ++index) {
    MV_RETURN_IF_ERROR(enqueueStep(steps[index], layout, run.batch, 0, blocks.emplace_back()));
    MV_RETURN_IF_ERROR(driver_->check(driver_->eventRecord(events_[index + 2], streams.compute), what));
  }
  MV_RETURN_IF_ERROR(copyOut(run, slot, layout, streams.download));
  return record(slot.downloaded, streams.download);
}

Status CUDADevice::runProfiled(const Run &run, const Streams &streams, std::vector<DispatchTime> &times) {
  MV_RETURN_IF_ERROR(wait(0)); // What ran before is not to be in the times.
  MV_RETURN_IF_ERROR(ensureMemory(run.entry, run.batch, 0));
  Slot &slot = slots_[0];
  MV_RETURN_IF_ERROR(poison(slot, streams));
  slot.entry = run.entry;
  slot.batch = run.batch;
  std::vector<uint64_t> blocks;
  MV_RETURN_IF_ERROR(enqueueTimed(run, streams, blocks));
  slot.run = ++runs_;
  MV_RETURN_IF_ERROR(synchronize(slot));
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
