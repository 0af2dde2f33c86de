//===- Arena.h - Many short-lived buffers in one piece of memory ----*- C++ -*-===//
//
// A forward pass runs its dispatches one after the other. A buffer is alive from the dispatch that writes it
// to the last that reads it, both included, because a dispatch writes its result while it reads its inputs.
// Buffers that are never alive at once may share memory; where each of them lies is the question here, which
// is known as dynamic storage allocation. On a sheet of paper with dispatches to the right and addresses
// upwards every buffer is a rectangle: moved up and down only, the rectangles must not overlap, and the top
// edge shall be as low as it gets.
//
//     address
//        |      +-----+
//        |      |  b  |       a: [0, 1], b: [1, 2], c: [2, 3]: b lies over a and c, and c where a was
//        +------+---+-+-----+
//        |    a   | |   c   |
//        +--------+-+-------+--- dispatch
//        0    1     2     3
//
// The largest sum of buffers alive at once (`live`) is a lower bound. Finding the optimum is NP-hard; placing
// one buffer after the other, each into the smallest gap that holds it, depends on the order. A few orders
// are tried, and from the best of them a short deterministic search goes on: a buffer at the top was placed
// too late, so it goes to the front. A free list over time (malloc, in effect) was not taken: it knows
// nothing of the future and fragments.
//
// All sizes are per image. An offset o of the plan is batch * o in memory, so that one plan serves every
// batch.
//
//===----------------------------------------------------------------------===//

#ifndef MV_PLAN_ARENA_H
#define MV_PLAN_ARENA_H

#include <cstdint>
#include <span>
#include <vector>

namespace mv {

/// Every offset and size in an arena is a multiple of this: a cache line, and the widest vector.
inline constexpr int64_t kArenaAlignment = 64;
/// The same on GPUs, whose kernels expect pointers aligned to it, as cudaMalloc's are.
inline constexpr int64_t kCUDAArenaAlignment = 256;

/// A buffer and when it is needed.
struct LiveInterval {
  int64_t begin; ///< The first dispatch that touches it.
  int64_t end;   ///< The last.
  int64_t bytes;

  bool overlaps(const LiveInterval &other) const { return begin <= other.end && other.begin <= end; }
};

struct ArenaPlan {
  std::vector<int64_t> offsets; ///< One for each interval, multiples of the alignment.
  int64_t bytes = 0;            ///< The size of the arena.
  int64_t live = 0;             ///< The largest sum of (rounded) sizes alive at once; bytes >= live.
};

/// Gives every interval a place that it shares with none it overlaps. Depends on nothing but its arguments.
ArenaPlan planArena(std::span<const LiveInterval> intervals, int64_t alignment = kArenaAlignment);

} // namespace mv

#endif // MV_PLAN_ARENA_H
