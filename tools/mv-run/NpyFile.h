//===- NpyFile.h - Arrays written by numpy.save ---------------------*- C++ -*-===//
//
// Format: "\x93NUMPY", a version of two bytes, the header's length (2 bytes in version 1, 4 in 2 and 3), a
// header that is a Python dictionary {'descr', 'fortran_order', 'shape'}, then the elements. Source:
// numpy.lib.format's description of the format.
//
//===----------------------------------------------------------------------===//

#ifndef MV_TOOLS_RUN_NPYFILE_H
#define MV_TOOLS_RUN_NPYFILE_H

#include "mv/Support/Safetensors.h"

namespace mv::run {

/// An array of little-endian floats (16, 32 or 64 bits) in C order; everything else is refused.
class NpyFile {
public:
  static StatusOr<NpyFile> open(const std::string &path);
  /// Parses bytes that outlive the result; `path` names the file in messages.
  static StatusOr<NpyFile> parse(std::span<const std::byte> bytes, const std::string &path);

  /// Shape and elements; valid as long as this object lives.
  const TensorView &array() const { return array_; }

private:
  MappedFile mapping_;
  TensorView array_;
};

/// True for the first bytes of such a file.
bool isNpy(std::span<const std::byte> bytes);

} // namespace mv::run

#endif // MV_TOOLS_RUN_NPYFILE_H
