//===- Settings.h - What the environment asks of the simulator ------*- C++ -*-===//
//
//   MV_SIM_DEVICE=sm_80               the chip
//   MV_SIM_DEVICES=N                  how many of them; 1
//   MV_SIM_MEMORY=SIZE                memory of each (64M); the chip's
//   MV_SIM_DRIVER=VERSION             the driver's version (11.4); that of the cuda.h of the build
//   MV_SIM_LOSE=N, N:ecc              the N-th launch kills the device
//   MV_SIM_CHECK=memory,init,race,sync, all or none
//   MV_SIM_COUNTERS=FILE.json         count, and write here at exit (%p becomes the process id)
//   MV_SIM_THREADS=N                  host threads; one per CPU
//   MV_SIM_REPORT=FOLDER              write the report of this process here rather than to standard error
//   MV_SIM_DUMP=FOLDER                write each loaded module, decoded, here
//   MV_SIM_INSTRUCTION_LIMIT=N        warp instructions of one block after which a launch times out
//   MV_SIM_TRACE=1                    name every unsupported driver call on standard error as it is made
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_DRIVER_SETTINGS_H
#define MV_LIB_PTXSIM_DRIVER_SETTINGS_H

#include "mv/PTXSim/Device.h"
#include "mv/PTXSim/Faults.h"
#include "mv/Support/Status.h"

#include <string>

namespace mv::ptxsim::driver {

struct Settings {
  const DeviceProfile *profile = nullptr;
  unsigned devices = 1;
  int driverVersion = 0; ///< As cuDriverGetVersion has it.
  LostDevice lost;
  Options options;
  std::string counters, report, dump;
  bool trace = false;
};

/// Reads the environment; the message names the variable and what it may be.
StatusOr<Settings> readSettings();

} // namespace mv::ptxsim::driver

#endif // MV_LIB_PTXSIM_DRIVER_SETTINGS_H
