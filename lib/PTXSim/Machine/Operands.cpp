//===- Operands.cpp - From the operands of PTX to slots -------------*- C++ -*-===//

#include "PTXSim/Machine/Decoder.h"
#include "PTXSim/Machine/Handlers.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

Slot Decoder::newRegister(unsigned bytes) {
  registerBytes_.push_back(uint8_t(bytes));
  return Slot(registerBytes_.size() - 1) * 2;
}

Slot Decoder::temporary(unsigned bytes) { return newRegister(bytes); }

Slot Decoder::constant(uint64_t bits, unsigned bytes) {
  if (bytes < 8)
    bits &= (uint64_t(1) << bytes * 8) - 1;
  auto [entry, isNew] = constants_.try_emplace({bytes, bits}, noSlot);
  if (!isNew)
    return entry->second;
  size_t offset = program_.constants.size();
  entry->second = Slot(offset) | 1;
  program_.constants.resize(offset + size_t(bytes) * warpSize);
  uint8_t *lanes = program_.constants.data() + offset;
  for (unsigned lane = 0; lane < warpSize; ++lane)
    std::memcpy(lanes + lane * std::min(bytes, 8u), &bits, std::min(bytes, 8u));
  return entry->second;
}

Slot Decoder::constantPredicate(bool value) {
  Slot &slot = predicates_[value];
  if (slot == noSlot) {
    slot = Slot(program_.constants.size()) | 1;
    program_.constants.resize(program_.constants.size() + 64, value ? 0xff : 0);
  }
  return slot;
}

Type Decoder::registerType(const Operand &operand) const {
  return operand.kind == Operand::Kind::Register ? function_->registers[operand.index].type : Type::None;
}

static std::string operandText(const ptx::Function &function, const Operand &operand) {
  if (operand.kind != Operand::Kind::Register)
    return std::string(operand.name);
  const ptx::Register &reg = function.registers[operand.index];
  return std::string(reg.name) + (reg.inRange ? std::to_string(reg.number) : "");
}

Slot Decoder::read(const Operand &operand, Type type, bool relaxed) {
  unsigned bytes = slotBytes(type);
  if (bytes == 0 && (type != Type::Pred || operand.kind == Operand::Kind::Symbol)) {
    fail(operand.location, "operand cannot be read: the instruction gives it no type");
    return noSlot;
  }
  switch (operand.kind) {
  case Operand::Kind::Register: {
    Type have = registerType(operand);
    Slot slot = (firstRegister_ + operand.index) * 2;
    if (slotBytes(have) == bytes)
      return slot;
    if (relaxed && slotBytes(have) > bytes && bytes) {
      Slot narrow = temporary(bytes);
      emitResize(*this, narrow, bytes, slot, slotBytes(have), false);
      return narrow;
    }
    fail(operand.location, "operand " + operandText(*function_, operand) + " is ." +
                               std::string(ptx::typeName(have)) + ", the instruction wants ." +
                               std::string(ptx::typeName(type)));
    return noSlot;
  }
  case Operand::Kind::Integer:
    if (type == Type::Pred)
      return constantPredicate(operand.bits != 0);
    if (type == Type::F32)
      return constant(std::bit_cast<uint32_t>(float(int64_t(operand.bits))), 4);
    if (type == Type::F64)
      return constant(std::bit_cast<uint64_t>(double(int64_t(operand.bits))), 8);
    return constant(operand.bits, bytes);
  case Operand::Kind::Float32:
    if (bytes == 8)
      return constant(std::bit_cast<uint64_t>(double(std::bit_cast<float>(uint32_t(operand.bits)))), 8);
    if (bytes == 4)
      return constant(operand.bits, 4);
    break;
  case Operand::Kind::Float64:
    if (bytes == 4)
      return constant(std::bit_cast<uint32_t>(float(std::bit_cast<double>(operand.bits))), 4);
    if (bytes == 8)
      return constant(operand.bits, 8);
    break;
  case Operand::Kind::Special: {
    Slot slot = noSlot;
    return emitSpecial(*this, operand, type, slot) ? slot : noSlot;
  }
  case Operand::Kind::Symbol: {
    Slot slot = noSlot;
    return symbolValue(operand, type, Space::Generic, slot, nullptr) ? slot : noSlot;
  }
  default:
    break;
  }
  fail(operand.location, "operand cannot be read as ." + std::string(ptx::typeName(type)));
  return noSlot;
}

Slot Decoder::write(const Operand &operand, Type type) {
  if (operand.kind == Operand::Kind::Sink)
    return temporary(slotBytes(type));
  if (operand.kind != Operand::Kind::Register) {
    fail(operand.location, "the destination must be a register");
    return noSlot;
  }
  Type have = registerType(operand);
  if (slotBytes(have) == slotBytes(type))
    return (firstRegister_ + operand.index) * 2;
  fail(operand.location, "destination " + operandText(*function_, operand) + " is ." +
                             std::string(ptx::typeName(have)) + ", the instruction writes ." +
                             std::string(ptx::typeName(type)));
  return noSlot;
}

Slot Decoder::writeWide(const Operand &operand, Type type) {
  Type have = registerType(operand);
  if (operand.kind == Operand::Kind::Register && slotBytes(have) > slotBytes(type) && slotBytes(type))
    return temporary(slotBytes(type));
  return write(operand, type);
}

void Decoder::finishWide(const Operand &operand, Type type, Slot slot) {
  Type have = registerType(operand);
  if (operand.kind == Operand::Kind::Register && slotBytes(have) > slotBytes(type) && slotBytes(type))
    emitResize(*this, (firstRegister_ + operand.index) * 2, slotBytes(have), slot, slotBytes(type),
               ptx::isSigned(type));
}

Slot Decoder::readPredicate(const Operand &operand, bool &negated) {
  negated = operand.negated;
  return read(operand, Type::Pred);
}

Slot Decoder::writePredicate(const Operand &operand) { return write(operand, Type::Pred); }

bool Decoder::literal(const Operand &operand, uint64_t &value, std::string_view what) {
  if (operand.kind != Operand::Kind::Integer)
    return fail(operand.location, std::string(what) + " must be an integer constant");
  value = operand.bits;
  return true;
}

/// The address of a variable, label of a function, or parameter. With `address`, frame-relative places stay
/// relative.
bool Decoder::symbolValue(const Operand &operand, Type type, Space asSpace, Slot &slot,
                          AddressOperand *address) {
  uint64_t value = 0;
  Space space = Space::Global;
  if (operand.variable >= 0) {
    const ptx::Variable &variable = function_->variables[size_t(operand.variable)];
    space = variable.space;
    if (space == Space::Shared) {
      auto place = functionShared_.find(&variable);
      if (place == functionShared_.end())
        return fail(operand.location, "shared variable '" + std::string(operand.name) + "' has no place");
      value = place->second;
    } else {
      value = frame_[size_t(operand.variable)].offset;
      bool kernelParameter = isKernel() && space == Space::Param &&
                             std::find(function_->parameters.begin(), function_->parameters.end(),
                                       uint32_t(operand.variable)) != function_->parameters.end();
      if (!kernelParameter) {
        if (address) {
          address->flags |= flagFrame;
          address->base = constant(0, 8);
          address->offset += int64_t(value) + operand.offset;
          return true;
        }
        slot = temporary(slotBytes(type));
        emitFrameAddress(*this, slot, slotBytes(type), int64_t(value) + operand.offset);
        return ok();
      }
    }
  } else if (auto found = symbols_.variables.find(operand.name); found != symbols_.variables.end()) {
    value = found->second.address;
    space = found->second.space;
  } else if (auto shared = moduleShared_.find(operand.name); shared != moduleShared_.end()) {
    value = shared->second;
    space = Space::Shared;
  } else if (uint64_t function = symbols_.functionAddress(operand.name)) {
    value = function;
  } else {
    return fail(operand.location, "'" + std::string(operand.name) + "' is not declared", Error::InvalidPTX);
  }
  if (address && asSpace == Space::Generic && space == Space::Shared)
    value += uint64_t(1) << 48;
  if (address) {
    address->base = constant(value, 8);
    address->offset += operand.offset;
    return true;
  }
  slot = constant(value + uint64_t(operand.offset), slotBytes(type));
  return true;
}

bool Decoder::address(const Operand &operand, Space space, AddressOperand &result) {
  if (operand.kind != Operand::Kind::Address || operand.parts.size() != 1)
    return fail(operand.location,
                operand.kind == Operand::Kind::Address
                    ? "addresses of several parts (tensors) are not supported"
                    : "expected an address in brackets",
                Error::UnsupportedPTX);
  const Operand &base = operand.parts[0];
  result = {};
  result.offset = operand.offset;
  if (base.kind == Operand::Kind::Register) {
    unsigned bytes = slotBytes(registerType(base));
    if (bytes != 4 && bytes != 8)
      return fail(base.location, "an address register must have 32 or 64 bits");
    result.base = (firstRegister_ + base.index) * 2;
    result.flags = bytes == 4 ? flagAddress32 : 0;
    return true;
  }
  if (base.kind == Operand::Kind::Integer) {
    result.base = constant(base.bits, 8);
    return true;
  }
  Slot ignored;
  if (base.kind == Operand::Kind::Symbol)
    return symbolValue(base, Type::B64, space, ignored, &result);
  return fail(base.location, "this cannot be an address");
}

} // namespace mv::ptxsim
