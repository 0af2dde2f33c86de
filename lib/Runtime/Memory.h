//===- Memory.h - Memory straight from the system -------------------*- C++ -*-===//

#ifndef MV_LIB_RUNTIME_MEMORY_H
#define MV_LIB_RUNTIME_MEMORY_H

#include "mv/Support/Status.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace mv::runtime {

/// Pages that are zero when new, freed with the object.
class Pages {
public:
  Pages() = default;
  /// For data. Large ones begin at, and ask for, huge pages: fewer misses of the address cache.
  /// `purpose` begins the error, which says how much was asked for and how much there is.
  static StatusOr<Pages> allocate(uint64_t bytes, const std::string &purpose);
  /// Code, readable and executable but not writable: `bytes` at `offset`, a multiple of the page size, of the
  /// file open as `descriptor`. Where the file system forbids execution, and without a file (-1), a copy of
  /// `content`.
  static StatusOr<Pages> mapCode(int descriptor, uint64_t offset, std::span<const std::byte> content,
                                 const std::string &path);
  ~Pages();
  Pages(Pages &&other) noexcept;
  Pages &operator=(Pages &&other) noexcept;

  std::byte *data() const { return data_; }
  uint64_t size() const { return size_; }

private:
  std::byte *data_ = nullptr;
  uint64_t size_ = 0;
};

/// Bytes of memory this process can hope for: the machine's, or its control group's where that is less.
uint64_t machineMemory();

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_MEMORY_H
