//===- AlignedFloats.h - Memory the runtime can use as it is --------*- C++ -*-===//

#ifndef MV_TOOLS_RUN_ALIGNEDFLOATS_H
#define MV_TOOLS_RUN_ALIGNEDFLOATS_H

#include <cstddef>
#include <new>
#include <vector>

namespace mv::run {

/// Allocates on 64-byte borders: the runtime copies inputs and outputs that begin elsewhere.
template <typename T> struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};

  AlignedAllocator() = default;
  template <typename U> AlignedAllocator(const AlignedAllocator<U> &) {}

  T *allocate(size_t count) { return static_cast<T *>(::operator new(count * sizeof(T), kAlignment)); }
  void deallocate(T *data, size_t) { ::operator delete(data, kAlignment); }
  bool operator==(const AlignedAllocator &) const { return true; }
};

using AlignedFloats = std::vector<float, AlignedAllocator<float>>;

} // namespace mv::run

#endif // MV_TOOLS_RUN_ALIGNEDFLOATS_H
