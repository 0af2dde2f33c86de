//===- CUDADevice.h - Running a package on an NVIDIA GPU ------------*- C++ -*-===//
//
// A run is a copy of the input to a fixed place in GPU memory, one CUDA graph of all launches, and copies of the
// outputs from their fixed places. The graph is captured once for an entry point, a batch and a place, and replayed
// on whatever stream the run is on; the copies, whose addresses are the caller's, are not in it.
//
//     arena     slices, batch * offset each; of one run at a time
//     slot 0    input | output 0 | output 1 | ...
//     slot 1    the same, of the next run
//
// A run on one stream (the caller's, or ours that the caller waits for) uses slot 0. Runs on our streams that the
// caller does not wait for take turns:
//
//     upload     input 0 | input 1 |          input 2 | ...
//     compute            | graph 0 | graph 1 |        | graph 2 ...
//     download                     | outputs 0        | outputs 1 ...
//
// What a run must not begin before, on whatever stream, is said by events: its graph not before the previous graph
// has ended (the arena), its input's copy not before the graph that read the slot, its graph not before the copies
// that read the slot's outputs.
//
// The primary context is current only within the functions here, so that it does not disturb a caller's own.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_RUNTIME_CUDADEVICE_H
#define MV_LIB_RUNTIME_CUDADEVICE_H

#include "CUDACode.h"

#include "mv/Runtime/Device.h"

#include <array>
#include <map>
#include <tuple>

namespace mv::runtime {

class CUDADevice : public Device {
public:
  /// The GPU of number `index`.
  static StatusOr<std::unique_ptr<Device>> create(std::shared_ptr<const package::PackageFile> package,
                                                  const DeviceOptions &options, uint64_t index);
  ~CUDADevice() override;

  std::string_view name() const override { return kCUDAPrograms; }
  std::string_view target() const override { return code_.target(); }
  std::string_view description() const override { return model_->description(); }
  unsigned threads() const override { return 1; }
  int64_t batchLimit(uint32_t entry) const override { return entries_[entry].batchLimit; }
  uint64_t runBytes(uint32_t entry, int64_t batch) const override;
  uint64_t reservedBytes() const override;
  Status reserve(uint32_t entry, int64_t batch) override;
  Status run(const Run &run, std::vector<DispatchTime> *times) override;
  StatusOr<uint64_t> enqueue(const Run &run, void *stream) override;
  Status wait(uint64_t run) override;
  StatusOr<void *> allocateHost(uint64_t bytes) override;
  void freeHost(void *memory) override;

private:
  struct Step {
    uint32_t kernel;
    std::vector<package::Buffer> buffers;
  };
  struct EntryInfo {
    uint64_t arenaBytes, inputBytes; ///< Of one image.
    std::vector<uint64_t> outputs;   ///< Bytes of one image.
    std::vector<Step> steps;
    int64_t batchLimit;
  };
  /// Where the parts of a slot lie; the input is the first.
  struct Layout {
    std::vector<uint64_t> outputs;
    uint64_t bytes;
  };
  /// A point in a stream.
  struct Mark {
    cuda::Event event = nullptr;
    cuda::Stream stream = nullptr; ///< Where it was last recorded; null before.
  };
  /// Memory that grows.
  struct Block {
    cuda::Address memory = 0;
    uint64_t bytes = 0;
  };
  struct Slot {
    Block block;
    Mark uploaded, computed, downloaded; ///< Of its latest run.
    uint64_t run = 0;                    ///< Its number; 0: none.
    uint32_t entry = 0;
    int64_t batch = 0;
  };
  static constexpr size_t kSlots = 2;
  struct Streams {
    cuda::Stream upload, compute, download;
  };
  /// A run's kernels, ready to be launched.
  struct Prepared {
    Layout layout;
    cuda::GraphExec graph;
  };
  using GraphKey = std::tuple<uint32_t, int64_t, size_t>; ///< Entry point, batch, slot.

  CUDADevice(std::shared_ptr<const CUDAModel> model, const DeviceOptions &options)
      : model_(std::move(model)), driver_(&model_->driver()), code_(*model_), poison_(options.poison) {}

  Status makeStreams();
  void prepareEntry(const package::Entry &entry);
  int64_t batchLimitOf(const EntryInfo &entry) const;
  std::string describe(uint32_t entry, int64_t batch) const;

  // Memory.
  Layout layOut(const EntryInfo &entry, int64_t batch) const;
  uint64_t arenaBytes(uint32_t entry, int64_t batch) const;
  Status ensureMemory(uint32_t entry, int64_t batch, size_t slot);
  Status ensureStaging(uint32_t entry, int64_t batch);
  void releaseMemory();
  cuda::Address address(const package::Buffer &buffer, const Layout &layout, int64_t batch,
                        size_t slot) const;

  // Graphs.
  Status enqueueStep(const Step &step, const Layout &layout, int64_t batch, size_t slot, uint64_t &blocks);
  StatusOr<cuda::GraphExec> capture(uint32_t entry, int64_t batch, size_t slot, const Layout &layout);
  StatusOr<const Prepared *> prepare(uint32_t entry, int64_t batch, size_t slot);
  void dropGraphs();

  // Runs.
  enum class Place { Pageable, Pinned, GPU };
  StatusOr<Place> placeOf(const void *pointer, const char *what) const;
  Status checkStream(cuda::Stream stream) const;
  Status after(cuda::Stream stream, const Mark &mark) const;
  Status record(Mark &mark, cuda::Stream stream) const;
  Status join(Mark &mark, cuda::Stream first, cuda::Stream second) const;
  Status poison(Slot &slot, const Streams &streams) const;
  Status copyIn(const Run &run, const Slot &slot, cuda::Stream stream) const;
  Status copyOut(const Run &run, const Slot &slot, const Layout &layout, cuda::Stream stream) const;
  Status enqueueOn(const Run &run, size_t index, const Streams &streams);
  Status stage(const Run &run, Run &staged, std::vector<float *> &outputs);
  void unstage(const Run &run, const Run &staged) const;
  Status synchronize(const Slot &slot) const;
  Status runProfiled(const Run &run, const Streams &streams, std::vector<DispatchTime> &times);
  Status enqueueTimed(const Run &run, const Streams &streams, std::vector<uint64_t> &blocks);

  std::shared_ptr<const CUDAModel> model_;
  const cuda::Driver *driver_;
  CUDACode code_;
  bool poison_;
  std::vector<EntryInfo> entries_;
  Streams streams_ = {};
  Block arena_;
  std::array<Slot, kSlots> slots_;
  size_t latest_ = 0;            ///< The slot of the latest run.
  uint64_t runs_ = 0;            ///< Enqueued so far.
  std::byte *staging_ = nullptr; ///< Pinned memory for callers whose own is not; laid out as a slot.
  uint64_t stagingBytes_ = 0;
  std::map<GraphKey, Prepared> graphs_;
  std::vector<cuda::Event> events_; ///< For profiles.
};

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CUDADEVICE_H
