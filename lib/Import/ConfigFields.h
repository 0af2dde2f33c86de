//===- ConfigFields.h - Typed, range-checked access to a JSON object -*- C++ -*-===//

#ifndef MV_LIB_IMPORT_CONFIGFIELDS_H
#define MV_LIB_IMPORT_CONFIGFIELDS_H

#include "mv/Support/Status.h"

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

namespace mv {

struct IntegerRange {
  int64_t low, high;
};

/// Every read function leaves `out` alone when the field is absent or null, and is an error that names the
/// field, what was expected and what was found when its value does not fit.
class ConfigFields {
public:
  ConfigFields(nlohmann::json::object_t fields, std::string where)
      : fields_(std::move(fields)), where_(std::move(where)) {}

  /// The field's value; nullptr when it is absent. Null is a value here.
  const nlohmann::json *find(const std::string &field) const;
  /// As find(), but null counts as absent.
  const nlohmann::json *findValue(const std::string &field) const;

  Status require(std::initializer_list<const char *> fields) const;
  Status readInteger(const std::string &field, IntegerRange range, int64_t &out) const;
  Status readIntegers(const std::string &field, IntegerRange range, std::span<int64_t> out) const;
  Status readNumber(const std::string &field, double &out) const;
  Status readNumbers(const std::string &field, std::span<double> out) const;
  Status readBool(const std::string &field, std::optional<bool> &out) const;
  Status readString(const std::string &field, std::string &out) const;

  Status error(const std::string &field, const std::string &expected, const std::string &found) const;
  Status wrongValue(const std::string &field, const std::string &expected, const nlohmann::json &found) const;
  const std::string &where() const { return where_; }

private:
  nlohmann::json::object_t fields_;
  std::string where_;
};

/// The value as a user wrote it, on one line and not too long.
std::string jsonExcerpt(const nlohmann::json &value);

} // namespace mv

#endif // MV_LIB_IMPORT_CONFIGFIELDS_H
