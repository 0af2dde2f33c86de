//===- Inspect.h - mv-inspect without its main ----------------------*- C++ -*-===//

#ifndef MV_TOOLS_MV_INSPECT_INSPECT_H
#define MV_TOOLS_MV_INSPECT_INSPECT_H

#include "mv/mv.hpp"

#include <string>
#include <string_view>
#include <vector>

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

/// Whether an entry point is given bytes, [height, width, channels] of them; else numbers, [channels, height, width].
inline bool takesPictures(const mv_entry_info &entry) { return std::string_view(entry.input_type) == "u8"; }
inline std::vector<uint32_t> inputSizes(const mv_entry_info &entry) {
  if (takesPictures(entry))
    return {entry.height, entry.width, entry.channels};
  return {entry.channels, entry.height, entry.width};
}

/// A 64-bit hash as 16 hexadecimal digits.
std::string hashText(uint64_t hash);

} // namespace mv::inspect

#endif // MV_TOOLS_MV_INSPECT_INSPECT_H
