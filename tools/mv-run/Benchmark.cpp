//===- Benchmark.cpp - How fast forward passes are ------------------------------===//

#include "Benchmark.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

using namespace mv;
using namespace mv::run;
using Clock = std::chrono::steady_clock;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// Caches, page tables and clock frequency have settled after this.
static constexpr double kWarmUpSeconds = 0.5;
static constexpr size_t kWarmUpRuns = 2;
/// Fewer say nothing about a percentile, even if one run takes longer than the whole benchmark should.
static constexpr size_t kFewestRuns = 5;

static double secondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double run::percentile(std::span<const double> sorted, double percent) {
  double position = percent / 100 * static_cast<double>(sorted.size() - 1);
  auto below = static_cast<size_t>(position);
  size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (position - static_cast<double>(below));
}

nlohmann::ordered_json run::benchmark(const Model &model, Session &session, const void *images, size_t batch,
                                      double seconds) {
  OutputStore store(model.outputs, batch, std::vector<bool>(model.outputs.size(), true), &session);
  std::vector<float *> outputs = store.pointers(0);
  auto runOnce = [&] {
    Clock::time_point start = Clock::now();
    model.run(session, batch, images, outputs);
    return secondsSince(start);
  };

  Clock::time_point start = Clock::now();
  for (size_t runs = 0; runs < kWarmUpRuns || secondsSince(start) < std::min(kWarmUpSeconds, seconds); ++runs)
    runOnce();
  std::vector<double> times;
  start = Clock::now();
  while (times.size() < kFewestRuns || secondsSince(start) < seconds)
    times.push_back(runOnce());

  double sum = std::accumulate(times.begin(), times.end(), 0.0);
  std::sort(times.begin(), times.end());
  mv_session_info info = session.info();
  return {{"median_ms", 1e3 * percentile(times, 50)},
          {"p90_ms", 1e3 * percentile(times, 90)},
          {"p99_ms", 1e3 * percentile(times, 99)},
          {"images_per_second", static_cast<double>(batch * times.size()) / sum},
          {"batch", batch},
          {"threads", info.threads},
          {"device", info.device},
          {"target", info.target},
          {"dtype", info.dtype},
          {"resolution", resolutionText(model.shape.resolution)},
          {"min_ms", 1e3 * times.front()},
          {"mean_ms", 1e3 * sum / static_cast<double>(times.size())},
          {"runs", times.size()}};
}
