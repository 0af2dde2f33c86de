//===- CAPI.h - What the files of the C API share -------------------*- C++ -*-===//

#ifndef MV_LIB_RUNTIME_CAPI_H
#define MV_LIB_RUNTIME_CAPI_H

#include "mv/Package/Reader.h"
#include "mv/Runtime/Session.h"
#include "mv/Support/Status.h"
#include "mv/mv.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>

struct mv_status {
  mv_code code;
  std::string message;
};

struct mv_package {
  std::shared_ptr<const mv::package::PackageFile> file;
};

struct mv_session {
  mv::runtime::Session session;
  std::string target, description; ///< With the zero at the end that a string_view lacks.
};

namespace mv::capi {

/// Null for Ok.
mv_status *toC(const Status &status);

/// The status of running out of memory, which must not allocate.
mv_status *outOfMemory();

/// Runs the body of a function of the API: a Status becomes a mv_status, and no exception leaves.
template <typename Body> mv_status *guarded(Body body) noexcept {
  try {
    return toC(body());
  } catch (const std::bad_alloc &) {
    return outOfMemory();
  } catch (const std::exception &error) {
    return toC(Status::internal(error.what()));
  }
}

/// An error unless `pointer` is one.
template <typename T> Status checkPointer(const T *pointer, const char *name) {
  return pointer ? Status() : Status::invalidInput(std::string(name) + " is null: expected a pointer");
}

Status checkIndex(uint64_t index, uint64_t count, const char *what);

/// The struct of the caller's, who may know fewer fields than this library, or more: those are zero here.
template <typename T> StatusOr<T> optionsFromCaller(const T *options) {
  T result = {};
  result.size = sizeof(T);
  if (!options)
    return result;
  if (options->size < sizeof(size_t))
    return Status::invalidInput("the options' size is " + std::to_string(options->size) +
                                ": expected what the *_INIT macro sets");
  std::memcpy(&result, options, std::min(options->size, sizeof(T)));
  return result;
}

/// Copies the fields of `info` that the caller's struct has room for, and leaves its size.
template <typename T> Status infoToCaller(T info, T *out) {
  if (!out || out->size < sizeof(size_t))
    return Status::invalidInput("the struct to fill is null or its size is not set: use the *_INIT macro");
  info.size = out->size;
  std::memcpy(out, &info, std::min(out->size, sizeof(T)));
  return Status();
}

/// "" where the plan has no text.
inline const char *text(const flatbuffers::String *string) { return string ? string->c_str() : ""; }

} // namespace mv::capi

#endif // MV_LIB_RUNTIME_CAPI_H
