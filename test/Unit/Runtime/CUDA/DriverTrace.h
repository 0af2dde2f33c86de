//===- DriverTrace.h - What the runtime asks of the driver -----------*- C++ -*-===//
//
// While a trace lives, the runtime's table of driver functions leads through it. The order that streams and events give
// the GPU's work is computed from the calls: a simulator that does everything at once cannot show what a missing wait
// would break, nor what may overlap.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TEST_UNIT_RUNTIME_CUDA_DRIVERTRACE_H
#define MV_TEST_UNIT_RUNTIME_CUDA_DRIVERTRACE_H

#include "CUDADriver.h"

#include <algorithm>
#include <cassert>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

namespace mv::test {

namespace cuda = runtime::cuda;

struct DriverCall {
  std::string name; ///< "copyAsync"; in the runtime's table.
  cuda::Stream stream = nullptr;
  cuda::Event event = nullptr;
  std::vector<cuda::Address> addresses; ///< A copy's destination and source.
  size_t bytes = 0;
};

class DriverTrace {
public:
  DriverTrace() {
    assert(!active());
    active() = this;
#define MV_TEST_WRAP(name, symbol, ...) wrap<Name_##name>(&cuda::Driver::name);
    MV_CUDA_FUNCTIONS(MV_TEST_WRAP)
#undef MV_TEST_WRAP
  }
  ~DriverTrace() {
#define MV_TEST_UNWRAP(name, symbol, ...) unwrap<Name_##name>(&cuda::Driver::name);
    MV_CUDA_FUNCTIONS(MV_TEST_UNWRAP)
#undef MV_TEST_UNWRAP
    active() = nullptr;
  }
  DriverTrace(const DriverTrace &) = delete;
  DriverTrace &operator=(const DriverTrace &) = delete;

  void clear() { calls_.clear(); }
  const std::vector<DriverCall> &calls() const { return calls_; }
  size_t count(const std::string &name) const {
    return static_cast<size_t>(std::count_if(calls_.begin(), calls_.end(),
                                             [&](const DriverCall &call) { return call.name == name; }));
  }
  /// From now on, allocations of more than this are refused.
  void limitAllocations(size_t bytes) { allocationLimit_ = bytes; }

  /// Whether this thread is in a function of the driver's.
  static inline thread_local bool isInDriver = false;

  /// The runtime's own table.
  static cuda::Driver &driver() { return const_cast<cuda::Driver &>(**cuda::Driver::get()); }

private:
#define MV_TEST_NAME(name, symbol, ...)                                                                      \
  struct Name_##name {                                                                                       \
    static constexpr const char *text = #name;                                                               \
  };
  MV_CUDA_FUNCTIONS(MV_TEST_NAME)
#undef MV_TEST_NAME

  template <typename Name, typename... Arguments> struct Recorder {
    static inline cuda::Result (*original)(Arguments...) = nullptr;
    static cuda::Result call(Arguments... arguments) {
      isInDriver = true;
      const cuda::Result result =
          active()->add(Name::text, arguments...) ? original(arguments...) : cuda::kOutOfMemory;
      isInDriver = false;
      return result;
    }
  };
  template <typename Name, typename... Arguments>
  void wrap(cuda::Result (*cuda::Driver::*function)(Arguments...)) {
    Recorder<Name, Arguments...>::original = driver().*function;
    driver().*function = &Recorder<Name, Arguments...>::call;
  }
  template <typename Name, typename... Arguments>
  void unwrap(cuda::Result (*cuda::Driver::*function)(Arguments...)) {
    driver().*function = Recorder<Name, Arguments...>::original;
  }

  /// False if the call is to be refused.
  template <typename... Arguments> bool add(const char *name, Arguments... arguments) {
    DriverCall call;
    call.name = name;
    const auto take = [&](auto argument) {
      using T = decltype(argument);
      if constexpr (std::is_same_v<T, cuda::Stream>)
        call.stream = argument;
      else if constexpr (std::is_same_v<T, cuda::Event>)
        call.event = argument;
      else if constexpr (std::is_same_v<T, cuda::Address>) // Also the type of flags, which no one asks for.
        call.addresses.push_back(argument);
      else if constexpr (std::is_same_v<T, size_t>)
        call.bytes = argument;
    };
    (take(arguments), ...);
    const std::lock_guard lock(mutex_);
    calls_.push_back(call);
    return call.name != "memAlloc" || call.bytes <= allocationLimit_;
  }

  static DriverTrace *&active() {
    static DriverTrace *trace = nullptr;
    return trace;
  }

  std::mutex mutex_;
  std::vector<DriverCall> calls_;
  size_t allocationLimit_ = SIZE_MAX;
};

/// Which of a trace's operations on the GPU come before which.
class DriverOrder {
public:
  struct Operation {
    DriverCall call;
    std::set<size_t> before;    ///< Operations that are over when this one begins.
    std::set<size_t> waitedFor; ///< Of those, the ones that the host had waited for when it made the call.
  };

  explicit DriverOrder(const std::vector<DriverCall> &calls) {
    bool isCaptured = false;
    for (const DriverCall &call : calls) {
      isCaptured |= call.name == "beginCapture";
      isCaptured &= call.name != "endCapture";
      if (!isCaptured)
        add(call);
    }
  }

  /// Copies, fills and graphs, in the order of the calls.
  const std::vector<Operation> &operations() const { return operations_; }
  bool isOrdered(size_t first, size_t second) const { return operations_[second].before.contains(first); }
  bool mayOverlap(size_t one, size_t other) const { return !isOrdered(one, other) && !isOrdered(other, one); }

private:
  void add(const DriverCall &call) {
    if (call.name == "eventRecord") {
      events_[call.event] = streams_[call.stream];
    } else if (call.name == "streamWaitEvent") {
      streams_[call.stream].merge(std::set(events_[call.event]));
    } else if (call.name == "eventSynchronize") {
      host_.merge(std::set(events_[call.event]));
    } else if (call.name == "streamSynchronize") {
      host_.merge(std::set(streams_[call.stream]));
    } else if (call.name == "copyAsync" || call.name == "fillAsync" || call.name == "graphLaunch" ||
               call.name == "launch") {
      std::set<size_t> &stream = streams_[call.stream];
      stream.merge(std::set(host_));
      operations_.push_back({call, stream, host_});
      stream.insert(operations_.size() - 1);
    }
  }

  std::vector<Operation> operations_;
  std::map<cuda::Stream, std::set<size_t>> streams_;
  std::map<cuda::Event, std::set<size_t>> events_;
  std::set<size_t> host_;
};

} // namespace mv::test

#endif // MV_TEST_UNIT_RUNTIME_CUDA_DRIVERTRACE_H
