//===- mv.hpp - The C API with owners and exceptions ----------------*- C++ -*-===//
//
// A thin wrapper of mv.h, whose comments hold here: objects own their handle, a failed call throws mv::Error,
// names are the C ones without their prefix.
//
//     mv::Package package("model.mvx");
//     mv::Session session(package);
//     std::vector<float> logits(batch * package.output(0, 0).elements);
//     float *outputs[] = {logits.data()};
//     session.run(0, batch, images.data(), outputs);
//
//===----------------------------------------------------------------------===//

#ifndef MV_MV_HPP
#define MV_MV_HPP

#include "mv/mv.h"

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace mv {

/// What every failed call throws. what() is one line; code() is the exit code for a tool.
class Error : public std::runtime_error {
public:
  Error(mv_code code, const std::string &message) : std::runtime_error(message), code_(code) {}
  mv_code code() const { return code_; }

private:
  mv_code code_;
};

namespace detail {

/// Takes `status` over.
inline void throwIfFailed(mv_status *status) {
  if (!status)
    return;
  const std::unique_ptr<mv_status, decltype(&mv_status_free)> owner(status, &mv_status_free);
  throw Error(mv_status_code(status), mv_status_message(status));
}

/// Asks `query` for a struct: the last of its arguments.
template <typename Info, typename Query, typename... Arguments>
Info ask(Query query, Info info, Arguments... arguments) {
  throwIfFailed(query(arguments..., &info));
  return info;
}

} // namespace detail

/// A package file, mapped and checked. Strings in what it returns live as long as it does.
class Package {
public:
  explicit Package(const std::string &path, mv_package_options options = MV_PACKAGE_OPTIONS_INIT) {
    mv_package *package = nullptr;
    detail::throwIfFailed(mv_package_open(path.c_str(), &options, &package));
    handle_.reset(package);
  }

  mv_package_info info() const {
    return detail::ask(mv_package_get_info, mv_package_info(MV_PACKAGE_INFO_INIT), get());
  }
  mv_preprocessing_info preprocessing() const {
    return detail::ask(mv_package_get_preprocessing, mv_preprocessing_info(MV_PREPROCESSING_INFO_INIT),
                       get());
  }
  mv_entry_info entry(uint32_t index) const {
    return detail::ask(mv_package_get_entry, mv_entry_info(MV_ENTRY_INFO_INIT), get(), index);
  }
  mv_program_info program(uint32_t entry, uint32_t index) const {
    return detail::ask(mv_package_get_program, mv_program_info(MV_PROGRAM_INFO_INIT), get(), entry, index);
  }
  mv_output_info output(uint32_t entry, uint32_t index) const {
    return detail::ask(mv_package_get_output, mv_output_info(MV_OUTPUT_INFO_INIT), get(), entry, index);
  }
  mv_target_info target(uint32_t index) const {
    return detail::ask(mv_package_get_target, mv_target_info(MV_TARGET_INFO_INIT), get(), index);
  }
  mv_kernel_info kernel(uint32_t index) const {
    return detail::ask(mv_package_get_kernel, mv_kernel_info(MV_KERNEL_INFO_INIT), get(), index);
  }
  mv_implementation_info implementation(uint32_t kernel, uint32_t index) const {
    return detail::ask(mv_package_get_implementation, mv_implementation_info(MV_IMPLEMENTATION_INFO_INIT),
                       get(), kernel, index);
  }
  mv_phase_info phase(uint32_t kernel, uint32_t implementation, uint32_t index) const {
    return detail::ask(mv_package_get_phase, mv_phase_info(MV_PHASE_INFO_INIT), get(), kernel, implementation,
                       index);
  }
  mv_gpu_implementation_info gpuImplementation(uint32_t kernel, uint32_t index) const {
    return detail::ask(mv_package_get_gpu_implementation,
                       mv_gpu_implementation_info(MV_GPU_IMPLEMENTATION_INFO_INIT), get(), kernel, index);
  }
  mv_launch_info launch(uint32_t kernel, uint32_t implementation, uint32_t index) const {
    return detail::ask(mv_package_get_launch, mv_launch_info(MV_LAUNCH_INFO_INIT), get(), kernel,
                       implementation, index);
  }
  mv_parameter_info parameter(uint32_t index) const {
    return detail::ask(mv_package_get_parameter, mv_parameter_info(MV_PARAMETER_INFO_INIT), get(), index);
  }

  uint32_t findEntry(uint32_t height, uint32_t width) const {
    uint32_t entry = 0;
    detail::throwIfFailed(mv_package_find_entry(get(), height, width, &entry));
    return entry;
  }
  /// The index of an output by name, or nothing if the entry point has none of this name.
  std::optional<uint32_t> findOutput(uint32_t entry, const std::string &name) const {
    const uint32_t count = this->entry(entry).output_count;
    for (uint32_t index = 0; index < count; ++index)
      if (name == output(entry, index).name)
        return index;
    return std::nullopt;
  }
  /// The names of the classes, in order; empty if the checkpoint has none.
  std::vector<std::string> labels() const {
    std::vector<std::string> result;
    while (const char *label = mv_package_label(get(), static_cast<uint32_t>(result.size())))
      result.emplace_back(label);
    return result;
  }
  std::span<const std::byte> code(uint32_t target) const {
    const void *data = nullptr;
    size_t bytes = 0;
    detail::throwIfFailed(mv_package_get_code(get(), target, &data, &bytes));
    return {static_cast<const std::byte *>(data), bytes};
  }
  void verify(unsigned threads = 0) const { detail::throwIfFailed(mv_package_verify(get(), threads)); }

  const mv_package *get() const { return handle_.get(); }

private:
  struct Closer {
    void operator()(mv_package *package) const { mv_package_close(package); }
  };
  std::unique_ptr<mv_package, Closer> handle_;
};

/// A device's threads and memory for running a package. May outlive the package.
class Session {
public:
  explicit Session(const Package &package, mv_session_options options = MV_SESSION_OPTIONS_INIT) {
    mv_session *session = nullptr;
    detail::throwIfFailed(mv_session_create(package.get(), &options, &session));
    handle_.reset(session);
  }

  mv_session_info info() const {
    return detail::ask(mv_session_get_info, mv_session_info(MV_SESSION_INFO_INIT), get());
  }
  uint64_t runBytes(uint32_t entry, int64_t batch) const { return mv_session_run_bytes(get(), entry, batch); }
  void reserve(uint32_t entry, int64_t batch) {
    detail::throwIfFailed(mv_session_reserve(get(), entry, batch));
  }
  /// One pointer for each output of the entry point; null where it is not wanted.
  void run(uint32_t entry, int64_t batch, const float *input, std::span<float *const> outputs) {
    detail::throwIfFailed(mv_session_run(get(), entry, batch, input, outputs.data(), outputs.size()));
  }
  void run(uint32_t entry, int64_t batch, const uint8_t *pictures, std::span<float *const> outputs) {
    detail::throwIfFailed(
        mv_session_run_pictures(get(), entry, batch, pictures, outputs.data(), outputs.size()));
  }
  /// The number of the run, for wait(). `stream`: a CUstream, or null for the session's own.
  uint64_t enqueue(uint32_t entry, int64_t batch, const float *input, std::span<float *const> outputs,
                   void *stream = nullptr) {
    uint64_t run = 0;
    detail::throwIfFailed(
        mv_session_enqueue(get(), entry, batch, input, outputs.data(), outputs.size(), stream, &run));
    return run;
  }
  uint64_t enqueue(uint32_t entry, int64_t batch, const uint8_t *pictures, std::span<float *const> outputs,
                   void *stream = nullptr) {
    uint64_t run = 0;
    detail::throwIfFailed(mv_session_enqueue_pictures(get(), entry, batch, pictures, outputs.data(),
                                                      outputs.size(), stream, &run));
    return run;
  }
  /// For a run and those before it; without a number, for all.
  void wait(uint64_t run = 0) { detail::throwIfFailed(mv_session_wait(get(), run)); }

  void setProfiling(bool enabled) { detail::throwIfFailed(mv_session_set_profiling(get(), enabled)); }
  /// The dispatches of the latest run; empty if it was not profiled.
  std::vector<mv_profile_record> profile() const {
    std::vector<mv_profile_record> records(mv_session_profile_count(get()), MV_PROFILE_RECORD_INIT);
    for (size_t index = 0; index < records.size(); ++index)
      detail::throwIfFailed(mv_session_get_profile(get(), index, &records[index]));
    return records;
  }

  mv_session *get() const { return handle_.get(); }

private:
  struct Deleter {
    void operator()(mv_session *session) const { mv_session_free(session); }
  };
  std::unique_ptr<mv_session, Deleter> handle_;
};

/// Pinned memory of a session's, which outlives it.
class HostMemory {
public:
  HostMemory(Session &session, size_t bytes) : session_(session.get()) {
    detail::throwIfFailed(mv_session_allocate_host(session_, bytes, &data_));
  }
  ~HostMemory() { mv_session_free_host(session_, data_); }
  HostMemory(const HostMemory &) = delete;
  HostMemory &operator=(const HostMemory &) = delete;

  void *data() const { return data_; }

private:
  mv_session *session_;
  void *data_ = nullptr;
};

} // namespace mv

#endif // MV_MV_HPP
