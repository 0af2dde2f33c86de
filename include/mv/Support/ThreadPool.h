//===- ThreadPool.h - Parallel loops over a grid --------------------*- C++ -*-===//
//
// A fixed set of threads that run one parallel loop at a time. The calling thread is
// worker 0 and takes part. Between two loops in quick succession the workers spin for a
// short while before they sleep, since a forward pass is a chain of many short loops.
//
//===----------------------------------------------------------------------===//

#ifndef MV_SUPPORT_THREADPOOL_H
#define MV_SUPPORT_THREADPOOL_H

#include <cstdint>
#include <memory>

namespace mv {

/// A borrowed callable: `body(worker, begin, end)`. Lives as long as the call it is passed to.
class LoopBody {
public:
  template <typename F>
  LoopBody(const F &callable)
      : object_(&callable), call_([](const void *object, unsigned worker, int64_t begin, int64_t end) {
          (*static_cast<const F *>(object))(worker, begin, end);
        }) {}

  void operator()(unsigned worker, int64_t begin, int64_t end) const { call_(object_, worker, begin, end); }

private:
  const void *object_;
  void (*call_)(const void *, unsigned, int64_t, int64_t);
};

class ThreadPool {
public:
  /// `threads` counts the caller; 0 means one per CPU this process may use.
  explicit ThreadPool(unsigned threads = 0);
  ~ThreadPool();
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;

  unsigned size() const;

  /// Calls `body(worker, begin, end)` on disjoint ranges that cover [0, count), and returns when all are
  /// done. Ranges are handed out dynamically in steps of `grain` (0: chosen from count and size()). Not
  /// reentrant: one parallelFor at a time per pool.
  void parallelFor(int64_t count, int64_t grain, LoopBody body);

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// CPUs this process may run on (its affinity mask), at least 1.
unsigned availableThreads();

} // namespace mv

#endif // MV_SUPPORT_THREADPOOL_H
