//===- Programs.cpp - Whether a package runs on a kind of device ----------------===//

#include "Programs.h"

#include "mv/Support/Text.h"

#include <algorithm>
#include <climits>

using namespace mv;
using namespace mv::runtime;

Status mv::runtime::checkPrograms(const package::PackageFile &package, std::string_view device) {
  const package::Model &model = package.model();
  const bool complete =
      std::all_of(model.entries()->begin(), model.entries()->end(),
                  [&](const package::Entry *entry) { return package::findProgram(*entry, device); });
  if (complete)
    return Status();
  return Status::unavailable("device " + quote(device) +
                             " is not available: " + quote(package.path(), PATH_MAX) + " is compiled for " +
                             package::deviceList(model) + "; use that device or compile for this one");
}

uint64_t mv::runtime::inputBytes(const package::Entry &entry) {
  return uint64_t(entry.channels()) * entry.height() * entry.width() * sizeof(float);
}

uint64_t mv::runtime::outputBytes(const package::Output &output) {
  uint64_t bytes = sizeof(float);
  for (const uint32_t size : *output.shape())
    bytes *= size;
  return bytes;
}
