//===- MixerMiddle.h - What stands in front of a mixer's scan -------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_CPU_MIXERMIDDLE_H
#define MV_LIB_KERNELS_CPU_MIXERMIDDLE_H

#include "mv/Kernels/CPU/KernelBuilder.h"
#include "mv/Kernels/Common/MixerMiddle.h"

namespace mv::cpu {

/// Rows of f32, one for each position of an image.
struct RowPlane {
  mlir::Value memory;
  int64_t imageStride, offset, rowStride;

  /// Offset of a row's first element.
  mlir::Value at(KernelBuilder &b, mlir::Value image, mlir::Value row) const {
    return b.plus(b.plus(b.times(image, imageStride), offset), b.times(row, rowStride));
  }
};

/// What the phase in front of the scan leaves in the workspace, in this order; sizes in elements of one
/// image.
struct MixerWorkspace {
  int64_t rows;          ///< Windows times tokens.
  int64_t convStride;    ///< silu(conv1d(input)): x, then z
  int64_t projectStride; ///< dt, B, C
  int64_t stepStride;

  MixerWorkspace(MixerMiddle middle);
  int64_t projectOffset() const { return rows * convStride; }
  int64_t stepOffset() const { return projectOffset() + rows * projectStride; }
  int64_t elements() const { return stepOffset() + rows * stepStride; }
};

/// Emits that phase. It also writes z where the concatenation puts it.
void emitMixerProjections(KernelBuilder &b, MixerMiddle middle);

} // namespace mv::cpu

#endif // MV_LIB_KERNELS_CPU_MIXERMIDDLE_H
