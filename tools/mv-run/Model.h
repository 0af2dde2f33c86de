//===- Model.h - A package, seen from one entry point ---------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_MODEL_H
#define MV_TOOLS_RUN_MODEL_H

#include "ClassNames.h"
#include "Options.h"
#include "Outputs.h"

#include "mv/Image/Preprocess.h"
#include "mv/mv.hpp"

namespace mv::run {

/// The package and what the tool needs to know of the entry point it runs. Failed calls of the runtime throw
/// mv::Error.
struct Model {
  Package package;
  uint32_t entry = 0;
  Resolution resolution;
  Preprocessing preprocessing;
  std::vector<OutputSpec> outputs;

  explicit Model(const std::string &path) : package(path) {}

  size_t imageSize() const { return size_t(3) * resolution.height * resolution.width; }
  /// Of the output "logits"; nothing where the package has none.
  std::optional<size_t> logits() const { return findOutput(outputs, "logits"); }
  /// Nothing without logits.
  std::optional<ClassNames> classNames() const;
};

/// Chooses the entry point: the one asked for with --resolution, else the one that tensors have the size of,
/// else the first.
Status chooseEntry(Model &model, const Options &options, std::optional<Resolution> tensorResolution);

} // namespace mv::run

#endif // MV_TOOLS_RUN_MODEL_H
