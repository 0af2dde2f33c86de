//===- Tensor.h - Values of the reference interpreter ---------------*- C++ -*-===//

#ifndef MV_REFERENCE_TENSOR_H
#define MV_REFERENCE_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cassert>
#include <cstdint>
#include <vector>

namespace mv::reference {

/// A dense tensor in C order. T is float or double: all arithmetic of the reference is done in it.
template <typename T> struct Tensor {
  llvm::SmallVector<int64_t, 4> shape;
  std::vector<T> data;

  Tensor() = default;
  explicit Tensor(llvm::ArrayRef<int64_t> sizes) : shape(sizes), data(count(sizes)) {}

  static int64_t count(llvm::ArrayRef<int64_t> sizes) {
    int64_t product = 1;
    for (int64_t size : sizes)
      product *= size;
    return product;
  }

  int64_t channels() const { return shape.back(); }
  /// Elements divided by channels: how many pixels or tokens there are, over the whole batch.
  int64_t rows() const { return channels() == 0 ? 0 : int64_t(data.size()) / channels(); }
  T *row(int64_t index) { return data.data() + index * channels(); }
  const T *row(int64_t index) const { return data.data() + index * channels(); }
};

} // namespace mv::reference

#endif // MV_REFERENCE_TENSOR_H
