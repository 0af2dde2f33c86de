//===- Device.h - What a session runs on ----------------------------*- C++ -*-===//
//
// A device turns the plan into work on one machine part: it maps or loads the code of its kind, holds the
// memory, and runs an entry point's dispatches in order. Sessions know devices by this interface alone.
//
//===----------------------------------------------------------------------===//

#ifndef MV_RUNTIME_DEVICE_H
#define MV_RUNTIME_DEVICE_H

#include "mv/Package/Reader.h"
#include "mv/Support/Status.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv::runtime {

struct DeviceOptions {
  std::string device = "cpu"; ///< "cpu", "cuda" or "cuda:N".
  unsigned threads = 0;       ///< 0: one per CPU this process may use.
  std::string cpuTarget;      ///< An instruction set by name; empty: the best there is.
  bool poison = false;        ///< Fill memory with NaN before every run.
};

/// One forward pass. Checked by the session: the entry exists, the batch is positive and within the device's
/// limit, the input is of the entry's type, there is one pointer for each output.
struct Run {
  uint32_t entry;
  int64_t batch;
  const void *input;
  std::span<float *const> outputs;                        ///< Null: not wanted.
  package::InputType inputType = package::InputType::F32; ///< Of what `input` points to.
};

/// When a dispatch ran, in nanoseconds since the run began.
struct DispatchTime {
  int64_t start;
  int64_t end;
  uint64_t workgroups;
};

class Device {
public:
  /// Makes the device that `options` asks for, or says what it needs and what was found. Never another one.
  static StatusOr<std::unique_ptr<Device>> create(std::shared_ptr<const package::PackageFile> package,
                                                  const DeviceOptions &options);
  virtual ~Device();

  virtual std::string_view name() const = 0;   ///< "cpu", "cuda": the device of its programs.
  virtual std::string_view target() const = 0; ///< What its code was compiled for.
  /// Which of the machine's it is, in its maker's words; "" for the CPU.
  virtual std::string_view description() const { return ""; }
  virtual unsigned threads() const = 0;

  /// The largest batch whose sizes can be computed at all.
  virtual int64_t batchLimit(uint32_t entry) const = 0;
  /// What a run takes at most, and what is reserved now.
  virtual uint64_t runBytes(uint32_t entry, int64_t batch) const = 0;
  virtual uint64_t reservedBytes() const = 0;

  /// Allocates what run() needs for this batch or a smaller one.
  virtual Status reserve(uint32_t entry, int64_t batch) = 0;
  /// Returns when the outputs are written. `times`, if not null, gets one element for each dispatch.
  virtual Status run(const Run &run, std::vector<DispatchTime> *times) = 0;

  /// Begins a run on `stream`, or on streams of the device's own where that is null, and returns its number. On
  /// devices without streams, which take none, the run is over on return.
  virtual StatusOr<uint64_t> enqueue(const Run &run, void *stream);
  /// Returns when run number `run` and those before it are over; 0 stands for all.
  virtual Status wait(uint64_t run);

  /// Host memory for inputs and outputs that the device reads and writes as fast as it can, and while the caller goes
  /// on. To be given back before the device goes.
  virtual StatusOr<void *> allocateHost(uint64_t bytes);
  virtual void freeHost(void *memory);

protected:
  /// An error unless there is a run of this number.
  static Status checkNumber(uint64_t run, uint64_t latest);

private:
  uint64_t runs_ = 0; ///< That enqueue() here has done.
};

} // namespace mv::runtime

#endif // MV_RUNTIME_DEVICE_H
