//===- Fragments.cpp - How matrices lie in the registers of a warp --*- C++ -*-===//

#include "PTXSim/Machine/Fragments.h"
#include "PTXSim/Checks/Checker.h"

#include <cstring>

namespace mv::ptxsim {
namespace {

std::array<float, 256> makeTable(const FloatFormat &format) {
  std::array<float, 256> table;
  for (uint32_t i = 0; i < 256; ++i)
    table[i] = float(decodeFloatBits(i, format));
  return table;
}

} // namespace

unsigned elementBits(Element element) {
  switch (element) {
  case Element::F16:
  case Element::BF16:
    return 16;
  case Element::TF32:
    return 32;
  case Element::S4:
  case Element::U4:
    return 4;
  case Element::F64:
    return 64;
  default:
    return 8;
  }
}

void unpackFloats(Element element, const uint32_t *reg, float *out) {
  const uint16_t *halves = reinterpret_cast<const uint16_t *>(reg);
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(reg);
  static const std::array<float, 256> e4m3 = makeTable(formatE4M3), e5m2 = makeTable(formatE5M2);
  switch (element) {
  case Element::F16:
    for (unsigned i = 0; i < 64; ++i)
      out[i] = halfToFloat32(halves[i]);
    break;
  case Element::BF16:
    for (unsigned i = 0; i < 64; ++i)
      out[i] = bfloatToFloat32(halves[i]);
    break;
  case Element::TF32: // The unit reads the upper 19 bits.
    for (unsigned i = 0; i < 32; ++i)
      out[i] = asFloat(reg[i] & 0xffffe000);
    break;
  default:
    for (unsigned i = 0; i < 128; ++i)
      out[i] = (element == Element::E4M3 ? e4m3 : e5m2)[bytes[i]];
  }
}

void unpackIntegers(Element element, const uint32_t *reg, int32_t *out) {
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(reg);
  switch (element) {
  case Element::S8:
    for (unsigned i = 0; i < 128; ++i)
      out[i] = int8_t(bytes[i]);
    break;
  case Element::U8:
    for (unsigned i = 0; i < 128; ++i)
      out[i] = bytes[i];
    break;
  default:
    for (unsigned i = 0; i < 256; ++i) {
      int32_t nibble = bytes[i / 2] >> (i % 2 * 4) & 15;
      out[i] = element == Element::S4 ? (nibble ^ 8) - 8 : nibble;
    }
  }
}

void checkWholeWarp(Warp &warp, const Inst &inst, uint32_t mask) {
  if (mask == allLanes || !warp.checker || !warp.checker->checks().sync)
    return;
  warp.checker->report(CheckKind::MissingLanes, warp, inst, unsigned(std::countr_zero(mask)), "warp", 0,
                       "all 32 lanes must execute it together; here only " + maskText(mask) + " do");
}

} // namespace mv::ptxsim
