//===- Text.h - Pieces of error messages ----------------------------*- C++ -*-===//
//
// Names in messages come from files nobody has checked yet: quote() keeps a message on one line
// and of readable length whatever they hold.
//
//===----------------------------------------------------------------------===//

#ifndef MV_SUPPORT_TEXT_H
#define MV_SUPPORT_TEXT_H

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace mv {

/// `text` in single quotes; control characters as \xNN, cut after `limit` bytes with "...".
std::string quote(std::string_view text, size_t limit = 120);

/// "[80, 32, 3, 3]"; a scalar is "[]".
std::string shapeText(std::span<const int64_t> shape);

} // namespace mv

#endif // MV_SUPPORT_TEXT_H
