//===- Compare.cpp - Outputs against expected values ----------------------------===//

#include "Compare.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>

using namespace mv;
using namespace mv::run;

/// What models return. Expected but not there, they are missing; other names mean something to the model alone.
static constexpr const char *kOutputNames[] = {"logits", "pooled", "stage0", "stage1", "stage2", "stage3"};

/// The positions of samples must be whole numbers within the tensor.
static Status checkIndex(const std::string &path, const TensorView &index, const TensorView &values,
                         int64_t size) {
  if (index.isFloat() || index.shape != values.shape || index.shape.size() != 1)
    return Status::invalidInput(quote(path) + ": expected " + index.name +
                                " to hold one whole number for each of " + values.name + "'s values " +
                                shapeText(values.shape) + ", found " +
                                std::string(elementTypeName(index.type)) + " " + shapeText(index.shape));
  for (int64_t i = 0; i < index.elementCount(); ++i) {
    double position = index.at(i);
    if (!(position >= 0 && position < static_cast<double>(size)))
      return Status::invalidInput(quote(path) + ": " + index.name + "[" + std::to_string(i) +
                                  "]: expected a position below " + std::to_string(size) + ", found " +
                                  std::to_string(static_cast<int64_t>(position)) +
                                  "; were the images the same, and as many?");
  }
  return {};
}

Status ExpectedOutputs::add(const std::string &name, std::span<const OutputSpec> outputs, size_t images) {
  const TensorView *whole = file_.find(name);
  const TensorView *index = file_.find(name + "_index");
  const TensorView *values = file_.find(name + "_value");
  if (!whole && !index && !values)
    return {};
  std::optional<size_t> output = findOutput(outputs, name);
  if (!output)
    return Status::invalidInput(quote(file_.path()) + " expects the output " + name +
                                ", but the model only has " + outputNames(outputs) +
                                "; compile it with --outputs=... (logits,pooled,stages)");
  if (bool(index) != bool(values))
    return Status::invalidInput(quote(file_.path()) + ": expected both " + name + "_index and " + name +
                                "_value, found only one of them");

  std::vector<int64_t> shape = outputs[*output].shape;
  shape.insert(shape.begin(), static_cast<int64_t>(images));
  if (whole) {
    if (whole->shape != shape)
      return Status::invalidInput(quote(file_.path()) + ": " + name + " has shape " +
                                  shapeText(whole->shape) + ", but the model returns " + shapeText(shape) +
                                  " for " + std::to_string(images) + (images == 1 ? " image" : " images"));
    expectations_.push_back({*output, whole, nullptr});
  }
  if (values) {
    auto size = static_cast<int64_t>(images * outputs[*output].elements);
    MV_RETURN_IF_ERROR(checkIndex(file_.path(), *index, *values, size));
    expectations_.push_back({*output, values, index});
  }
  return {};
}

StatusOr<ExpectedOutputs> ExpectedOutputs::match(SafetensorsFile file, std::span<const OutputSpec> outputs,
                                                 size_t images) {
  ExpectedOutputs expected(std::move(file));
  for (const OutputSpec &output : outputs)
    MV_RETURN_IF_ERROR(expected.add(output.name, outputs, images));
  for (const char *name : kOutputNames)
    if (!findOutput(outputs, name))
      MV_RETURN_IF_ERROR(expected.add(name, outputs, images));
  if (expected.expectations_.empty())
    return Status::invalidInput(quote(expected.file_.path()) +
                                " holds nothing to compare: expected a tensor of one of the outputs " +
                                outputNames(outputs) + ", or X_index and X_value");
  return expected;
}

StatusOr<ExpectedOutputs> ExpectedOutputs::open(const std::string &path, std::span<const OutputSpec> outputs,
                                                size_t images) {
  MV_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(path));
  return match(std::move(file), outputs, images);
}

bool ExpectedOutputs::wants(size_t output) const {
  return std::any_of(expectations_.begin(), expectations_.end(),
                     [&](const Expectation &expectation) { return expectation.output == output; });
}

Status ExpectedOutputs::checkPictures(const std::vector<std::string> &pictures) const {
  auto entry = file_.metadata().find("files");
  if (entry == file_.metadata().end())
    return {};
  nlohmann::json files = nlohmann::json::parse(entry->second, nullptr, /*allow_exceptions=*/false);
  if (!files.is_array() || files.size() != pictures.size())
    return {};
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!files[i].is_string())
      return {};
    // The folders may be spelled differently; a picture's own name may not.
    auto file = files[i].get<std::string>();
    if (std::filesystem::path(file).filename() != std::filesystem::path(pictures[i]).filename())
      return Status::invalidInput(quote(file_.path()) + ": row " + std::to_string(i) + " is for " +
                                  quote(file) + ", but input " + std::to_string(i) + " is " +
                                  quote(pictures[i]) + "; give the same inputs in the same order");
  }
  return {};
}

/// `error` over `size`; where zeros are expected there is nothing to divide by.
static double relative(double error, double size) {
  return size > 0 && std::isfinite(error) ? error / size : error;
}

Comparison ExpectedOutputs::compare(const Expectation &expectation, const OutputStore &store) {
  const std::span<const float> found = store.values(expectation.output);
  Comparison result;
  result.output = store.outputs()[expectation.output].name;
  result.values = expectation.values->elementCount();
  result.isSample = expectation.index != nullptr;
  double largest = -1, errors = 0, squares = 0;
  for (int64_t i = 0; i < result.values; ++i) {
    int64_t position = expectation.index ? static_cast<int64_t>(expectation.index->at(i)) : i;
    double expected = expectation.values->at(i);
    double value = found[static_cast<size_t>(position)];
    double error = std::fabs(value - expected);
    // Not a number compares false with everything and would slip through a maximum.
    if (!std::isfinite(error))
      error = std::numeric_limits<double>::infinity();
    errors += error * error;
    squares += expected * expected;
    result.maxExpected = std::max(result.maxExpected, std::fabs(expected));
    if (error > largest) {
      largest = error;
      result.position = position;
      result.found = value;
      result.expected = expected;
    }
  }
  result.error = relative(largest, result.maxExpected);
  result.l2 = relative(std::sqrt(errors), std::sqrt(squares));
  return result;
}

std::vector<Comparison> ExpectedOutputs::compare(const OutputStore &store) const {
  std::vector<Comparison> results;
  for (const Expectation &expectation : expectations_)
    results.push_back(compare(expectation, store));
  return results;
}
