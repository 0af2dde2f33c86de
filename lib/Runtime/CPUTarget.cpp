//===- CPUTarget.cpp - Which of a package's codes to run ------------------------===//

#include "CPUTarget.h"

#include "mv/Support/Text.h"

#include <algorithm>

using namespace mv;
using namespace mv::runtime;

static CPULevel levelOfCode(const package::Model &model, uint32_t index) {
  const package::Code &code = *model.code()->Get(index);
  return code.kind() == package::CodeKind::Machine ? levelNamed(code.target()->string_view())
                                                   : CPULevel::None;
}

static std::string targetList(const package::Model &model) {
  std::string list;
  for (const package::Code *code : *model.code())
    if (code->kind() == package::CodeKind::Machine)
      list += (list.empty() ? "" : ", ") + code->target()->str();
  return list.empty() ? "none" : list;
}

static std::string machineText(CPULevel machine) {
  return machine == CPULevel::None ? "this machine is none of them"
                                   : "this machine is an " + std::string(levelName(machine));
}

std::optional<uint32_t> mv::runtime::chooseImplementation(const package::Model &model,
                                                          const package::Kernel &kernel, CPULevel level) {
  std::optional<uint32_t> best;
  CPULevel bestLevel = CPULevel::None;
  for (uint32_t index = 0; index < kernel.implementations()->size(); ++index) {
    const CPULevel candidate = levelOfCode(model, kernel.implementations()->Get(index)->code());
    if (candidate <= bestLevel || candidate > level)
      continue;
    best = index;
    bestLevel = candidate;
  }
  return best;
}

/// Whether every kernel that CPUs run has code for `level` or a lower one.
static bool isComplete(const package::Model &model, CPULevel level) {
  const std::vector<bool> used = package::kernelsOn(model, "cpu");
  for (uint32_t index = 0; index < used.size(); ++index)
    if (used[index] && !chooseImplementation(model, *model.kernels()->Get(index), level))
      return false;
  return true;
}

StatusOr<CPULevel> mv::runtime::chooseLevel(const package::Model &model, CPULevel machine,
                                            std::string_view requested) {
  CPULevel best = CPULevel::None;
  bool hasRequested = false;
  for (uint32_t index = 0; index < model.code()->size(); ++index) {
    const CPULevel level = levelOfCode(model, index);
    if (level == CPULevel::None || !isComplete(model, level))
      continue;
    hasRequested |= levelName(level) == requested;
    if (level <= machine)
      best = std::max(best, level);
  }
  if (requested.empty()) {
    if (best != CPULevel::None)
      return best;
    return Status::unavailable("the package has no code for this machine's CPU: it has code for " +
                               targetList(model) + ", " + machineText(machine));
  }
  if (!hasRequested)
    return Status::invalidInput("the package has no code for CPU target " + quote(requested) +
                                ": it has code for " + targetList(model));
  const CPULevel level = levelNamed(requested);
  if (level > machine)
    return Status::unavailable("this machine's CPU cannot run target " + quote(requested) + ": " +
                               machineText(machine) + "; choose a lower target");
  return level;
}
