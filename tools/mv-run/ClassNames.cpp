//===- ClassNames.cpp - From the text of a label to a class ---------------------===//

#include "ClassNames.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <cctype>
#include <charconv>

using namespace mv;
using namespace mv::run;

/// Lower case, letters and digits only: "T-shirt/top" and "t-shirt-top" are the same. Bytes beyond ASCII are
/// kept.
static std::string reduced(std::string_view text) {
  std::string result;
  for (unsigned char c : text)
    if (std::isalnum(c) || c >= 0x80)
      result += static_cast<char>(std::tolower(c));
  return result;
}

ClassNames::ClassNames(size_t count, std::vector<std::string> names)
    : count_(count), names_(std::move(names)) {
  names_.resize(count);
  for (size_t i = 0; i < count; ++i) {
    std::string whole = reduced(names_[i]);
    if (whole.empty())
      continue;
    index_.emplace(whole, static_cast<int>(i));
    std::string_view rest = names_[i];
    while (!rest.empty()) {
      size_t comma = std::min(rest.find(','), rest.size());
      std::string part = reduced(rest.substr(0, comma));
      if (!part.empty() && part != whole)
        index_.emplace(part, static_cast<int>(i));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
}

ClassNames::Found ClassNames::find(std::string_view name) const {
  auto [begin, end] = index_.equal_range(reduced(name));
  if (begin == end)
    return {};
  for (auto it = begin; it != end; ++it)
    if (it->second != begin->second)
      return {Match::Several, begin->second};
  return {Match::One, begin->second};
}

StatusOr<int> ClassNames::parseLabel(std::string_view label, const std::string &where) const {
  int index = -1;
  auto [end, error] = std::from_chars(label.data(), label.data() + label.size(), index);
  if (!label.empty() && end == label.data() + label.size()) {
    if (error != std::errc() || index < 0 || static_cast<size_t>(index) >= count_)
      return Status::invalidInput(where + ": expected a class index from 0 to " + std::to_string(count_ - 1) +
                                  ", found " + quote(label));
    return index;
  }
  Found found = find(label);
  if (found.match == Match::One)
    return found.index;
  if (found.match == Match::Several)
    return Status::invalidInput(where + ": " + quote(label) + " is the name of several classes, " +
                                std::to_string(found.index) + " is one; use the class index");
  return Status::invalidInput(where + ": the model has no class " + quote(label) +
                              "; use one of its labels (mv-inspect lists them) or a class index from 0 to " +
                              std::to_string(count_ - 1));
}

std::optional<int> run::leadingNumber(std::string_view name) {
  int number = -1;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || number < 0)
    return std::nullopt;
  bool ends = end == name.data() + name.size() || !std::isalnum(static_cast<unsigned char>(*end));
  return ends ? std::optional(number) : std::nullopt;
}
