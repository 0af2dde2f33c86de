//===- CAPIStatus.cpp - The C API: statuses and the machine ---------------------===//

#include "CAPI.h"

#include "mv/Runtime/CPUFeatures.h"

using namespace mv;
using namespace mv::capi;

mv_status *mv::capi::outOfMemory() {
  // Made when the library is loaded. A constant message short enough to be inside the string object.
  static mv_status status = {MV_UNAVAILABLE, "out of memory"};
  return &status;
}

mv_status *mv::capi::toC(const Status &status) {
  return status.ok() ? nullptr : new mv_status{static_cast<mv_code>(status.code()), status.message()};
}

Status mv::capi::checkIndex(uint64_t index, uint64_t count, const char *what) {
  if (index < count)
    return Status();
  return Status::invalidInput("there is no " + std::string(what) + " " + std::to_string(index) +
                              ": there are " + std::to_string(count));
}

const char *mv_version(void) { return MV_VERSION; }

mv_code mv_status_code(const mv_status *status) { return status ? status->code : MV_OK; }

const char *mv_status_message(const mv_status *status) { return status ? status->message.c_str() : ""; }

void mv_status_free(mv_status *status) {
  if (status != outOfMemory())
    delete status;
}

const char *mv_cpu_target(void) {
  // The names are literals, so they end in zero.
  return runtime::levelName(runtime::machineLevel()).data();
}
