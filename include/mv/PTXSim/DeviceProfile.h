//===- DeviceProfile.h - What a simulated chip looks like -----------*- C++ -*-===//
//
// The facts a program can ask a device for, and the rates the bounds of Counters are computed from. Sources:
// the CUDA Programming Guide's table of technical specifications per compute capability, and the vendor's
// white papers (GA100, GA102, GH100, GB100/GB202) for counts, clocks and rates.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PTXSIM_DEVICEPROFILE_H
#define MV_PTXSIM_DEVICEPROFILE_H

#include <cstdint>
#include <span>
#include <string_view>

namespace mv::ptxsim {

struct DeviceProfile {
  std::string_view name;      ///< What --device takes: "sm_80".
  std::string_view marketing; ///< What cuDeviceGetName answers.
  unsigned major, minor;      ///< Compute capability.
  unsigned multiprocessors;
  unsigned clockKHz; ///< Boost clock.
  unsigned memoryClockKHz;
  unsigned memoryBusBits;
  uint64_t memoryBytes;
  unsigned l2Bytes;
  // Limits per block and per multiprocessor.
  unsigned sharedPerBlock; ///< Without opting in: 48 KiB everywhere.
  unsigned sharedPerBlockOptin;
  unsigned sharedPerMultiprocessor;
  unsigned sharedReservedPerBlock;
  unsigned registersPerBlock;
  unsigned registersPerMultiprocessor;
  unsigned maxThreadsPerBlock;
  unsigned maxThreadsPerMultiprocessor;
  unsigned maxBlocksPerMultiprocessor;
  // Rates per multiprocessor and clock.
  unsigned warpInstructionsPerClock; ///< Issue slots.
  unsigned fp32PerClock;             ///< FMA lanes.
  unsigned denseHalfFlopsPerClock;   ///< f16/bf16 tensor multiply-adds, counted as 2 each, f32 accumulation.
  unsigned sharedBytesPerClock;      ///< 32 banks of 4 bytes.
  double dramBytesPerSecond;
  double l2BytesPerClock; ///< Whole chip.

  unsigned computeCapability() const { return major * 10 + minor; }
};

/// sm_80, sm_86, sm_90, sm_100, sm_120.
std::span<const DeviceProfile> deviceProfiles();
/// Null when there is no such profile.
const DeviceProfile *findProfile(std::string_view name);

} // namespace mv::ptxsim

#endif // MV_PTXSIM_DEVICEPROFILE_H
