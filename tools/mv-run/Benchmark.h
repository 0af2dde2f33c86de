//===- Benchmark.h - How fast forward passes are --------------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_BENCHMARK_H
#define MV_TOOLS_RUN_BENCHMARK_H

#include "Model.h"

#include <nlohmann/json_fwd.hpp>

namespace mv::run {

/// The value below which `percent` of the sorted values lie, interpolated between neighbours as NumPy does.
double percentile(std::span<const double> sorted, double percent);

/// Runs the batch `images` again and again, with all outputs, first unmeasured, then for `seconds`; returns
/// the document that --benchmark prints.
nlohmann::ordered_json benchmark(const Model &model, Session &session, const void *images, size_t batch,
                                 double seconds);

} // namespace mv::run

#endif // MV_TOOLS_RUN_BENCHMARK_H
