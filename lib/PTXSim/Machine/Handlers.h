//===- Handlers.h - What instruction handlers are made of -----------*- C++ -*-===//
//
// Loops over 32 lanes, written for the vectoriser. A destination and a source are either the same slot or
// disjoint (RegisterLayout.cpp keeps registers of different widths apart), so elementwise loops may be
// vectorised without a check for overlap. Results are computed for all lanes and written to those of the
// mask; every operation is therefore total: it must not trap on the garbage of a lane that does not take
// part.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_HANDLERS_H
#define MV_LIB_PTXSIM_MACHINE_HANDLERS_H

#include "PTXSim/Machine/Decoder.h"
#include "PTXSim/Machine/Warp.h"

#include <bit>
#include <cstdint>
#include <cstring>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if defined(__clang__)
#define PTXSIM_LANE_LOOP                                                                                     \
  _Pragma("clang loop vectorize(assume_safety)") for (unsigned lane = 0; lane < 32; ++lane)
#elif defined(__GNUC__)
#define PTXSIM_LANE_LOOP _Pragma("GCC ivdep") for (unsigned lane = 0; lane < 32; ++lane)
#else
#define PTXSIM_LANE_LOOP for (unsigned lane = 0; lane < 32; ++lane)
#endif

namespace mv::ptxsim {

/// Bit i of the result: flags[i] is not 0 (flags hold 0 or 1).
inline uint32_t packMask(const uint8_t (&flags)[32]) {
#if defined(__AVX2__)
  __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i *>(flags));
  return uint32_t(_mm256_movemask_epi8(_mm256_slli_epi16(bytes, 7)));
#else
  uint32_t mask = 0;
  for (unsigned lane = 0; lane < 32; ++lane)
    mask |= uint32_t(flags[lane]) << lane;
  return mask;
#endif
}

/// Writes `from` to the lanes of `mask`.
template <typename T> inline void blend(T *to, const T *from, uint32_t mask) {
  if constexpr (sizeof(T) >= 4) {
    PTXSIM_LANE_LOOP to[lane] = (mask >> lane & 1) ? from[lane] : to[lane];
  } else {
    for (unsigned lane = 0; lane < 32; ++lane)
      to[lane] = (mask >> lane & 1) ? from[lane] : to[lane];
  }
}

template <typename D, typename A, typename F> void unaryOp(Warp &warp, const Inst &inst, uint32_t mask) {
  D *d = warp.at<D>(inst.dst);
  const A *a = warp.at<A>(inst.a);
  if (mask == allLanes) {
    PTXSIM_LANE_LOOP d[lane] = F::apply(a[lane]);
    return;
  }
  alignas(64) D result[32];
  PTXSIM_LANE_LOOP result[lane] = F::apply(a[lane]);
  blend(d, result, mask);
}

template <typename D, typename A, typename B, typename F>
void binaryOp(Warp &warp, const Inst &inst, uint32_t mask) {
  D *d = warp.at<D>(inst.dst);
  const A *a = warp.at<A>(inst.a);
  const B *b = warp.at<B>(inst.b);
  if (mask == allLanes) {
    PTXSIM_LANE_LOOP d[lane] = F::apply(a[lane], b[lane]);
    return;
  }
  alignas(64) D result[32];
  PTXSIM_LANE_LOOP result[lane] = F::apply(a[lane], b[lane]);
  blend(d, result, mask);
}

template <typename D, typename A, typename B, typename C, typename F>
void ternaryOp(Warp &warp, const Inst &inst, uint32_t mask) {
  D *d = warp.at<D>(inst.dst);
  const A *a = warp.at<A>(inst.a);
  const B *b = warp.at<B>(inst.b);
  const C *c = warp.at<C>(inst.c);
  if (mask == allLanes) {
    PTXSIM_LANE_LOOP d[lane] = F::apply(a[lane], b[lane], c[lane]);
    return;
  }
  alignas(64) D result[32];
  PTXSIM_LANE_LOOP result[lane] = F::apply(a[lane], b[lane], c[lane]);
  blend(d, result, mask);
}

template <typename T, typename F> constexpr Handler unary() { return &unaryOp<T, T, F>; }
template <typename T, typename F> constexpr Handler binary() { return &binaryOp<T, T, T, F>; }
template <typename T, typename F> constexpr Handler ternary() { return &ternaryOp<T, T, T, T, F>; }

// Move.cpp
/// Zero- or sign-extends or truncates between register widths (bytes a lane).
void emitResize(Decoder &decoder, Slot to, unsigned toBytes, Slot from, unsigned fromBytes, bool isSigned);
void emitMove(Decoder &decoder, Slot to, Slot from, unsigned bytes);
bool emitSpecial(Decoder &decoder, const ptx::Operand &operand, ptx::Type type, Slot &slot);
void emitFrameAddress(Decoder &decoder, Slot to, unsigned bytes, int64_t offset);

// WarpMatrix.cpp
bool decodeWmma(Decoder &decoder, const ptx::Instruction &instruction);

// AsyncCopy.cpp
bool decodeBarrierObject(Decoder &decoder, const ptx::Instruction &instruction);

// Collectives.cpp
bool decodeWarpBarrier(Decoder &decoder, const ptx::Instruction &instruction);

// Control.cpp
void emitFunctionEntry(Decoder &decoder);
void emitReturn(Decoder &decoder);
bool isDirectCall(const Inst &inst);
bool isStackAllocation(const Inst &inst);

// Memory access (LoadStore.cpp, Access.cpp).
void emitFrameStore(Decoder &decoder, Slot value, unsigned bytes, uint32_t frameOffset);
void emitFrameLoad(Decoder &decoder, Slot to, unsigned bytes, uint32_t frameOffset);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_HANDLERS_H
