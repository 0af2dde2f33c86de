//===- AttentionDecisions.h - Which attentions compute their q, k and v -*- C++ -*-===//
//
// For the pass that fuses the product in front of an attention and for the emitter of what it makes. Header only, so
// that the former needs no emitters.
//
//===----------------------------------------------------------------------===//

#ifndef MV_KERNELS_GPU_ATTENTIONDECISIONS_H
#define MV_KERNELS_GPU_ATTENTIONDECISIONS_H

#include "mv/IR/MVDialect.h"

#include <algorithm>

namespace mv::gpu {

/// A window with its tokens, heads of headDim channels, in elements of `bytes`; `isSplit`: F32, whose products need
/// registers for the halves of their operands.
struct AttentionWindow {
  int64_t tokens, headDim, bytes;
  bool isSplit;

  int64_t warps() const { return ceilDiv(tokens, 16); } ///< Of a block that computes a whole head.
  /// Of a head in shared memory, whose rows are whole products' operands.
  int64_t tileBytes() const { return warps() * 16 * roundUp(headDim * bytes, 32); }
  /// Products of 8 columns across q, k and v, of 4 registers each.
  int64_t products() const { return 3 * ceilDiv(headDim, 8); }
};

/// Pieces of the weights' rows in shared memory at once, and bytes of a row each.
inline constexpr int64_t kWeightStages = 4, kWeightStageBytes = 64;

/// Keys and values take the place of the weights.
inline int64_t getFusedAttentionShared(const AttentionWindow &window) {
  int64_t weights = kWeightStages * window.products() * 8 * kWeightStageBytes;
  return std::max(2 * window.tileBytes(), weights);
}

/// Whether one block has the registers and the shared memory for a head of a whole window, its product included.
inline bool canFuseAttention(const AttentionWindow &window) {
  // Of a multiprocessor; warps get them four at a time, a thread in eights.
  constexpr int64_t kRegisters = 65536, kWarpUnit = 4, kRegisterUnit = 8, kMostRegisters = 255;
  constexpr int64_t kMostWarps = 16, kMostShared = 99 * 1024;
  // What a thread needs beside the sums: as ptxas has it, without spills.
  int64_t others = window.isSplit ? 80 : window.bytes == 4 ? 60 : 56;
  int64_t share = kRegisters / (roundUp(window.warps(), kWarpUnit) * 32) / kRegisterUnit * kRegisterUnit;
  return window.warps() <= kMostWarps && getFusedAttentionShared(window) <= kMostShared &&
         window.products() * 4 + others <= std::min(share, kMostRegisters);
}

} // namespace mv::gpu

#endif // MV_KERNELS_GPU_ATTENTIONDECISIONS_H
