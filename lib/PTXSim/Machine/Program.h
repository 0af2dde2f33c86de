//===- Program.h - A kernel decoded for the warp machine ------------*- C++ -*-===//
//
// A kernel is decoded once, into an array of fixed-size instructions that each carry the function that
// executes them. That function works on all 32 lanes of a warp in one loop, over registers laid out as arrays
// of 32 lanes:
//
//   add.s32 %r3, %r1, 7;   ->   { run = binary<int32_t, Add>, dst = slot of %r3, a = slot of %r1, b = slot of
//   7 }
//
//   for (lane = 0; lane < 32; ++lane) d[lane] = a[lane] + b[lane];
//
// so that decoding costs nothing while running, and the host compiler turns the loop into vector
// instructions.
//
// Every operand is a Slot, the byte offset of 32 lanes in one of two banks: the warp's registers, or the
// kernel's constants, where each distinct immediate stands 32 times. A handler thus never asks what kind an
// operand is. Predicates are single 32-bit masks, one bit a lane. The guard of an instruction without one is
// the constant "all".
//
// Conventions that liveness and register layout rely on: `dst` and the first `defs` slots of the list are
// written, `a` to `d` and the next `uses` slots of the list are read, and no slot field is ever used for
// anything else.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_PROGRAM_H
#define MV_LIB_PTXSIM_MACHINE_PROGRAM_H

#include "PTXSim/PTX/Syntax.h"
#include "mv/PTXSim/Counters.h"
#include "mv/PTXSim/Device.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mv::ptxsim {

inline constexpr unsigned warpSize = 32;
inline constexpr uint32_t allLanes = 0xffffffffu;

struct Warp;
struct Inst;
using Handler = void (*)(Warp &warp, const Inst &inst, uint32_t mask);

/// Byte offset of 32 lanes; bit 0 chooses the bank (0: the warp's registers, 1: the kernel's constants).
using Slot = uint32_t;
inline constexpr Slot noSlot = ~Slot(0);

inline constexpr uint32_t noPc = ~uint32_t(0); ///< "Reconverges nowhere": lanes stay apart until they exit.
inline constexpr uint32_t returnPc = noPc - 1; ///< "Reconverges where the function returns."

struct Inst {
  Handler run = nullptr;
  Slot dst = noSlot, a = noSlot, b = noSlot, c = noSlot;
  Slot guard = noSlot;
  uint32_t guardXor = 0;
  uint32_t list = 0; ///< Into Program::slots: defs, then uses.
  uint8_t defs = 0, uses = 0;
  InstructionClass kind = InstructionClass::Other;
  uint8_t flags = 0;
  int64_t imm = 0;
  uint32_t target = noPc; ///< Of a branch; the function of a call.
  uint32_t origin = 0;    ///< Into Program::origins.
  Slot d = noSlot;
  uint16_t width = 0; ///< Bytes that a lane accesses, or another small number the handler wants.
  uint16_t aux = 0;
};
static_assert(sizeof(Inst) == 64);

// Inst::flags.
inline constexpr uint8_t flagAddress32 = 1; ///< The address operand is 32 bits wide.
inline constexpr uint8_t flagFrame = 2;     ///< The address is relative to the function's frame.
inline constexpr uint8_t flagStrong = 4; ///< volatile, relaxed, acquire, release: no data race with its like.
inline constexpr uint8_t flagAcquire = 8;
inline constexpr uint8_t flagRelease = 16;
inline constexpr uint8_t flagSynthetic = 32; ///< No instruction of the PTX: not counted.
inline constexpr uint8_t flagAligned = 64;   ///< .aligned

struct Origin {
  uint32_t line = 0, column = 0, sourceFile = 0, sourceLine = 0;
  std::string_view text; ///< Into the module's text.
};

/// "file.cu:12", or nothing where the PTX does not say; `files` by the numbers of its .file directives.
std::string sourceOf(const Origin &origin, const std::map<uint32_t, std::string> &files);

/// A variable in the frame of a function: an argument or a result.
struct FrameVariable {
  uint32_t offset = 0, bytes = 0;
};

struct FunctionCode {
  std::string name;
  uint32_t entry = 0; ///< Program counter; noPc until decoded.
  uint32_t frameBytes = 0;
  std::vector<FrameVariable> parameters, results;
  uint32_t firstRegister = 0, lastRegister = 0; ///< Virtual registers [first, last).
  uint32_t registerBegin = 0, registerEnd = 0;  ///< Byte range in the register file.
  /// Ends, from registerBegin, of the places for predicates and for 2, 4, 8 and 16 bytes a lane.
  uint32_t sections[5] = {};
};

struct CallSite {
  std::vector<FrameVariable> arguments, results; ///< In the caller's frame.
};

struct Program {
  std::string name;
  std::vector<Inst> code;
  std::vector<Slot> slots;
  std::vector<uint8_t> constants; ///< The constant bank.
  uint32_t registerBytes = 0;
  std::vector<FunctionCode> functions; ///< [0] is the kernel.
  std::vector<CallSite> callSites;
  std::vector<uint32_t> functionOfModule; ///< From a function of the module to one of the program, or noPc.
  std::vector<std::vector<uint32_t>> branchTables;
  std::vector<Origin> origins;
  std::vector<uint32_t> reconverge; ///< Per instruction: where lanes that part here meet again.
  uint32_t localBytes = 0;          ///< Per thread, calls included.
  uint32_t staticShared = 0;
  uint32_t liveRegisters = 0; ///< Estimate of 32-bit registers a thread.
  bool usesHeap = false;      ///< Calls malloc.
  bool recursive = false;     ///< A function may be entered while it is active.
  uint32_t end = noPc;        ///< The return that ends the kernel for all lanes that took no way out before.
};

/// A function's address as PTX sees it: a value no memory has.
inline constexpr uint64_t functionAddressBase = uint64_t(0xF0) << 48;

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_PROGRAM_H
