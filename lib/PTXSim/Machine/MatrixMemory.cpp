//===- MatrixMemory.cpp - ldmatrix, stmatrix, movmatrix -------------*- C++ -*-===//
//
// PTX ISA, "ldmatrix", "stmatrix", "movmatrix". 8 x 8 matrices of 16-bit elements; lanes 8i to 8i + 7 give
// the addresses of matrix i's rows. In registers, lane 4r + c / 2 holds elements c and c + 1 of row r.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"
#include "PTXSim/Machine/Fragments.h"

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

using Tile = std::array<std::array<uint16_t, 8>, 8>;

void toRegister(const Tile &tile, bool transposed, uint32_t *lanes) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned row = lane / 4, column = lane % 4 * 2;
    uint32_t low = transposed ? tile[column][row] : tile[row][column];
    uint32_t high = transposed ? tile[column + 1][row] : tile[row][column + 1];
    lanes[lane] = low | high << 16;
  }
}

void fromRegister(const uint32_t *lanes, bool transposed, Tile &tile) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    unsigned row = lane / 4, column = lane % 4 * 2;
    (transposed ? tile[column][row] : tile[row][column]) = uint16_t(lanes[lane]);
    (transposed ? tile[column + 1][row] : tile[row][column + 1]) = uint16_t(lanes[lane] >> 16);
  }
}

bool resolveRows(Warp &warp, const Inst &inst, uint32_t mask, unsigned count, AccessKind kind,
                 LaneAddresses &host) {
  AccessRequest request;
  request.base = inst.a;
  request.space = Space(inst.width);
  request.bytes = 16;
  request.kind = kind;
  request.offset = inst.imm;
  request.flags = inst.flags;
  uint32_t rows = count == 4 ? allLanes : (1u << 8 * count) - 1;
  return resolve(warp, inst, mask & rows, request, host);
}

void handleLoadMatrix(Warp &warp, const Inst &inst, uint32_t mask) {
  checkWholeWarp(warp, inst, mask);
  LaneAddresses host;
  if (!resolveRows(warp, inst, mask, inst.defs, AccessKind::Read, host))
    return;
  for (unsigned i = 0; i < inst.defs; ++i) {
    Tile tile = {};
    for (unsigned row = 0; row < 8; ++row)
      if (mask >> (8 * i + row) & 1)
        std::memcpy(tile[row].data(), reinterpret_cast<const void *>(host[8 * i + row]), 16);
    alignas(64) uint32_t lanes[32];
    toRegister(tile, inst.aux, lanes);
    blend(warp.at<uint32_t>(warp.list(inst)[i]), lanes, mask);
  }
}

void handleStoreMatrix(Warp &warp, const Inst &inst, uint32_t mask) {
  checkWholeWarp(warp, inst, mask);
  LaneAddresses host;
  if (!resolveRows(warp, inst, mask, inst.uses, AccessKind::Write, host))
    return;
  for (unsigned i = 0; i < inst.uses; ++i) {
    Tile tile;
    fromRegister(warp.at<uint32_t>(warp.list(inst)[i]), inst.aux, tile);
    for (unsigned row = 0; row < 8; ++row)
      if (mask >> (8 * i + row) & 1)
        std::memcpy(reinterpret_cast<void *>(host[8 * i + row]), tile[row].data(), 16);
  }
}

void handleMoveMatrix(Warp &warp, const Inst &inst, uint32_t mask) {
  checkWholeWarp(warp, inst, mask);
  Tile tile;
  fromRegister(warp.at<uint32_t>(inst.a), false, tile);
  alignas(64) uint32_t lanes[32];
  toRegister(tile, true, lanes);
  blend(warp.at<uint32_t>(inst.dst), lanes, mask);
}

bool decodeMatrixAccess(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  bool loads = instruction.opcode == "ldmatrix";
  modifiers.take("sync");
  modifiers.take("aligned");
  bool shape = modifiers.take("m8n8");
  std::string_view number = modifiers.takeOneOf({"x1", "x2", "x4"});
  bool transposed = modifiers.take("trans");
  Space space = takeMemorySpace(modifiers);
  Type type = modifiers.takeType();
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  if (!shape || type != Type::B16 || number.empty())
    return decoder.unsupported(instruction,
                               std::string(instruction.opcode) + " of a shape other than m8n8.b16");
  const Operand &target = instruction.operands[loads ? 0 : 1], &memory = instruction.operands[loads ? 1 : 0];
  size_t count = size_t(number[1] - '0'),
         have = target.kind == Operand::Kind::Vector ? target.parts.size() : 1;
  if (have != count)
    return decoder.fail(target.location, std::to_string(have) + " registers for ." + std::string(number));
  AddressOperand address;
  if (!decoder.address(memory, space, address))
    return false;
  std::vector<Slot> slots;
  for (size_t i = 0; i < count; ++i) {
    const Operand &part = target.kind == Operand::Kind::Vector ? target.parts[i] : target;
    slots.push_back(loads ? decoder.write(part, Type::B32) : decoder.read(part, Type::B32));
  }
  Inst &inst = decoder.emit(loads ? handleLoadMatrix : handleStoreMatrix,
                            loads ? InstructionClass::LoadShared : InstructionClass::StoreShared);
  inst.a = address.base;
  inst.imm = address.offset;
  inst.flags = address.flags;
  inst.width = uint16_t(space);
  inst.aux = transposed;
  decoder.setList(inst, loads ? slots : std::vector<Slot>(), loads ? std::vector<Slot>() : slots);
  return decoder.ok();
}

bool decodeMoveMatrix(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  for (std::string_view name : {"sync", "aligned", "m8n8", "trans", "b16"})
    modifiers.take(name);
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  Slot a = decoder.read(instruction.operands[1], Type::B32);
  decoder.emit(handleMoveMatrix, InstructionClass::Move, decoder.write(instruction.operands[0], Type::B32),
               a);
  return decoder.ok();
}

} // namespace

void addMatrixMemoryDecoders(DecoderTable &table) {
  table["ldmatrix"] = table["stmatrix"] = decodeMatrixAccess;
  table["movmatrix"] = decodeMoveMatrix;
}

} // namespace mv::ptxsim
