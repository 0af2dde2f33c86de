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

enum class OutputFormat { Text, JSON };

struct Options {
  std::string model;
  std::vector<std::string> inputs;

  std::string device = "cpu";
  int threads = 0; ///< 0: one per CPU.
  int batch = 0;   ///< 0: chosen from the number of inputs.
  std::optional<Resolution> resolution;
  std::optional<Interpolation> interpolation;
  std::optional<uint64_t> randomSeed; ///< Images made up instead of inputs.
  int randomImages = 0;               ///< How many; 0: one batch.

  std::optional<int>
      top; ///< Classes to show per input; unset: 5, or none where --labels or --expect is given.
  OutputFormat format = OutputFormat::Text;
  std::string save;
  std::string expect;
  double tolerance = 2e-5;
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
