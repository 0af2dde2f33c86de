//===- FuzzModuleImage.cpp - Any bytes as a fat binary ---------------------------===//
//
// Whatever the bytes, parsing and decompression read nothing outside them, and what is refused is
// refused in one line.
//
//===----------------------------------------------------------------------===//

#include "mv/PTXSim/Driver/Fatbin.h"

#include <algorithm>
#include <cstdlib>

using namespace mv;
using namespace mv::ptxsim;

static void checkMessage(const Status &status) {
  if (!status.ok() && (status.message().empty() || status.message().find('\n') != std::string::npos))
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Sizes that the data gives must not make a run spend its time on zeroing memory.
  constexpr uint64_t largest = 1 << 16;
  std::span<const std::byte> bytes(reinterpret_cast<const std::byte *>(data), size);
  checkMessage(decompressLZ4(bytes, std::min<uint64_t>(size * 4, largest)).status());
  StatusOr<std::vector<FatbinEntry>> entries = parseFatbin(bytes);
  checkMessage(entries.status());
  if (!entries.ok())
    return 0;
  for (const FatbinEntry &entry : *entries)
    if (entry.decompressedSize <= largest)
      checkMessage(readPTX(entry).status());
  (void)choosePTX(*entries, 80);
  return 0;
}
