//===- fma-peak.cpp - What the machine's multipliers can do ---------------------===//
//
//   fma-peak [THREADS]
//
// Prints the median rate of f32 fused multiply-adds over short runs, in GFLOP/s, of all threads together: the
// figure that "percent of the peak" in docs/Performance.md refers to. Twelve independent accumulators hide
// the latency.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <immintrin.h>
#include <thread>
#include <vector>

namespace {

constexpr int kAccumulators = 12;
constexpr long kIterations = 300000;
constexpr int kRuns = 200;

/// One run of fused products on registers. A macro, since a template would lose the target attribute.
#define MV_DEFINE_SPIN(NAME, TARGET, VECTOR, SET1, FMADD)                                                    \
  __attribute__((target(TARGET))) float NAME() {                                                             \
    const VECTOR a = SET1(0.999f), b = SET1(0.001f);                                                         \
    VECTOR accumulators[kAccumulators];                                                                      \
    for (VECTOR &accumulator : accumulators)                                                                 \
      accumulator = a;                                                                                       \
    for (long i = 0; i < kIterations; ++i)                                                                   \
      for (VECTOR &accumulator : accumulators)                                                               \
        accumulator = FMADD(accumulator, a, b);                                                              \
    float sum = 0;                                                                                           \
    for (VECTOR &accumulator : accumulators)                                                                 \
      sum += accumulator[0];                                                                                 \
    return sum;                                                                                              \
  }

MV_DEFINE_SPIN(spin512, "avx512f", __m512, _mm512_set1_ps, _mm512_fmadd_ps)
MV_DEFINE_SPIN(spin256, "avx2,fma", __m256, _mm256_set1_ps, _mm256_fmadd_ps)

/// Median over the runs, of one thread, in GFLOP/s.
double measure(float (*run)(), int lanes) {
  std::vector<double> rates;
  volatile float sink = 0;
  for (int i = 0; i < kRuns; ++i) {
    auto start = std::chrono::steady_clock::now();
    sink = sink + run();
    std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    rates.push_back(2.0 * kAccumulators * kIterations * lanes / seconds.count() * 1e-9);
  }
  std::nth_element(rates.begin(), rates.begin() + kRuns / 2, rates.end());
  return rates[kRuns / 2];
}

} // namespace

int main(int argc, char **argv) {
  unsigned count = argc > 1 ? std::max(1, std::atoi(argv[1])) : std::thread::hardware_concurrency();
  bool wide = __builtin_cpu_supports("avx512f");
  if (!wide && !(__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))) {
    std::fprintf(stderr, "fma-peak: this CPU has no fused multiply-add\n");
    return 3;
  }
  std::vector<double> rates(count);
  std::vector<std::thread> threads;
  for (unsigned index = 0; index < count; ++index)
    threads.emplace_back([&, index] { rates[index] = wide ? measure(spin512, 16) : measure(spin256, 8); });
  for (std::thread &thread : threads)
    thread.join();
  double sum = 0;
  for (double rate : rates)
    sum += rate;
  std::printf("{\"threads\": %u, \"lanes\": %d, \"gflops\": %.1f}\n", count, wide ? 16 : 8, sum);
}
