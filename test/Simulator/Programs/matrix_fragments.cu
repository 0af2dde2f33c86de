// The matrix instructions as the toolkit's headers wrap them: wmma for f16, bf16, tf32 and int8, against host
// arithmetic.
#include "Check.h"

#include <mma.h>

using namespace nvcuda;

template <typename T, typename Accumulator, int m, int n, int k, typename Element>
__global__ void multiply(const T *a, const T *b, const Accumulator *c, Accumulator *d) {
  wmma::fragment<wmma::matrix_a, m, n, k, Element, wmma::row_major> fragmentA;
  wmma::fragment<wmma::matrix_b, m, n, k, Element, wmma::col_major> fragmentB;
  wmma::fragment<wmma::accumulator, m, n, k, Accumulator> accumulator;
  wmma::load_matrix_sync(fragmentA, a, k);
  wmma::load_matrix_sync(fragmentB, b, k);
  wmma::load_matrix_sync(accumulator, c, n, wmma::mem_row_major);
  wmma::mma_sync(accumulator, fragmentA, fragmentB, accumulator);
  wmma::store_matrix_sync(d, accumulator, n, wmma::mem_row_major);
}

template <typename T, typename Accumulator, int m, int n, int k, typename Element = T> void run() {
  Random random;
  auto small = [&] { return float(int(random.bits() >> 29)) - (std::is_unsigned<T>::value ? 0.0f : 3.0f); };
  std::vector<T> a(m * k), b(n * k);
  std::vector<Accumulator> c(m * n), d(m * n);
  for (T &value : a)
    value = T(small());
  for (T &value : b)
    value = T(small());
  for (Accumulator &value : c)
    value = Accumulator(small());
  T *deviceA = toDevice(a), *deviceB = toDevice(b);
  Accumulator *deviceC = toDevice(c), *deviceD = toDevice(d);
  multiply<T, Accumulator, m, n, k, Element><<<1, 32>>>(deviceA, deviceB, deviceC, deviceD);
  CHECK(cudaGetLastError());
  d = toHost(deviceD, d.size());
  for (int row = 0; row < m; ++row)
    for (int column = 0; column < n; ++column) {
      float sum = float(c[row * n + column]);
      for (int i = 0; i < k; ++i)
        sum += float(a[row * k + i]) * float(b[column * k + i]);
      EXPECT(float(d[row * n + column]) == sum);
    }
  for (void *pointer : {(void *)deviceA, (void *)deviceB, (void *)deviceC, (void *)deviceD})
    CHECK(cudaFree(pointer));
}

int main() {
  run<half, float, 16, 16, 16>();
  run<half, float, 32, 8, 16>();
  run<half, float, 8, 32, 16>();
  run<half, half, 16, 16, 16>();
  run<__nv_bfloat16, float, 16, 16, 16>();
  run<float, float, 16, 16, 8, wmma::precision::tf32>();
  run<signed char, int, 16, 16, 16>();
  run<unsigned char, int, 16, 16, 16>();
  return 0;
}
