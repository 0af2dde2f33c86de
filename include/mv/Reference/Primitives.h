//===- Primitives.h - Every primitive op in plain loops -------------*- C++ -*-===//
//
// The oracle: what each op of MVPrimitiveOps.td means, written to be read. Instantiated for float and double.
//
//===----------------------------------------------------------------------===//

#ifndef MV_REFERENCE_PRIMITIVES_H
#define MV_REFERENCE_PRIMITIVES_H

#include "mv/Reference/Tensor.h"

namespace mv::reference {

/// [B,H,W,C], [O,C,3,3], optional [O] -> [B,ceil(H/stride),ceil(W/stride),O]
template <typename T>
Tensor<T> conv2d(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> *bias, int64_t stride);

/// [...,I], [O,I], optional [O] -> [...,O]
template <typename T>
Tensor<T> linear(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> *bias);

/// [B,W,L,C], [C,3], optional [C] -> [B,W,L,C]
template <typename T>
Tensor<T> conv1d(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> *bias);

template <typename T>
Tensor<T> layerNorm(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> &bias, double eps);

/// linear(layer norm without weight and bias), the norm applied to the finished sums: [...,I], [O,I], [O],
/// optional [O] -> [...,O]
template <typename T>
Tensor<T> normLinear(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> &sums,
                     const Tensor<T> *bias, double eps);

/// Weight and bias of a per-head layer norm, each [head_dim]; null for none.
template <typename T> struct HeadNorm {
  const Tensor<T> *weight = nullptr;
  const Tensor<T> *bias = nullptr;
};

/// [B,W,L,3d] -> [B,W,L,d]
template <typename T>
Tensor<T> attention(const Tensor<T> &qkv, int64_t heads, double scale, HeadNorm<T> queryNorm,
                    HeadNorm<T> keyNorm, double eps);

/// input, step [B,W,L,C]; a [C,N]; b, c [B,W,L,N]; skip [C] -> [B,W,L,C]
template <typename T>
Tensor<T> selectiveScan(const Tensor<T> &input, const Tensor<T> &step, const Tensor<T> &a, const Tensor<T> &b,
                        const Tensor<T> &c, const Tensor<T> &skip);

/// [B,H,W,C] -> [B,C]
template <typename T> Tensor<T> pool(const Tensor<T> &input);

/// [B,H,W,C] -> [B,windows,window*window,C]
template <typename T> Tensor<T> windowPartition(const Tensor<T> &input, int64_t window);
/// [B,windows,window*window,C] -> [B,height,width,C]
template <typename T>
Tensor<T> windowReverse(const Tensor<T> &input, int64_t window, int64_t height, int64_t width);

template <typename T> Tensor<T> slice(const Tensor<T> &input, int64_t offset, int64_t size);
template <typename T> Tensor<T> concat(const Tensor<T> &first, const Tensor<T> &second);
template <typename T> Tensor<T> toNHWC(const Tensor<T> &input);
template <typename T> Tensor<T> toNCHW(const Tensor<T> &input);
/// Values of bytes, 0 to 255; `mean` and `deviation` are [C].
template <typename T>
Tensor<T> normalizePicture(const Tensor<T> &input, llvm::ArrayRef<double> mean,
                           llvm::ArrayRef<double> deviation);

template <typename T> T relu(T x);
template <typename T> T silu(T x);
template <typename T> T softplus(T x);
template <typename T> T geluErf(T x);
template <typename T> T geluTanh(T x);

} // namespace mv::reference

#endif // MV_REFERENCE_PRIMITIVES_H
