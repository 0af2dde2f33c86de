//===- MixerMiddle.h - What stands around a mixer's scan ------------*- C++ -*-===//

#ifndef MV_KERNELS_COMMON_MIXERMIDDLE_H
#define MV_KERNELS_COMMON_MIXERMIDDLE_H

#include "mv/IR/MVDialect.h"

#include <optional>

namespace mv {

/// The ops between a mixer's input projection and its output projection, around the scan:
///
///   c = silu(conv1d(input));  x = slice(c, 0);  z = slice(c, h)
///   p = linear(x);  dt, B, C = slices of p;  step = softplus(linear(dt));  concat(scan(x, step, B, C), z)
struct MixerMiddle {
  Conv1DOp conv;
  SiluOp silu;
  LinearOp project;     ///< x to [dt, B, C]
  LinearOp stepProject; ///< dt to step
  SoftplusOp softplus;
  int64_t offsetB, offsetC; ///< Channels of `project`.

  /// The ops around `scan`, if they are these and the block yields their concatenation.
  static std::optional<MixerMiddle> match(SelectiveScanOp scan);
};

} // namespace mv

#endif // MV_KERNELS_COMMON_MIXERMIDDLE_H
