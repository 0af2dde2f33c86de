//===- RowNorm.h - Layer norm of one row ----------------------------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_CPU_ROWNORM_H
#define MV_LIB_KERNELS_CPU_ROWNORM_H

#include "mv/Kernels/CPU/KernelBuilder.h"

namespace mv::cpu {

/// What normalises a row, each in all lanes: (x - mean) inverseDeviation + shift, where `mean` is the mean as
/// f32 rounds it, and `shift` puts right what the rounding took. Two passes: the variance is that of the
/// differences from the mean. So a common offset of a hundred deviations costs no digits.
struct RowStatistics {
  mlir::Value mean, inverseDeviation, shift;
};
RowStatistics emitRowStatistics(KernelBuilder &b, const Buffer &input, mlir::Value offset, double eps);

/// One vector of a normalised row: channels [channel, channel + lanes), zero beyond the last channel.
mlir::Value emitNormalised(KernelBuilder &b, const RowStatistics &statistics, const Buffer &input,
                           mlir::Value offset, const Buffer &weight, const Buffer &bias, mlir::Value channel);

} // namespace mv::cpu

#endif // MV_LIB_KERNELS_CPU_ROWNORM_H
