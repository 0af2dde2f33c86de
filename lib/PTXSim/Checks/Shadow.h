//===- Shadow.h - What is known about each byte of memory -----------*- C++ -*-===//
//
// InitShadow holds one bit a byte: has anyone written it? Sixteen bytes share a word, since no access of a
// lane is wider or crosses a multiple of 16.
//
// RaceShadow holds, for each granule of memory, the last write and two unordered reads, each as one 64-bit
// word that names who did it (see Record). Two reads are enough in practice: with readers from two different
// warps on record, a write by any third that is ordered after neither is found. Granules are 16 bytes; a page
// of memory that is accessed in smaller pieces is refined, down to single bytes, so that neighbouring half
// words of different threads are no conflict.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_CHECKS_SHADOW_H
#define MV_LIB_PTXSIM_CHECKS_SHADOW_H

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace mv::ptxsim {

class InitShadow {
public:
  explicit InitShadow(uint64_t bytes, bool initialised = false)
      : lines_((bytes + 15) / 16, initialised ? 0xffff : 0) {}

  /// Of an access that lies within 16 aligned bytes.
  bool isSet(uint64_t offset, unsigned bytes) const {
    uint16_t bits = mask(offset, bytes);
    return (word(offset).load(std::memory_order_relaxed) & bits) == bits;
  }
  void set(uint64_t offset, unsigned bytes) {
    uint16_t bits = mask(offset, bytes);
    auto line = word(offset);
    if ((line.load(std::memory_order_relaxed) & bits) != bits)
      line.fetch_or(bits, std::memory_order_relaxed);
  }
  void setRange(uint64_t offset, uint64_t bytes);
  void clearAll() { std::fill(lines_.begin(), lines_.end(), uint16_t(0)); }
  /// Copies knowledge along with data.
  void copyFrom(const InitShadow &source, uint64_t sourceOffset, uint64_t offset, uint64_t bytes);
  bool byteSet(uint64_t offset) const { return isSet(offset, 1); }

private:
  static uint16_t mask(uint64_t offset, unsigned bytes) {
    return uint16_t(((1u << bytes) - 1) << (offset & 15));
  }
  std::atomic_ref<uint16_t> word(uint64_t offset) const {
    return std::atomic_ref<uint16_t>(const_cast<uint16_t &>(lines_[offset / 16]));
  }
  std::vector<uint16_t> lines_;
};

/// Who accessed a granule: segment (32 bits), instruction (24), lane (5), flags (3). 0: nobody.
struct Record {
  uint64_t bits = 0;

  static constexpr uint64_t atomicFlag = uint64_t(1) << 63, asyncFlag = uint64_t(1) << 62;
  static Record make(uint32_t segment, uint32_t origin, unsigned lane, bool atomic, bool async) {
    return {uint64_t(segment) | uint64_t(origin & 0xffffff) << 32 | uint64_t(lane) << 56 |
            (atomic ? atomicFlag : 0) | (async ? asyncFlag : 0)};
  }
  uint32_t segment() const { return uint32_t(bits); }
  uint32_t origin() const { return uint32_t(bits >> 32) & 0xffffff; }
  unsigned lane() const { return unsigned(bits >> 56) & 31; }
  bool atomic() const { return bits & atomicFlag; }
  bool async() const { return bits & asyncFlag; }
  explicit operator bool() const { return uint32_t(bits) != 0; }
};

struct Granule {
  Record write, read[2];
};

class RaceShadow {
public:
  static constexpr uint64_t pageBytes = 4096;

  struct Page {
    std::mutex lock;
    unsigned shift = 2; ///< log2 of the granule's bytes.
    std::vector<Granule> granules;
    void refine(unsigned toShift);
  };

  explicit RaceShadow(uint64_t bytes) : pages_((bytes + pageBytes - 1) / pageBytes) {}
  ~RaceShadow();
  /// The page of `offset`, made when first touched.
  Page &page(uint64_t offset);
  void clearAll();

private:
  std::vector<std::atomic<Page *>> pages_;
};

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_CHECKS_SHADOW_H
