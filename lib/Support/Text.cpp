//===- Text.cpp - Pieces of error messages --------------------------------------===//

#include "mv/Support/Text.h"

using namespace mv;

std::string mv::quote(std::string_view text, size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string result = "'";
  for (char c : text.substr(0, limit)) {
    auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f) {
      result += c;
      continue;
    }
    result += "\\x";
    result += kHex[byte >> 4];
    result += kHex[byte & 15];
  }
  if (text.size() > limit)
    result += "...";
  return result + "'";
}

std::string mv::shapeText(std::span<const int64_t> shape) {
  std::string result = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i != 0)
      result += ", ";
    result += std::to_string(shape[i]);
  }
  return result + "]";
}
