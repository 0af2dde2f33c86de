//===- CPUTarget.h - Which of a package's codes to run --------------*- C++ -*-===//

#ifndef MV_LIB_RUNTIME_CPUTARGET_H
#define MV_LIB_RUNTIME_CPUTARGET_H

#include "mv/Package/Reader.h"
#include "mv/Runtime/CPUFeatures.h"
#include "mv/Support/Status.h"

#include <optional>
#include <string_view>

namespace mv::runtime {

/// The instruction set to run `model` with on a machine of level `machine`: `requested`, or if that is empty
/// the highest one that machine and package both have. Kernels without code for it use what they have for a
/// lower one.
StatusOr<CPULevel> chooseLevel(const package::Model &model, CPULevel machine, std::string_view requested);

/// The implementation of `kernel` for the highest level up to `level`, if there is one.
std::optional<uint32_t> chooseImplementation(const package::Model &model, const package::Kernel &kernel,
                                             CPULevel level);

} // namespace mv::runtime

#endif // MV_LIB_RUNTIME_CPUTARGET_H
