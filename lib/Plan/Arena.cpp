//===- Arena.cpp - Many short-lived buffers in one piece of memory --------------===//

#include "mv/Plan/Arena.h"

#include <algorithm>
#include <functional>
#include <numeric>

using namespace mv;

/// Steps of the search after the first orders. Nearly all models are optimal before it starts.
static constexpr int kSearchSteps = 128;

using Order = std::vector<size_t>;

static int64_t getLiveBytes(std::span<const LiveInterval> intervals) {
  int64_t largest = 0;
  // The sum grows only where an interval begins.
  for (const LiveInterval &at : intervals) {
    int64_t sum = 0;
    for (const LiveInterval &other : intervals)
      if (other.begin <= at.begin && at.begin <= other.end)
        sum += other.bytes;
    largest = std::max(largest, sum);
  }
  return largest;
}

namespace {
/// Places intervals one by one in a given order.
class Placement {
public:
  explicit Placement(std::span<const LiveInterval> intervals)
      : intervals(intervals), offsets(intervals.size(), 0) {}

  void placeAll(const Order &order) {
    for (size_t index : order)
      place(index);
  }

  int64_t getBytes() const { return bytes; }
  std::vector<int64_t> takeOffsets() { return std::move(offsets); }

  /// The first interval in `order` whose end is the end of the arena.
  size_t getTopmost(const Order &order) const {
    for (size_t position = 0; position < order.size(); ++position)
      if (getEnd(order[position]) == bytes)
        return position;
    return 0;
  }

private:
  std::span<const LiveInterval> intervals;
  std::vector<int64_t> offsets;
  std::vector<size_t> placed; ///< By offset.
  int64_t bytes = 0;

  int64_t getEnd(size_t index) const { return offsets[index] + intervals[index].bytes; }

  void place(size_t index) {
    offsets[index] = findOffset(intervals[index]);
    bytes = std::max(bytes, getEnd(index));
    auto position = std::upper_bound(placed.begin(), placed.end(), offsets[index],
                                     [&](int64_t offset, size_t other) { return offset < offsets[other]; });
    placed.insert(position, index);
  }

  /// The smallest gap between the placed intervals of the same time that holds the interval, else the place
  /// above them.
  int64_t findOffset(const LiveInterval &interval) const {
    int64_t size = interval.bytes, top = 0, best = -1, bestGap = 0;
    for (size_t other : placed) {
      if (!intervals[other].overlaps(interval))
        continue;
      int64_t gap = offsets[other] - top;
      if (gap >= size && (best < 0 || gap < bestGap)) {
        best = top;
        bestGap = gap;
      }
      top = std::max(top, getEnd(other));
    }
    return best >= 0 ? best : top;
  }
};
} // namespace

/// Indices sorted by decreasing `key`; equal ones stay in program order.
static Order sortBy(std::span<const LiveInterval> intervals,
                    const std::function<int64_t(const LiveInterval &)> &key) {
  Order order(intervals.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(-key(intervals[a]), a) < std::pair(-key(intervals[b]), b);
  });
  return order;
}

/// Large ones first, long-lived ones first, large areas first, and as they come.
static std::vector<Order> getFirstOrders(std::span<const LiveInterval> intervals) {
  auto length = [](const LiveInterval &interval) { return interval.end - interval.begin + 1; };
  return {sortBy(intervals, [](const LiveInterval &interval) { return interval.bytes; }),
          sortBy(intervals, length),
          sortBy(intervals, [&](const LiveInterval &interval) { return interval.bytes * length(interval); }),
          sortBy(intervals, [](const LiveInterval &interval) { return -interval.begin; })};
}

ArenaPlan mv::planArena(std::span<const LiveInterval> wanted, int64_t alignment) {
  std::vector<LiveInterval> intervals(wanted.begin(), wanted.end());
  for (LiveInterval &interval : intervals)
    interval.bytes = (interval.bytes + alignment - 1) / alignment * alignment;
  ArenaPlan best;
  best.live = getLiveBytes(intervals);
  best.offsets.resize(intervals.size());
  if (best.live == 0)
    return best;
  best.bytes = INT64_MAX;
  Order bestOrder;
  auto tryOrder = [&](Order order) {
    Placement placement(intervals);
    placement.placeAll(order);
    size_t topmost = placement.getTopmost(order);
    if (placement.getBytes() < best.bytes) {
      best.bytes = placement.getBytes();
      best.offsets = placement.takeOffsets();
      bestOrder = order;
    }
    std::rotate(order.begin(), order.begin() + topmost, order.begin() + topmost + 1);
    return order;
  };
  for (const Order &order : getFirstOrders(wanted))
    tryOrder(order);
  Order next = bestOrder;
  for (int step = 0; step < kSearchSteps && best.bytes > best.live; ++step)
    next = tryOrder(std::move(next));
  return best;
}
