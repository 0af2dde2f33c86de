//===- CPUDevice.h - Running a package on a thread pool -------------*- C++ -*-===//
//
// A kernel's phase is a function `f(buffers, batch, begin, end, scratch)` that computes the workgroups
// [begin, end) of a grid; the pool hands out ranges. What a run needs is laid out in one block of memory:
//
//     | arena: slices, batch * offset each | copy of the input | output 0 | output 1 | ...
//
// The parts after the arena have room in every run but are touched only where the caller's own memory will
// not do: kernels want 64-byte alignment and may read (not write) up to 64 bytes past the end of what they
// read.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_RUNTIME_CPUDEVICE_H
#define MV_LIB_RUNTIME_CPUDEVICE_H

#include "Memory.h"

#include "mv/Runtime/CPUFeatures.h"
#include "mv/Runtime/Device.h"
#include "mv/Support/ThreadPool.h"

namespace mv::runtime {

/// A function of the code section. `buffers`: those of the dispatch, in order.
using PhaseFunction = void (*)(void *const *buffers, int64_t batch, int64_t begin, int64_t end,
                               void *scratch);

class CPUDevice : public Device {
public:
  static StatusOr<std::unique_ptr<Device>> create(std::shared_ptr<const package::PackageFile> package,
                                                  const DeviceOptions &options);

  std::string_view name() const override { return "cpu"; }
  std::string_view target() const override { return levelName(level_); }
  unsigned threads() const override { return pool_.size(); }
  int64_t batchLimit(uint32_t entry) const override { return entries_[entry].batchLimit; }
  uint64_t runBytes(uint32_t entry, int64_t batch) const override;
  uint64_t reservedBytes() const override { return memory_.size() + scratch_.size(); }
  Status reserve(uint32_t entry, int64_t batch) override;
  Status run(const Run &run, std::vector<DispatchTime> *times) override;

private:
  struct Phase {
    PhaseFunction function;
    int64_t items, group, multiplier;
  };
  struct Step {
    std::vector<package::Buffer> buffers;
    std::vector<Phase> phases;
  };
  struct OutputInfo {
    uint64_t bytes; ///< Of one image.
    bool isRead;    ///< A later kernel reads it, perhaps past its end.
  };
  struct EntryInfo {
    uint64_t arenaBytes, inputBytes; ///< Of one image.
    std::vector<OutputInfo> outputs;
    std::vector<Step> steps;
    int64_t batchLimit;
  };

  CPUDevice(std::shared_ptr<const package::PackageFile> package, const DeviceOptions &options, CPULevel level)
      : package_(std::move(package)), level_(level), poison_(options.poison), pool_(options.threads) {}

  Status mapCode();
  Status prepareKernels();
  void prepareEntry(const package::Entry &entry);
  void bindInput(const Run &run, const EntryInfo &entry);
  void bindOutputs(const Run &run, const EntryInfo &entry);
  void *address(const package::Buffer &buffer, int64_t batch) const;
  uint64_t runStep(const Step &step, int64_t batch);
  void runPhase(const Phase &phase, int64_t batch, int64_t workgroups);

  std::shared_ptr<const package::PackageFile> package_;
  CPULevel level_;
  bool poison_;
  ThreadPool pool_;
  std::vector<Pages> code_;                 ///< In the order of the plan; unmapped where not used.
  std::vector<std::vector<Phase>> kernels_; ///< Phases for `level_`.
  std::vector<EntryInfo> entries_;

  Pages scratch_;
  uint64_t scratchStride_ = 0;
  Pages memory_;

  // The run under way.
  void *input_ = nullptr;
  std::vector<void *> outputs_;
  std::vector<void *> buffers_;
};

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CPUDEVICE_H
