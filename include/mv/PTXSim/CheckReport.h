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
  // Of speed, not of right and wrong; they are in no "all".
  bool phases = false;  ///< Accesses to shared memory that take more passes over the banks than they need.
  bool sectors = false; ///< Kernels that move sectors of global memory for a part of their bytes.

  /// Those that watch every access while the kernel runs; the others look at what was counted.
  bool anyWhileRunning() const { return memory || init || race || sync; }
  bool anyOfSpeed() const { return phases || sectors; }
  bool any() const { return anyWhileRunning() || anyOfSpeed(); }
};

/// The words there are, for messages.
inline constexpr std::string_view checkWords = "memory, init, race, sync, phases, sectors, all, none";
/// Parses a list such as "memory,init"; "all" is the first four. False when a word is unknown; `unknown` then names it.
bool parseChecks(std::string_view text, Checks &checks, std::string &unknown);

/// Of the bytes of the sectors that a kernel moves, the share that it must use.
inline constexpr double leastSectorUse = 0.95;

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
  BankConflicts,    ///< An access to shared memory needs more phases than the least for its width.
  WastedSectors,    ///< Less than leastSectorUse of the sectors' bytes are used.
};

std::string_view checkKindName(CheckKind kind);
/// The word of the check a kind belongs to.
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
  bool isSum = false; ///< Of all threads and launches; the site has an instruction only.
  bool hasOther = false;
  AccessSite other; ///< The second party of a race.
  uint64_t count = 1;
};

/// The report as one or more lines of text, as cuda-sim prints it.
std::string toText(const CheckReport &report);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_CHECKREPORT_H
