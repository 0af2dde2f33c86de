//===- Segments.h - What the numbers of segments stand for ----------*- C++ -*-===//

#ifndef MV_LIB_PTXSIM_CHECKS_SEGMENTS_H
#define MV_LIB_PTXSIM_CHECKS_SEGMENTS_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace mv::ptxsim {

struct SegmentInfo {
  uint64_t block = 0;
  uint32_t launch = 0, clock = 0;
  uint32_t warp = 0;
};

/// Grows without moving; entries may be read while others are added. Numbers begin at 1. Between launches,
/// when many are used up, all records are cleared and counting begins anew (Device.cpp).
class Segments {
public:
  Segments() : chunks_(maxChunks) {}
  ~Segments() {
    for (auto &chunk : chunks_)
      delete[] chunk.load();
  }

  uint32_t add(const SegmentInfo &info) {
    uint32_t number = next_.fetch_add(1, std::memory_order_relaxed) % (maxChunks * chunkSize);
    std::atomic<SegmentInfo *> &slot = chunks_[number / chunkSize];
    SegmentInfo *chunk = slot.load(std::memory_order_acquire);
    if (!chunk) {
      std::lock_guard guard(growing_);
      chunk = slot.load();
      if (!chunk)
        slot.store(chunk = new SegmentInfo[chunkSize], std::memory_order_release);
    }
    chunk[number % chunkSize] = info;
    return number;
  }
  const SegmentInfo &info(uint32_t number) const {
    return chunks_[number / chunkSize].load(std::memory_order_acquire)[number % chunkSize];
  }
  bool mostlyUsed() const { return next_.load() > maxChunks * chunkSize / 8; }
  void restart() { next_.store(1); }
  uint32_t newLaunch() { return ++launches_; }

private:
  static constexpr uint32_t chunkSize = 1 << 12, maxChunks = 1 << 14;
  std::vector<std::atomic<SegmentInfo *>> chunks_;
  std::atomic<uint32_t> next_{1};
  std::atomic<uint32_t> launches_{0};
  std::mutex growing_;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_CHECKS_SEGMENTS_H
