//===- NpyFile.cpp - Arrays written by numpy.save -------------------------------===//

#include "NpyFile.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

using namespace mv;
using namespace mv::run;

static constexpr std::string_view kMagic = "\x93NUMPY";

bool run::isNpy(std::span<const std::byte> bytes) {
  return bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

namespace {

struct Header {
  std::string descr;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the dictionary. Python literals other than the three that NumPy writes are errors.
class HeaderParser {
public:
  explicit HeaderParser(std::string_view text) : rest_(text) {}

  std::optional<Header> parse() {
    Header header;
    bool hasDescr = false, hasOrder = false, hasShape = false;
    if (!take('{'))
      return std::nullopt;
    while (!take('}')) {
      std::optional<std::string> key = parseString();
      if (!key || !take(':'))
        return std::nullopt;
      bool good = *key == "descr"           ? (hasDescr = parseDescr(header.descr))
                  : *key == "fortran_order" ? (hasOrder = parseBool(header.fortranOrder))
                  : *key == "shape"         ? (hasShape = parseShape(header.shape))
                                            : false;
      if (!good)
        return std::nullopt;
      take(',');
    }
    if (!hasDescr || !hasOrder || !hasShape)
      return std::nullopt;
    return header;
  }

private:
  void skipSpaces() {
    size_t end = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(std::min(end, rest_.size()));
  }

  bool take(char c) {
    skipSpaces();
    if (rest_.empty() || rest_.front() != c)
      return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool takeWord(std::string_view word) {
    skipSpaces();
    if (!rest_.starts_with(word))
      return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<std::string> parseString() {
    char quoteMark = take('\'') ? '\'' : take('"') ? '"' : '\0';
    size_t end = quoteMark ? rest_.find(quoteMark) : std::string_view::npos;
    if (end == std::string_view::npos)
      return std::nullopt;
    std::string result(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return result;
  }

  bool parseDescr(std::string &descr) {
    std::optional<std::string> text = parseString();
    descr = text.value_or("");
    return text.has_value();
  }

  bool parseBool(bool &value) {
    value = takeWord("True");
    return value || takeWord("False");
  }

  bool parseShape(std::vector<int64_t> &shape) {
    if (!take('('))
      return false;
    while (!take(')')) {
      skipSpaces();
      int64_t extent = 0;
      auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc() || extent < 0)
        return false;
      rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
      shape.push_back(extent);
      take(',');
    }
    return true;
  }

  std::string_view rest_;
};

} // namespace

static std::optional<ElementType> elementTypeOf(std::string_view descr) {
  if (descr == "<f2")
    return ElementType::F16;
  if (descr == "<f4")
    return ElementType::F32;
  if (descr == "<f8")
    return ElementType::F64;
  if (descr == "|u1" || descr == "<u1")
    return ElementType::U8;
  return std::nullopt;
}

/// Where the header's text stands, or nothing when the file is not long enough for it.
static std::optional<std::string_view> findHeader(std::span<const std::byte> bytes) {
  std::string_view text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  if (text.size() < 12)
    return std::nullopt;
  size_t lengthBytes = text[6] == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < lengthBytes; ++i)
    length |= size_t(static_cast<unsigned char>(text[8 + i])) << (8 * i);
  if (length > text.size() - 8 - lengthBytes)
    return std::nullopt;
  return text.substr(8 + lengthBytes, length);
}

/// Bytes of an array, or nothing when that overflows.
static std::optional<size_t> byteCount(const std::vector<int64_t> &shape, unsigned elementBytes) {
  size_t count = elementBytes;
  for (int64_t extent : shape)
    if (__builtin_mul_overflow(count, static_cast<size_t>(extent), &count))
      return std::nullopt;
  return count;
}

StatusOr<NpyFile> NpyFile::parse(std::span<const std::byte> bytes, const std::string &path) {
  std::string name = quote(path);
  if (!isNpy(bytes))
    return Status::invalidInput(name + ": not an .npy file: it does not start with \\x93NUMPY");
  std::optional<std::string_view> text = findHeader(bytes);
  if (!text)
    return Status::invalidInput(name + ": damaged .npy file: it ends within its header");
  std::optional<Header> header = HeaderParser(*text).parse();
  if (!header)
    return Status::invalidInput(name + ": unreadable .npy header " + quote(*text) +
                                "; save an array of floats with numpy.save");
  std::optional<ElementType> type = elementTypeOf(header->descr);
  if (!type)
    return Status::invalidInput(name +
                                ": expected elements of type <f4 (or <f2, <f8), or |u1 for pictures, found " +
                                quote(header->descr) + "; save the normalised images as array.astype('<f4')");
  if (header->fortranOrder)
    return Status::invalidInput(name + ": expected C order, found Fortran order; save "
                                       "numpy.ascontiguousarray(array)");

  std::span<const std::byte> data =
      bytes.subspan(static_cast<size_t>(text->end() - reinterpret_cast<const char *>(bytes.data())));
  std::optional<size_t> expected = byteCount(header->shape, elementSize(*type));
  if (!expected || *expected != data.size())
    return Status::invalidInput(
        name + ": shape " + shapeText(header->shape) + " of " + header->descr +
        (expected ? " needs " + std::to_string(*expected) + " bytes" : " is too large") + ", but " +
        std::to_string(data.size()) + " follow the header");
  NpyFile file;
  file.array_ = {path, *type, header->shape, data};
  return file;
}

StatusOr<NpyFile> NpyFile::open(const std::string &path) {
  MV_ASSIGN_OR_RETURN(MappedFile mapping, MappedFile::open(path));
  MV_ASSIGN_OR_RETURN(NpyFile file, parse(mapping.bytes(), path));
  file.mapping_ = std::move(mapping);
  return file;
}
