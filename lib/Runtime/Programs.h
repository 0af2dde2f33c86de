//===- Programs.h - Whether a package runs on a kind of device ------*- C++ -*-===//

#ifndef MV_LIB_RUNTIME_PROGRAMS_H
#define MV_LIB_RUNTIME_PROGRAMS_H

#include "mv/Package/Reader.h"
#include "mv/Support/Status.h"

#include <string_view>

namespace mv::runtime {

/// An error that names the devices there are, unless every entry point has a program for `device`.
Status checkPrograms(const package::PackageFile &package, std::string_view device);

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_PROGRAMS_H
