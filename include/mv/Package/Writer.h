//===- Writer.h - Writing packages ----------------------------------*- C++ -*-===//

#ifndef MV_PACKAGE_WRITER_H
#define MV_PACKAGE_WRITER_H

#include "mv/Package/Package_generated.h"
#include "mv/Support/Status.h"
#include "mv/Support/ThreadPool.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace mv::package {

/// Position-independent machine code without relocations for one instruction set, or an image for one kind of GPU.
struct CodeBlob {
  std::string target;           ///< "x86-64-v3", "sm_80": LLVM's name.
  std::vector<std::byte> bytes; ///< PTX ends in a zero byte.
  CodeKind kind = CodeKind::Machine;
};

/// Writes all bytes of parameter `index` to `out`, which is zero, aligned to 64 bytes and as long as the
/// model says. Called once for each parameter, in any order and from several threads at once.
using FillParameter = std::function<Status(size_t index, std::span<std::byte> out)>;

struct WriterOptions {
  /// Runs the FillParameter calls, which therefore cannot use it themselves; null: one after another.
  ThreadPool *pool = nullptr;
  /// Parameters in memory at a time, though always at least one.
  uint64_t memoryLimit = uint64_t(256) << 20;
};

/// Writes `model` to `path`, under a temporary name until it is complete. Equal arguments give equal bytes.
///
/// The caller fills `model` but for what only the writer knows: each parameter's offset and hash, and `code`,
/// which is to be empty: an implementation's `code` is an index into `code` here. What is written passes the
/// reader's checks; a model that would not is an Internal error.
Status writePackage(const std::string &path, ModelT model, std::span<const CodeBlob> code,
                    const FillParameter &fillParameter, const WriterOptions &options = {});

} // namespace mv::package

#endif // MV_PACKAGE_WRITER_H
