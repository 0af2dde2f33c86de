//===- Primitives.cpp - Every primitive op in plain loops -----------------------===//
//
// Sums are accumulated in double whatever T is: the float instance rounds values between ops, not within
// them.
//

#include "mv/Reference/Primitives.h"

#include "mv/IR/MVDialect.h"

#include <algorithm>
#include <cmath>

using namespace mv;
using namespace mv::reference;

template <typename T>
Tensor<T> reference::conv2d(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> *bias,
                            int64_t stride) {
  int64_t height = input.shape[1], width = input.shape[2], channels = input.channels();
  Tensor<T> result({input.shape[0], ceilDiv(height, stride), ceilDiv(width, stride), weight.shape[0]});
  int64_t outputs = result.channels();
  for (int64_t position = 0; position < result.rows(); ++position) {
    int64_t x = position % result.shape[2], y = position / result.shape[2] % result.shape[1];
    int64_t image = position / result.shape[2] / result.shape[1];
    for (int64_t o = 0; o < outputs; ++o) {
      double sum = bias ? double(bias->data[o]) : 0.0;
      for (int64_t ky = 0; ky < 3; ++ky)
        for (int64_t kx = 0; kx < 3; ++kx) {
          int64_t row = stride * y + ky - 1, column = stride * x + kx - 1;
          if (row < 0 || row >= height || column < 0 || column >= width)
            continue;
          const T *pixel = input.row((image * height + row) * width + column);
          for (int64_t c = 0; c < channels; ++c)
            sum += double(pixel[c]) * weight.data[((o * channels + c) * 3 + ky) * 3 + kx];
        }
      result.row(position)[o] = static_cast<T>(sum);
    }
  }
  return result;
}

template <typename T>
Tensor<T> reference::linear(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> *bias) {
  Tensor<T> result;
  result.shape = input.shape;
  result.shape.back() = weight.shape[0];
  result.data.resize(Tensor<T>::count(result.shape));
  for (int64_t row = 0; row < input.rows(); ++row)
    for (int64_t o = 0; o < weight.shape[0]; ++o) {
      double sum = bias ? double(bias->data[o]) : 0.0;
      for (int64_t i = 0; i < weight.shape[1]; ++i)
        sum += double(input.row(row)[i]) * weight.row(o)[i];
      result.row(row)[o] = static_cast<T>(sum);
    }
  return result;
}

template <typename T>
Tensor<T> reference::conv1d(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> *bias) {
  Tensor<T> result(input.shape);
  int64_t tokens = input.shape[2];
  for (int64_t row = 0; row < input.rows(); ++row)
    for (int64_t c = 0; c < input.channels(); ++c) {
      int64_t token = row % tokens;
      double sum = bias ? double(bias->data[c]) : 0.0;
      for (int64_t k = 0; k < 3; ++k)
        if (token + k - 1 >= 0 && token + k - 1 < tokens)
          sum += double(input.row(row + k - 1)[c]) * weight.row(c)[k];
      result.row(row)[c] = static_cast<T>(sum);
    }
  return result;
}

namespace {
/// What a layer norm subtracts from a row and multiplies it with.
struct RowStatistics {
  double mean = 0, scale = 0;

  template <typename T> RowStatistics(const T *values, int64_t size, double eps) {
    double variance = 0;
    for (int64_t i = 0; i < size; ++i)
      mean += values[i];
    mean /= double(size);
    for (int64_t i = 0; i < size; ++i)
      variance += (values[i] - mean) * (values[i] - mean);
    scale = 1.0 / std::sqrt(variance / double(size) + eps);
  }
};
} // namespace

/// Normalises `size` elements in place.
template <typename T>
static void normalize(T *values, int64_t size, const T *weight, const T *bias, double eps) {
  RowStatistics row(values, size, eps);
  for (int64_t i = 0; i < size; ++i)
    values[i] = static_cast<T>((values[i] - row.mean) * row.scale * weight[i] + bias[i]);
}

template <typename T>
Tensor<T> reference::layerNorm(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> &bias,
                               double eps) {
  Tensor<T> result = input;
  for (int64_t row = 0; row < result.rows(); ++row)
    normalize(result.row(row), result.channels(), weight.data.data(), bias.data.data(), eps);
  return result;
}

template <typename T>
Tensor<T> reference::normLinear(const Tensor<T> &input, const Tensor<T> &weight, const Tensor<T> &sums,
                                const Tensor<T> *bias, double eps) {
  Tensor<T> result = linear<T>(input, weight, /*bias=*/nullptr);
  for (int64_t row = 0; row < result.rows(); ++row) {
    RowStatistics statistics(input.row(row), input.channels(), eps);
    for (int64_t o = 0; o < result.channels(); ++o) {
      double centred = (double(result.row(row)[o]) - statistics.mean * sums.data[o]) * statistics.scale;
      result.row(row)[o] = static_cast<T>(centred + (bias ? double(bias->data[o]) : 0.0));
    }
  }
  return result;
}

/// Copies one head's part of a window's q, k or v, [tokens][size], and applies the norm if there is one.
template <typename T>
static std::vector<T> gatherHead(const Tensor<T> &qkv, int64_t firstRow, int64_t tokens, int64_t offset,
                                 int64_t size, HeadNorm<T> norm, double eps) {
  std::vector<T> head(tokens * size);
  for (int64_t token = 0; token < tokens; ++token) {
    T *values = head.data() + token * size;
    std::copy_n(qkv.row(firstRow + token) + offset, size, values);
    if (norm.weight)
      normalize(values, size, norm.weight->data.data(), norm.bias->data.data(), eps);
  }
  return head;
}

/// In place: exp(x - max) / sum.
template <typename T> static void softmax(std::vector<T> &scores) {
  T maximum = *std::max_element(scores.begin(), scores.end()), sum = 0;
  for (T &score : scores)
    sum += score = std::exp(score - maximum);
  for (T &score : scores)
    score /= static_cast<T>(sum);
}

template <typename T>
Tensor<T> reference::attention(const Tensor<T> &qkv, int64_t heads, double scale, HeadNorm<T> queryNorm,
                               HeadNorm<T> keyNorm, double eps) {
  int64_t channels = qkv.channels() / 3, size = channels / heads, tokens = qkv.shape[2];
  Tensor<T> result({qkv.shape[0], qkv.shape[1], tokens, channels});
  std::vector<T> scores(tokens);
  for (int64_t first = 0; first < qkv.rows(); first += tokens)
    for (int64_t head = 0; head < heads; ++head) {
      int64_t offset = head * size;
      std::vector<T> q = gatherHead(qkv, first, tokens, offset, size, queryNorm, eps);
      std::vector<T> k = gatherHead(qkv, first, tokens, channels + offset, size, keyNorm, eps);
      std::vector<T> v = gatherHead(qkv, first, tokens, 2 * channels + offset, size, {}, eps);
      for (int64_t i = 0; i < tokens; ++i) {
        for (int64_t j = 0; j < tokens; ++j) {
          double dot = 0;
          for (int64_t c = 0; c < size; ++c)
            dot += double(q[i * size + c]) * k[j * size + c];
          scores[j] = static_cast<T>(dot * scale);
        }
        softmax(scores);
        for (int64_t c = 0; c < size; ++c) {
          double sum = 0;
          for (int64_t j = 0; j < tokens; ++j)
            sum += double(scores[j]) * v[j * size + c];
          result.row(first + i)[offset + c] = static_cast<T>(sum);
        }
      }
    }
  return result;
}

template <typename T>
Tensor<T> reference::selectiveScan(const Tensor<T> &input, const Tensor<T> &step, const Tensor<T> &a,
                                   const Tensor<T> &b, const Tensor<T> &c, const Tensor<T> &skip) {
  Tensor<T> result(input.shape);
  int64_t tokens = input.shape[2], channels = input.channels(), states = a.channels();
  std::vector<T> state(channels * states);
  for (int64_t row = 0; row < input.rows(); ++row) {
    if (row % tokens == 0)
      std::fill(state.begin(), state.end(), T(0));
    for (int64_t channel = 0; channel < channels; ++channel) {
      T x = input.row(row)[channel], delta = step.row(row)[channel];
      double sum = double(skip.data[channel]) * x;
      for (int64_t n = 0; n < states; ++n) {
        T &s = state[channel * states + n];
        s = std::exp(delta * a.row(channel)[n]) * s + delta * b.row(row)[n] * x;
        sum += double(c.row(row)[n]) * s;
      }
      result.row(row)[channel] = static_cast<T>(sum);
    }
  }
  return result;
}

template <typename T> Tensor<T> reference::pool(const Tensor<T> &input) {
  int64_t positions = input.shape[1] * input.shape[2];
  Tensor<T> result({input.shape[0], input.channels()});
  for (int64_t row = 0; row < input.rows(); ++row)
    for (int64_t c = 0; c < input.channels(); ++c)
      result.row(row / positions)[c] += input.row(row)[c];
  for (T &value : result.data)
    value /= T(positions);
  return result;
}

/// Calls `visit(mapRow, tokenRow)` for every pixel: its row in the map and in the windowed form.
template <typename F>
static void forEachPixel(int64_t batch, int64_t height, int64_t width, int64_t window, F visit) {
  int64_t columns = ceilDiv(width, window), windows = ceilDiv(height, window) * columns;
  for (int64_t image = 0; image < batch; ++image)
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x) {
        int64_t index = y / window * columns + x / window;
        int64_t token = y % window * window + x % window;
        visit((image * height + y) * width + x, (image * windows + index) * window * window + token);
      }
}

template <typename T> Tensor<T> reference::windowPartition(const Tensor<T> &input, int64_t window) {
  int64_t height = input.shape[1], width = input.shape[2];
  Tensor<T> result(
      {input.shape[0], ceilDiv(height, window) * ceilDiv(width, window), window * window, input.channels()});
  forEachPixel(input.shape[0], height, width, window, [&](int64_t pixel, int64_t token) {
    std::copy_n(input.row(pixel), input.channels(), result.row(token));
  });
  return result;
}

template <typename T>
Tensor<T> reference::windowReverse(const Tensor<T> &input, int64_t window, int64_t height, int64_t width) {
  Tensor<T> result({input.shape[0], height, width, input.channels()});
  forEachPixel(input.shape[0], height, width, window, [&](int64_t pixel, int64_t token) {
    std::copy_n(input.row(token), input.channels(), result.row(pixel));
  });
  return result;
}

template <typename T> Tensor<T> reference::slice(const Tensor<T> &input, int64_t offset, int64_t size) {
  Tensor<T> result;
  result.shape = input.shape;
  result.shape.back() = size;
  result.data.resize(Tensor<T>::count(result.shape));
  for (int64_t row = 0; row < input.rows(); ++row)
    std::copy_n(input.row(row) + offset, size, result.row(row));
  return result;
}

template <typename T> Tensor<T> reference::concat(const Tensor<T> &first, const Tensor<T> &second) {
  Tensor<T> result;
  result.shape = first.shape;
  result.shape.back() += second.channels();
  result.data.resize(Tensor<T>::count(result.shape));
  for (int64_t row = 0; row < first.rows(); ++row) {
    std::copy_n(first.row(row), first.channels(), result.row(row));
    std::copy_n(second.row(row), second.channels(), result.row(row) + first.channels());
  }
  return result;
}

template <typename T> Tensor<T> reference::toNHWC(const Tensor<T> &input) {
  int64_t channels = input.shape[1], positions = input.shape[2] * input.shape[3];
  Tensor<T> result({input.shape[0], input.shape[2], input.shape[3], channels});
  for (int64_t row = 0; row < result.rows(); ++row)
    for (int64_t c = 0; c < channels; ++c)
      result.row(row)[c] = input.data[(row / positions * channels + c) * positions + row % positions];
  return result;
}

template <typename T> Tensor<T> reference::toNCHW(const Tensor<T> &input) {
  int64_t channels = input.channels(), positions = input.shape[1] * input.shape[2];
  Tensor<T> result({input.shape[0], channels, input.shape[1], input.shape[2]});
  for (int64_t row = 0; row < input.rows(); ++row)
    for (int64_t c = 0; c < channels; ++c)
      result.data[(row / positions * channels + c) * positions + row % positions] = input.row(row)[c];
  return result;
}

template <typename T>
Tensor<T> reference::normalizePicture(const Tensor<T> &input, llvm::ArrayRef<double> mean,
                                      llvm::ArrayRef<double> deviation) {
  Tensor<T> result(input.shape);
  for (int64_t row = 0; row < input.rows(); ++row)
    for (int64_t c = 0; c < input.channels(); ++c)
      result.row(row)[c] = (input.row(row)[c] / 255 - T(mean[c])) / T(deviation[c]);
  return result;
}

template <typename T> T reference::relu(T x) { return x < 0 ? T(0) : x; }
template <typename T> T reference::silu(T x) { return x / (1 + std::exp(-x)); }
template <typename T> T reference::softplus(T x) { return x > 20 ? x : std::log1p(std::exp(x)); }
template <typename T> T reference::geluErf(T x) { return x / 2 * (1 + std::erf(x * T(M_SQRT1_2))); }
template <typename T> T reference::geluTanh(T x) {
  return x / 2 * (1 + std::tanh(T(std::sqrt(2 / M_PI)) * (x + T(0.044715) * x * x * x)));
}

#define MV_INSTANTIATE(T)                                                                                    \
  template Tensor<T> reference::conv2d(const Tensor<T> &, const Tensor<T> &, const Tensor<T> *, int64_t);    \
  template Tensor<T> reference::linear(const Tensor<T> &, const Tensor<T> &, const Tensor<T> *);             \
  template Tensor<T> reference::conv1d(const Tensor<T> &, const Tensor<T> &, const Tensor<T> *);             \
  template Tensor<T> reference::layerNorm(const Tensor<T> &, const Tensor<T> &, const Tensor<T> &, double);  \
  template Tensor<T> reference::normLinear(const Tensor<T> &, const Tensor<T> &, const Tensor<T> &,          \
                                           const Tensor<T> *, double);                                       \
  template Tensor<T> reference::attention(const Tensor<T> &, int64_t, double, HeadNorm<T>, HeadNorm<T>,      \
                                          double);                                                           \
  template Tensor<T> reference::selectiveScan(const Tensor<T> &, const Tensor<T> &, const Tensor<T> &,       \
                                              const Tensor<T> &, const Tensor<T> &, const Tensor<T> &);      \
  template Tensor<T> reference::pool(const Tensor<T> &);                                                     \
  template Tensor<T> reference::windowPartition(const Tensor<T> &, int64_t);                                 \
  template Tensor<T> reference::windowReverse(const Tensor<T> &, int64_t, int64_t, int64_t);                 \
  template Tensor<T> reference::slice(const Tensor<T> &, int64_t, int64_t);                                  \
  template Tensor<T> reference::concat(const Tensor<T> &, const Tensor<T> &);                                \
  template Tensor<T> reference::toNHWC(const Tensor<T> &);                                                   \
  template Tensor<T> reference::toNCHW(const Tensor<T> &);                                                   \
  template Tensor<T> reference::normalizePicture(const Tensor<T> &, llvm::ArrayRef<double>,                  \
                                                 llvm::ArrayRef<double>);                                    \
  template T reference::relu(T);                                                                             \
  template T reference::silu(T);                                                                             \
  template T reference::softplus(T);                                                                         \
  template T reference::geluErf(T);                                                                          \
  template T reference::geluTanh(T);

MV_INSTANTIATE(float)
MV_INSTANTIATE(double)
