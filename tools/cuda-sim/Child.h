//===- Child.h - Running a program on the simulator -----------------*- C++ -*-===//

#ifndef MV_TOOLS_CUDASIM_CHILD_H
#define MV_TOOLS_CUDASIM_CHILD_H

#include "mv/Support/Status.h"

#include <string>
#include <vector>

namespace mv::cudasim {

/// The folder of the simulator's libcuda.so.1: beside this program in its build or install tree.
StatusOr<std::string> libraryFolder();

/// Runs `command` with `folder` first where the dynamic linker looks, and returns its exit code; a signal is
/// 128 + its number.
StatusOr<int> runChild(const std::vector<std::string> &command, const std::string &folder);

} // namespace mv::cudasim

#endif // MV_TOOLS_CUDASIM_CHILD_H
