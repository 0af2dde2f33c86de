//===- MappedFile.cpp - Read-only mappings and files written whole --------------===//

#include "mv/Support/MappedFile.h"
#include "mv/Support/Text.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace mv;

/// A full disk and the like are the machine's fault, everything else (no such folder, no permission) the
/// input's.
static Status systemError(const std::string &what, const std::string &path, int error) {
  bool machine = error == ENOSPC || error == EDQUOT || error == EFBIG || error == EIO || error == ENOMEM ||
                 error == EMFILE;
  return {machine ? StatusCode::Unavailable : StatusCode::InvalidInput,
          what + " " + quote(path, PATH_MAX) + ": " + std::strerror(error)};
}

//===----------------------------------------------------------------------===//
// MappedFile
//===----------------------------------------------------------------------===//

StatusOr<MappedFile> MappedFile::open(const std::string &path) {
  MappedFile file;
  // O_NONBLOCK: opening a pipe must not wait for a writer, only to be refused afterwards.
  file.descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file.descriptor_ < 0)
    return systemError("cannot open", path, errno);
  struct stat info;
  if (::fstat(file.descriptor_, &info) != 0)
    return systemError("cannot read the size of", path, errno);
  if (!S_ISREG(info.st_mode))
    return Status::invalidInput("cannot read " + quote(path, PATH_MAX) + ": expected a file, found a " +
                                (S_ISDIR(info.st_mode) ? "folder" : "device or pipe"));
  if (info.st_size == 0)
    return file;
  auto size = static_cast<size_t>(info.st_size);
  void *data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor_, 0);
  if (data == MAP_FAILED)
    return systemError("cannot map", path, errno);
  file.data_ = static_cast<const std::byte *>(data);
  file.size_ = size;
  return file;
}

MappedFile::~MappedFile() {
  if (data_)
    ::munmap(const_cast<std::byte *>(data_), size_);
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

MappedFile::MappedFile(MappedFile &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

MappedFile &MappedFile::operator=(MappedFile &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

//===----------------------------------------------------------------------===//
// AtomicFile
//===----------------------------------------------------------------------===//

/// The file behind a symbolic link, so that the link survives the renaming; otherwise `path` itself.
static std::string followLink(const std::string &path) {
  struct stat info;
  if (::lstat(path.c_str(), &info) != 0 || !S_ISLNK(info.st_mode))
    return path;
  char *target = ::realpath(path.c_str(), nullptr);
  if (!target)
    return path; // A dangling link is replaced.
  std::string result = target;
  std::free(target);
  return result;
}

StatusOr<AtomicFile> AtomicFile::create(const std::string &path) {
  AtomicFile file;
  file.path_ = followLink(path);
  struct stat info;
  bool exists = ::stat(file.path_.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode))
    return Status::invalidInput("cannot write " + quote(path, PATH_MAX) +
                                ": expected the name of a file, found a folder");
  if (exists && !S_ISREG(info.st_mode)) {
    // /dev/null, /dev/stdout or a pipe: there is nothing to rename onto it.
    file.descriptor_ = ::open(file.path_.c_str(), O_WRONLY | O_CLOEXEC);
    if (file.descriptor_ < 0)
      return systemError("cannot write", path, errno);
    return file;
  }
  // The process id makes the name unique among processes, the counter within one (and next to a leftover).
  std::string base = file.path_ + ".tmp-" + std::to_string(::getpid());
  constexpr int kAttempts = 100;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = attempt == 0 ? base : base + "-" + std::to_string(attempt);
    file.descriptor_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file.descriptor_ >= 0) {
      file.temporary_ = std::move(name);
      return file;
    }
    if (errno != EEXIST)
      break;
  }
  return systemError("cannot write", path, errno);
}

AtomicFile::~AtomicFile() {
  if (descriptor_ >= 0)
    ::close(descriptor_);
  if (!temporary_.empty())
    ::unlink(temporary_.c_str());
}

AtomicFile::AtomicFile(AtomicFile &&other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

AtomicFile &AtomicFile::operator=(AtomicFile &&other) noexcept {
  std::swap(path_, other.path_);
  std::swap(temporary_, other.temporary_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

/// Calls `step(data, size)`, a form of write(2), until all bytes are out.
template <typename Step>
static Status writeAll(const std::string &path, std::span<const std::byte> bytes, Step step) {
  while (!bytes.empty()) {
    ssize_t written = step(bytes);
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0)
      return systemError("cannot write", path, errno);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return Status();
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  return writeAll(path_, bytes, [&](std::span<const std::byte> rest) {
    return ::write(descriptor_, rest.data(), rest.size());
  });
}

Status AtomicFile::write(const std::string &text) { return write(std::as_bytes(std::span(text))); }

Status AtomicFile::writeAt(size_t offset, std::span<const std::byte> bytes) {
  return writeAll(path_, bytes, [&](std::span<const std::byte> rest) {
    size_t done = bytes.size() - rest.size();
    return ::pwrite(descriptor_, rest.data(), rest.size(), static_cast<off_t>(offset + done));
  });
}

Status AtomicFile::commit() {
  assert(descriptor_ >= 0 && "commit() without an open file");
  // close() is where network file systems report a failed write.
  if (::close(std::exchange(descriptor_, -1)) != 0)
    return systemError("cannot write", path_, errno);
  if (temporary_.empty())
    return Status();
  if (::rename(temporary_.c_str(), path_.c_str()) != 0)
    return systemError("cannot write", path_, errno);
  temporary_.clear();
  return Status();
}
