// CUTLASS's kernels at the tiles nearest to this project's: f16 operands, f32 sums, mma.sync m16n8k16. Their code alone is
// wanted: see cutlass.sh.

#include "cutlass/conv/device/implicit_gemm_convolution.h"
#include "cutlass/conv/kernel/default_conv2d_fprop.h"
#include "cutlass/gemm/device/gemm.h"

using namespace cutlass;
using Instruction = gemm::GemmShape<16, 8, 16>;
using Epilogue = epilogue::thread::LinearCombination<half_t, 8, float, float>;

template <int M, int N, int K, int WarpM, int WarpN, int Stages>
using Linear = typename gemm::device::Gemm<
    half_t, layout::RowMajor, half_t, layout::ColumnMajor, half_t, layout::RowMajor, float,
    arch::OpClassTensorOp, arch::Sm80, gemm::GemmShape<M, N, K>, gemm::GemmShape<WarpM, WarpN, K>,
    Instruction, Epilogue, gemm::threadblock::GemmIdentityThreadblockSwizzle<>, Stages>::GemmKernel;

template <int M, int N, int K, int WarpM, int WarpN, int Stages>
using Convolution = typename conv::kernel::DefaultConv2dFprop<
    half_t, layout::TensorNHWC, half_t, layout::TensorNHWC, half_t, layout::TensorNHWC, float,
    arch::OpClassTensorOp, arch::Sm80, gemm::GemmShape<M, N, K>, gemm::GemmShape<WarpM, WarpN, K>,
    Instruction, Epilogue, gemm::threadblock::GemmIdentityThreadblockSwizzle<>, Stages, arch::OpMultiplyAdd,
    conv::IteratorAlgorithm::kOptimized>::Kernel;

#define KERNEL(KIND, M, N, K, WARP_M, WARP_N, STAGES)                                                        \
  template __global__ void Kernel<KIND<M, N, K, WARP_M, WARP_N, STAGES>>(                                    \
      typename KIND<M, N, K, WARP_M, WARP_N, STAGES>::Params);
#define BOTH(...) KERNEL(Linear, __VA_ARGS__) KERNEL(Convolution, __VA_ARGS__)

namespace cutlass {
BOTH(128, 128, 32, 64, 64, 4)
BOTH(128, 256, 32, 64, 64, 3)
BOTH(256, 128, 32, 64, 64, 3)
BOTH(128, 64, 32, 64, 32, 4)
BOTH(64, 128, 32, 32, 64, 4)
} // namespace cutlass
