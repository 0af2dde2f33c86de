//===- CPUDevice.cpp - Running a package on a thread pool -----------------------===//

#include "CPUDevice.h"

#include "CPUTarget.h"
#include "Programs.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <set>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

using namespace mv;
using namespace mv::runtime;
using package::alignUp;
using package::BufferKind;
using package::kBufferAlignment;
using package::kReadablePadding;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// The programs that are ours.
static constexpr std::string_view kName = "cpu";

/// A session's threads are a choice of the user's; this many are a slip of the finger.
static constexpr unsigned kMaxThreads = 1024;

/// How many ranges a thread gets of a loop. With 32 of them, waiting for the last takes 3% of the loop at
/// most; a range costs about 0.1 us, two atomic operations and an indirect call.
static constexpr int64_t kRangesPerThread = 32;

/// Room between two workers' scratch memory beyond what is used: readable padding, and no shared pair of
/// cache lines.
static constexpr uint64_t kScratchGap = 2 * kReadablePadding;

/// Whether kernels can be given `bytes` at `pointer` to read from. They may read kReadablePadding further:
/// harmless if the last byte's page, which is there, goes on that far.
static bool isReadable(const void *pointer, uint64_t bytes) {
  constexpr uint64_t kPage = 4096;
  const auto begin = reinterpret_cast<uintptr_t>(pointer);
  const uint64_t last = (begin + bytes - 1) % kPage;
  return begin % kBufferAlignment == 0 && last + kReadablePadding < kPage;
}

static bool isAligned(const void *pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % kBufferAlignment == 0;
}

/// Bytes that a part of the run's memory takes.
static uint64_t partBytes(uint64_t bytes) { return alignUp(bytes + kReadablePadding, kBufferAlignment); }

//===----------------------------------------------------------------------===//
// Floating-point state
//===----------------------------------------------------------------------===//

namespace {

/// Round to nearest, no exceptions, subnormal numbers as zero: whatever state a caller's thread is in, all
/// threads compute alike. Subnormals are a decaying scan state's way to zero, and a hundred times slower than
/// it.
class FloatState {
public:
#if defined(__x86_64__)
  FloatState() : saved_(_mm_getcsr()) { _mm_setcsr(0x9FC0); } // All masks, FTZ, DAZ.
  ~FloatState() { _mm_setcsr(saved_); }

private:
  unsigned saved_;
#endif
};

} // namespace

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

StatusOr<std::unique_ptr<Device>> CPUDevice::create(std::shared_ptr<const package::PackageFile> package,
                                                    const DeviceOptions &options) {
  if (options.threads > kMaxThreads)
    return Status::invalidInput(std::to_string(options.threads) + " threads are too many: expected at most " +
                                std::to_string(kMaxThreads));
  MV_RETURN_IF_ERROR(checkPrograms(*package, kName));
  std::string target = options.cpuTarget;
  if (const char *variable = std::getenv("MV_CPU_TARGET"); variable && target.empty())
    target = variable;
  MV_ASSIGN_OR_RETURN(const CPULevel level, chooseLevel(package->model(), machineLevel(), target));

  std::unique_ptr<CPUDevice> device(new CPUDevice(std::move(package), options, level));
  MV_RETURN_IF_ERROR(device->mapCode());
  MV_RETURN_IF_ERROR(device->prepareKernels());
  for (const package::Entry *entry : *device->package_->model().entries())
    device->prepareEntry(*entry);
  return std::unique_ptr<Device>(std::move(device));
}

/// Maps the codes that some kernel runs on this level.
Status CPUDevice::mapCode() {
  const package::Model &model = package_->model();
  std::set<uint32_t> used;
  for (const package::Kernel *kernel : *model.kernels())
    if (const auto choice = chooseImplementation(model, *kernel, level_))
      used.insert(kernel->implementations()->Get(*choice)->code());
  code_.resize(model.code()->size());
  for (const uint32_t index : used) {
    const package::SectionRecord &section = package_->codeSection(index);
    MV_ASSIGN_OR_RETURN(code_[index], Pages::mapCode(package_->descriptor(), section.offset,
                                                     package_->sectionBytes(section), package_->path()));
  }
  return Status();
}

/// Resolves every kernel's functions, and allocates scratch memory for the one that wants most.
Status CPUDevice::prepareKernels() {
  const package::Model &model = package_->model();
  uint64_t scratch = 0;
  for (const package::Kernel *kernel : *model.kernels()) {
    std::vector<Phase> &phases = kernels_.emplace_back();
    const std::optional<uint32_t> choice = chooseImplementation(model, *kernel, level_);
    if (!choice)
      continue; // No CPU program runs it.
    const package::Implementation &implementation = *kernel->implementations()->Get(*choice);
    std::byte *code = code_[implementation.code()].data();
    for (const package::Phase *phase : *implementation.phases())
      phases.push_back({reinterpret_cast<PhaseFunction>(code + phase->code_offset()),
                        static_cast<int64_t>(phase->items()), static_cast<int64_t>(phase->group()),
                        static_cast<int64_t>(phase->multiplier())});
    scratch = std::max(scratch, implementation.scratch());
  }
  if (scratch == 0)
    return Status();
  scratchStride_ = alignUp(scratch, kBufferAlignment) + kScratchGap;
  MV_ASSIGN_OR_RETURN(scratch_,
                      Pages::allocate(scratchStride_ * pool_.size(),
                                      "the scratch memory of " + std::to_string(pool_.size()) + " threads"));
  return Status();
}

void CPUDevice::prepareEntry(const package::Entry &entry) {
  EntryInfo &info = entries_.emplace_back();
  const package::Program &program = *package::findProgram(entry, kName);
  info.arenaBytes = program.arena();
  info.inputBytes = package::inputBytes(entry);
  uint64_t largest = info.arenaBytes + info.inputBytes;
  for (const package::Output *output : *entry.outputs()) {
    const uint64_t bytes = package::outputBytes(*output);
    info.outputs.push_back({bytes, false});
    largest += bytes;
  }
  for (const package::Dispatch *dispatch : *program.dispatches()) {
    Step &step = info.steps.emplace_back();
    step.phases = kernels_[dispatch->kernel()];
    const package::Kernel &kernel = *package_->model().kernels()->Get(dispatch->kernel());
    for (uint32_t index = 0; index < dispatch->buffers()->size(); ++index) {
      const package::Buffer &buffer = *dispatch->buffers()->Get(index);
      step.buffers.push_back(buffer);
      if (buffer.kind() == BufferKind::Output)
        info.outputs[buffer.index()].isRead |=
            kernel.arguments()->Get(index)->role() == package::ArgumentRole::Input;
    }
    for (const Phase &phase : step.phases)
      largest = std::max(largest, uint64_t(phase.items) * uint64_t(phase.multiplier));
  }
  // So that neither a size nor a number of workgroups overflows; the reader has bounded each for one image.
  constexpr uint64_t kLimit = uint64_t(1) << 61;
  info.batchLimit = static_cast<int64_t>(kLimit / (largest + 1));
}

//===----------------------------------------------------------------------===//
// Memory of a run
//===----------------------------------------------------------------------===//

uint64_t CPUDevice::runBytes(uint32_t index, int64_t batch) const {
  const EntryInfo &entry = entries_[index];
  const auto images = static_cast<uint64_t>(batch);
  uint64_t bytes = partBytes(images * entry.arenaBytes) + partBytes(images * entry.inputBytes);
  for (const OutputInfo &output : entry.outputs)
    bytes += partBytes(images * output.bytes);
  return bytes + scratch_.size();
}

Status CPUDevice::reserve(uint32_t index, int64_t batch) {
  const uint64_t bytes = runBytes(index, batch) - scratch_.size();
  if (bytes <= memory_.size())
    return Status();
  memory_ = Pages(); // The old block first: the two together may be more than there is.
  const package::Entry &entry = *package_->model().entries()->Get(index);
  MV_ASSIGN_OR_RETURN(memory_, Pages::allocate(bytes, "a batch of " + std::to_string(batch) + " images of " +
                                                          quote(entry.name()->string_view())));
  return Status();
}

/// The caller's input where kernels may read it, else a copy.
void CPUDevice::bindInput(const Run &run, const EntryInfo &entry) {
  const auto images = static_cast<uint64_t>(run.batch);
  const uint64_t bytes = images * entry.inputBytes;
  if (isReadable(run.input, bytes)) {
    input_ = const_cast<void *>(run.input); // No kernel writes to an input: the reader has checked.
    return;
  }
  input_ = memory_.data() + partBytes(images * entry.arenaBytes);
  std::memcpy(input_, run.input, bytes);
}

/// The caller's memory where kernels may write to it and none reads from it, else our own.
void CPUDevice::bindOutputs(const Run &run, const EntryInfo &entry) {
  const auto images = static_cast<uint64_t>(run.batch);
  std::byte *part =
      memory_.data() + partBytes(images * entry.arenaBytes) + partBytes(images * entry.inputBytes);
  outputs_.clear();
  for (size_t index = 0; index < entry.outputs.size(); ++index) {
    const OutputInfo &output = entry.outputs[index];
    float *wanted = run.outputs[index];
    const bool direct = wanted && isAligned(wanted) && !output.isRead;
    outputs_.push_back(direct ? static_cast<void *>(wanted) : part);
    part += partBytes(images * output.bytes);
  }
}

void *CPUDevice::address(const package::Buffer &buffer, int64_t batch) const {
  switch (buffer.kind()) {
  case BufferKind::Input:
    return input_;
  case BufferKind::Output:
    return outputs_[buffer.index()];
  case BufferKind::Parameter:
    return const_cast<std::byte *>(package_->parameter(buffer.index()).data());
  case BufferKind::Slice:
    return memory_.data() + static_cast<uint64_t>(batch) * buffer.offset();
  }
  return nullptr; // The reader has checked the kind.
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

/// The code has none of the marks that the function sanitizer looks for in front of what is called.
#if defined(__clang__)
__attribute__((no_sanitize("function")))
#endif
static void call(PhaseFunction function, void *const *buffers, int64_t batch, int64_t begin, int64_t end,
                 void *scratch) {
  const FloatState state;
  function(buffers, batch, begin, end, scratch);
}

void CPUDevice::runPhase(const Phase &phase, int64_t batch, int64_t workgroups) {
  const int64_t grain = std::max<int64_t>(1, workgroups / (int64_t(pool_.size()) * kRangesPerThread));
  pool_.parallelFor(workgroups, grain, [&](unsigned worker, int64_t begin, int64_t end) {
    call(phase.function, buffers_.data(), batch, begin, end, scratch_.data() + worker * scratchStride_);
  });
}

uint64_t CPUDevice::runStep(const Step &step, int64_t batch) {
  buffers_.clear();
  for (const package::Buffer &buffer : step.buffers)
    buffers_.push_back(address(buffer, batch));
  uint64_t total = 0;
  for (const Phase &phase : step.phases) {
    const int64_t groups = (batch * phase.items - 1) / phase.group + 1;
    const int64_t workgroups = groups * phase.multiplier;
    runPhase(phase, batch, workgroups);
    total += static_cast<uint64_t>(workgroups);
  }
  return total;
}

Status CPUDevice::run(const Run &run, std::vector<DispatchTime> *times) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point start = Clock::now();
  const auto since = [&] {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - start).count();
  };
  MV_RETURN_IF_ERROR(reserve(run.entry, run.batch));
  if (poison_)
    std::memset(memory_.data(), 0xFF, memory_.size()); // As floats, not-a-number.
  const EntryInfo &entry = entries_[run.entry];
  bindInput(run, entry);
  bindOutputs(run, entry);

  for (const Step &step : entry.steps) {
    const int64_t begin = times ? since() : 0;
    const uint64_t workgroups = runStep(step, run.batch);
    if (times)
      times->push_back({begin, since(), workgroups});
  }
  for (size_t index = 0; index < entry.outputs.size(); ++index)
    if (float *wanted = run.outputs[index]; wanted && wanted != outputs_[index])
      std::memcpy(wanted, outputs_[index], static_cast<uint64_t>(run.batch) * entry.outputs[index].bytes);
  return Status();
}
