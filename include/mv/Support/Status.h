//===- Status.h - Errors as values, for everything that links no LLVM -----------===//
//
// A library never exits, aborts or prints: it returns a Status or a StatusOr and the
// tool decides. A message is one line and says what, where, expected and found, and
// what to do. The codes are the exit codes of the tools.
//
//===----------------------------------------------------------------------===//

#ifndef MV_SUPPORT_STATUS_H
#define MV_SUPPORT_STATUS_H

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace mv {

enum class StatusCode : int {
  Ok = 0,
  CheckFailed = 1,  ///< A comparison the user asked for did not hold.
  InvalidInput = 2, ///< A file, an option or a value of the user's is wrong.
  Unavailable = 3,  ///< The machine lacks something: a device, memory, an instruction set.
  Internal = 4,     ///< A bug of ours.
};

class [[nodiscard]] Status {
public:
  Status() = default;
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  static Status invalidInput(std::string message) { return {StatusCode::InvalidInput, std::move(message)}; }
  static Status unavailable(std::string message) { return {StatusCode::Unavailable, std::move(message)}; }
  static Status internal(std::string message) { return {StatusCode::Internal, std::move(message)}; }

  bool ok() const { return code_ == StatusCode::Ok; }
  StatusCode code() const { return code_; }
  const std::string &message() const { return message_; }

private:
  StatusCode code_ = StatusCode::Ok;
  std::string message_;
};

/// A value, or the Status that says why there is none. Never holds an Ok status.
template <typename T> class [[nodiscard]] StatusOr {
public:
  StatusOr(T value) : state_(std::move(value)) {}
  StatusOr(Status status) : state_(std::move(status)) { assert(!std::get<Status>(state_).ok()); }

  bool ok() const { return std::holds_alternative<T>(state_); }
  Status status() const { return ok() ? Status() : std::get<Status>(state_); }

  T &operator*() { return std::get<T>(state_); }
  const T &operator*() const { return std::get<T>(state_); }
  T *operator->() { return &std::get<T>(state_); }
  const T *operator->() const { return &std::get<T>(state_); }

private:
  std::variant<T, Status> state_;
};

} // namespace mv

#define MV_CONCAT_INNER(a, b) a##b
#define MV_CONCAT(a, b) MV_CONCAT_INNER(a, b)

/// Returns the Status of `expression` from the enclosing function unless it is Ok.
#define MV_RETURN_IF_ERROR(expression)                                                                       \
  if (::mv::Status mvStatus = (expression); !mvStatus.ok())                                                  \
  return mvStatus

/// Declares `declaration` from a StatusOr, or returns its Status from the enclosing function.
#define MV_ASSIGN_OR_RETURN(declaration, expression)                                                         \
  auto MV_CONCAT(mvStatusOr, __LINE__) = (expression);                                                       \
  if (!MV_CONCAT(mvStatusOr, __LINE__).ok())                                                                 \
    return MV_CONCAT(mvStatusOr, __LINE__).status();                                                         \
  declaration = std::move(*MV_CONCAT(mvStatusOr, __LINE__)) // NOLINT(bugprone-macro-parentheses): declares

#endif // MV_SUPPORT_STATUS_H
