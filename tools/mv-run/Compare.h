//===- Compare.h - Outputs against expected values, for --expect ----*- C++ -*-===//
//
// There are two measures: max |error| / max |expected| over a tensor, and |error| / |expected| of a tensor as a vector
// (the relative L2 error). An output is expected as a whole tensor `X`, [images, shape...], or as samples: `X_value[i]` is expected at position `X_index[i]` of the
// flattened tensor. Tensors with other names (labels, traces) are not looked at.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TOOLS_RUN_COMPARE_H
#define MV_TOOLS_RUN_COMPARE_H

#include "Options.h"
#include "Outputs.h"

#include "mv/Support/Safetensors.h"

namespace mv::run {

struct Comparison {
  std::string output;
  double error = 0;       ///< max |error| / max |expected|; infinite where a value is not finite.
  double l2 = 0;          ///< |error| / |expected|; the same.
  double maxExpected = 0; ///< max |expected|
  int64_t position = 0;   ///< Of the largest error, in the flattened tensor.
  double found = 0;       ///< There.
  double expected = 0;    ///< There.
  int64_t values = 0;     ///< Compared.
  bool isSample = false;

  double in(Norm norm) const { return norm == Norm::L2 ? l2 : error; }
};

class ExpectedOutputs {
public:
  /// Finds the outputs in the file and checks that they fit: that `outputs` has all of them, and the shapes
  /// for `images` images.
  static StatusOr<ExpectedOutputs> open(const std::string &path, std::span<const OutputSpec> outputs,
                                        size_t images);
  static StatusOr<ExpectedOutputs> match(SafetensorsFile file, std::span<const OutputSpec> outputs,
                                         size_t images);

  /// Whether output number `output` is in the file, and so must be computed.
  bool wants(size_t output) const;
  /// Checks the order of the input pictures where the file names its rows' pictures (metadata `files`).
  Status checkPictures(const std::vector<std::string> &pictures) const;
  std::vector<Comparison> compare(const OutputStore &store) const;

private:
  struct Expectation {
    size_t output;
    const TensorView *values;
    const TensorView *index; ///< Null for a whole tensor.
  };

  explicit ExpectedOutputs(SafetensorsFile file) : file_(std::move(file)) {}
  static Comparison compare(const Expectation &expectation, const OutputStore &store);
  Status add(const std::string &name, std::span<const OutputSpec> outputs, size_t images);

  SafetensorsFile file_;
  std::vector<Expectation> expectations_;
};

} // namespace mv::run

#endif // MV_TOOLS_RUN_COMPARE_H
