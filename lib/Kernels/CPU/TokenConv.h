//===- TokenConv.h - mv.conv1d at one token -------------------------*- C++ -*-===//

#ifndef MV_LIB_KERNELS_CPU_TOKENCONV_H
#define MV_LIB_KERNELS_CPU_TOKENCONV_H

#include "mv/Kernels/CPU/KernelBuilder.h"

namespace mv::cpu {

/// The depthwise convolution at one token of a window: addresses once, then vector by vector of channels.
class TokenConv {
public:
  TokenConv(KernelBuilder &b, Conv1DOp op, mlir::Value image, mlir::Value window, mlir::Value token);

  /// The result's channels [channel, channel + lanes).
  mlir::Value emit(mlir::Value channel);

private:
  KernelBuilder &b;
  Buffer input, weight;
  std::optional<Buffer> bias;
  mlir::Value offsets[3]; ///< Of the token before, the token, the token after.
  mlir::Value missing[3]; ///< i1: beyond the window's ends; null: never.
};

} // namespace mv::cpu

#endif // MV_LIB_KERNELS_CPU_TOKENCONV_H
