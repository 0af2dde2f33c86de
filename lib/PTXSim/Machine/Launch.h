//===- Launch.h - One grid in execution -----------------------------*- C++ -*-===//
//
// Blocks go to host threads in order of their number. A worker runs a block until it is done; one that runs
// very long (it may spin for a block that has not started) is set aside for a while, so that every block gets
// its turn. Blocks of a cooperative launch are all resident, and take turns from the beginning.
//
// Results do not depend on the number of host threads, except where the program's do on the order of blocks:
// what atomics return, and sums of floating-point atomics. With Options::hostThreads = 1 these too are the
// same every time.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_LAUNCH_H
#define MV_LIB_PTXSIM_MACHINE_LAUNCH_H

#include "PTXSim/Machine/Warp.h"

#include <atomic>
#include <deque>
#include <mutex>

namespace mv::ptxsim {

class DeviceHeap;

/// What one host thread counts and caches.
struct Worker {
  Launch *launch = nullptr;
  std::vector<Allocation *> cache;         ///< By origin: the allocation an instruction touched last.
  std::vector<uint64_t> executions, lanes; ///< By instruction.
  std::vector<AccessCounters> accesses;    ///< By origin.
  KernelCounters counters;
  std::deque<std::unique_ptr<Block>> waiting;
  std::vector<std::unique_ptr<Block>> spare;

  explicit Worker(Launch &owner);
  std::unique_ptr<Block> take();
};

struct Launch {
  const Program &program;
  const Options &options;
  const DeviceProfile &profile;
  Memory &memory;
  Checker *checker = nullptr;
  DeviceHeap *heap = nullptr;
  const std::vector<const std::string *> *functionNames = nullptr;
  Dim3 grid, blockShape;
  unsigned blockThreads = 0, warpsPerBlock = 0;
  uint32_t dynamicShared = 0, sharedBytes = 0;
  bool cooperative = false;
  std::vector<uint8_t> parameters;
  /// tid of each lane of each warp: [warp][axis][lane].
  std::vector<std::array<std::array<uint32_t, warpSize>, 3>> threadIds;
  uint64_t gridId = 0;
  uint64_t gridWorkspace = 0; ///< What %envreg1 and 2 point to: the barrier of a cooperative launch's grid.

  std::atomic<uint64_t> nextBlock{0};
  std::atomic<bool> failed{false};
  std::mutex lock;
  Result result; ///< The first failure.

  Launch(const Program &kernel, const Options &o, const DeviceProfile &p, Memory &m)
      : program(kernel), options(o), profile(p), memory(m) {}
  void prepare();
  void work(Worker &worker, unsigned workerIndex, unsigned workerCount);
  void fail(Error error, std::string message);

private:
  void workCooperatively(Worker &worker, unsigned workerIndex, unsigned workerCount);
};

/// Stops the launch because of what `inst` did in `lane`.
void fault(Warp &warp, const Inst &inst, unsigned lane, Error error, const std::string &message);
/// "kernel, line 12 (`ld.global…`), block (0,0,0), thread (3,0,0)"
std::string describePlace(const Warp &warp, const Inst &inst, unsigned lane);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_LAUNCH_H
