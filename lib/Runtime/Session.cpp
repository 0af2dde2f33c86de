//===- Session.cpp - A device's threads and memory for one caller ---------------===//

#include "mv/Runtime/Session.h"

#include "mv/Support/Text.h"

using namespace mv;
using namespace mv::runtime;

StatusOr<Session> Session::create(std::shared_ptr<const package::PackageFile> package,
                                  const DeviceOptions &options) {
  MV_ASSIGN_OR_RETURN(std::unique_ptr<Device> device, Device::create(package, options));
  return Session(std::move(package), std::move(device));
}

Status Session::checkSize(uint32_t entry, int64_t batch) const {
  const auto &entries = *package_->model().entries();
  if (entry >= entries.size())
    return Status::invalidInput("there is no entry point " + std::to_string(entry) + ": the package has " +
                                std::to_string(entries.size()));
  if (batch < 1)
    return Status::invalidInput("a batch of " + std::to_string(batch) +
                                " images cannot be run: expected at least 1");
  if (batch > device_->batchLimit(entry))
    return Status::unavailable(
        "a batch of " + std::to_string(batch) +
        " images is beyond every machine's memory: " + quote(entries.Get(entry)->name()->string_view()) +
        " takes at most " + std::to_string(device_->batchLimit(entry)));
  return Status();
}

uint64_t Session::runBytes(uint32_t entry, int64_t batch) const {
  return checkSize(entry, batch).ok() ? device_->runBytes(entry, batch) : 0;
}

Status Session::reserve(uint32_t entry, int64_t batch) {
  MV_RETURN_IF_ERROR(checkSize(entry, batch));
  return device_->reserve(entry, batch);
}

Status Session::checkRun(const Run &run) const {
  MV_RETURN_IF_ERROR(checkSize(run.entry, run.batch));
  const package::Entry &entry = *package_->model().entries()->Get(run.entry);
  if (!run.input)
    return Status::invalidInput("the input is null: expected " + package::describeInput(entry, run.batch));
  if (run.inputType != entry.input())
    return Status::invalidInput("the input is " + std::string(package::inputTypeName(run.inputType)) +
                                ": the package takes " + package::describeInput(entry, run.batch));
  if (run.outputs.size() != entry.outputs()->size())
    return Status::invalidInput("expected a pointer for each of the " +
                                std::to_string(entry.outputs()->size()) + " outputs of entry point " +
                                quote(entry.name()->string_view()) + ", found " +
                                std::to_string(run.outputs.size()));
  return Status();
}

Status Session::run(const Run &run) {
  times_.clear();
  MV_RETURN_IF_ERROR(checkRun(run));
  profiledEntry_ = run.entry;
  profiledBatch_ = run.batch;
  const Status status = device_->run(run, profiling_ ? &times_ : nullptr);
  if (!status.ok())
    times_.clear();
  return status;
}

StatusOr<uint64_t> Session::enqueue(const Run &run, void *stream) {
  times_.clear();
  MV_RETURN_IF_ERROR(checkRun(run));
  return device_->enqueue(run, stream);
}
