//===- ThreadPoolTest.cpp - Parallel loops over a grid --------------------------===//

#include "mv/Support/ThreadPool.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

using namespace mv;

// Every index is visited once, by a worker number below size(), whatever the count, the grain and the
// threads.
TEST(ThreadPool, CoversTheRangeOnce) {
  for (unsigned threads : {1u, 2u, 5u}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.size(), threads);
    for (int64_t count : {0, 1, 7, 1000})
      for (int64_t grain : {0, 1, 3, 2000}) {
        std::vector<std::atomic<int>> visits(size_t(count) + 1);
        std::atomic<bool> inRange = true;
        pool.parallelFor(count, grain, [&](unsigned worker, int64_t begin, int64_t end) {
          if (worker >= threads || begin < 0 || begin >= end || end > count || (grain && end - begin > grain))
            inRange = false;
          for (int64_t i = begin; i < end; ++i)
            ++visits[size_t(i)];
        });
        EXPECT_TRUE(inRange) << threads << " " << count << " " << grain;
        for (int64_t i = 0; i < count; ++i)
          ASSERT_EQ(visits[size_t(i)], 1) << threads << " " << count << " " << grain << " " << i;
      }
  }
}

// What a loop wrote is visible to the caller after it, and to the next loop: thousands of short loops in a
// row.
TEST(ThreadPool, LoopsInQuickSuccession) {
  ThreadPool pool(3);
  std::vector<int64_t> values(64, 0);
  for (int round = 0; round < 5000; ++round)
    pool.parallelFor(int64_t(values.size()), 1, [&](unsigned, int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i)
        values[size_t(i)] += values[size_t(i)] == round;
    });
  for (int64_t value : values)
    EXPECT_EQ(value, 5000);
}

// Workers that went to sleep wake up again.
TEST(ThreadPool, WakesSleepingWorkers) {
  ThreadPool pool(2);
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    // Each of the two chunks waits for the other to have begun: one thread alone would never finish.
    std::atomic<int> begun = 0;
    pool.parallelFor(2, 1, [&](unsigned, int64_t, int64_t) {
      ++begun;
      while (begun < 2)
        std::this_thread::yield();
    });
    EXPECT_EQ(begun, 2);
  }
}

// More threads than CPUs, and chunks of very different length.
TEST(ThreadPool, Oversubscribed) {
  ThreadPool pool(16);
  std::atomic<int64_t> sum = 0;
  for (int round = 0; round < 50; ++round)
    pool.parallelFor(40, 1, [&](unsigned, int64_t begin, int64_t) {
      if (begin % 13 == 0)
        std::this_thread::sleep_for(std::chrono::microseconds(200));
      sum += begin;
    });
  EXPECT_EQ(sum, 50 * 780);
}

TEST(ThreadPool, AvailableThreadsIsPositive) { EXPECT_GE(availableThreads(), 1u); }
