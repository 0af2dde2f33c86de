//===- MappedFile.h - Read-only mappings and files written whole ----*- C++ -*-===//

#ifndef MV_SUPPORT_MAPPEDFILE_H
#define MV_SUPPORT_MAPPEDFILE_H

#include "mv/Support/Status.h"

#include <cstddef>
#include <span>
#include <string>

namespace mv {

/// A file mapped read-only for as long as the object lives. An empty file maps to an empty span.
class MappedFile {
public:
  MappedFile() = default;
  static StatusOr<MappedFile> open(const std::string &path);
  ~MappedFile();
  MappedFile(MappedFile &&other) noexcept;
  MappedFile &operator=(MappedFile &&other) noexcept;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  /// The descriptor, for further mappings of parts of the file; -1 when there is none.
  int descriptor() const { return descriptor_; }

private:
  const std::byte *data_ = nullptr;
  size_t size_ = 0;
  int descriptor_ = -1;
};

/// A file that appears under its name only when it is complete: written to `path`.tmp-PID, then renamed by
/// commit(). The destructor removes what was not committed.
class AtomicFile {
public:
  static StatusOr<AtomicFile> create(const std::string &path);
  ~AtomicFile();
  AtomicFile(AtomicFile &&other) noexcept;
  AtomicFile &operator=(AtomicFile &&other) noexcept;

  Status write(std::span<const std::byte> bytes);
  Status write(const std::string &text);
  /// Writes at an absolute offset; may be called from several threads at once.
  Status writeAt(size_t offset, std::span<const std::byte> bytes);
  Status commit();

private:
  AtomicFile() = default;
  std::string path_, temporary_;
  int descriptor_ = -1;
};

} // namespace mv

#endif // MV_SUPPORT_MAPPEDFILE_H
