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
  ImageShape shape;            ///< Of its input.
  Preprocessing preprocessing; ///< Where pictures can be its input.
  std::vector<OutputSpec> outputs;

  explicit Model(const std::string &path) : package(path) {}

  /// One forward pass of `count` images of `shape`.
  void run(Session &session, size_t count, const void *images, std::span<float *const> wanted) const;
  /// The same, to be waited for.
  uint64_t enqueue(Session &session, size_t count, const void *images, std::span<float *const> wanted) const;

  /// Of the output "logits"; nothing where the package has none.
  std::optional<size_t> logits() const { return findOutput(outputs, "logits"); }
  /// Nothing without logits.
  std::optional<ClassNames> classNames() const;
};

/// Chooses the entry point: the one asked for with --entry or --resolution, else the one that tensors have the size
/// of, else the first. An error if it cannot take the inputs.
Status chooseEntry(Model &model, const Options &options, std::optional<ImageShape> tensors, bool hasPictures);

} // namespace mv::run

#endif // MV_TOOLS_RUN_MODEL_H
