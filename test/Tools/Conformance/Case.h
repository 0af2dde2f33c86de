//===- Case.h - One entry point with the answers the oracle gives ---------------===//

#ifndef MV_TEST_CONFORMANCE_CASE_H
#define MV_TEST_CONFORMANCE_CASE_H

#include "mv/Support/Status.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mv::conformance {

/// Images in a case's batch: enough to tell a mixed-up image from a right one.
inline constexpr int64_t kBatch = 3;

struct Case {
  std::string name;
  std::vector<float> input;      ///< For kBatch images.
  std::vector<uint8_t> pictures; ///< Instead of `input`, where the entry point takes bytes.
  struct Output {
    std::string name;
    std::vector<double> expected; ///< For kBatch images.
  };
  std::vector<Output> outputs;
};

/// What the cases are compiled to.
struct Form {
  std::string target;                ///< cpu: every instruction set; or an architecture of GPUs, sm_80.
  std::string dtype;                 ///< For GPUs: f16, bf16, tf32 or f32.
  std::vector<std::string> disabled; ///< Passes to leave out.
  std::string tuning;                ///< A file of tiles, for GPUs; empty: none.

  bool isGPU() const { return target != "cpu"; }
};

/// Compiles the IR at `irPath` to `packagePath` in the given form, and computes with the reference interpreter in
/// double what its entry points give. Parameters follow the rule for random weights.
StatusOr<std::vector<Case>> prepare(const std::string &irPath, const std::string &packagePath,
                                    const Form &form);

/// Runs the package's entry points on every instruction set of this machine and compares: with the oracle
/// within `tolerance` (max |error| / max |expected|), and bit by bit between batch sizes, thread counts and
/// runs. All cases run, whatever the first says; the status is that of the first that failed.
Status checkCPU(const std::string &packagePath, const std::vector<Case> &cases, double tolerance);

/// The same on the first GPU, with a batch for every variant of every kernel. There the error is relative: |got -
/// expected| / |expected| of an output as a vector.
Status checkGPU(const std::string &packagePath, const std::vector<Case> &cases, double tolerance);

} // namespace mv::conformance

#endif // MV_TEST_CONFORMANCE_CASE_H
