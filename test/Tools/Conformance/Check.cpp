//===- Check.cpp - Runs a conformance package and compares ----------------------===//

#include "Case.h"

#include "mv/mv.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace mv;
using namespace mv::conformance;

namespace {

using Outputs = std::vector<std::vector<float>>;

/// One way to run an entry point.
struct Configuration {
  std::string target;
  unsigned threads;
  int64_t batch;

  std::string text() const {
    return target + ", " + std::to_string(threads) + " threads, batch " + std::to_string(batch);
  }
};

class Checker {
public:
  Checker(const Package &package, double tolerance) : package_(package), tolerance_(tolerance) {}

  Status checkTarget(const std::string &target, const std::vector<Case> &cases) {
    for (const Case &next : cases) {
      Outputs whole = run(next, {target, 1, kBatch});
      MV_RETURN_IF_ERROR(compareWithOracle(next, whole, target));
      for (const Configuration &other :
           {Configuration{target, 3, kBatch}, {target, 2, kBatch}, {target, 1, 1}, {target, 2, 2}})
        MV_RETURN_IF_ERROR(compareBits(next, whole, run(next, other), other));
    }
    return {};
  }

private:
  uint32_t findEntry(const std::string &name) const {
    for (uint32_t index = 0; index < package_.info().entry_count; ++index)
      if (name == package_.entry(index).name)
        return index;
    return UINT32_MAX;
  }

  /// All kBatch images, in batches of the configuration's size.
  Outputs run(const Case &next, const Configuration &configuration) {
    mv_session_options options = MV_SESSION_OPTIONS_INIT;
    options.threads = configuration.threads;
    options.cpu_target = configuration.target.c_str();
    options.poison = 1;
    Session session(package_, options);
    uint32_t entry = findEntry(next.name);
    size_t imageSize = next.input.size() / kBatch;
    Outputs results;
    for (const Case::Output &output : next.outputs)
      results.emplace_back(output.expected.size());
    for (int64_t first = 0; first < kBatch; first += configuration.batch) {
      int64_t batch = std::min(configuration.batch, kBatch - first);
      std::vector<float *> pointers;
      for (std::vector<float> &result : results)
        pointers.push_back(result.data() + first * (result.size() / kBatch));
      session.run(entry, batch, next.input.data() + first * imageSize, pointers);
    }
    return results;
  }

  Status compareWithOracle(const Case &next, const Outputs &got, const std::string &target) {
    for (size_t index = 0; index < got.size(); ++index) {
      const std::vector<double> &expected = next.outputs[index].expected;
      double difference = 0, magnitude = 0;
      for (size_t i = 0; i < expected.size(); ++i) {
        double error = std::fabs(got[index][i] - expected[i]);
        difference = std::isnan(error) ? INFINITY : std::max(difference, error);
        magnitude = std::max(magnitude, std::fabs(expected[i]));
      }
      double error = difference == 0 ? 0 : difference / magnitude;
      std::string where = next.name + ", " + next.outputs[index].name + ", " + target;
      if (!(error <= tolerance_))
        return {StatusCode::CheckFailed,
                where + ": max |error| / max |expected| is " + std::to_string(error)};
      std::printf("%-60s %.2e\n", where.c_str(), error);
    }
    return {};
  }

  static Status compareBits(const Case &next, const Outputs &whole, const Outputs &other,
                            const Configuration &configuration) {
    for (size_t index = 0; index < whole.size(); ++index)
      if (std::memcmp(whole[index].data(), other[index].data(), whole[index].size() * sizeof(float)) != 0)
        return {StatusCode::CheckFailed,
                next.name + ", " + next.outputs[index].name + ": other bits with " + configuration.text()};
    return {};
  }

  const Package &package_;
  double tolerance_;
};

} // namespace

Status conformance::check(const std::string &packagePath, const std::vector<Case> &cases, double tolerance) {
  try {
    Package package(packagePath);
    Checker checker(package, tolerance);
    for (uint32_t index = 0; index < package.info().target_count; ++index) {
      mv_target_info target = package.target(index);
      if (target.supported)
        MV_RETURN_IF_ERROR(checker.checkTarget(target.name, cases));
    }
    return {};
  } catch (const Error &error) {
    return Status::internal(error.what());
  }
}
