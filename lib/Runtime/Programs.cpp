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
