//===- Options.h - mv-run's command line ----------------------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_OPTIONS_H
#define MV_TOOLS_RUN_OPTIONS_H

#include "mv/Image/Resize.h"
#include "mv/Support/Status.h"

#include <optional>
#include <string>
#include <vector>

namespace mv::run {

struct Resolution {
  int height = 0, width = 0;
  bool operator==(const Resolution &) const = default;
};

/// "224x192": height first.
std::string resolutionText(Resolution resolution);

/// What one image of a tensor is: numbers [channels, height, width], or a picture's bytes [height, width, channels].
struct ImageShape {
  int channels = 0;
  Resolution resolution;
  bool isBytes = false;
  bool operator==(const ImageShape &) const = default;
  size_t size() const { return size_t(1) * channels * resolution.height * resolution.width; }
  size_t bytes() const { return isBytes ? size() : size() * sizeof(float); }
};

/// "[3, 224, 192]" or "u8 [224, 192, 3]"
std::string imageShapeText(const ImageShape &shape);

enum class OutputFormat { Text, JSON };

/// How far outputs are from the expected ones: largest error / largest value, or both as vectors.
enum class Norm { Max, L2 };

struct Options {
  std::string model;
  std::vector<std::string> inputs;

  std::string device = "cpu";
  int threads = 0; ///< 0: one per CPU.
  int batch = 0;   ///< 0: chosen from the number of inputs.
  std::optional<Resolution> resolution;
  std::string entry; ///< Name of the entry point; empty: chosen by size.
  std::optional<Interpolation> interpolation;
  std::optional<uint64_t> randomSeed; ///< Images made up instead of inputs.
  int randomImages = 0;               ///< How many; 0: one batch.

  std::optional<int>
      top; ///< Classes to show per input; unset: 5, or none where --labels or --expect is given.
  OutputFormat format = OutputFormat::Text;
  std::string save;
  std::string expect;
  double tolerance = 2e-5;
  Norm norm = Norm::Max; ///< What the tolerance is for.
  bool checkLabels = false;
  std::string labelsFile; ///< Empty, or a folder of folders: the folder of a picture is its label.

  std::optional<double> benchmarkSeconds;
  bool profile = false;
  std::string traceFile; ///< Empty: no trace.
};

/// What the command line asks for: a run, or only a text (help, version) on standard output.
struct ParsedCommandLine {
  Options options;
  std::optional<std::string> textOnly;
};

StatusOr<ParsedCommandLine> parseCommandLine(int argc, const char *const *argv);

} // namespace mv::run

#endif // MV_TOOLS_RUN_OPTIONS_H
