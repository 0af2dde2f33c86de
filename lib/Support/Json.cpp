//===- Json.cpp - JSON that comes from users ------------------------------------===//

#include "mv/Support/Json.h"
#include "mv/Support/Text.h"

#include <nlohmann/json.hpp>
#include <vector>

using namespace mv;
using nlohmann::json;

namespace {

constexpr size_t kMaxDepth = 32;
constexpr size_t kMaxParserText = 240;

/// Builds the value event by event. A callback that returns false stops the parse; `error` then says why.
class StrictBuilder final : public json::json_sax_t {
public:
  explicit StrictBuilder(json &root) : root_(root) {}

  std::string error;

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t &) override { return add(value); }
  bool string(string_t &value) override { return add(std::move(value)); }
  bool binary(binary_t &) override { return false; } // Not reachable from text.
  bool start_object(size_t) override { return open(json::object()); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t &name) override {
    auto &object = *stack_.back()->get_ptr<json::object_t *>();
    auto [entry, isNew] = object.try_emplace(name, nullptr);
    if (!isNew) {
      error = "the key " + quote(name) + " appears twice in one object; expected once";
      return false;
    }
    slot_ = &entry->second;
    return true;
  }

  bool parse_error(size_t, const std::string &, const nlohmann::detail::exception &exception) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 9: ...": the text after the bracket.
    std::string_view text = exception.what();
    if (size_t bracket = text.find("] "); bracket != text.npos)
      text.remove_prefix(bracket + 2);
    error = "not valid JSON: " + std::string(text.substr(0, kMaxParserText));
    return false;
  }

private:
  json *place(json value) {
    if (stack_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    if (auto *array = stack_.back()->get_ptr<json::array_t *>())
      return &array->emplace_back(std::move(value));
    *slot_ = std::move(value);
    return slot_;
  }
  bool add(json value) {
    place(std::move(value));
    return true;
  }

  bool open(json container) {
    if (stack_.size() == kMaxDepth) {
      error = "nested more than " + std::to_string(kMaxDepth) + " levels deep";
      return false;
    }
    // An array that grows moves its elements, but only the last one of each can be open.
    stack_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    stack_.pop_back();
    return true;
  }

  json &root_;
  json *slot_ = nullptr; ///< Where the value of the key just read goes.
  std::vector<json *> stack_;
};

} // namespace

Status mv::parseJson(std::string_view text, std::string_view where, json &out) {
  StrictBuilder builder(out);
  if (json::sax_parse(text.begin(), text.end(), &builder))
    return Status();
  if (builder.error.empty())
    builder.error = "not valid JSON";
  return Status::invalidInput(std::string(where) + ": " + builder.error);
}
