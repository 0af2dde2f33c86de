//===- Format.h - The bytes of a package file -----------------------*- C++ -*-===//
//
// A package is a header, a table of sections, and the sections; docs/PackageFormat.md describes it byte by
// byte.
//
//     0      FileHeader          what the file is, how long it is, hash of the table
//     64     SectionRecord[n]    where each section lies, and its hash
//     4096   parameters          tensors, each aligned to 64 bytes
//            code                one section for each instruction set, mapped read-only and executable as it
//                                is, and one for each GPU image: PTX text or a cubin
//            plan                a FlatBuffer, Package.fbs
//
// All integers are little-endian. Bytes that belong to no section are zero, so that no bit of a file is
// unchecked. The plan comes last because it holds the parameters' hashes, which are known when they have been
// written.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PACKAGE_FORMAT_H
#define MV_PACKAGE_FORMAT_H

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace mv::package {

static_assert(std::endian::native == std::endian::little, "packages are read in place, as little-endian");

/// As PNG's: the first byte is not text, and a transfer that rewrites line ends breaks it.
inline constexpr std::array<unsigned char, 8> kMagic = {0x89, 'M', 'V', 'X', '\r', '\n', 0x1A, '\n'};

/// Raised by every change that an older reader would misread.
inline constexpr uint32_t kFormatVersion = 3;

/// Sections begin at multiples of this, so that code can be mapped: the page size of x86-64.
inline constexpr uint64_t kSectionAlignment = 4096;
/// Of every parameter, and of every slice of the arena: a cache line, and the widest vector register.
inline constexpr uint64_t kBufferAlignment = 64;
/// Kernels may read, never write, this far past the end of a buffer.
inline constexpr uint64_t kReadablePadding = 64;

/// A reader of any version may rely on the place and meaning of `magic`, `version` and `fileBytes`.
struct FileHeader {
  std::array<unsigned char, 8> magic;
  uint32_t version;
  uint32_t sectionCount;
  uint64_t fileBytes;
  uint64_t tableHash; ///< Of all SectionRecords.
  uint64_t flags;     ///< None yet: zero.
  std::array<uint64_t, 2> reserved;
  uint64_t headerHash; ///< Of everything above.
};
static_assert(sizeof(FileHeader) == 64 && offsetof(FileHeader, headerHash) == 56);

enum class SectionKind : uint32_t { Parameters = 1, Code = 2, Plan = 3 };

std::string_view sectionKindName(SectionKind kind);

struct SectionRecord {
  SectionKind kind;
  uint32_t alignment; ///< Of `offset`.
  uint64_t offset;    ///< From the start of the file.
  uint64_t bytes;
  uint64_t hash; ///< Zero for parameters: the plan has one for each.
};
static_assert(sizeof(SectionRecord) == 32);

/// More than any package needs; keeps a corrupt count from being taken for real.
inline constexpr uint32_t kMaxSections = 64;

/// XXH3, 64 bits.
uint64_t hashBytes(std::span<const std::byte> bytes);

/// The value of FileHeader::headerHash for `header`.
uint64_t hashHeader(const FileHeader &header);

/// `value` rounded up to a multiple of `alignment`, a power of two.
constexpr uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

} // namespace mv::package

#endif // MV_PACKAGE_FORMAT_H
