//===- TemporaryFile.h - A file that other programs read or write ---*- C++ -*-===//

#ifndef MV_LIB_KERNELS_CODEGEN_TEMPORARYFILE_H
#define MV_LIB_KERNELS_CODEGEN_TEMPORARYFILE_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

namespace mv {

/// A file that is removed when the object dies.
class TemporaryFile {
public:
  static llvm::Expected<TemporaryFile> create(llvm::StringRef suffix, llvm::StringRef contents) {
    TemporaryFile file;
    int descriptor;
    if (std::error_code code = llvm::sys::fs::createTemporaryFile("mv", suffix, descriptor, file.path_))
      return llvm::createStringError("cannot create a temporary file: %s", code.message().c_str());
    llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << contents;
    return file;
  }
  TemporaryFile(TemporaryFile &&other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  ~TemporaryFile() {
    if (!path_.empty())
      llvm::sys::fs::remove(path_);
  }
  const char *path() { return path_.c_str(); }

private:
  TemporaryFile() = default;
  llvm::SmallString<128> path_;
};

} // namespace mv

#endif // MV_LIB_KERNELS_CODEGEN_TEMPORARYFILE_H
