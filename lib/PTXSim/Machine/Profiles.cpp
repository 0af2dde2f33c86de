//===- Profiles.cpp - The chips there are profiles of ---------------*- C++ -*-===//

#include "mv/PTXSim/DeviceProfile.h"
#include "mv/PTXSim/Result.h"

namespace mv::ptxsim {
namespace {

constexpr unsigned KiB = 1024, MiB = 1024 * 1024;
constexpr uint64_t GiB = uint64_t(1) << 30;

// One row a chip: name, marketing name, capability, multiprocessors, clock, memory clock, bus, memory, L2;
// shared memory per block, opt-in, per multiprocessor, reserved; registers per block and multiprocessor;
// threads per block and multiprocessor, blocks; issue slots, FMA lanes, tensor FLOP, shared bytes (all per
// clock and multiprocessor); DRAM bytes/s, L2 bytes per clock. Where no L2 rate is published it is 64 bytes
// per clock and multiprocessor, their port.
constexpr DeviceProfile profiles[] = {
    {"sm_80",   "Simulated A100-SXM4-40GB",
     8,         0,
     108,       1410000,
     1215000,   5120,
     40 * GiB,  40 * MiB,
     48 * KiB,  163 * KiB,
     164 * KiB, 1 * KiB,
     65536,     65536,
     1024,      2048,
     32,        4,
     64,        2048,
     128,       1555e9,
     5120},
    {"sm_86",   "Simulated RTX 3090",
     8,         6,
     82,        1695000,
     9751000,   384,
     24 * GiB,  6 * MiB,
     48 * KiB,  99 * KiB,
     100 * KiB, 1 * KiB,
     65536,     65536,
     1024,      1536,
     16,        4,
     128,       512,
     128,       936e9,
     82 * 64},
    {"sm_90",   "Simulated H100-SXM5-80GB",
     9,         0,
     132,       1830000,
     2619000,   5120,
     80 * GiB,  50 * MiB,
     48 * KiB,  227 * KiB,
     228 * KiB, 1 * KiB,
     65536,     65536,
     1024,      2048,
     32,        4,
     128,       4096,
     128,       3352e9,
     132 * 64},
    {"sm_100",  "Simulated B200",
     10,        0,
     148,       1850000,
     3996000,   8192,
     180 * GiB, 126 * MiB,
     48 * KiB,  227 * KiB,
     228 * KiB, 1 * KiB,
     65536,     65536,
     1024,      2048,
     32,        4,
     128,       8192,
     128,       8000e9,
     148 * 64},
    {"sm_120",  "Simulated RTX 5090",
     12,        0,
     170,       2407000,
     14001000,  512,
     32 * GiB,  96 * MiB,
     48 * KiB,  99 * KiB,
     100 * KiB, 1 * KiB,
     65536,     65536,
     1024,      1536,
     24,        4,
     128,       512,
     128,       1792e9,
     170 * 64},
};

} // namespace

std::span<const DeviceProfile> deviceProfiles() { return profiles; }

const DeviceProfile *findProfile(std::string_view name) {
  for (const DeviceProfile &profile : profiles)
    if (profile.name == name)
      return &profile;
  return nullptr;
}

std::string_view errorName(Error error) {
  constexpr std::string_view names[] = {"none",
                                        "invalid PTX",
                                        "unsupported PTX",
                                        "unsupported PTX version",
                                        "invalid value",
                                        "out of memory",
                                        "out of resources",
                                        "cooperative launch too large",
                                        "not found",
                                        "not supported",
                                        "unresolved symbol",
                                        "illegal address",
                                        "misaligned address",
                                        "illegal instruction",
                                        "invalid address space",
                                        "assertion failed",
                                        "trap",
                                        "launch failed",
                                        "timeout"};
  return names[unsigned(error)];
}

} // namespace mv::ptxsim
