//===- Matrix.cpp - mma.sync ----------------------------------------*- C++ -*-===//
//
// PTX ISA, "Multiply-and-Accumulate Instruction: mma". Products are exact in f32 (f16, bf16, tf32 and fp8
// have at most 11 significant bits), except that very small ones of bf16 and tf32 may underflow. The
// accumulator takes them one by one, in the order of k, rounding to nearest even each time: d = fma(a[k],
// b[k], … fma(a[0], b[0], c)). Tensor cores sum several products at once and truncate; the ISA leaves order
// and rounding open. f16 accumulators are summed in f32 and rounded once at the end. f64 products are fused
// likewise. Integers wrap, or saturate at the end with .satfinite.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Fragments.h"
#include "PTXSim/Machine/Handlers.h"
#include "PTXSim/Machine/Launch.h"

#include <charconv>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Type;

namespace {

/// Inst::imm of an mma.
struct MmaFormats {
  Element a, b;
  bool saturate = false;
  int64_t pack() const { return int64_t(a) | int64_t(b) << 8 | int64_t(saturate) << 16; }
  static MmaFormats unpack(int64_t bits) {
    return {Element(bits & 255), Element(bits >> 8 & 255), bool(bits >> 16 & 1)};
  }
};

/// Reads C into rows of 8 columns; rows counts 8 or 16. Registers 2h and 2h + 1 interleave to the rows 8h …
/// 8h + 7.
template <typename T> void readAccumulator(const Warp &warp, const Slot *regs, unsigned rows, T (*acc)[8]) {
  for (unsigned half = 0; half < rows / 8; ++half) {
    const T *even = warp.at<T>(regs[2 * half]), *odd = warp.at<T>(regs[2 * half + 1]);
    T *to = acc[8 * half];
    for (unsigned i = 0; i < 32; ++i) {
      to[2 * i] = even[i];
      to[2 * i + 1] = odd[i];
    }
  }
}
template <typename T>
void writeAccumulator(const Warp &warp, const Slot *regs, unsigned rows, const T (*acc)[8], uint32_t mask) {
  for (unsigned half = 0; half < rows / 8; ++half) {
    const T *from = acc[8 * half];
    alignas(64) T even[32], odd[32];
    for (unsigned i = 0; i < 32; ++i) {
      even[i] = from[2 * i];
      odd[i] = from[2 * i + 1];
    }
    blend(warp.at<T>(regs[2 * half]), even, mask);
    blend(warp.at<T>(regs[2 * half + 1]), odd, mask);
  }
}

/// 8 columns of `Width` values of k to rows of k.
template <unsigned Width> void transposeColumns(const float *columns, float (*rows)[8]) {
#if defined(__AVX2__)
  if constexpr (Width % 8 == 0) {
    for (unsigned k = 0; k < Width; k += 8) {
      __m256 r[8], t[8];
      for (unsigned n = 0; n < 8; ++n)
        r[n] = _mm256_loadu_ps(columns + n * Width + k);
      for (unsigned n = 0; n < 8; n += 2) {
        t[n] = _mm256_unpacklo_ps(r[n], r[n + 1]);
        t[n + 1] = _mm256_unpackhi_ps(r[n], r[n + 1]);
      }
      for (unsigned n = 0; n < 8; n += 4)
        for (unsigned i = 0; i < 2; ++i) {
          r[n + 2 * i] = _mm256_shuffle_ps(t[n + i], t[n + i + 2], 0x44);
          r[n + 2 * i + 1] = _mm256_shuffle_ps(t[n + i], t[n + i + 2], 0xee);
        }
      for (unsigned i = 0; i < 4; ++i) {
        _mm256_storeu_ps(rows[k + i], _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
        _mm256_storeu_ps(rows[k + i + 4], _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
      }
    }
    return;
  }
#endif
  for (unsigned k = 0; k < Width; ++k)
    for (unsigned n = 0; n < 8; ++n)
      rows[k][n] = columns[n * Width + k];
}

/// acc += A B for 8 rows: a is 8 x width, b is width x 8. Four rows at a time keep the multipliers busy.
template <unsigned Width> void multiplyBlock(const float *a, const float (*b)[8], float (*acc)[8]) {
  for (unsigned row = 0; row < 8; row += 4) {
    float sum[4][8];
    std::memcpy(sum, acc + row, sizeof(sum));
    for (unsigned k = 0; k < Width; ++k)
      for (unsigned i = 0; i < 4; ++i)
        for (unsigned n = 0; n < 8; ++n)
          sum[i][n] = __builtin_fmaf(a[(row + i) * Width + k], b[k][n], sum[i][n]);
    std::memcpy(acc + row, sum, sizeof(sum));
  }
}

/// m16n8kK with K = 4E * RB. A has 2 RB registers.
template <unsigned E, unsigned RB, bool HalfAccumulator>
void handleFloat(Warp &warp, const Inst &inst, uint32_t mask) {
  constexpr unsigned width = 4 * E, accumulators = HalfAccumulator ? 2 : 4;
  checkWholeWarp(warp, inst, mask);
  MmaFormats formats = MmaFormats::unpack(inst.imm);
  const Slot *list = warp.list(inst);
  const Slot *a = list + accumulators, *b = a + 2 * RB, *c = b + RB;
  alignas(64) float acc[16][8];
  if constexpr (HalfAccumulator) {
    for (unsigned r = 0; r < 2; ++r)
      unpackFloats(Element::F16, warp.at<uint32_t>(c[r]), acc[8 * r]);
  } else {
    readAccumulator<float>(warp, c, 16, acc);
  }
  for (unsigned kb = 0; kb < RB; ++kb) {
    alignas(64) float block[8 * width], columns[8 * width], rows[width][8];
    unpackFloats(formats.b, warp.at<uint32_t>(b[kb]), columns);
    transposeColumns<width>(columns, rows);
    for (unsigned half = 0; half < 2; ++half) {
      unpackFloats(formats.a, warp.at<uint32_t>(a[2 * kb + half]), block);
      multiplyBlock<width>(block, rows, acc + 8 * half);
    }
  }
  if constexpr (HalfAccumulator) {
    for (unsigned r = 0; r < 2; ++r) {
      alignas(64) uint16_t packed[64];
      for (unsigned i = 0; i < 64; ++i)
        packed[i] = floatToHalf(acc[8 * r + i / 8][i % 8]);
      blend(warp.at<uint32_t>(list[r]), reinterpret_cast<const uint32_t *>(packed), mask);
    }
  } else {
    for (auto &row : acc)
      for (float &value : row)
        value = canonical(value);
    writeAccumulator<float>(warp, list, 16, acc, mask);
  }
}

/// M = 8 (one A register per block) or 16.
template <unsigned E, unsigned RB, unsigned M>
void handleInteger(Warp &warp, const Inst &inst, uint32_t mask) {
  constexpr unsigned width = 4 * E, halves = M / 8;
  checkWholeWarp(warp, inst, mask);
  MmaFormats formats = MmaFormats::unpack(inst.imm);
  const Slot *list = warp.list(inst);
  const Slot *a = list + M / 4, *b = a + halves * RB, *c = b + RB;
  int32_t acc[M][8];
  readAccumulator<int32_t>(warp, c, M, acc);
  int64_t exact[M][8];
  for (unsigned i = 0; i < M; ++i)
    for (unsigned n = 0; n < 8; ++n)
      exact[i][n] = acc[i][n];
  for (unsigned kb = 0; kb < RB; ++kb) {
    int32_t block[8 * width], columns[8 * width];
    unpackIntegers(formats.b, warp.at<uint32_t>(b[kb]), columns);
    for (unsigned half = 0; half < halves; ++half) {
      unpackIntegers(formats.a, warp.at<uint32_t>(a[halves * kb + half]), block);
      for (unsigned row = 0; row < 8; ++row)
        for (unsigned n = 0; n < 8; ++n) {
          int32_t sum = 0;
          for (unsigned k = 0; k < width; ++k)
            sum += block[row * width + k] * columns[n * width + k];
          exact[8 * half + row][n] += sum;
        }
    }
  }
  for (unsigned i = 0; i < M; ++i)
    for (unsigned n = 0; n < 8; ++n) {
      int64_t value = exact[i][n];
      if (formats.saturate)
        value = value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : value;
      acc[i][n] = int32_t(uint32_t(uint64_t(value)));
    }
  writeAccumulator<int32_t>(warp, list, M, acc, mask);
}

/// f64: m8n8k4, and m16n8k4, k8, k16. One element a register.
template <unsigned RB, unsigned M> void handleDouble(Warp &warp, const Inst &inst, uint32_t mask) {
  constexpr unsigned halves = M / 8;
  checkWholeWarp(warp, inst, mask);
  const Slot *list = warp.list(inst);
  const Slot *a = list + M / 4, *b = a + halves * RB, *c = b + RB;
  double acc[M][8];
  readAccumulator<double>(warp, c, M, acc);
  for (unsigned kb = 0; kb < RB; ++kb) {
    const double *columns = warp.at<double>(b[kb]);
    for (unsigned half = 0; half < halves; ++half) {
      const double *block = warp.at<double>(a[halves * kb + half]);
      for (unsigned k = 0; k < 4; ++k)
        for (unsigned row = 0; row < 8; ++row)
          for (unsigned n = 0; n < 8; ++n)
            acc[8 * half + row][n] =
                __builtin_fma(block[row * 4 + k], columns[n * 4 + k], acc[8 * half + row][n]);
    }
  }
  writeAccumulator<double>(warp, list, M, acc, mask);
}

struct Shape {
  unsigned m = 0, n = 0, k = 0;
};

bool parseShape(std::string_view text, Shape &shape) {
  unsigned *fields[] = {&shape.m, &shape.n, &shape.k};
  const char letters[] = {'m', 'n', 'k'};
  const char *at = text.data(), *end = at + text.size();
  for (unsigned i = 0; i < 3; ++i) {
    if (at == end || *at != letters[i])
      return false;
    auto [next, error] = std::from_chars(at + 1, end, *fields[i]);
    if (error != std::errc())
      return false;
    at = next;
  }
  return at == end;
}

bool parseElement(std::string_view name, Element &element) {
  constexpr std::string_view names[] = {"f16", "bf16", "tf32", "e4m3", "e5m2", "s8", "u8", "s4", "u4", "f64"};
  for (unsigned i = 0; i < std::size(names); ++i)
    if (names[i] == name) {
      element = Element(i);
      return true;
    }
  return false;
}

Handler floatHandler(unsigned perRegister, unsigned registersB, bool half) {
  switch (perRegister * 16 + registersB) {
  case 2 * 16 + 1:
    return half ? handleFloat<2, 1, true> : handleFloat<2, 1, false>;
  case 2 * 16 + 2:
    return half ? handleFloat<2, 2, true> : handleFloat<2, 2, false>;
  case 1 * 16 + 1:
    return half ? nullptr : handleFloat<1, 1, false>;
  case 1 * 16 + 2:
    return half ? nullptr : handleFloat<1, 2, false>;
  case 4 * 16 + 1:
    return half ? handleFloat<4, 1, true> : handleFloat<4, 1, false>;
  case 4 * 16 + 2:
    return half ? handleFloat<4, 2, true> : handleFloat<4, 2, false>;
  default:
    return nullptr;
  }
}

Handler integerHandler(unsigned perRegister, unsigned registersB, unsigned m) {
  if (m == 8 && registersB == 1)
    return perRegister == 4 ? handleInteger<4, 1, 8> : handleInteger<8, 1, 8>;
  if (m != 16)
    return nullptr;
  if (registersB == 1)
    return perRegister == 4 ? handleInteger<4, 1, 16> : handleInteger<8, 1, 16>;
  return registersB == 2 ? (perRegister == 4 ? handleInteger<4, 2, 16> : handleInteger<8, 2, 16>) : nullptr;
}

Handler doubleHandler(unsigned registersB, unsigned m) {
  if (m == 8)
    return registersB == 1 ? handleDouble<1, 8> : nullptr;
  return registersB == 1   ? handleDouble<1, 16>
         : registersB == 2 ? handleDouble<2, 16>
         : registersB == 4 ? handleDouble<4, 16>
                           : nullptr;
}

bool readVector(Decoder &decoder, const Operand &operand, unsigned count, Type type, bool writes,
                std::vector<Slot> &slots) {
  bool isVector = operand.kind == Operand::Kind::Vector;
  size_t have = isVector ? operand.parts.size() : 1;
  if (have != count)
    return decoder.fail(operand.location, "operand has " + std::to_string(have) + " registers, expected " +
                                              std::to_string(count));
  for (size_t i = 0; i < have; ++i) {
    const Operand &part = isVector ? operand.parts[i] : operand;
    slots.push_back(writes ? decoder.write(part, type) : decoder.read(part, type));
  }
  return decoder.ok();
}

/// mma.sync.aligned.shape.row.col.dtype.atype.btype.ctype d, a, b, c
bool decodeMma(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  for (std::string_view refused : {"sp", "sp::ordered_metadata", "block_scale", "popc"})
    if (instruction.has(refused))
      return decoder.unsupported(instruction, "mma with ." + std::string(refused));
  modifiers.take("sync");
  modifiers.take("aligned");
  modifiers.takePrefix("kind::f8f6f4");
  Shape shape;
  std::string_view shapeText = modifiers.takePrefix("m");
  bool layouts = modifiers.take("row") && modifiers.take("col");
  MmaFormats formats;
  formats.saturate = modifiers.take("satfinite");
  if (!parseShape(shapeText, shape) || !layouts || instruction.modifiers.size() < 6 ||
      !decoder.operandCount(instruction, 4, 4))
    return decoder.unsupported(instruction, "mma of this form (expected a shape and .row.col)");
  const auto &all = instruction.modifiers;
  std::string_view types[4];
  for (unsigned i = 0; i < 4; ++i) {
    types[i] = all[all.size() - 4 + i];
    modifiers.take(types[i]);
  }
  if (!decoder.done(instruction, modifiers))
    return false;
  std::string name = "mma." + std::string(shapeText);
  for (std::string_view type : types)
    name += "." + std::string(type);
  if (!parseElement(types[1], formats.a) || !parseElement(types[2], formats.b) || shape.n != 8 ||
      types[0] != types[3])
    return decoder.unsupported(instruction, name);
  unsigned bits = elementBits(formats.a);
  if (bits != elementBits(formats.b) || (shape.m != 8 && shape.m != 16))
    return decoder.unsupported(instruction, name);
  bool isDouble = formats.a == Element::F64, isInteger = formats.a >= Element::S8 && !isDouble;
  unsigned perRegister = isDouble ? 1 : 32 / bits, registersB = shape.k / (4 * perRegister);
  bool half = types[0] == "f16";
  Handler handler = isDouble && types[0] == "f64"    ? doubleHandler(registersB, shape.m)
                    : isInteger && types[0] == "s32" ? integerHandler(perRegister, registersB, shape.m)
                    : !isInteger && shape.m == 16 && (half || types[0] == "f32")
                        ? floatHandler(perRegister, registersB, half)
                        : nullptr;
  if (!handler || registersB * 4 * perRegister != shape.k)
    return decoder.unsupported(instruction, name);
  unsigned registersA = registersB * shape.m / 8, registersC = half ? 2 : shape.m / 4;
  Type inputType = isDouble ? Type::F64 : Type::B32, sumType = isDouble ? Type::F64 : Type::B32;
  std::vector<Slot> defs, uses;
  const auto &operands = instruction.operands;
  if (!readVector(decoder, operands[0], registersC, sumType, true, defs) ||
      !readVector(decoder, operands[1], registersA, inputType, false, uses) ||
      !readVector(decoder, operands[2], registersB, inputType, false, uses) ||
      !readVector(decoder, operands[3], registersC, sumType, false, uses))
    return false;
  Inst &inst = decoder.emit(handler, InstructionClass::Matrix);
  inst.imm = formats.pack();
  inst.width = uint16_t(shape.m * shape.n * shape.k / 64); // For the counters.
  inst.aux = uint16_t(bits);
  decoder.setList(inst, defs, uses);
  return decoder.ok();
}

} // namespace

void addMatrixDecoders(DecoderTable &table) {
  table["mma"] = decodeMma;
  table["wmma"] = decodeWmma;
}

} // namespace mv::ptxsim
