//===- Layouts.h - Decisions about stored activations ---------------*- C++ -*-===//

#ifndef MV_FUSION_LAYOUTS_H
#define MV_FUSION_LAYOUTS_H

#include "mv/IR/MVDialect.h"

namespace mv {

/// The distance between neighbouring positions of a map or of tokens with this many channels: rounded up to
/// `multiple`, so that kernels load and store whole vectors. An image's few channels stay as they are.
int64_t getStoredChannels(int64_t channels, int64_t multiple);

/// Whether a root in the body reads the kernel's input `index`, an activation: kernels for GPUs read whole rows of
/// the storage type there. The image is read by `to_nhwc` or `normalize`, residual sums by pointwise ops.
bool isReadByRoot(KernelOp kernel, unsigned index);
/// Whether a 3x3 convolution reads it.
bool isReadByConvolution(KernelOp kernel, unsigned index);

} // namespace mv

#endif // MV_FUSION_LAYOUTS_H
