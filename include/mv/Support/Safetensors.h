//===- Safetensors.h - The safetensors file format ------------------*- C++ -*-===//
//
// Format: an 8-byte little-endian header length, a JSON header
// {name: {"dtype", "shape", "data_offsets"}, "__metadata__": {string: string}}, then the data, which may be
// unaligned. Source: https://github.com/huggingface/safetensors (format description).
//
//===----------------------------------------------------------------------===//

#ifndef MV_SUPPORT_SAFETENSORS_H
#define MV_SUPPORT_SAFETENSORS_H

#include "mv/Support/MappedFile.h"
#include "mv/Support/Status.h"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mv {

/// Element types a file may hold. Only F64, F32, F16 and BF16 convert to float.
enum class ElementType : uint8_t {
  F64,
  F32,
  F16,
  BF16,
  I64,
  I32,
  I16,
  I8,
  U64,
  U32,
  U16,
  U8,
  Bool,
  F8E4M3,
  F8E5M2
};

std::string_view elementTypeName(ElementType type);
unsigned elementSize(ElementType type);

struct TensorView {
  std::string name;
  ElementType type;
  std::vector<int64_t> shape;
  std::span<const std::byte> data; ///< Points into the file's mapping; may be unaligned.

  int64_t elementCount() const;
  bool isFloat() const;
  /// Element `index` as double. Only for float and integer types of at most 64 bits.
  double at(int64_t index) const;
  /// Converts elements [begin, begin + out.size()) to float32, rounding to nearest even. Float types only.
  void readFloats(int64_t begin, std::span<float> out) const;
};

/// A parsed, fully validated file: offsets within the data, in step with shape and type, no two overlapping,
/// no name twice. `path` names the file in every message.
class SafetensorsFile {
public:
  static StatusOr<SafetensorsFile> open(const std::string &path);
  /// Parses bytes that outlive the result; for tests and fuzzing.
  static StatusOr<SafetensorsFile> parse(std::span<const std::byte> bytes, std::string path);

  const std::string &path() const { return path_; }
  const std::vector<TensorView> &tensors() const { return tensors_; } ///< Sorted by name.
  const TensorView *find(std::string_view name) const;
  const std::map<std::string, std::string> &metadata() const { return metadata_; }

private:
  std::string path_;
  MappedFile mapping_;
  std::vector<TensorView> tensors_;
  std::map<std::string, std::string> metadata_;
};

/// What to write: data is borrowed, in C order.
struct TensorToWrite {
  std::string name;
  ElementType type;
  std::vector<int64_t> shape;
  std::span<const std::byte> data;
};

/// Writes to a temporary name beside `path` and renames; on error no file is left behind.
Status writeSafetensors(const std::string &path, std::span<const TensorToWrite> tensors,
                        const std::map<std::string, std::string> &metadata = {});

float halfToFloat(uint16_t bits);
float bfloat16ToFloat(uint16_t bits);

} // namespace mv

#endif // MV_SUPPORT_SAFETENSORS_H
