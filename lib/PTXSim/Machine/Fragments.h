//===- Fragments.h - How matrices lie in the registers of a warp ----*- C++ -*-===//
//
// PTX ISA, "Matrix Fragments for mma.*". All shapes with 8 columns of B follow one rule. Let a 32-bit
// register hold E elements (2 halves, 1 tf32, 4 bytes). Over the 32 lanes it holds 8 rows of 4E elements,
// row-major: lane = 4 * row + column / E. So:
//   A: register r is the block of rows 8 (r % 2) … and columns 4E (r / 2) …
//   B: register r is the block of k 4E r …, stored as 8 columns n of 4E values of k
//   C, D in f32 or s32: register r, lane 4g + t is row g + 8 (r / 2), column 2t + r % 2
//   C, D in f16: register r is the block of rows 8 r …
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_FRAGMENTS_H
#define MV_LIB_PTXSIM_MACHINE_FRAGMENTS_H

#include "PTXSim/Machine/Numbers.h"
#include "PTXSim/Machine/Warp.h"
#include "PTXSim/PTX/Syntax.h"

#include <array>

namespace mv::ptxsim {

/// Elements of matrices as they stand in registers.
enum class Element : uint8_t { F16, BF16, TF32, E4M3, E5M2, S8, U8, S4, U4, F64 };
unsigned elementBits(Element element);

/// f32 values of all elements of a register over the lanes, in the order of memory: 32 E of them.
void unpackFloats(Element element, const uint32_t *reg, float *out);
void unpackIntegers(Element element, const uint32_t *reg, int32_t *out);

/// Reports an .aligned instruction that not all 32 lanes execute.
void checkWholeWarp(Warp &warp, const Inst &inst, uint32_t mask);

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_FRAGMENTS_H
