//===- SASS.cpp - What a GPU's machine code says about a kernel -----------------===//
//
// An instruction takes two lines of the listing:
//
//         /*0a10*/                   HMMA.16816.F32 R4, R8, R12, R4 ;     /* 0x0000000c0804723c */
//                                                                        /* 0x010fe20000001804 */
//
//===----------------------------------------------------------------------===//

#include "mv/Kernels/CodeGen/SASS.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"

#include <optional>

using namespace mv::gpu;
using llvm::StringRef;

namespace {
struct Instruction {
  uint64_t address;
  std::string text;
  int64_t stall = 1;
};
} // namespace

/// The number in "/*0a10*/" or "/* 0x010fe20000001804 */" at the beginning of `text`, which then begins behind it.
static std::optional<uint64_t> consumeComment(StringRef &text) {
  text = text.ltrim();
  if (!text.consume_front("/*"))
    return std::nullopt;
  auto [number, rest] = text.split("*/");
  number = number.trim();
  number.consume_front("0x");
  uint64_t value;
  if (number.empty() || number.getAsInteger(16, value))
    return std::nullopt;
  text = rest;
  return value;
}

/// An instruction's first line.
static std::optional<Instruction> parseInstruction(StringRef line) {
  std::optional<uint64_t> address = consumeComment(line);
  if (!address)
    return std::nullopt;
  auto [text, encoding] = line.split(';');
  if (text.size() == line.size() || !consumeComment(encoding))
    return std::nullopt;
  return Instruction{*address, text.trim().str()};
}

static int64_t stallCount(uint64_t upperHalf) { return std::max<int64_t>(1, upperHalf >> 41 & 15); }

/// The operation, without the predicate in front and the modifiers behind: @!P0 LDSM.16.M88.4 R8, [R2] -> LDSM.
static StringRef nameOf(const Instruction &instruction) {
  StringRef text = instruction.text;
  if (text.starts_with("@"))
    text = text.split(' ').second.ltrim();
  return text.take_until([](char c) { return c == ' ' || c == '.'; });
}

static bool isMatrix(StringRef name) {
  return llvm::is_contained({"HMMA", "IMMA", "DMMA", "QMMA", "OMMA", "HGMMA", "IGMMA", "QGMMA"}, name);
}

/// The address a backward branch goes to.
static std::optional<uint64_t> backwardTarget(const Instruction &instruction) {
  if (nameOf(instruction) != "BRA")
    return std::nullopt;
  StringRef operand = StringRef(instruction.text).rsplit(' ').second.trim();
  operand.consume_front("`(");
  uint64_t target;
  if (!operand.consume_front("0x") || operand.getAsInteger(16, target) || target > instruction.address)
    return std::nullopt;
  return target;
}

static InstructionCounts countInstructions(llvm::ArrayRef<Instruction> instructions) {
  InstructionCounts counts;
  for (const Instruction &instruction : instructions) {
    StringRef name = nameOf(instruction);
    ++counts.all;
    ++counts.byName[name];
    counts.matrix += isMatrix(name);
    counts.local += name == "LDL" || name == "STL";
    counts.stalls += instruction.stall;
  }
  return counts;
}

static SASSFunction describe(StringRef name, llvm::ArrayRef<Instruction> instructions) {
  SASSFunction function;
  function.name = name.str();
  function.total = countInstructions(instructions);
  for (size_t end = 0; end < instructions.size(); ++end) {
    std::optional<uint64_t> target = backwardTarget(instructions[end]);
    if (!target)
      continue;
    const auto *begin =
        llvm::find_if(instructions, [&](const Instruction &i) { return i.address >= *target; });
    InstructionCounts loop = countInstructions(llvm::ArrayRef(begin, instructions.begin() + end + 1));
    const InstructionCounts &best = function.mainLoop;
    if (loop.matrix > 0 && (!function.hasMainLoop || loop.matrix * best.all > best.matrix * loop.all)) {
      function.hasMainLoop = true;
      function.mainLoop = std::move(loop);
    }
  }
  return function;
}

std::vector<SASSFunction> mv::gpu::parseSASS(StringRef listing) {
  std::vector<SASSFunction> functions;
  std::string name;
  std::vector<Instruction> instructions;
  bool expectsUpperHalf = false;
  auto finish = [&] {
    if (!name.empty())
      functions.push_back(describe(name, instructions));
    instructions.clear();
  };
  for (StringRef line : llvm::split(listing, '\n')) {
    StringRef rest = line.trim();
    if (rest.consume_front("Function : ")) {
      finish();
      name = rest.trim().str();
      expectsUpperHalf = false;
    } else if (std::optional<Instruction> instruction = parseInstruction(line)) {
      instructions.push_back(std::move(*instruction));
      expectsUpperHalf = true;
    } else if (std::optional<uint64_t> half = expectsUpperHalf ? consumeComment(rest) : std::nullopt) {
      instructions.back().stall = stallCount(*half);
      expectsUpperHalf = false;
    }
  }
  finish();
  return functions;
}
