//===- Safetensors.cpp - Reading the safetensors file format --------------------===//

#include "mv/Support/Safetensors.h"
#include "mv/Support/Json.h"
#include "mv/Support/Text.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

using namespace mv;
using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the format's data is little-endian");

/// The format's own limit on the header.
static constexpr uint64_t kMaxHeaderBytes = 100'000'000;

//===----------------------------------------------------------------------===//
// Element types
//===----------------------------------------------------------------------===//

namespace {
struct ElementTypeFacts {
  std::string_view name;
  unsigned size;
};
} // namespace

/// In the order of the enum.
static constexpr ElementTypeFacts kElementTypes[] = {
    {"F64", 8}, {"F32", 4}, {"F16", 2}, {"BF16", 2}, {"I64", 8},  {"I32", 4},     {"I16", 2},     {"I8", 1},
    {"U64", 8}, {"U32", 4}, {"U16", 2}, {"U8", 1},   {"BOOL", 1}, {"F8_E4M3", 1}, {"F8_E5M2", 1},
};

std::string_view mv::elementTypeName(ElementType type) { return kElementTypes[size_t(type)].name; }
unsigned mv::elementSize(ElementType type) { return kElementTypes[size_t(type)].size; }

static std::optional<ElementType> findElementType(std::string_view name) {
  for (size_t i = 0; i < std::size(kElementTypes); ++i)
    if (kElementTypes[i].name == name)
      return ElementType(i);
  return std::nullopt;
}

float mv::halfToFloat(uint16_t bits) {
  uint32_t sign = uint32_t(bits & 0x8000) << 16;
  uint32_t magnitude = uint32_t(bits & 0x7fff) << 13;
  // Both formats in one step: shifted into place, a half's exponent is too small by 127 - 15 = 112. The exact
  // product by 2^112 corrects it and normalises subnormals; infinities and NaNs get the largest exponent
  // instead.
  if ((bits & 0x7c00) == 0x7c00)
    return std::bit_cast<float>(sign | 0x7f800000 | magnitude);
  float value = std::bit_cast<float>(magnitude) * 0x1p112f;
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(value));
}

float mv::bfloat16ToFloat(uint16_t bits) { return std::bit_cast<float>(uint32_t(bits) << 16); }

//===----------------------------------------------------------------------===//
// TensorView
//===----------------------------------------------------------------------===//

int64_t TensorView::elementCount() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

bool TensorView::isFloat() const {
  return type == ElementType::F64 || type == ElementType::F32 || type == ElementType::F16 ||
         type == ElementType::BF16;
}

template <typename T> static T loadUnaligned(const std::byte *data, int64_t index) {
  T value;
  std::memcpy(&value, data + size_t(index) * sizeof(T), sizeof(T));
  return value;
}

double TensorView::at(int64_t index) const {
  assert(index >= 0 && index < elementCount());
  const std::byte *base = data.data();
  switch (type) {
  case ElementType::F64:
    return loadUnaligned<double>(base, index);
  case ElementType::F32:
    return loadUnaligned<float>(base, index);
  case ElementType::F16:
    return halfToFloat(loadUnaligned<uint16_t>(base, index));
  case ElementType::BF16:
    return bfloat16ToFloat(loadUnaligned<uint16_t>(base, index));
  case ElementType::I64:
    return static_cast<double>(loadUnaligned<int64_t>(base, index));
  case ElementType::I32:
    return loadUnaligned<int32_t>(base, index);
  case ElementType::I16:
    return loadUnaligned<int16_t>(base, index);
  case ElementType::I8:
    return loadUnaligned<int8_t>(base, index);
  case ElementType::U64:
    return static_cast<double>(loadUnaligned<uint64_t>(base, index));
  case ElementType::U32:
    return loadUnaligned<uint32_t>(base, index);
  case ElementType::U16:
    return loadUnaligned<uint16_t>(base, index);
  case ElementType::U8:
  case ElementType::Bool:
    return loadUnaligned<uint8_t>(base, index);
  case ElementType::F8E4M3:
  case ElementType::F8E5M2:
    break;
  }
  assert(false && "no conversion from this element type");
  return std::numeric_limits<double>::quiet_NaN();
}

void TensorView::readFloats(int64_t begin, std::span<float> out) const {
  assert(isFloat() && begin >= 0 && begin + int64_t(out.size()) <= elementCount());
  if (out.empty())
    return;
  const std::byte *base = data.data() + size_t(begin) * elementSize(type);
  auto count = static_cast<int64_t>(out.size());
  if (type == ElementType::F32)
    std::memcpy(out.data(), base, out.size_bytes());
  else if (type == ElementType::F16)
    for (int64_t i = 0; i < count; ++i)
      out[i] = halfToFloat(loadUnaligned<uint16_t>(base, i));
  else if (type == ElementType::BF16)
    for (int64_t i = 0; i < count; ++i)
      out[i] = bfloat16ToFloat(loadUnaligned<uint16_t>(base, i));
  else
    for (int64_t i = 0; i < count; ++i)
      out[i] = static_cast<float>(loadUnaligned<double>(base, i));
}

//===----------------------------------------------------------------------===//
// The header
//===----------------------------------------------------------------------===//

namespace {

/// Reads one entry of the header after the other; `where` starts every message.
class HeaderReader {
public:
  HeaderReader(const std::string &where, std::span<const std::byte> data) : where_(where), data_(data) {}

  StatusOr<TensorView> readTensor(const std::string &name, const json &entry) const;
  Status readMetadata(const json &entry, std::map<std::string, std::string> &metadata) const;
  Status checkCoverage(const std::vector<TensorView> &tensors) const;

  Status error(const std::string &message) const { return Status::invalidInput(where_ + ": " + message); }

private:
  Status readShape(const std::string &name, const json &entry, TensorView &tensor, uint64_t &bytes) const;

  const std::string &where_;
  std::span<const std::byte> data_;
};

} // namespace

static const json *findField(const json &entry, const char *field) {
  const auto *object = entry.get_ptr<const json::object_t *>();
  if (!object)
    return nullptr;
  auto found = object->find(field);
  return found == object->end() ? nullptr : &found->second;
}

/// A non-negative integer that fits int64_t, or nothing.
static std::optional<int64_t> asCount(const json &value) {
  const auto *number = value.get_ptr<const json::number_unsigned_t *>();
  if (!number || *number > uint64_t(std::numeric_limits<int64_t>::max()))
    return std::nullopt;
  return static_cast<int64_t>(*number);
}

Status HeaderReader::readShape(const std::string &name, const json &entry, TensorView &tensor,
                               uint64_t &bytes) const {
  const json *shape = findField(entry, "shape");
  const auto *extents = shape ? shape->get_ptr<const json::array_t *>() : nullptr;
  if (!extents)
    return error("tensor " + quote(name) + " has no list 'shape'");
  bytes = elementSize(tensor.type);
  // Multiplied without the zeros first, so that a huge extent is refused even beside a zero.
  bool empty = false;
  for (const json &extent : *extents) {
    std::optional<int64_t> value = asCount(extent);
    if (!value)
      return error("tensor " + quote(name) + ": expected 'shape' to hold non-negative integers, found " +
                   quote(shape->dump(-1, ' ', true, json::error_handler_t::replace)));
    tensor.shape.push_back(*value);
    if (*value == 0)
      empty = true;
    else if (__builtin_mul_overflow(bytes, uint64_t(*value), &bytes) ||
             bytes > uint64_t(std::numeric_limits<int64_t>::max()))
      return error("tensor " + quote(name) + ": the shape " + shapeText(tensor.shape) +
                   " is larger than any file");
  }
  if (empty)
    bytes = 0;
  return Status();
}

StatusOr<TensorView> HeaderReader::readTensor(const std::string &name, const json &entry) const {
  TensorView tensor;
  tensor.name = name;
  const json *type = findField(entry, "dtype");
  const auto *typeName = type ? type->get_ptr<const std::string *>() : nullptr;
  if (!typeName)
    return error("tensor " + quote(name) + " has no string 'dtype'");
  std::optional<ElementType> known = findElementType(*typeName);
  if (!known)
    return error("tensor " + quote(name) + ": unknown dtype " + quote(*typeName) +
                 "; expected one of F64 F32 F16 BF16, an integer type, BOOL, F8_E4M3, F8_E5M2");
  tensor.type = *known;
  uint64_t expected = 0;
  MV_RETURN_IF_ERROR(readShape(name, entry, tensor, expected));

  const json *offsets = findField(entry, "data_offsets");
  const auto *pair = offsets ? offsets->get_ptr<const json::array_t *>() : nullptr;
  std::optional<int64_t> begin, end;
  if (pair && pair->size() == 2) {
    begin = asCount((*pair)[0]);
    end = asCount((*pair)[1]);
  }
  if (!begin || !end || *begin > *end)
    return error("tensor " + quote(name) +
                 ": expected 'data_offsets' [begin, end] with begin <= end, found " +
                 quote(offsets ? offsets->dump(-1, ' ', true, json::error_handler_t::replace) : "nothing"));
  if (uint64_t(*end) > data_.size())
    return error("tensor " + quote(name) + " ends at byte " + std::to_string(*end) +
                 " of the data, which has " + std::to_string(data_.size()) +
                 "; the file is truncated or damaged, fetch it again");
  if (uint64_t(*end - *begin) != expected)
    return error("tensor " + quote(name) + " of type " + *typeName + " and shape " + shapeText(tensor.shape) +
                 " needs " + std::to_string(expected) + " bytes, but 'data_offsets' hold " +
                 std::to_string(*end - *begin));
  tensor.data = data_.subspan(size_t(*begin), size_t(expected));
  return tensor;
}

Status HeaderReader::readMetadata(const json &entry, std::map<std::string, std::string> &metadata) const {
  const auto *object = entry.get_ptr<const json::object_t *>();
  if (!object)
    return error("expected '__metadata__' to be an object of strings");
  for (const auto &[key, value] : *object) {
    const auto *text = value.get_ptr<const std::string *>();
    if (!text)
      return error("expected '__metadata__' to hold strings only, but " + quote(key) + " is of type " +
                   value.type_name());
    metadata.emplace(key, *text);
  }
  return Status();
}

/// The tensors must tile the data: overlaps alias two parameters, holes hide bytes nobody looks at.
Status HeaderReader::checkCoverage(const std::vector<TensorView> &tensors) const {
  std::vector<const TensorView *> order;
  for (const TensorView &tensor : tensors)
    if (!tensor.data.empty())
      order.push_back(&tensor);
  std::sort(order.begin(), order.end(),
            [](const TensorView *a, const TensorView *b) { return a->data.data() < b->data.data(); });
  size_t covered = 0;
  const TensorView *previous = nullptr;
  for (const TensorView *tensor : order) {
    auto begin = static_cast<size_t>(tensor->data.data() - data_.data());
    if (begin < covered)
      return error("tensors " + quote(previous->name) + " and " + quote(tensor->name) +
                   " overlap: the second begins at byte " + std::to_string(begin) +
                   " of the data, the first ends at " + std::to_string(covered));
    if (begin > covered)
      return error("bytes " + std::to_string(covered) + " to " + std::to_string(begin) +
                   " of the data, before tensor " + quote(tensor->name) + ", belong to no tensor");
    covered = begin + tensor->data.size();
    previous = tensor;
  }
  if (covered != data_.size())
    return error("expected the data to end with the last tensor at byte " + std::to_string(covered) +
                 ", found " + std::to_string(data_.size()) + " bytes");
  return Status();
}

//===----------------------------------------------------------------------===//
// SafetensorsFile
//===----------------------------------------------------------------------===//

StatusOr<SafetensorsFile> SafetensorsFile::parse(std::span<const std::byte> bytes, std::string path) {
  SafetensorsFile file;
  file.path_ = std::move(path);
  std::string where = quote(file.path_, 4096);
  uint64_t headerBytes = 0;
  if (bytes.size() < sizeof(headerBytes))
    return Status::invalidInput(where + ": expected a safetensors file, at least 8 bytes, found " +
                                std::to_string(bytes.size()));
  std::memcpy(&headerBytes, bytes.data(), sizeof(headerBytes));
  std::span<const std::byte> rest = bytes.subspan(sizeof(headerBytes));
  if (headerBytes > kMaxHeaderBytes)
    return Status::invalidInput(where + ": expected a safetensors header of at most 100000000 bytes, found " +
                                std::to_string(headerBytes) + "; this is no safetensors file");
  if (headerBytes > rest.size())
    return Status::invalidInput(where + ": the header has " + std::to_string(headerBytes) +
                                " bytes, but the file ends after " + std::to_string(rest.size()) +
                                " of them; the file is truncated, fetch it again");
  std::string_view text(reinterpret_cast<const char *>(rest.data()), headerBytes);
  json header;
  MV_RETURN_IF_ERROR(parseJson(text, where + ": header", header));
  const auto *entries = header.get_ptr<const json::object_t *>();
  HeaderReader reader(where, rest.subspan(headerBytes));
  if (!entries)
    return reader.error(std::string("expected the header to be a JSON object, found type ") +
                        header.type_name());

  for (const auto &[name, entry] : *entries) {
    if (name == "__metadata__") {
      MV_RETURN_IF_ERROR(reader.readMetadata(entry, file.metadata_));
      continue;
    }
    MV_ASSIGN_OR_RETURN(TensorView tensor, reader.readTensor(name, entry));
    file.tensors_.push_back(std::move(tensor));
  }
  MV_RETURN_IF_ERROR(reader.checkCoverage(file.tensors_));
  return file;
}

StatusOr<SafetensorsFile> SafetensorsFile::open(const std::string &path) {
  MV_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::open(path));
  MV_ASSIGN_OR_RETURN(SafetensorsFile file, parse(mapping.bytes(), path));
  file.mapping_ = std::move(mapping);
  return file;
}

const TensorView *SafetensorsFile::find(std::string_view name) const {
  auto found =
      std::lower_bound(tensors_.begin(), tensors_.end(), name,
                       [](const TensorView &tensor, std::string_view key) { return tensor.name < key; });
  return found != tensors_.end() && found->name == name ? &*found : nullptr;
}
