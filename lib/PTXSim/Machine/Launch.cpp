//===- Launch.cpp - Blocks over host threads ------------------------*- C++ -*-===//

#include "PTXSim/Machine/Launch.h"
#include "PTXSim/Checks/Checker.h"

#include <algorithm>
#include <thread>

namespace mv::ptxsim {
namespace {

/// Warp instructions after which a block is set aside for others, and how many may be set aside at once.
constexpr uint64_t blockTurn = uint64_t(1) << 24;
constexpr size_t maxWaiting = 32;
/// The same in a cooperative launch, where blocks wait for each other as a rule.
constexpr uint64_t cooperativeTurn = uint64_t(1) << 15;

} // namespace

Worker::Worker(Launch &owner) : launch(&owner) {
  cache.assign(owner.program.origins.size(), nullptr);
  if (owner.options.counters) {
    executions.assign(owner.program.code.size(), 0);
    lanes.assign(owner.program.code.size(), 0);
    accesses.resize(owner.program.origins.size());
  }
}

std::unique_ptr<Block> Worker::take() {
  if (spare.empty())
    return std::make_unique<Block>(*launch, *this);
  std::unique_ptr<Block> block = std::move(spare.back());
  spare.pop_back();
  return block;
}

void Launch::prepare() {
  blockThreads = unsigned(blockShape.volume());
  warpsPerBlock = (blockThreads + warpSize - 1) / warpSize;
  threadIds.resize(warpsPerBlock);
  for (unsigned thread = 0; thread < warpsPerBlock * warpSize; ++thread) {
    auto &ids = threadIds[thread / warpSize];
    ids[0][thread % warpSize] = thread % blockShape.x;
    ids[1][thread % warpSize] = thread / blockShape.x % blockShape.y;
    ids[2][thread % warpSize] = thread / blockShape.x / blockShape.y;
  }
}

void Launch::fail(Error error, std::string message) {
  std::lock_guard guard(lock);
  if (result.ok())
    result = Result(error, std::move(message));
  failed.store(true);
}

void Launch::work(Worker &worker, unsigned workerIndex, unsigned workerCount) {
  if (cooperative)
    return workCooperatively(worker, workerIndex, workerCount);
  uint64_t total = grid.volume();
  bool more = true;
  while (!failed.load(std::memory_order_relaxed)) {
    std::unique_ptr<Block> block;
    if (more && worker.waiting.size() < maxWaiting) {
      uint64_t index = nextBlock.fetch_add(1);
      more = index < total;
      if (more) {
        block = worker.take();
        block->reset(index);
      }
    }
    if (!block) {
      if (worker.waiting.empty())
        return;
      block = std::move(worker.waiting.front());
      worker.waiting.pop_front();
    }
    if (block->run(blockTurn))
      worker.spare.push_back(std::move(block));
    else
      worker.waiting.push_back(std::move(block));
  }
}

void Launch::workCooperatively(Worker &worker, unsigned workerIndex, unsigned workerCount) {
  for (uint64_t index = workerIndex; index < grid.volume(); index += workerCount) {
    worker.waiting.push_back(worker.take());
    worker.waiting.back()->reset(index);
  }
  while (!worker.waiting.empty() && !failed.load(std::memory_order_relaxed)) {
    std::unique_ptr<Block> block = std::move(worker.waiting.front());
    worker.waiting.pop_front();
    if (!block->run(cooperativeTurn))
      worker.waiting.push_back(std::move(block));
    if (workerCount > 1)
      std::this_thread::yield();
  }
}

std::string sourceOf(const Origin &origin, const std::map<uint32_t, std::string> &files) {
  auto file = files.find(origin.sourceFile);
  if (origin.sourceLine == 0 || file == files.end())
    return "";
  return file->second + ":" + std::to_string(origin.sourceLine);
}

std::string describePlace(const Warp &warp, const Inst &inst, unsigned lane) {
  const Origin &origin = warp.program->origins[inst.origin];
  const Launch &launch = *warp.block->launch;
  const auto &ids = launch.threadIds[warp.index];
  const Dim3 &id = warp.block->id;
  auto triple = [](uint32_t x, uint32_t y, uint32_t z) {
    return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
  };
  return "kernel " + warp.program->name + ", line " + std::to_string(origin.line) + " `" +
         std::string(origin.text) + "`, block " + triple(id.x, id.y, id.z) + ", thread " +
         triple(ids[0][lane], ids[1][lane], ids[2][lane]);
}

void fault(Warp &warp, const Inst &inst, unsigned lane, Error error, const std::string &message) {
  warp.block->launch->fail(error, message + " in " + describePlace(warp, inst, lane));
  warp.block->failed = true;
  warp.stop();
}

} // namespace mv::ptxsim
