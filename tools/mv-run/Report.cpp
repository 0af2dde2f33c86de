//===- Report.cpp - Results on standard output ----------------------------------===//

#include "Report.h"

#include "mv/Support/Text.h"

#include <cmath>
#include <cstdio>

using namespace mv;
using namespace mv::run;
using nlohmann::ordered_json;

void run::printDocument(const ordered_json &document) {
  // Names of files need not be UTF-8.
  std::string text = document.dump(1, ' ', false, ordered_json::error_handler_t::replace);
  std::puts(text.c_str());
}

void Report::setFact(const std::string &key, ordered_json value) {
  if (format_ == OutputFormat::JSON)
    document_[key] = std::move(value);
}

void Report::addClasses(const std::string &input, const std::vector<Candidate> &classes,
                        const ClassNames &names) {
  if (format_ == OutputFormat::JSON) {
    ordered_json top = ordered_json::array();
    for (const Candidate &candidate : classes) {
      const std::string &name = names.name(candidate.index);
      top.push_back({{"class", candidate.index},
                     {"label", name.empty() ? ordered_json() : ordered_json(name)},
                     {"probability", candidate.probability},
                     {"logit", candidate.logit}});
    }
    document_["results"].push_back({{"input", input}, {"top", std::move(top)}});
    return;
  }
  std::printf("%s\n", input.c_str());
  for (const Candidate &candidate : classes) {
    const std::string &name = names.name(candidate.index);
    std::printf("  %7.3f%%  %s%sclass %d, logit %.4f%s\n", 100 * candidate.probability, name.c_str(),
                name.empty() ? "" : "  (", candidate.index, candidate.logit, name.empty() ? "" : ")");
  }
}

/// The Euclidean norm.
static double norm(std::span<const float> values) {
  double sum = 0;
  for (float value : values)
    sum += double(value) * value;
  return std::sqrt(sum);
}

void Report::addFeatures(const std::string &input, const OutputStore &store, const std::vector<bool> &shown,
                         size_t image) {
  ordered_json outputs = ordered_json::array();
  std::string text;
  for (size_t i = 0; i < store.outputs().size(); ++i) {
    if (!shown[i])
      continue;
    const OutputSpec &output = store.outputs()[i];
    double size = norm(store.valuesOf(i, image));
    outputs.push_back({{"name", output.name}, {"shape", output.shape}, {"l2", size}});
    char buffer[32];
    std::snprintf(buffer, sizeof(buffer), "%.6g", size);
    text += "  " + output.name + " " + shapeText(output.shape) + ", l2 norm " + buffer + "\n";
  }
  if (format_ == OutputFormat::JSON)
    document_["results"].push_back({{"input", input}, {"outputs", std::move(outputs)}});
  else
    std::printf("%s\n%s", input.c_str(), text.c_str());
}

void Report::addAccuracy(const Accuracy &accuracy) {
  auto images = static_cast<double>(accuracy.images());
  double top1 = static_cast<double>(accuracy.top1()) / images,
         top5 = static_cast<double>(accuracy.top5()) / images;
  if (format_ == OutputFormat::JSON) {
    document_["accuracy"] = {{"top1", top1},
                             {"top5", top5},
                             {"top1_correct", accuracy.top1()},
                             {"top5_correct", accuracy.top5()},
                             {"images", accuracy.images()}};
    return;
  }
  std::printf("top-1 accuracy %.2f%% (%zu of %zu)\n", 100 * top1, accuracy.top1(), accuracy.images());
  std::printf("top-5 accuracy %.2f%% (%zu of %zu)\n", 100 * top5, accuracy.top5(), accuracy.images());
}

void Report::addComparison(const Comparison &comparison, Norm norm, double tolerance) {
  bool passed = comparison.in(norm) <= tolerance;
  if (format_ == OutputFormat::JSON) {
    // JSON has no infinity: null stands for it.
    document_["comparison"].push_back({{"output", comparison.output},
                                       {"error", comparison.error},
                                       {"l2_error", comparison.l2},
                                       {"norm", norm == Norm::L2 ? "l2" : "max"},
                                       {"tolerance", tolerance},
                                       {"passed", passed},
                                       {"values", comparison.values},
                                       {"max_expected", comparison.maxExpected},
                                       {"position", comparison.position},
                                       {"found", comparison.found},
                                       {"expected", comparison.expected}});
    return;
  }
  std::printf("%-7s max |error| / max |expected| = %.3g, |error| / |expected| = %.3g (%lld %s), %s %g%s\n",
              comparison.output.c_str(), comparison.error, comparison.l2,
              static_cast<long long>(comparison.values), comparison.isSample ? "samples" : "values",
              passed ? "within" : "ABOVE", tolerance, norm == Norm::L2 ? " (the second)" : "");
  if (!passed)
    std::printf("        largest at position %lld: expected %.9g, found %.9g\n",
                static_cast<long long>(comparison.position), comparison.expected, comparison.found);
}

void Report::finish(const Timings &timings, size_t images) {
  if (format_ == OutputFormat::JSON) {
    document_["seconds"] = {{"load", timings.load}, {"model", timings.model}, {"total", timings.total}};
    printDocument(document_);
    return;
  }
  std::fflush(stdout);
  std::fprintf(stderr, "%zu %s in %.3f s: reading %.3f s, model %.3f s (%.1f images/s)\n", images,
               images == 1 ? "image" : "images", timings.total, timings.load, timings.model,
               static_cast<double>(images) / timings.model);
}
