//===- Check.cpp - Runs a conformance package and compares ----------------------===//

#include "Case.h"

#include "mv/Package/Reader.h"
#include "mv/mv.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <set>

using namespace mv;
using namespace mv::conformance;

namespace {

using Outputs = std::vector<std::vector<float>>;

/// One way to run an entry point.
struct Configuration {
  std::string target; ///< An instruction set, or "cuda".
  unsigned threads;
  int64_t batch;

  bool isGPU() const { return target == "cuda"; }
  std::string text() const {
    return target + ", " + (isGPU() ? "" : std::to_string(threads) + " threads, ") + "batch " +
           std::to_string(batch);
  }
};

/// max |error| / max |expected|
double maxError(const std::vector<float> &got, const std::vector<double> &expected) {
  double difference = 0, magnitude = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double error = std::fabs(got[i] - expected[i]);
    difference = std::isnan(error) ? INFINITY : std::max(difference, error);
    magnitude = std::max(magnitude, std::fabs(expected[i]));
  }
  return difference == 0 ? 0 : difference / magnitude;
}

/// |error| / |expected|, NaN where anything is.
double relativeError(const std::vector<float> &got, const std::vector<double> &expected) {
  double difference = 0, magnitude = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += (got[i] - expected[i]) * (got[i] - expected[i]);
    magnitude += expected[i] * expected[i];
  }
  return difference == 0 ? 0 : std::sqrt(difference / magnitude);
}

class Checker {
public:
  Checker(const Package &package, double tolerance) : package_(package), tolerance_(tolerance) {}

  /// The first configuration's results are compared with the oracle's, those of the others with the first one's.
  void check(const std::vector<Case> &cases,
             const std::function<std::vector<Configuration>(const Case &)> &configurations) {
    for (const Case &next : cases) {
      Status status = check(next, configurations(next));
      if (!status.ok())
        std::printf("FAILED %s\n", status.message().c_str());
      if (first_.ok())
        first_ = status;
    }
  }

  /// Of the first case that failed.
  const Status &status() const { return first_; }

private:
  Status check(const Case &next, const std::vector<Configuration> &configurations) {
    try {
      Outputs whole = run(next, configurations[0]);
      MV_RETURN_IF_ERROR(compareWithOracle(next, whole, configurations[0]));
      for (size_t index = 1; index < configurations.size(); ++index)
        MV_RETURN_IF_ERROR(compareBits(next, whole, run(next, configurations[index]), configurations[index]));
      return {};
    } catch (const Error &error) {
      return Status::internal(next.name + ": " + error.what());
    }
  }

  uint32_t findEntry(const std::string &name) const {
    for (uint32_t index = 0; index < package_.info().entry_count; ++index)
      if (name == package_.entry(index).name)
        return index;
    return UINT32_MAX;
  }

  /// `images` of the kBatch ones that `numbers` are of, over and over.
  template <typename T> static std::vector<T> repeat(const std::vector<T> &numbers, int64_t images) {
    size_t size = numbers.size() / kBatch;
    std::vector<T> all;
    for (int64_t image = 0; image < images; ++image)
      all.insert(all.end(), numbers.begin() + image % kBatch * size,
                 numbers.begin() + (image % kBatch + 1) * size);
    return all;
  }

  /// All kBatch images, in batches of the configuration's size; one that is larger is filled by repeating them.
  Outputs run(const Case &next, const Configuration &configuration) {
    mv_session_options options = MV_SESSION_OPTIONS_INIT;
    options.poison = 1;
    if (configuration.isGPU()) {
      options.device = "cuda";
    } else {
      options.threads = configuration.threads;
      options.cpu_target = configuration.target.c_str();
    }
    Session session(package_, options);
    uint32_t entry = findEntry(next.name);
    size_t imageSize = std::max(next.input.size(), next.pictures.size()) / kBatch;
    int64_t images = std::max(configuration.batch, kBatch);
    std::vector<float> input = repeat(next.input, images);
    std::vector<uint8_t> pictures = repeat(next.pictures, images);
    Outputs results;
    for (const Case::Output &output : next.outputs)
      results.emplace_back(output.expected.size() / kBatch * images);
    for (int64_t first = 0; first < images; first += configuration.batch) {
      int64_t batch = std::min(configuration.batch, images - first);
      std::vector<float *> pointers;
      for (std::vector<float> &result : results)
        pointers.push_back(result.data() + first * (result.size() / images));
      if (pictures.empty())
        session.run(entry, batch, input.data() + first * imageSize, pointers);
      else
        session.run(entry, batch, pictures.data() + first * imageSize, pointers);
    }
    return results;
  }

  Status compareWithOracle(const Case &next, const Outputs &got, const Configuration &configuration) {
    for (size_t index = 0; index < got.size(); ++index) {
      const std::vector<double> &expected = next.outputs[index].expected;
      double error =
          configuration.isGPU() ? relativeError(got[index], expected) : maxError(got[index], expected);
      std::string where = next.name + ", " + next.outputs[index].name + ", " + configuration.target;
      if (!(error <= tolerance_))
        return {StatusCode::CheckFailed, where +
                                             (configuration.isGPU() ? ": |error| / |expected| is "
                                                                    : ": max |error| / max |expected| is ") +
                                             std::to_string(error)};
      std::printf("%-60s %.2e\n", where.c_str(), error);
    }
    return {};
  }

  static Status compareBits(const Case &next, const Outputs &whole, const Outputs &other,
                            const Configuration &configuration) {
    for (size_t index = 0; index < whole.size(); ++index) {
      size_t size = whole[index].size() / kBatch; // of an image
      for (size_t image = 0; image * size < other[index].size(); ++image)
        if (std::memcmp(whole[index].data() + image % kBatch * size, other[index].data() + image * size,
                        size * sizeof(float)) != 0)
          return {StatusCode::CheckFailed, next.name + ", " + next.outputs[index].name + ", image " +
                                               std::to_string(image) + ": other bits with " +
                                               configuration.text()};
    }
    return {};
  }

  const Package &package_;
  double tolerance_;
  Status first_;
};

} // namespace

Status conformance::checkCPU(const std::string &packagePath, const std::vector<Case> &cases,
                             double tolerance) {
  try {
    Package package(packagePath);
    Checker checker(package, tolerance);
    for (uint32_t index = 0; index < package.info().target_count; ++index) {
      mv_target_info target = package.target(index);
      if (target.supported)
        checker.check(cases, [&](const Case &) -> std::vector<Configuration> {
          return {{target.name, 1, kBatch},
                  {target.name, 3, kBatch},
                  {target.name, 2, kBatch},
                  {target.name, 1, 1},
                  {target.name, 2, 2}};
        });
    }
    return checker.status();
  } catch (const Error &error) {
    return Status::internal(error.what());
  }
}

/// Beyond kBatch, the batches from which on a kernel of the entry point goes about it in another way.
static std::set<int64_t> variantBatches(const package::PackageFile &file, const std::string &name) {
  std::set<int64_t> batches;
  for (const package::Entry *entry : *file.model().entries())
    if (entry->name()->str() == name)
      for (const package::Dispatch *dispatch : *package::findProgram(*entry, "cuda")->dispatches())
        for (const auto *gpu : *file.model().kernels()->Get(dispatch->kernel())->gpu())
          for (const package::Variant *variant : *gpu->variants())
            if (variant->batch() > kBatch)
              batches.insert(variant->batch());
  return batches;
}

Status conformance::checkGPU(const std::string &packagePath, const std::vector<Case> &cases,
                             double tolerance) {
  StatusOr<std::shared_ptr<const package::PackageFile>> file = package::PackageFile::open(packagePath);
  if (!file.ok())
    return file.status();
  try {
    Package package(packagePath);
    Checker checker(package, tolerance);
    checker.check(cases, [&](const Case &next) {
      std::vector<Configuration> configurations = {{"cuda", 0, kBatch}, {"cuda", 0, 1}, {"cuda", 0, 2}};
      for (int64_t batch : variantBatches(**file, next.name))
        configurations.push_back({"cuda", 0, batch});
      return configurations;
    });
    return checker.status();
  } catch (const Error &error) {
    return Status::internal(error.what());
  }
}
