//===- Fatbin.cpp - What a module image holds ------------------------------------------===//

#include "mv/PTXSim/Driver/Fatbin.h"

#include <cctype>
#include <cstring>

#ifdef MV_HAVE_ZSTD
#include <zstd.h>
#endif

namespace mv::ptxsim {
namespace {

constexpr uint32_t fatbinMagic = 0xBA55ED50;
constexpr uint32_t wrapperMagic = 0x466243B1;
constexpr uint32_t elfMagic = 0x464C457F;
constexpr size_t headerBytes = 16, entryBytes = 64;
constexpr uint16_t kindPTX = 1;
constexpr uint64_t flagLZ4 = 0x2000, flagZstandard = 0x8000;
/// A larger text is a damaged size field, not a program.
constexpr uint64_t largestText = uint64_t(1) << 30;

template <typename T> T load(const std::byte *from) {
  T value;
  std::memcpy(&value, from, sizeof(T));
  return value;
}

/// What nvcc puts at the start of a fat binary's wrapper (fatbinary_section.h).
struct Wrapper {
  uint32_t magic, version;
  const void *data;
  const void *reserved;
};

StatusOr<std::string> decompressZstandard(std::span<const std::byte> frame, size_t size) {
#ifdef MV_HAVE_ZSTD
  std::string text(size, '\0');
  size_t written = ZSTD_decompress(text.data(), size, frame.data(), frame.size());
  if (ZSTD_isError(written))
    return Status::invalidInput(std::string("Zstandard frame is damaged: ") + ZSTD_getErrorName(written));
  if (written != size)
    return Status::invalidInput("Zstandard frame: expected " + std::to_string(size) + " bytes, found " +
                                std::to_string(written));
  return text;
#else
  return Status::unavailable(
      "PTX is compressed with Zstandard, and this build has no libzstd: compile the program "
      "with nvcc --no-compress");
#endif
}

} // namespace

ImageKind classifyImage(const void *image) {
  const auto *bytes = static_cast<const unsigned char *>(image);
  // PTX begins with white space, a comment or `.version`; compare byte by byte, since a text may be shorter
  // than a magic.
  if (bytes[0] == '.' || bytes[0] == '/' || std::isspace(bytes[0]))
    return ImageKind::Text;
  for (uint32_t magic : {fatbinMagic, wrapperMagic, elfMagic}) {
    bool same = true;
    for (unsigned i = 0; i < 4 && same; ++i)
      same = bytes[i] == ((magic >> (8 * i)) & 0xFF);
    if (same)
      return magic == fatbinMagic    ? ImageKind::Fatbin
             : magic == wrapperMagic ? ImageKind::Wrapper
                                     : ImageKind::Elf;
  }
  // Anything printable is handed to the PTX parser, which says what it expected.
  return bytes[0] == 0 || std::isprint(bytes[0]) ? ImageKind::Text : ImageKind::Unknown;
}

size_t fatbinSize(const void *image) {
  const auto *bytes = static_cast<const std::byte *>(image);
  return load<uint16_t>(bytes + 6) + load<uint64_t>(bytes + 8);
}

const void *wrappedFatbin(const void *image) {
  Wrapper wrapper;
  std::memcpy(&wrapper, image, sizeof(wrapper));
  return wrapper.data;
}

StatusOr<std::vector<FatbinEntry>> parseFatbin(std::span<const std::byte> bytes) {
  if (bytes.size() < headerBytes || load<uint32_t>(bytes.data()) != fatbinMagic)
    return Status::invalidInput("fat binary: no header");
  size_t offset = load<uint16_t>(bytes.data() + 6);
  uint64_t total = load<uint64_t>(bytes.data() + 8);
  if (offset < headerBytes || offset > bytes.size() || total > bytes.size() - offset)
    return Status::invalidInput("fat binary: header claims " + std::to_string(total) + " bytes, found " +
                                std::to_string(bytes.size()));
  size_t end = offset + total;
  std::vector<FatbinEntry> entries;
  while (end - offset >= entryBytes) {
    const std::byte *at = bytes.data() + offset;
    uint16_t kind = load<uint16_t>(at);
    uint32_t before = load<uint32_t>(at + 4);
    uint64_t padded = load<uint64_t>(at + 8);
    if (before < entryBytes || before > end - offset || padded > end - offset - before)
      return Status::invalidInput("fat binary: entry at byte " + std::to_string(offset) + " leaves the file");
    FatbinEntry entry;
    entry.isPTX = kind == kindPTX;
    entry.isaMinor = load<uint16_t>(at + 24);
    entry.isaMajor = load<uint16_t>(at + 26);
    entry.architecture = load<uint32_t>(at + 28);
    entry.flags = load<uint64_t>(at + 40);
    entry.decompressedSize = load<uint64_t>(at + 56);
    uint64_t stored = entry.decompressedSize ? load<uint32_t>(at + 16) : padded;
    if (stored > padded || entry.decompressedSize > largestText)
      return Status::invalidInput("fat binary: entry at byte " + std::to_string(offset) +
                                  " has impossible sizes");
    entry.payload = bytes.subspan(offset + before, stored);
    entries.push_back(entry);
    offset += before + padded;
  }
  return entries;
}

StatusOr<std::string> readPTX(const FatbinEntry &entry) {
  StatusOr<std::string> text =
      std::string(reinterpret_cast<const char *>(entry.payload.data()), entry.payload.size());
  if (entry.decompressedSize != 0 && (entry.flags & flagLZ4))
    text = decompressLZ4(entry.payload, entry.decompressedSize);
  else if (entry.decompressedSize != 0 && (entry.flags & flagZstandard))
    text = decompressZstandard(entry.payload, entry.decompressedSize);
  else if (entry.decompressedSize != 0)
    return Status::invalidInput("fat binary: PTX is compressed in an unknown way, flags " +
                                std::to_string(entry.flags));
  if (text.ok())
    text->erase(text->find_last_not_of('\0') + 1);
  return text;
}

std::optional<FatbinEntry> choosePTX(const std::vector<FatbinEntry> &entries, unsigned architecture) {
  std::optional<FatbinEntry> best;
  for (const FatbinEntry &entry : entries)
    if (entry.isPTX && entry.architecture <= architecture &&
        (!best || entry.architecture > best->architecture))
      best = entry;
  return best;
}

} // namespace mv::ptxsim
