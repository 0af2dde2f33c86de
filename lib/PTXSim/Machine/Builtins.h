//===- Builtins.h - Functions the device runtime provides -----------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_MACHINE_BUILTINS_H
#define MV_LIB_PTXSIM_MACHINE_BUILTINS_H

#include "PTXSim/Machine/Program.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <string_view>

namespace mv::ptxsim {

/// vprintf, __assertfail, malloc, free; null for any other name.
Handler findBuiltin(std::string_view name);

/// What malloc in a kernel takes memory from: one allocation, divided under a lock.
class DeviceHeap {
public:
  DeviceHeap(uint64_t base, uint64_t bytes) { free_[base] = bytes; }
  uint64_t allocate(uint64_t bytes); ///< 0 when there is no room.
  void free(uint64_t address);

private:
  std::mutex lock_;
  std::map<uint64_t, uint64_t> free_, used_;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_BUILTINS_H
