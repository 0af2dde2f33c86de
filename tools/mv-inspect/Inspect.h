//===- Inspect.h - mv-inspect without its main ----------------------*- C++ -*-===//

#ifndef MV_TOOLS_MV_INSPECT_INSPECT_H
#define MV_TOOLS_MV_INSPECT_INSPECT_H

#include "mv/mv.hpp"

#include <string>

namespace mv::inspect {

/// What to print, and how to exit.
struct Result {
  int exitCode = 0;
  std::string output; ///< For standard output.
  std::string error;  ///< One line, for standard error; empty if there is none.
};

/// All of the tool but printing. Never throws.
Result inspect(int argc, const char *const *argv);

/// For people: sections and tables.
std::string textReport(const Package &package, const std::string &path);

/// For programs: one object.
std::string jsonReport(const Package &package, const std::string &path);

/// A 64-bit hash as 16 hexadecimal digits.
std::string hashText(uint64_t hash);

} // namespace mv::inspect

#endif // MV_TOOLS_MV_INSPECT_INSPECT_H
