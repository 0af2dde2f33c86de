// Matrix products by CUTLASS for sm_80: code we did not write, on cp.async, ldmatrix and mma.sync. The inputs
// are small whole numbers, so that every product and sum is exact in f32 and the answer does not depend on
// the order.
#include "Check.h"

#include <cutlass/gemm/device/gemm.h>
#include <cutlass/gemm/device/gemm_splitk_parallel.h>

using RowMajor = cutlass::layout::RowMajor;
using ColumnMajor = cutlass::layout::ColumnMajor;
template <int m, int n, int k> using Shape = cutlass::gemm::GemmShape<m, n, k>;
template <typename T>
using Epilogue =
    cutlass::epilogue::thread::LinearCombination<T, 128 / cutlass::sizeof_bits<T>::value, float, float>;
using Swizzle = cutlass::gemm::threadblock::GemmIdentityThreadblockSwizzle<>;

template <typename T, typename LayoutA, typename LayoutB, typename Block, typename Warp, typename Instruction,
          int stages>
using Gemm =
    cutlass::gemm::device::Gemm<T, LayoutA, T, LayoutB, T, RowMajor, float, cutlass::arch::OpClassTensorOp,
                                cutlass::arch::Sm80, Block, Warp, Instruction, Epilogue<T>, Swizzle, stages>;

template <typename T, typename LayoutA, typename LayoutB, typename Gemm>
static void run(const char *name, int m, int n, int k, int slices = 1) {
  Random random;
  auto fill = [&](size_t count) {
    std::vector<T> values(count);
    for (T &value : values)
      value = T(float(int(random.bits() >> 30)) - 1.0f); // -1, 0, 1, 2
    return values;
  };
  std::vector<T> a = fill(size_t(m) * k), b = fill(size_t(k) * n), c = fill(size_t(m) * n);
  T *deviceA = toDevice(a), *deviceB = toDevice(b), *deviceC = toDevice(c), *deviceD = nullptr;
  CHECK(cudaMalloc(&deviceD, c.size() * sizeof(T)));
  constexpr bool rowA = std::is_same<LayoutA, RowMajor>::value, rowB = std::is_same<LayoutB, RowMajor>::value;
  typename Gemm::Arguments arguments({m, n, k}, {deviceA, rowA ? k : m}, {deviceB, rowB ? n : k},
                                     {deviceC, n}, {deviceD, n}, {1.0f, 1.0f}, slices);
  void *workspace = nullptr;
  size_t bytes = Gemm::get_workspace_size(arguments);
  if (bytes)
    CHECK(cudaMalloc(&workspace, bytes));
  Gemm gemm;
  cutlass::Status status = gemm.initialize(arguments, workspace);
  if (status == cutlass::Status::kSuccess)
    status = gemm();
  if (status != cutlass::Status::kSuccess) {
    std::fprintf(stderr, "%s: %s: %s\n", name, cutlassGetStatusString(status),
                 cudaGetErrorString(cudaGetLastError()));
    std::exit(1);
  }
  CHECK(cudaDeviceSynchronize());
  std::vector<T> d = toHost(deviceD, c.size());
  for (int row = 0; row < m; ++row)
    for (int column = 0; column < n; ++column) {
      float sum = float(c[size_t(row) * n + column]);
      for (int i = 0; i < k; ++i)
        sum += float(a[rowA ? size_t(row) * k + i : size_t(i) * m + row]) *
               float(b[rowB ? size_t(i) * n + column : size_t(column) * k + i]);
      float found = float(d[size_t(row) * n + column]);
      if (found != float(T(sum))) {
        std::fprintf(stderr, "%s: element %d, %d: expected %g, found %g\n", name, row, column, sum, found);
        std::exit(1);
      }
    }
  std::printf("%s: %d x %d x %d\n", name, m, n, k);
  for (T *pointer : {deviceA, deviceB, deviceC, deviceD})
    CHECK(cudaFree(pointer));
  if (workspace)
    CHECK(cudaFree(workspace));
}

int main() {
  using half = cutlass::half_t;
  using bfloat = cutlass::bfloat16_t;
#if VARIANT == 0
  run<half, RowMajor, ColumnMajor,
      Gemm<half, RowMajor, ColumnMajor, Shape<128, 128, 32>, Shape<64, 64, 32>, Shape<16, 8, 16>, 3>>(
      "f16 128x128x32", 136, 136, 72);
#elif VARIANT == 1
  run<half, RowMajor, RowMajor,
      Gemm<half, RowMajor, RowMajor, Shape<64, 64, 64>, Shape<32, 32, 64>, Shape<16, 8, 16>, 4>>(
      "f16 64x64x64", 72, 64, 200);
#elif VARIANT == 2
  run<bfloat, ColumnMajor, RowMajor,
      Gemm<bfloat, ColumnMajor, RowMajor, Shape<128, 64, 32>, Shape<64, 32, 32>, Shape<16, 8, 16>, 3>>(
      "bf16 128x64x32", 128, 72, 96);
#elif VARIANT == 3
  run<float, RowMajor, ColumnMajor,
      Gemm<float, RowMajor, ColumnMajor, Shape<64, 64, 32>, Shape<32, 32, 32>, Shape<16, 8, 8>, 3>>(
      "tf32 64x64x32", 68, 64, 100);
#elif VARIANT == 4
  using SplitK = cutlass::gemm::device::GemmSplitKParallel<
      half, RowMajor, half, ColumnMajor, half, RowMajor, float, cutlass::arch::OpClassTensorOp,
      cutlass::arch::Sm80, Shape<64, 64, 32>, Shape<32, 32, 32>, Shape<16, 8, 16>, Epilogue<half>>;
  run<half, RowMajor, ColumnMajor, SplitK>("f16 split-K", 64, 64, 256, 4);
#endif
  return 0;
}
