//===- Memory.cpp - Memory straight from the system -----------------------------===//

#include "Memory.h"

#include "mv/Package/Format.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

using namespace mv;
using namespace mv::runtime;

static constexpr uint64_t kPage = 4096;
static constexpr uint64_t kHugePage = uint64_t(2) << 20;

//===----------------------------------------------------------------------===//
// Ownership
//===----------------------------------------------------------------------===//

Pages::~Pages() {
  if (data_)
    ::munmap(data_, size_);
}

Pages::Pages(Pages &&other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Pages &Pages::operator=(Pages &&other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

uint64_t mv::runtime::machineMemory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), pageBytes = ::sysconf(_SC_PAGESIZE);
  uint64_t bytes = pages > 0 && pageBytes > 0 ? uint64_t(pages) * uint64_t(pageBytes) : UINT64_MAX;
  // Version 2 of control groups, then version 1; "max" and absent files leave `limit` as it is.
  for (const char *path : {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    uint64_t limit = 0;
    if (std::ifstream(path) >> limit && limit > 0)
      bytes = std::min(bytes, limit);
  }
  return bytes;
}

StatusOr<Pages> Pages::allocate(uint64_t bytes, const std::string &purpose) {
  auto refuse = [&](const std::string &found) {
    return Status::unavailable(purpose + " needs " + std::to_string(bytes) + " bytes of memory, " + found);
  };
  // The system would promise more than there is, and end the process when it is used.
  if (const uint64_t available = machineMemory(); bytes > available)
    return refuse("this machine has " + std::to_string(available));
  const bool huge = bytes >= kHugePage;
  const uint64_t size = package::alignUp(bytes, huge ? kHugePage : kPage);
  // An aligned block lies somewhere in one that is longer by the alignment; the rest goes back.
  const uint64_t mapped = huge ? size + kHugePage : size;
  void *memory = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    return refuse("which the system refuses: " + std::string(std::strerror(errno)));
  auto *begin = static_cast<std::byte *>(memory);
  Pages pages;
  pages.size_ = size;
  pages.data_ = begin;
  if (!huge)
    return pages;
  const auto address = reinterpret_cast<uintptr_t>(begin);
  const uint64_t before = package::alignUp(address, kHugePage) - address;
  pages.data_ = begin + before;
  if (before > 0)
    ::munmap(begin, before);
  if (const uint64_t after = mapped - before - size; after > 0)
    ::munmap(pages.data_ + size, after);
  ::madvise(pages.data_, size, MADV_HUGEPAGE); // A wish: refused, all is as well.
  return pages;
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

StatusOr<Pages> Pages::mapCode(int descriptor, uint64_t offset, std::span<const std::byte> content,
                               const std::string &path) {
  Pages pages;
  if (descriptor >= 0) {
    void *memory = ::mmap(nullptr, content.size(), PROT_READ | PROT_EXEC, MAP_PRIVATE, descriptor,
                          static_cast<off_t>(offset));
    if (memory != MAP_FAILED) {
      pages.data_ = static_cast<std::byte *>(memory);
      pages.size_ = content.size();
      return pages;
    }
  }
  MV_ASSIGN_OR_RETURN(pages, allocate(content.size(), "the code of " + quote(path, PATH_MAX)));
  std::memcpy(pages.data(), content.data(), content.size());
  if (::mprotect(pages.data(), pages.size(), PROT_READ | PROT_EXEC) != 0)
    return Status::unavailable("cannot make the code of " + quote(path, PATH_MAX) + " executable: " +
                               std::strerror(errno) + "; the system's security rules forbid it");
  return pages;
}
