//===- CUDADevice.cpp - Memory and graphs of a session on an NVIDIA GPU ---------===//

#include "CUDADevice.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <climits>

using namespace mv;
using namespace mv::runtime;
using package::BufferKind;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Kernels count blocks, items and elements with signed numbers of 32 bits. Elements are of 2 bytes at least.
static constexpr uint64_t kMaxItems = INT32_MAX;
static constexpr uint64_t kMaxBufferBytes = UINT32_MAX;
/// Kept at a time: callers use a few batches, and a graph takes some hundred kilobytes.
static constexpr size_t kMaxGraphs = 16;

//===----------------------------------------------------------------------===//
// The device
//===----------------------------------------------------------------------===//

StatusOr<std::unique_ptr<Device>> CUDADevice::create(std::shared_ptr<const package::PackageFile> package,
                                                     const DeviceOptions &options, uint64_t index) {
  MV_ASSIGN_OR_RETURN(std::shared_ptr<const CUDAModel> model, CUDAModel::get(package, index));
  std::unique_ptr<CUDADevice> device(new CUDADevice(std::move(model), options));
  MV_RETURN_IF_ERROR(device->code_.load());
  MV_RETURN_IF_ERROR(device->makeStreams());
  for (const package::Entry *entry : *package->model().entries())
    device->prepareEntry(*entry);
  return std::unique_ptr<Device>(std::move(device));
}

Status CUDADevice::makeStreams() {
  const cuda::Current current(*driver_, model_->context());
  for (cuda::Stream *stream : {&streams_.upload, &streams_.compute, &streams_.download})
    MV_RETURN_IF_ERROR(driver_->check(driver_->streamCreate(stream, cuda::kNonBlocking), "create a stream"));
  for (Slot &slot : slots_)
    for (Mark *mark : {&slot.uploaded, &slot.computed, &slot.downloaded})
      MV_RETURN_IF_ERROR(
          driver_->check(driver_->eventCreate(&mark->event, cuda::kDisableTiming), "create an event"));
  return Status();
}

CUDADevice::~CUDADevice() {
  const cuda::Current current(*driver_, model_->context());
  releaseMemory();
  if (staging_)
    driver_->memFreeHost(staging_);
  for (cuda::Event event : events_)
    driver_->eventDestroy(event);
  for (const Slot &slot : slots_)
    for (const Mark *mark : {&slot.uploaded, &slot.computed, &slot.downloaded})
      if (mark->event)
        driver_->eventDestroy(mark->event);
  for (cuda::Stream stream : {streams_.upload, streams_.compute, streams_.download})
    if (stream)
      driver_->streamDestroy(stream);
}

void CUDADevice::prepareEntry(const package::Entry &entry) {
  const package::Program &program = *package::findProgram(entry, kCUDAPrograms);
  EntryInfo &info = entries_.emplace_back();
  info.arenaBytes = program.arena();
  info.inputBytes = package::inputBytes(entry);
  for (const package::Output *output : *entry.outputs())
    info.outputs.push_back(package::outputBytes(*output));
  for (const package::Dispatch *dispatch : *program.dispatches()) {
    Step &step = info.steps.emplace_back();
    step.kernel = dispatch->kernel();
    for (const package::Buffer *buffer : *dispatch->buffers())
      step.buffers.push_back(*buffer);
  }
  info.batchLimit = batchLimitOf(info);
}

/// The largest batch whose buffers and grids the kernels' 32-bit numbers can count, whatever the variant.
int64_t CUDADevice::batchLimitOf(const EntryInfo &entry) const {
  uint64_t limit = kMaxBufferBytes / entry.inputBytes;
  for (const uint64_t bytes : entry.outputs)
    limit = std::min(limit, kMaxBufferBytes / bytes);
  for (const Step &step : entry.steps) {
    for (const package::Buffer &buffer : step.buffers)
      if (buffer.kind() == BufferKind::Slice)
        limit = std::min(limit, kMaxBufferBytes / buffer.bytes());
    for (const CUDACode::Variant &variant : code_.variants(step.kernel))
      for (const CUDACode::Launch &launch : variant.launches) {
        const uint64_t items = kMaxItems - std::min(kMaxItems, launch.group);
        limit = std::min(limit, items / launch.items);
        // Blocks: (batch * items / group + 1) * multiplier.
        const uint64_t groups = kMaxItems / launch.multiplier;
        limit = std::min(limit,
                         groups == 0 ? 0 : (groups - 1) * std::min(launch.group, kMaxItems) / launch.items);
      }
  }
  return static_cast<int64_t>(limit);
}

/// A run, for messages.
std::string CUDADevice::describe(uint32_t entry, int64_t batch) const {
  return "a batch of " + std::to_string(batch) + " images of " +
         quote(model_->package().model().entries()->Get(entry)->name()->string_view());
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

CUDADevice::Layout CUDADevice::layOut(const EntryInfo &entry, int64_t batch) const {
  const auto images = static_cast<uint64_t>(batch);
  Layout layout;
  uint64_t end = cudaPartBytes(images * entry.inputBytes);
  for (const uint64_t bytes : entry.outputs) {
    layout.outputs.push_back(end);
    end += cudaPartBytes(images * bytes);
  }
  layout.bytes = end;
  return layout;
}

uint64_t CUDADevice::arenaBytes(uint32_t entry, int64_t batch) const {
  return cudaPartBytes(static_cast<uint64_t>(batch) * entries_[entry].arenaBytes);
}

uint64_t CUDADevice::runBytes(uint32_t entry, int64_t batch) const {
  return arenaBytes(entry, batch) + (kSlots + 1) * layOut(entries_[entry], batch).bytes;
}

uint64_t CUDADevice::reservedBytes() const {
  uint64_t bytes = arena_.bytes + stagingBytes_;
  for (const Slot &slot : slots_)
    bytes += slot.block.bytes;
  return bytes;
}

/// With the graphs, which hold its addresses.
void CUDADevice::releaseMemory() {
  dropGraphs();
  const auto release = [&](Block &block) {
    if (block.memory)
      driver_->memFree(block.memory);
    block = Block();
  };
  release(arena_);
  for (Slot &slot : slots_)
    release(slot.block);
}

/// The arena and `slot`, large enough. What is too small goes first: old and new together may be more than there is.
Status CUDADevice::ensureMemory(uint32_t entry, int64_t batch, size_t slot) {
  const std::array<std::pair<Block *, uint64_t>, 2> wanted = {
      {{&arena_, arenaBytes(entry, batch)}, {&slots_[slot].block, layOut(entries_[entry], batch).bytes}}};
  for (const auto &[block, bytes] : wanted) {
    if (block->memory == 0 || bytes <= block->bytes)
      continue;
    dropGraphs(); // They hold its address.
    driver_->memFree(block->memory);
    *block = Block();
  }
  for (const auto &[block, bytes] : wanted) {
    if (bytes <= block->bytes)
      continue;
    if (const cuda::Result result = driver_->memAlloc(&block->memory, bytes); result != cuda::kSuccess) {
      block->memory = 0;
      releaseMemory(); // So that what is free is what the next try will find.
      return cannotAllocate(*driver_, result, describe(entry, batch), wanted[0].second + wanted[1].second);
    }
    block->bytes = bytes;
  }
  return Status();
}

Status CUDADevice::ensureStaging(uint32_t entry, int64_t batch) {
  const uint64_t bytes = layOut(entries_[entry], batch).bytes;
  if (bytes <= stagingBytes_)
    return Status();
  if (staging_)
    driver_->memFreeHost(staging_);
  staging_ = nullptr;
  stagingBytes_ = 0;
  void *memory = nullptr;
  MV_RETURN_IF_ERROR(driver_->check(driver_->memHostAlloc(&memory, bytes, 0),
                                    "allocate the " + std::to_string(bytes) + " bytes of pinned memory for " +
                                        describe(entry, batch)));
  staging_ = static_cast<std::byte *>(memory);
  stagingBytes_ = bytes;
  return Status();
}

Status CUDADevice::reserve(uint32_t entry, int64_t batch) {
  const cuda::Current current(*driver_, model_->context());
  MV_RETURN_IF_ERROR(ensureStaging(entry, batch));
  return prepare(entry, batch, 0).status();
}

StatusOr<void *> CUDADevice::allocateHost(uint64_t bytes) {
  const cuda::Current current(*driver_, model_->context());
  void *memory = nullptr;
  MV_RETURN_IF_ERROR(driver_->check(driver_->memHostAlloc(&memory, bytes, 0),
                                    "allocate " + std::to_string(bytes) + " bytes of pinned memory"));
  return memory;
}

void CUDADevice::freeHost(void *memory) {
  const cuda::Current current(*driver_, model_->context());
  driver_->memFreeHost(memory);
}

cuda::Address CUDADevice::address(const package::Buffer &buffer, const Layout &layout, int64_t batch,
                                  size_t slot) const {
  switch (buffer.kind()) {
  case BufferKind::Input:
    return slots_[slot].block.memory;
  case BufferKind::Output:
    return slots_[slot].block.memory + layout.outputs[buffer.index()];
  case BufferKind::Parameter:
    return model_->parameter(buffer.index());
  case BufferKind::Slice:
    return arena_.memory + static_cast<uint64_t>(batch) * buffer.offset();
  }
  return 0; // The reader has checked the kind.
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

/// When no run is under way any more.
void CUDADevice::dropGraphs() {
  // Whatever fails here has failed for the caller who waits, too.
  (void)wait(0);
  for (const auto &[key, prepared] : graphs_)
    driver_->graphExecDestroy(prepared.graph);
  graphs_.clear();
}

/// Launches a dispatch's kernel on our stream, and adds its blocks to `blocks`.
Status CUDADevice::enqueueStep(const Step &step, const Layout &layout, int64_t batch, size_t slot,
                               uint64_t &blocks) {
  std::vector<cuda::Address> pointers;
  for (const package::Buffer &buffer : step.buffers)
    pointers.push_back(address(buffer, layout, batch, slot));
  auto images = static_cast<int32_t>(batch);
  std::vector<void *> arguments;
  for (cuda::Address &pointer : pointers)
    arguments.push_back(&pointer);
  arguments.push_back(&images);
  for (const CUDACode::Launch &launch : code_.launches(step.kernel, batch)) {
    const uint64_t groups = (static_cast<uint64_t>(batch) * launch.items - 1) / launch.group + 1;
    const uint64_t grid = groups * launch.multiplier;
    blocks += grid;
    const cuda::Result result =
        driver_->launch(launch.function, static_cast<unsigned>(grid), 1, 1, launch.threads, 1, 1,
                        launch.shared, streams_.compute, arguments.data(), nullptr);
    if (result != cuda::kSuccess)
      return driver_->check(
          result, "launch kernel " +
                      quote(model_->package().model().kernels()->Get(step.kernel)->name()->string_view()));
  }
  return Status();
}

StatusOr<cuda::GraphExec> CUDADevice::capture(uint32_t entry, int64_t batch, size_t slot,
                                              const Layout &layout) {
  const std::string what = "capture a CUDA graph";
  MV_RETURN_IF_ERROR(
      driver_->check(driver_->beginCapture(streams_.compute, cuda::kCaptureThreadLocal), what));
  uint64_t blocks = 0;
  Status enqueued;
  for (const Step &step : entries_[entry].steps)
    if (enqueued.ok())
      enqueued = enqueueStep(step, layout, batch, slot, blocks);
  cuda::Graph graph = nullptr;
  const cuda::Result captured =
      driver_->endCapture(streams_.compute, &graph); // In any case: it ends the stream's capture.
  MV_RETURN_IF_ERROR(enqueued);
  MV_RETURN_IF_ERROR(driver_->check(captured, what));
  cuda::GraphExec executable = nullptr;
  const cuda::Result instantiated = driver_->graphInstantiate(&executable, graph, 0);
  driver_->graphDestroy(graph);
  MV_RETURN_IF_ERROR(driver_->check(instantiated, what));
  return executable;
}

/// Memory and graph of a run of this kind, as they are or made now.
StatusOr<const CUDADevice::Prepared *> CUDADevice::prepare(uint32_t entry, int64_t batch, size_t slot) {
  const GraphKey key(entry, batch, slot);
  if (const auto found = graphs_.find(key); found != graphs_.end())
    return &found->second; // Its memory is there: they go together.
  MV_RETURN_IF_ERROR(ensureMemory(entry, batch, slot));
  if (graphs_.size() >= kMaxGraphs)
    dropGraphs();
  Layout layout = layOut(entries_[entry], batch);
  MV_ASSIGN_OR_RETURN(cuda::GraphExec graph, capture(entry, batch, slot, layout));
  return &graphs_.emplace(key, Prepared{std::move(layout), graph}).first->second;
}
