//===- CUDADevice.h - Running a package on an NVIDIA GPU ------------*- C++ -*-===//
//
// A run copies the input into pinned memory, launches one CUDA graph and waits for it, and copies the outputs out
// of pinned memory. The graph, captured once for an entry point, a batch and the outputs wanted, holds the copy
// to the device, the launches, and the copies back. On the device, one block of memory has the parameters and
// another one what a run needs:
//
//     | arena: slices, batch * offset each | input | output 0 | output 1 | ...
//
// The primary context is current only within the functions here, so that it does not disturb a caller's own.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_RUNTIME_CUDADEVICE_H
#define MV_LIB_RUNTIME_CUDADEVICE_H

#include "CUDADriver.h"

#include "mv/Runtime/Device.h"

#include <map>
#include <tuple>

namespace mv::runtime {

class CUDADevice : public Device {
public:
  /// The GPU of number `index`.
  static StatusOr<std::unique_ptr<Device>> create(std::shared_ptr<const package::PackageFile> package,
                                                  const DeviceOptions &options, uint64_t index);
  ~CUDADevice() override;

  std::string_view name() const override { return "cuda"; }
  std::string_view target() const override { return target_; }
  std::string_view description() const override { return description_; }
  unsigned threads() const override { return 1; }
  int64_t batchLimit(uint32_t entry) const override { return entries_[entry].batchLimit; }
  uint64_t runBytes(uint32_t entry, int64_t batch) const override;
  uint64_t reservedBytes() const override { return memoryBytes_ + stagingBytes_; }
  Status reserve(uint32_t entry, int64_t batch) override;
  Status run(const Run &run, std::vector<DispatchTime> *times) override;

private:
  struct Launch {
    cuda::Function function;
    uint64_t items, group, multiplier;
    unsigned threads, shared;
  };
  struct Variant {
    int64_t batch; ///< The least.
    std::vector<Launch> launches;
  };
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
  /// Where the parts of a run lie: on the device from the arena on, in pinned memory from the input on.
  struct Layout {
    uint64_t input;
    std::vector<uint64_t> outputs;
    uint64_t bytes;
  };
  using GraphKey = std::tuple<uint32_t, int64_t, std::vector<bool>>;

  CUDADevice(std::shared_ptr<const package::PackageFile> package, const DeviceOptions &options)
      : package_(std::move(package)), poison_(options.poison) {}

  Status open(uint64_t index);
  Status loadImage();
  Status load(uint32_t image);
  Status prepareKernels();
  Status prepareLaunch(const package::Launch &launch, std::vector<Launch> &launches);
  void prepareEntry(const package::Entry &entry);
  int64_t batchLimitOf(const EntryInfo &entry) const;
  Status uploadParameters();

  Layout layOut(const EntryInfo &entry, int64_t batch) const;
  StatusOr<cuda::Address> allocate(uint64_t bytes, const std::string &purpose);
  void releaseMemory();
  cuda::Address address(const package::Buffer &buffer, const Layout &layout, int64_t batch) const;
  std::byte *staging(const Layout &layout, uint64_t part) const { return staging_ + (part - layout.input); }

  const std::vector<Launch> &launchesOf(uint32_t kernel, int64_t batch) const;
  Status enqueueCopyIn(const Run &run, const Layout &layout);
  Status enqueueCopyOut(const Run &run, const Layout &layout);
  Status enqueueStep(const Step &step, const Layout &layout, int64_t batch, uint64_t &blocks);
  Status enqueueAll(const Run &run, const Layout &layout);
  StatusOr<cuda::GraphExec> graphOf(const Run &run, const Layout &layout);
  void dropGraphs();
  Status runProfiled(const Run &run, const Layout &layout, std::vector<DispatchTime> &times);
  Status runTimed(const Run &run, const Layout &layout, std::vector<uint64_t> &blocks);
  Status synchronize(const Run &run);

  std::shared_ptr<const package::PackageFile> package_;
  bool poison_;
  const cuda::Driver *driver_ = nullptr;
  int device_ = 0;
  unsigned capability_ = 0; ///< 80: 8.0.
  cuda::Context context_ = nullptr;
  cuda::Stream stream_ = nullptr;
  cuda::Module module_ = nullptr;
  std::string target_, description_;
  std::vector<std::vector<Variant>> kernels_; ///< Of the model; empty where no program of ours runs it.
  std::vector<EntryInfo> entries_;

  cuda::Address parameters_ = 0;
  std::vector<uint64_t> parameterOffsets_; ///< Of the model; those in use.
  cuda::Address memory_ = 0;
  uint64_t memoryBytes_ = 0;
  std::byte *staging_ = nullptr;
  uint64_t stagingBytes_ = 0;
  std::map<GraphKey, cuda::GraphExec> graphs_;
  std::vector<cuda::Event> events_; ///< For profiles.
};

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CUDADEVICE_H
