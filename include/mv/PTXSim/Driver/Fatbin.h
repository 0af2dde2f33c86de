//===- Fatbin.h - What a module image holds -------------------------*- C++ -*-===//
//
// cuModuleLoadData takes one of four things without saying which: PTX text, a cubin (an ELF
// file of machine code), a fat binary that holds several of either for several targets, or
// the small wrapper in a program that points at its fat binary. Only PTX can be simulated.
//
// The layout of a fat binary, from the files nvcc 13 writes (little-endian):
//
//   header   u32 magic 0xBA55ED50   u16 version   u16 header size   u64 bytes of entries after the header
//   entry    u16 kind (1: PTX, 2: ELF)   u16 version   u32 bytes before the payload   u64 payload bytes
//   (padded)
//            u32 compressed bytes   u32 offset of the options
//            u16 minor, u16 major of the PTX ISA   u32 architecture (80 for sm_80)   u32 name offset   u32
//            name bytes u64 flags   u64 zero   u64 bytes after decompression (0: stored as it is)
//
// Compressed payloads are one LZ4 block (flag 0x2000) or a Zstandard frame (flag 0x8000).
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_DRIVER_FATBIN_H
#define MV_PTXSIM_DRIVER_FATBIN_H

#include "mv/Support/Status.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mv::ptxsim {

enum class ImageKind : uint8_t { Text, Elf, Fatbin, Wrapper, Unknown };

/// Looks at the first bytes of an image whose size the driver interface does not tell.
ImageKind classifyImage(const void *image);

/// Bytes of a fat binary with its header, from the header; `image` must classify as Fatbin.
size_t fatbinSize(const void *image);

/// The fat binary a wrapper points at, or null; `image` must classify as Wrapper.
const void *wrappedFatbin(const void *image);

struct FatbinEntry {
  bool isPTX = false;
  unsigned architecture = 0; ///< 80 for sm_80.
  unsigned isaMajor = 0, isaMinor = 0;
  uint64_t flags = 0;
  uint64_t decompressedSize = 0; ///< 0: `payload` is stored as it is.
  std::span<const std::byte> payload;
};

/// The entries of a fat binary; refuses sizes that leave `bytes`.
StatusOr<std::vector<FatbinEntry>> parseFatbin(std::span<const std::byte> bytes);

/// The PTX text of an entry, decompressed, without trailing zero bytes.
StatusOr<std::string> readPTX(const FatbinEntry &entry);

/// The PTX entry the driver would compile for a device: the newest architecture that is not newer than the
/// device's.
std::optional<FatbinEntry> choosePTX(const std::vector<FatbinEntry> &entries, unsigned architecture);

/// Decompresses one LZ4 block into exactly `size` bytes.
StatusOr<std::string> decompressLZ4(std::span<const std::byte> block, size_t size);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_DRIVER_FATBIN_H
