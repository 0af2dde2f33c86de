//===- MachineFacts.cpp - What NVIDIA's tools say of a GPU function -------------===//
//
//   ptxas info    : Compiling entry function 'gemm' for 'sm_80'
//   ptxas info    : Function properties for gemm
//       0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
//   ptxas info    : Used 128 registers, used 1 barriers
//
//===----------------------------------------------------------------------===//

#include "mv/Kernels/CodeGen/MachineFacts.h"

#include "llvm/ADT/StringExtras.h"

using namespace mv::gpu;
using llvm::StringRef;

/// The number right before `words` in `line`.
static std::optional<int64_t> numberBefore(StringRef line, StringRef words) {
  size_t at = line.find(words);
  if (at == StringRef::npos)
    return std::nullopt;
  StringRef digits = line.take_front(at).rtrim();
  digits = digits.drop_front(digits.find_last_not_of("0123456789") + 1);
  int64_t value;
  if (digits.getAsInteger(10, value))
    return std::nullopt;
  return value;
}

void mv::gpu::addPtxasInfo(StringRef text, FunctionFacts &facts) {
  MachineFacts *current = nullptr;
  for (StringRef line : llvm::split(text, '\n')) {
    if (size_t at = line.find("Compiling entry function '"); at != StringRef::npos)
      current = &facts[line.drop_front(at).split('\'').second.split('\'').first];
    if (!current)
      continue;
    if (std::optional<int64_t> bytes = numberBefore(line, " bytes spill stores"))
      current->spillBytes = *bytes;
    if (std::optional<int64_t> registers = numberBefore(line, " registers"))
      current->registers = registers;
  }
}

void mv::gpu::addListing(StringRef listing, FunctionFacts &facts) {
  for (SASSFunction &function : parseSASS(listing)) {
    std::string name = function.name;
    facts[name].code = std::move(function);
  }
}
