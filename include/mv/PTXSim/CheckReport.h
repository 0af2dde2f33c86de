//===- CheckReport.h - What the checks found ------------------------*- C++ -*-===//
//
// Each check can be switched on alone. A report is made once per kind, kernel and PTX instruction (both
// instructions for a race); further occurrences only raise its count.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_CHECKREPORT_H
#define MV_PTXSIM_CHECKREPORT_H

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mv::ptxsim {

/// Which checks run.
struct Checks {
  bool memory = false; ///< Out of bounds to the byte, misaligned, use after free, double free; leaks at exit.
  bool init = false;   ///< Reads of bytes nobody wrote, in global and shared memory.
  bool race = false;   ///< Unordered conflicting accesses, in shared and global memory; data used before its
                       ///< async wait.
  bool sync = false;   ///< Divergent barriers, collectives with missing lanes, barriers that cannot complete.

  bool any() const { return memory || init || race || sync; }
};

/// Parses "memory,init,race,sync", "all" or "none". False when a word is unknown; `unknown` then names it.
bool parseChecks(std::string_view text, Checks &checks, std::string &unknown);

enum class CheckKind : uint8_t {
  OutOfBounds,
  Misaligned,
  UseAfterFree,
  Leak,
  UninitializedRead,
  Race,
  AsyncNotWaited,   ///< An access to bytes of a copy in flight.
  DivergentBarrier, ///< An .aligned barrier that not all lanes of the warp reached together.
  MissingLanes,     ///< A collective whose member mask names lanes that do not take part.
  BarrierDeadlock,  ///< Threads wait for threads that have exited or wait elsewhere.
};

std::string_view checkKindName(CheckKind kind);
/// "memory", "init", "race" or "sync": the check a kind belongs to.
std::string_view checkName(CheckKind kind);

/// One side of a finding: an instruction and the thread that executed it.
struct AccessSite {
  std::string instruction; ///< The instruction's text, without operands' comments.
  unsigned line = 0;       ///< In the PTX.
  std::string source;      ///< "file.cu:12" where the PTX has .loc, else empty.
  std::array<uint32_t, 3> block = {}, thread = {};
};

struct CheckReport {
  CheckKind kind;
  std::string kernel; ///< Empty for leaks.
  std::string module;
  std::string message; ///< One line: what was found, with sizes and bounds.
  uint64_t address = 0;
  std::string_view space; ///< "global", "shared", "local", …
  AccessSite site;
  bool hasOther = false;
  AccessSite other; ///< The second party of a race.
  uint64_t count = 1;
};

/// The report as one or more lines of text, as cuda-sim prints it.
std::string toText(const CheckReport &report);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_CHECKREPORT_H
