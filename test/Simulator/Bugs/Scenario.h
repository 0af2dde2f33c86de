// A scenario is a kernel with one planted bug and its correct twin, from the same source: `if constexpr
// (bug)`.
//
//   bugs --list                         name and check of every scenario, one a line
//   bugs NAME planted|correct [abort]   runs it; the program itself ends with 0 (or aborts), the simulator
//   tells
#pragma once

#include "../Programs/Check.h"

#include <cstring>

struct Scenario {
  const char *name, *check;
  void (*planted)(), (*correct)();
};

inline std::vector<Scenario> &scenarios() {
  static std::vector<Scenario> all;
  return all;
}

struct Register {
  Register(const char *name, const char *check, void (*planted)(), void (*correct)()) {
    scenarios().push_back({name, check, planted, correct});
  }
};

/// SCENARIO(name, "check") { host code; `bug` is a constant }
#define SCENARIO(name, check)                                                                                \
  template <bool bug> static void run_##name();                                                              \
  static Register register_##name(#name, check, run_##name<true>, run_##name<false>);                        \
  template <bool bug> static void run_##name()

/// Memory whose contents the kernel may read.
template <typename T> T *zeros(size_t count) {
  T *pointer = nullptr;
  CHECK(cudaMalloc(&pointer, count * sizeof(T)));
  CHECK(cudaMemset(pointer, 0, count * sizeof(T)));
  return pointer;
}

template <typename T> T *uninitialized(size_t count) {
  T *pointer = nullptr;
  CHECK(cudaMalloc(&pointer, count * sizeof(T)));
  return pointer;
}

/// Ends a scenario: a planted bug may have killed the context.
template <typename... T> void finish(T *...pointers) {
  cudaDeviceSynchronize();
  (cudaFree((void *)pointers), ...);
}
