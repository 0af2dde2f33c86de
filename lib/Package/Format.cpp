//===- Format.cpp - The bytes of a package file ---------------------------------===//

#include "mv/Package/Format.h"

// The header-only form: no library to link, and the compiler may inline it.
#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace mv::package;

std::string_view mv::package::sectionKindName(SectionKind kind) {
  switch (kind) {
  case SectionKind::Parameters:
    return "parameters";
  case SectionKind::Code:
    return "code";
  case SectionKind::Plan:
    return "plan";
  }
  return "unknown";
}

uint64_t mv::package::hashBytes(std::span<const std::byte> bytes) {
  return XXH3_64bits(bytes.data(), bytes.size());
}

uint64_t mv::package::hashHeader(const FileHeader &header) {
  return hashBytes(std::as_bytes(std::span(&header, 1)).first(offsetof(FileHeader, headerHash)));
}
