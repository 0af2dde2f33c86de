//===- Faults.h - What can be wrong with a machine ------------------*- C++ -*-===//
//
// A program meets small, old and broken machines in the field; the simulator can be one. What is wrong is
// given as text, by cuda-sim's options and by the environment.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_FAULTS_H
#define MV_PTXSIM_FAULTS_H

#include "mv/Support/Status.h"

#include <cstdint>
#include <string_view>

namespace mv::ptxsim {

/// A device that fails in mid-run.
struct LostDevice {
  uint64_t launch = 0; ///< The launch of the process that fails, counted from 1; 0: none.
  bool memory = false; ///< Its memory is at fault (an uncorrectable ECC error), rather than the kernel.
};

/// "64M", with K, M or G for powers of 1024: a size in bytes.
StatusOr<uint64_t> parseMemorySize(std::string_view text);
/// "11.4": a driver's version as cuDriverGetVersion has it, 11040.
StatusOr<int> parseDriverVersion(std::string_view text);
/// "12" or "12:ecc".
StatusOr<LostDevice> parseLostDevice(std::string_view text);

/// The newest PTX ISA that a driver of that version takes, as 10 * major + minor (the PTX ISA's table of
/// releases).
unsigned newestPTX(int driverVersion);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_FAULTS_H
