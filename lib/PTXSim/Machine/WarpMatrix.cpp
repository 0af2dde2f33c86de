//===- WarpMatrix.cpp - wmma ----------------------------------------*- C++ -*-===//
//
// PTX ISA, "Matrix multiply-accumulate operation using wmma instructions". How a fragment lies in registers
// is unspecified there; here element i of a matrix (row-major) is slot i % S of lane i / S, with S = elements
// / 32. Fragments of f16 A and B have more slots than that and repeat their elements. Sums are computed as by
// mma (Matrix.cpp).
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"
#include "PTXSim/Machine/Fragments.h"

#include <charconv>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

/// A matrix as a fragment: rows x columns elements of `bits` in registers of 32 (or 64) bits.
struct FragmentShape {
  unsigned rows = 0, columns = 0, bits = 0;
  unsigned elements() const { return rows * columns; }
  unsigned perLane() const { return elements() / warpSize; }
};

uint64_t readSlot(const Warp &warp, const Slot *regs, unsigned bits, unsigned lane, unsigned slot) {
  if (bits == 64)
    return warp.at<uint64_t>(regs[slot])[lane];
  unsigned perRegister = 32 / bits;
  uint32_t value = warp.at<uint32_t>(regs[slot / perRegister])[lane] >> slot % perRegister * bits;
  return bits == 32 ? value : value & ((1u << bits) - 1);
}

void writeSlot(const Warp &warp, const Slot *regs, unsigned bits, unsigned lane, unsigned slot,
               uint64_t value) {
  if (bits == 64) {
    warp.at<uint64_t>(regs[slot])[lane] = value;
    return;
  }
  unsigned perRegister = 32 / bits, shift = slot % perRegister * bits;
  uint32_t keep = bits == 32 ? 0 : ~(((1u << bits) - 1) << shift);
  uint32_t &reg = warp.at<uint32_t>(regs[slot / perRegister])[lane];
  reg = (reg & keep) | uint32_t(value) << shift;
}

unsigned slotsOf(unsigned registers, unsigned bits) { return bits == 64 ? registers : registers * 32 / bits; }

// Inst::imm of a load or store: rows, columns, bits, column-major.
int64_t packShape(const FragmentShape &shape, bool columnMajor) {
  return int64_t(shape.rows) | int64_t(shape.columns) << 8 | int64_t(shape.bits) << 16 |
         int64_t(columnMajor) << 24;
}
FragmentShape unpackShape(int64_t bits) {
  return {unsigned(bits & 255), unsigned(bits >> 8 & 255), unsigned(bits >> 16 & 255)};
}

/// One element of all lanes' fragments at a time. a: address, b: stride in elements; imm: shape; c unused; d:
/// offset.
template <bool Store> void handleAccess(Warp &warp, const Inst &inst, uint32_t mask) {
  checkWholeWarp(warp, inst, mask);
  FragmentShape shape = unpackShape(inst.imm);
  bool columnMajor = inst.imm >> 24 & 1;
  const Slot *regs = warp.list(inst);
  unsigned bytes = shape.bits / 8, slots = slotsOf(Store ? inst.uses : inst.defs, shape.bits);
  uint64_t stride = warp.at<uint32_t>(inst.b)[std::countr_zero(mask)];
  AccessRequest request;
  request.base = inst.a;
  request.space = Space(inst.aux);
  request.bytes = bytes;
  request.kind = Store ? AccessKind::Write : AccessKind::Read;
  request.flags = inst.flags;
  AccessRequest lane = request;
  lane.offset = *warp.at<int64_t>(inst.d);
  LaneAddresses base;
  laneAddresses(warp, lane, base);
  // The addresses of single elements are put where resolve can read them: in a slot of their own.
  uint64_t *addresses = warp.at<uint64_t>(inst.c);
  for (unsigned slot = 0; slot < (Store ? shape.perLane() : slots); ++slot) {
    forLanes(mask, [&](unsigned l) {
      uint64_t element = (l * shape.perLane() + slot % shape.perLane()) % shape.elements();
      uint64_t row = element / shape.columns, column = element % shape.columns;
      addresses[l] = base[l] + (columnMajor ? column * stride + row : row * stride + column) * bytes;
    });
    request.base = inst.c;
    request.flags = 0;
    LaneAddresses host;
    if (!resolve(warp, inst, mask, request, host))
      return;
    forLanes(mask, [&](unsigned l) {
      uint64_t value = 0;
      if (Store) {
        value = readSlot(warp, regs, shape.bits, l, slot);
        std::memcpy(reinterpret_cast<void *>(host[l]), &value, bytes);
      } else {
        std::memcpy(&value, reinterpret_cast<const void *>(host[l]), bytes);
        writeSlot(warp, regs, shape.bits, l, slot, value);
      }
    });
  }
}

template <typename T, typename Convert>
void unpackMatrix(const Warp &warp, const Slot *regs, const FragmentShape &shape, std::vector<T> &out,
                  Convert convert) {
  out.resize(shape.elements());
  for (unsigned i = 0; i < shape.elements(); ++i)
    out[i] = convert(readSlot(warp, regs, shape.bits, i / shape.perLane(), i % shape.perLane()));
}

float floatOf(Element element, uint64_t bits) {
  return element == Element::F16    ? halfToFloat32(uint16_t(bits))
         : element == Element::BF16 ? bfloatToFloat32(uint16_t(bits))
                                    : asFloat(uint32_t(bits) & 0xffffe000);
}

// Inst::imm of wmma.mma: m, n, k, element, C is f16, D is f16, registers of A and B.
struct MmaShape {
  unsigned m, n, k;
  Element element;
  bool halfC, halfD, saturate;
  unsigned registersA, registersB, registersC;
};
int64_t packMma(const MmaShape &s) {
  return int64_t(s.m) | int64_t(s.n) << 8 | int64_t(s.k) << 16 | int64_t(s.element) << 24 |
         int64_t(s.halfC) << 28 | int64_t(s.halfD) << 29 | int64_t(s.saturate) << 30 |
         int64_t(s.registersA) << 32 | int64_t(s.registersB) << 40 | int64_t(s.registersC) << 48;
}
MmaShape unpackMma(int64_t b) {
  return {unsigned(b & 255),       unsigned(b >> 8 & 255), unsigned(b >> 16 & 255), Element(b >> 24 & 15),
          bool(b >> 28 & 1),       bool(b >> 29 & 1),      bool(b >> 30 & 1),       unsigned(b >> 32 & 255),
          unsigned(b >> 40 & 255), unsigned(b >> 48 & 255)};
}

template <typename T, typename Add>
void multiply(const MmaShape &s, const std::vector<T> &a, const std::vector<T> &b, std::vector<T> &c,
              Add add) {
  for (unsigned i = 0; i < s.m; ++i)
    for (unsigned k = 0; k < s.k; ++k)
      for (unsigned j = 0; j < s.n; ++j)
        c[i * s.n + j] = add(a[i * s.k + k], b[k * s.n + j], c[i * s.n + j]);
}

void handleMma(Warp &warp, const Inst &inst, uint32_t mask) {
  checkWholeWarp(warp, inst, mask);
  MmaShape s = unpackMma(inst.imm);
  unsigned bits = elementBits(s.element);
  const Slot *d = warp.list(inst), *a = d + inst.defs, *b = a + s.registersA, *c = b + s.registersB;
  FragmentShape shapeA{s.m, s.k, bits}, shapeB{s.k, s.n, bits},
      shapeC{s.m, s.n,
             s.halfC      ? 16u
             : bits == 64 ? 64u
                          : 32u};
  FragmentShape shapeD = shapeC;
  shapeD.bits = s.halfD ? 16 : bits == 64 ? 64 : 32;
  std::vector<uint64_t> result(shapeD.elements());
  if (s.element == Element::F64) {
    std::vector<double> ma, mb, mc;
    unpackMatrix(warp, a, shapeA, ma, asDouble);
    unpackMatrix(warp, b, shapeB, mb, asDouble);
    unpackMatrix(warp, c, shapeC, mc, asDouble);
    multiply(s, ma, mb, mc, [](double x, double y, double z) { return __builtin_fma(x, y, z); });
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = asBits(mc[i]);
  } else if (s.element == Element::S8 || s.element == Element::U8) {
    std::vector<int64_t> ma, mb, mc;
    auto narrow = [&](uint64_t v) {
      return s.element == Element::S8 ? int64_t(int8_t(v)) : int64_t(uint8_t(v));
    };
    unpackMatrix(warp, a, shapeA, ma, narrow);
    unpackMatrix(warp, b, shapeB, mb, narrow);
    unpackMatrix(warp, c, shapeC, mc, [](uint64_t v) { return int64_t(int32_t(v)); });
    multiply(s, ma, mb, mc, [](int64_t x, int64_t y, int64_t z) { return x * y + z; });
    for (size_t i = 0; i < result.size(); ++i)
      result[i] =
          uint32_t(s.saturate ? std::max<int64_t>(INT32_MIN, std::min<int64_t>(INT32_MAX, mc[i])) : mc[i]);
  } else {
    std::vector<float> ma, mb, mc;
    auto convert = [&](uint64_t v) { return floatOf(s.element, v); };
    unpackMatrix(warp, a, shapeA, ma, convert);
    unpackMatrix(warp, b, shapeB, mb, convert);
    unpackMatrix(warp, c, shapeC, mc,
                 [&](uint64_t v) { return s.halfC ? halfToFloat32(uint16_t(v)) : asFloat(uint32_t(v)); });
    multiply(s, ma, mb, mc, [](float x, float y, float z) { return __builtin_fmaf(x, y, z); });
    for (size_t i = 0; i < result.size(); ++i)
      result[i] = s.halfD ? floatToHalf(mc[i]) : asBits(canonical(mc[i]));
  }
  for (unsigned i = 0; i < shapeD.elements(); ++i)
    if (mask >> (i / shapeD.perLane()) & 1)
      writeSlot(warp, d, shapeD.bits, i / shapeD.perLane(), i % shapeD.perLane(), result[i]);
}

bool parseShape(std::string_view text, unsigned (&sizes)[3]) {
  constexpr std::string_view names[] = {"m16n16k16", "m8n32k16", "m32n8k16", "m16n16k8", "m8n8k4"};
  constexpr unsigned values[][3] = {{16, 16, 16}, {8, 32, 16}, {32, 8, 16}, {16, 16, 8}, {8, 8, 4}};
  for (unsigned i = 0; i < std::size(names); ++i)
    if (names[i] == text) {
      std::copy(values[i], values[i] + 3, sizes);
      return true;
    }
  return false;
}

bool elementOf(std::string_view type, Element &element) {
  constexpr std::string_view names[] = {"f16", "bf16", "tf32", "s8", "u8", "f64"};
  constexpr Element elements[] = {Element::F16, Element::BF16, Element::TF32,
                                  Element::S8,  Element::U8,   Element::F64};
  for (unsigned i = 0; i < std::size(names); ++i)
    if (names[i] == type) {
      element = elements[i];
      return true;
    }
  return false;
}

bool collect(Decoder &decoder, const Operand &operand, unsigned bits, bool writes, std::vector<Slot> &slots) {
  Type type = bits == 64 ? Type::B64 : Type::B32;
  if (operand.kind != Operand::Kind::Vector || operand.parts.empty() || operand.parts.size() > 8)
    return decoder.fail(operand.location, "expected a fragment of 1 to 8 registers");
  for (const Operand &part : operand.parts)
    slots.push_back(writes ? decoder.write(part, type) : decoder.read(part, type));
  return decoder.ok();
}

bool decodeAccess(Decoder &decoder, const ptx::Instruction &instruction, Modifiers &modifiers, bool store) {
  std::string_view which = modifiers.takeOneOf({"a", "b", "c", "d"});
  bool columnMajor = modifiers.takeOneOf({"row", "col"}) == "col";
  unsigned sizes[3];
  std::string_view shapeText = modifiers.takePrefix("m");
  Space space = takeMemorySpace(modifiers);
  std::string_view typeText = instruction.modifiers.empty() ? "" : instruction.modifiers.back();
  modifiers.take(typeText);
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 3))
    return false;
  Type type = ptx::parseType(typeText);
  if (!parseShape(shapeText, sizes) || which.empty() || ptx::typeBits(type) < 8)
    return decoder.unsupported(instruction, "wmma of this shape or type");
  FragmentShape shape{which == "b" ? sizes[2] : sizes[0], which == "a" ? sizes[2] : sizes[1],
                      ptx::typeBits(type)};
  const auto &operands = instruction.operands;
  AddressOperand address;
  std::vector<Slot> slots;
  if (!decoder.address(operands[store ? 0 : 1], space, address) ||
      !collect(decoder, operands[store ? 1 : 0], shape.bits, !store, slots))
    return false;
  if (slotsOf(unsigned(slots.size()), shape.bits) < shape.perLane())
    return decoder.fail(instruction.location,
                        "fragment of " + std::to_string(slots.size()) + " registers is too small");
  Slot stride = operands.size() == 3 ? decoder.read(operands[2], Type::U32)
                                     : decoder.constant(columnMajor ? shape.rows : shape.columns, 4);
  Slot scratch = decoder.temporary(8), offset = decoder.constant(uint64_t(address.offset), 8);
  InstructionClass kind = space == Space::Shared
                              ? (store ? InstructionClass::StoreShared : InstructionClass::LoadShared)
                              : (store ? InstructionClass::StoreGlobal : InstructionClass::LoadGlobal);
  Inst &inst = decoder.emit(store ? handleAccess<true> : handleAccess<false>, kind, noSlot, address.base,
                            stride, scratch);
  inst.d = offset;
  inst.imm = packShape(shape, columnMajor);
  inst.aux = uint16_t(space);
  inst.flags = address.flags;
  decoder.setList(inst, store ? std::vector<Slot>() : slots, store ? slots : std::vector<Slot>());
  return decoder.ok();
}

} // namespace

bool decodeWmma(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  std::string_view what = modifiers.takeOneOf({"load", "store", "mma"});
  modifiers.take("sync");
  modifiers.take("aligned");
  if (what != "mma")
    return decodeAccess(decoder, instruction, modifiers, what == "store");
  // The layouts say how A and B were loaded; fragments here know no layout.
  for (unsigned i = 0; i < 2; ++i)
    modifiers.takeOneOf({"row", "col"});
  std::string_view shapeText = modifiers.takePrefix("m");
  bool saturate = modifiers.take("satfinite");
  unsigned sizes[3];
  std::vector<std::string_view> types;
  for (std::string_view modifier : instruction.modifiers)
    if (ptx::parseType(modifier) != Type::None && modifiers.take(modifier))
      types.push_back(modifier);
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 4, 4))
    return false;
  // d.c of f16 products; d.a.b.c of all others.
  Element element = Element::F16;
  bool four = types.size() == 4;
  if (!parseShape(shapeText, sizes) || (types.size() != 2 && !four) ||
      (four && !elementOf(types[1], element)))
    return decoder.unsupported(instruction, "wmma.mma of this shape or type");
  unsigned bits = elementBits(element);
  bool halfD = types[0] == "f16", halfC = types.back() == "f16";
  std::vector<Slot> defs, uses, b, c;
  const auto &operands = instruction.operands;
  if (!collect(decoder, operands[0], bits, true, defs) || !collect(decoder, operands[1], bits, false, uses) ||
      !collect(decoder, operands[2], bits, false, b) || !collect(decoder, operands[3], bits, false, c))
    return false;
  MmaShape shape{
      sizes[0],           sizes[1],          sizes[2], element, halfC, halfD, saturate, unsigned(uses.size()),
      unsigned(b.size()), unsigned(c.size())};
  auto enough = [](size_t registers, unsigned elements, unsigned width) {
    return slotsOf(unsigned(registers), width) * warpSize >= elements;
  };
  unsigned sumBits = bits == 64 ? 64 : 32;
  if (!enough(uses.size(), shape.m * shape.k, bits) || !enough(b.size(), shape.k * shape.n, bits) ||
      !enough(c.size(), shape.m * shape.n, halfC ? 16 : sumBits) ||
      !enough(defs.size(), shape.m * shape.n, halfD ? 16 : sumBits))
    return decoder.fail(instruction.location,
                        "a fragment has too few registers for " + std::string(shapeText));
  uses.insert(uses.end(), b.begin(), b.end());
  uses.insert(uses.end(), c.begin(), c.end());
  Inst &inst = decoder.emit(handleMma, InstructionClass::Matrix);
  inst.imm = packMma(shape);
  inst.width = uint16_t(shape.m * shape.n * shape.k / 64);
  inst.aux = uint16_t(bits);
  decoder.setList(inst, defs, uses);
  return decoder.ok();
}

} // namespace mv::ptxsim
