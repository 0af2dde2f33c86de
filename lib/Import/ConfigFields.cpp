//===- ConfigFields.cpp - Typed, range-checked access to a JSON object ----------===//

#include "ConfigFields.h"
#include "mv/Support/Text.h"

#include <cmath>

using namespace mv;
using nlohmann::json;

std::string mv::jsonExcerpt(const json &value) {
  constexpr size_t kLimit = 60;
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
  return text.size() <= kLimit ? text : text.substr(0, kLimit) + "...";
}

const json *ConfigFields::find(const std::string &field) const {
  auto found = fields_.find(field);
  return found == fields_.end() ? nullptr : &found->second;
}

const json *ConfigFields::findValue(const std::string &field) const {
  const json *value = find(field);
  return value && !value->is_null() ? value : nullptr;
}

Status ConfigFields::error(const std::string &field, const std::string &expected,
                           const std::string &found) const {
  return Status::invalidInput(where_ + ": field " + quote(field) + ": expected " + expected + ", found " +
                              found);
}

Status ConfigFields::wrongValue(const std::string &field, const std::string &expected,
                                const json &found) const {
  return error(field, expected, jsonExcerpt(found));
}

Status ConfigFields::require(std::initializer_list<const char *> fields) const {
  for (const char *field : fields)
    if (!findValue(field))
      return Status::invalidInput(where_ + ": field " + quote(field) +
                                  " is missing; a MambaVision config needs it");
  return Status();
}

static std::string rangeText(IntegerRange range) {
  return "from " + std::to_string(range.low) + " to " + std::to_string(range.high);
}

/// An integer in `range`, or nothing. 80.0 is not an integer: no config writer writes it for one.
static std::optional<int64_t> asInteger(const json &value, IntegerRange range) {
  if (const auto *number = value.get_ptr<const json::number_unsigned_t *>())
    return *number >= uint64_t(std::max<int64_t>(range.low, 0)) && *number <= uint64_t(range.high)
               ? std::optional(int64_t(*number))
               : std::nullopt;
  return std::nullopt; // All ranges begin at 0 or above.
}

static std::optional<double> asNumber(const json &value) {
  if (const auto *number = value.get_ptr<const json::number_float_t *>())
    return *number;
  if (const auto *number = value.get_ptr<const json::number_unsigned_t *>())
    return static_cast<double>(*number);
  if (const auto *number = value.get_ptr<const json::number_integer_t *>())
    return static_cast<double>(*number);
  return std::nullopt;
}

Status ConfigFields::readInteger(const std::string &field, IntegerRange range, int64_t &out) const {
  const json *value = findValue(field);
  if (!value)
    return Status();
  std::optional<int64_t> number = asInteger(*value, range);
  if (!number)
    return wrongValue(field, "an integer " + rangeText(range), *value);
  out = *number;
  return Status();
}

Status ConfigFields::readIntegers(const std::string &field, IntegerRange range,
                                  std::span<int64_t> out) const {
  const json *value = findValue(field);
  if (!value)
    return Status();
  std::string expected = "a list of " + std::to_string(out.size()) + " integers " + rangeText(range);
  const auto *list = value->get_ptr<const json::array_t *>();
  if (!list)
    return wrongValue(field, expected, *value);
  if (list->size() != out.size())
    return error(field, expected, std::to_string(list->size()) + " entries: " + jsonExcerpt(*value));
  for (size_t i = 0; i < out.size(); ++i) {
    std::optional<int64_t> number = asInteger((*list)[i], range);
    if (!number)
      return error(field, expected, jsonExcerpt((*list)[i]) + " at position " + std::to_string(i));
    out[i] = *number;
  }
  return Status();
}

Status ConfigFields::readNumber(const std::string &field, double &out) const {
  const json *value = findValue(field);
  if (!value)
    return Status();
  std::optional<double> number = asNumber(*value);
  if (!number)
    return wrongValue(field, "a number", *value);
  out = *number;
  return Status();
}

Status ConfigFields::readNumbers(const std::string &field, std::span<double> out) const {
  const json *value = findValue(field);
  if (!value)
    return Status();
  std::string expected = "a list of " + std::to_string(out.size()) + " numbers, one per input channel";
  const auto *list = value->get_ptr<const json::array_t *>();
  if (!list || list->size() != out.size())
    return wrongValue(field, expected, *value);
  for (size_t i = 0; i < out.size(); ++i) {
    std::optional<double> number = asNumber((*list)[i]);
    if (!number || !std::isfinite(static_cast<float>(*number)))
      return error(field, expected + " that a float32 holds",
                   jsonExcerpt((*list)[i]) + " at position " + std::to_string(i));
    out[i] = *number;
  }
  return Status();
}

Status ConfigFields::readBool(const std::string &field, std::optional<bool> &out) const {
  const json *value = findValue(field);
  if (!value)
    return Status();
  const auto *flag = value->get_ptr<const json::boolean_t *>();
  if (!flag)
    return wrongValue(field, "true or false", *value);
  out = *flag;
  return Status();
}

Status ConfigFields::readString(const std::string &field, std::string &out) const {
  const json *value = findValue(field);
  if (!value)
    return Status();
  const auto *text = value->get_ptr<const std::string *>();
  if (!text)
    return wrongValue(field, "a string", *value);
  out = *text;
  return Status();
}
