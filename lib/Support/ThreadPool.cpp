//===- ThreadPool.cpp - Parallel loops over a grid ------------------------------===//

#include "mv/Support/ThreadPool.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <sched.h>
#include <system_error>
#include <thread>
#include <vector>

using namespace mv;

/// How often a worker looks for new work before it sleeps: about 50 us, longer than the gap between two
/// kernels of one forward pass, shorter than what a user would notice as a busy machine.
static constexpr int kSpins = 2000;

static void pauseSpin() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

unsigned mv::availableThreads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

struct ThreadPool::Impl {
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable wake;
  std::atomic<uint64_t> generation{0};
  std::atomic<bool> stop{false};

  // The loop under way. Written by the caller before `generation` is raised, read by workers after.
  const LoopBody *body = nullptr;
  int64_t count = 0;
  int64_t grain = 1;
  alignas(64) std::atomic<int64_t> next{0};
  alignas(64) std::atomic<unsigned> running{0};

  void runChunks(unsigned worker) {
    while (true) {
      int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= count)
        return;
      (*body)(worker, begin, std::min(count, begin + grain));
    }
  }

  /// Returns the generation to work on, or `seen` when the pool is closing.
  uint64_t awaitWork(uint64_t seen) {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (uint64_t now = generation.load(std::memory_order_acquire); now != seen)
        return now;
      pauseSpin();
    }
    std::unique_lock lock(mutex);
    wake.wait(lock, [&] { return generation.load(std::memory_order_acquire) != seen || stop.load(); });
    return generation.load(std::memory_order_acquire);
  }

  void workerLoop(unsigned worker) {
    uint64_t seen = 0;
    while (true) {
      uint64_t now = awaitWork(seen);
      if (now == seen)
        return;
      seen = now;
      runChunks(worker);
      if (running.fetch_sub(1, std::memory_order_acq_rel) == 1)
        running.notify_one();
    }
  }

  /// Returns when every worker has left the loop. Sleeps after a while: with more threads than CPUs the one
  /// that is missing may need this one's CPU.
  void awaitWorkers() {
    for (int spin = 0; spin < kSpins; ++spin) {
      if (running.load(std::memory_order_acquire) == 0)
        return;
      pauseSpin();
    }
    while (unsigned left = running.load(std::memory_order_acquire))
      running.wait(left, std::memory_order_acquire);
  }
};

ThreadPool::ThreadPool(unsigned threads) : impl_(std::make_unique<Impl>()) {
  unsigned total = threads == 0 ? availableThreads() : threads;
  impl_->threads.reserve(total - 1);
  for (unsigned worker = 1; worker < total; ++worker) {
    try {
      impl_->threads.emplace_back([impl = impl_.get(), worker] { impl->workerLoop(worker); });
    } catch (const std::system_error &) {
      return; // The system allows no more threads; size() says how many there are.
    }
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->wake.notify_all();
  for (std::thread &thread : impl_->threads)
    thread.join();
}

unsigned ThreadPool::size() const { return static_cast<unsigned>(impl_->threads.size()) + 1; }

void ThreadPool::parallelFor(int64_t count, int64_t grain, LoopBody body) {
  if (count <= 0)
    return;
  if (grain <= 0)
    grain = std::max<int64_t>(1, count / (int64_t(size()) * 8));
  if (impl_->threads.empty() || count <= grain) {
    for (int64_t begin = 0; begin < count; begin += grain)
      body(0, begin, std::min(count, begin + grain));
    return;
  }
  Impl &pool = *impl_;
  pool.body = &body;
  pool.count = count;
  pool.grain = grain;
  pool.next.store(0, std::memory_order_relaxed);
  pool.running.store(static_cast<unsigned>(pool.threads.size()), std::memory_order_relaxed);
  {
    std::lock_guard lock(pool.mutex);
    pool.generation.fetch_add(1, std::memory_order_release);
  }
  pool.wake.notify_all();
  pool.runChunks(0);
  pool.awaitWorkers(); // The loop's state may be reused only then.
}
