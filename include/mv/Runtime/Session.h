//===- Session.h - A device's threads and memory for one caller -----*- C++ -*-===//

#ifndef MV_RUNTIME_SESSION_H
#define MV_RUNTIME_SESSION_H

#include "mv/Runtime/Device.h"

namespace mv::runtime {

/// Checks what its caller asks for, has the device do it, and keeps the latest run's profile. For one thread
/// at a time; sessions on one package are independent.
class Session {
public:
  static StatusOr<Session> create(std::shared_ptr<const package::PackageFile> package,
                                  const DeviceOptions &options);

  const package::PackageFile &package() const { return *package_; }
  const Device &device() const { return *device_; }

  /// 0 where reserve() would refuse the numbers.
  uint64_t runBytes(uint32_t entry, int64_t batch) const;
  Status reserve(uint32_t entry, int64_t batch);
  Status run(const Run &run);
  /// As the device does. Not profiled.
  StatusOr<uint64_t> enqueue(const Run &run, void *stream);
  Status wait(uint64_t run) { return device_->wait(run); }
  StatusOr<void *> allocateHost(uint64_t bytes) { return device_->allocateHost(bytes); }
  void freeHost(void *memory) { device_->freeHost(memory); }

  void setProfiling(bool enabled) { profiling_ = enabled; }
  /// Of the latest run: one for each dispatch, or none if it was not profiled or failed.
  std::span<const DispatchTime> profile() const { return times_; }
  /// What was run when profile() was recorded.
  uint32_t profiledEntry() const { return profiledEntry_; }
  int64_t profiledBatch() const { return profiledBatch_; }

private:
  Session(std::shared_ptr<const package::PackageFile> package, std::unique_ptr<Device> device)
      : package_(std::move(package)), device_(std::move(device)) {}
  Status checkSize(uint32_t entry, int64_t batch) const;
  Status checkRun(const Run &run) const;

  std::shared_ptr<const package::PackageFile> package_;
  std::unique_ptr<Device> device_;
  bool profiling_ = false;
  std::vector<DispatchTime> times_;
  uint32_t profiledEntry_ = 0;
  int64_t profiledBatch_ = 0;
};

} // namespace mv::runtime

#endif // MV_RUNTIME_SESSION_H
