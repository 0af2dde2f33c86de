//===- Json.h - JSON that comes from users --------------------------*- C++ -*-===//
//
// nlohmann-json keeps the last of two equal keys and says nothing. In a config or a safetensors header that
// hides a contradiction, so this parser refuses them; it also bounds the nesting, and never throws.
//
//===----------------------------------------------------------------------===//

#ifndef MV_SUPPORT_JSON_H
#define MV_SUPPORT_JSON_H

#include "mv/Support/Status.h"

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace mv {

/// Parses `text` into `out`. `where` names the source at the start of a message, e.g. "config.json".
/// Errors: not JSON (with line and column), a key twice in one object, more than 32 levels of nesting.
Status parseJson(std::string_view text, std::string_view where, nlohmann::json &out);

} // namespace mv

#endif // MV_SUPPORT_JSON_H
