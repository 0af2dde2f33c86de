// Shared by the programs: every call is checked, and a failed expectation ends the program with code 1.
#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#define CHECK(call)                                                                                          \
  do {                                                                                                       \
    cudaError_t checked = (call);                                                                            \
    if (checked != cudaSuccess) {                                                                            \
      std::fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, cudaGetErrorString(checked));       \
      std::exit(1);                                                                                          \
    }                                                                                                        \
  } while (0)

#define EXPECT(condition)                                                                                    \
  do {                                                                                                       \
    if (!(condition)) {                                                                                      \
      std::fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #condition);                          \
      std::exit(1);                                                                                          \
    }                                                                                                        \
  } while (0)

/// Device memory with the contents of a vector.
template <typename T> T *toDevice(const std::vector<T> &host) {
  T *device = nullptr;
  CHECK(cudaMalloc(&device, host.size() * sizeof(T)));
  CHECK(cudaMemcpy(device, host.data(), host.size() * sizeof(T), cudaMemcpyHostToDevice));
  return device;
}

template <typename T> std::vector<T> toHost(const T *device, size_t count) {
  std::vector<T> host(count);
  CHECK(cudaMemcpy(host.data(), device, count * sizeof(T), cudaMemcpyDeviceToHost));
  return host;
}

/// The same numbers everywhere: a linear congruential generator, mapped to [-1, 1).
struct Random {
  unsigned state = 12345;
  unsigned bits() { return state = state * 1664525u + 1013904223u; }
  float unit() { return (float(bits() >> 8) / float(1 << 23)) - 1.0f; }
};
