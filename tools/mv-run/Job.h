//===- Job.h - A run whose inputs have been checked -----------------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_JOB_H
#define MV_TOOLS_RUN_JOB_H

#include "Compare.h"
#include "Inputs.h"
#include "Model.h"

namespace mv::run {

struct Job {
  const Options &options;
  Model model;
  InputList inputs;
  std::optional<ClassNames> names;
  std::vector<int> rightClasses; ///< One per input with --labels, else empty.
  std::optional<ExpectedOutputs> expected;
  int top = 0;                    ///< Classes to show per input.
  bool showFeatures = false;      ///< Where there are no classes to show.
  std::vector<bool> keptOutputs;  ///< Needed after the run: for --save and --expect.
  std::vector<bool> shownOutputs; ///< Needed right after each batch.
};

} // namespace mv::run

#endif // MV_TOOLS_RUN_JOB_H
