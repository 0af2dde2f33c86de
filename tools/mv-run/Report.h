//===- Report.h - Results on standard output ------------------------*- C++ -*-===//
//
// Text is written as results come; JSON is collected and written at the end, as one document.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TOOLS_RUN_REPORT_H
#define MV_TOOLS_RUN_REPORT_H

#include "ClassNames.h"
#include "Classify.h"
#include "Compare.h"
#include "Options.h"
#include "Outputs.h"

#include <nlohmann/json.hpp>

namespace mv::run {

/// How the time of a run was spent, in seconds.
struct Timings {
  double load = 0;  ///< Reading, decoding and preprocessing.
  double model = 0; ///< Forward passes.
  double total = 0;
};

class Report {
public:
  explicit Report(OutputFormat format) : format_(format) {}

  /// Facts about the whole run; in JSON only.
  void setFact(const std::string &key, nlohmann::ordered_json value);
  /// The best classes of one input.
  void addClasses(const std::string &input, const std::vector<Candidate> &classes, const ClassNames &names);
  /// What can be said of an input's outputs where there are no classes: their shapes and sizes.
  void addFeatures(const std::string &input, const OutputStore &store, const std::vector<bool> &shown,
                   size_t image);
  void addAccuracy(const Accuracy &accuracy);
  void addComparison(const Comparison &comparison, Norm norm, double tolerance);
  /// Ends the report. In text form the timings go to standard error, which is no part of the results.
  void finish(const Timings &timings, size_t images);

private:
  OutputFormat format_;
  nlohmann::ordered_json document_ = nlohmann::ordered_json::object();
};

/// Writes a JSON document and a newline to standard output.
void printDocument(const nlohmann::ordered_json &document);

} // namespace mv::run

#endif // MV_TOOLS_RUN_REPORT_H
