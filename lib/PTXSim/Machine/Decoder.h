//===- Decoder.h - PTX instructions to machine instructions ---------*- C++ -*-===//
//
// The frame that the classes of instructions share: operands to slots, constants, temporaries, errors. Each
// file of this folder that implements a class adds its opcodes to the DecoderTable with a function that reads
// the modifiers, asks for the operands' slots, and emits instructions with the handlers it picked.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_PTXSIM_MACHINE_DECODER_H
#define MV_LIB_PTXSIM_MACHINE_DECODER_H

#include "PTXSim/Machine/Program.h"

#include <initializer_list>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mv::ptxsim {

class Decoder;
using InstructionDecoder = bool (*)(Decoder &decoder, const ptx::Instruction &instruction);
using DecoderTable = std::unordered_map<std::string_view, InstructionDecoder>;

void addIntegerDecoders(DecoderTable &table);
void addBitDecoders(DecoderTable &table);
void addFloatDecoders(DecoderTable &table);
void addHalfDecoders(DecoderTable &table);
void addMathDecoders(DecoderTable &table);
void addConvertDecoders(DecoderTable &table);
void addCompareDecoders(DecoderTable &table);
void addMoveDecoders(DecoderTable &table);
void addMemoryDecoders(DecoderTable &table);
void addAtomicDecoders(DecoderTable &table);
void addBarrierDecoders(DecoderTable &table);
void addCollectiveDecoders(DecoderTable &table);
void addAsyncCopyDecoders(DecoderTable &table);
void addMatrixDecoders(DecoderTable &table);
void addMatrixMemoryDecoders(DecoderTable &table);
void addControlDecoders(DecoderTable &table);
void addUnsupportedDecoders(DecoderTable &table);

/// Names of a module that have been given addresses.
struct ModuleSymbols {
  struct Variable {
    ptx::Space space = ptx::Space::Global;
    uint64_t address = 0, bytes = 0;
  };
  const ptx::Module *module = nullptr;
  std::map<std::string_view, Variable> variables; ///< Global and constant memory.
  std::set<std::string_view> addressTaken;        ///< Functions that an indirect call may reach.

  const ptx::Function *findFunction(std::string_view name) const;
  uint64_t functionAddress(std::string_view name) const; ///< 0: no such function.
};

/// The modifiers of an instruction, ticked off as they are understood.
class Modifiers {
public:
  explicit Modifiers(const ptx::Instruction &instruction) : all_(instruction.modifiers) {}

  bool take(std::string_view name);
  /// The first of `names` that is present, or "".
  std::string_view takeOneOf(std::initializer_list<std::string_view> names);
  /// The next modifier that is a type; None when there is none.
  ptx::Type takeType();
  /// Any modifier that starts with `prefix`.
  std::string_view takePrefix(std::string_view prefix);
  /// The first modifier nobody took, or "".
  std::string_view rest() const;

private:
  const std::vector<std::string_view> &all_;
  uint64_t taken_ = 0;
};

/// An address operand.
struct AddressOperand {
  Slot base = noSlot;
  int64_t offset = 0;
  uint8_t flags = 0; ///< flagAddress32, flagFrame
};

class Decoder {
public:
  Decoder(const ModuleSymbols &symbols, std::string_view moduleName, Program &program);

  /// Decodes a kernel and all functions it can reach.
  Result decode(const ptx::Function &kernel);

  // For the classes of instructions.
  bool fail(ptx::Location location, std::string message, Error error = Error::InvalidPTX);
  bool unsupported(const ptx::Instruction &instruction, std::string_view what);
  /// False, with an error, when a modifier is left over.
  bool done(const ptx::Instruction &instruction, const Modifiers &modifiers);
  bool operandCount(const ptx::Instruction &instruction, size_t least, size_t most);

  /// Slots of operands. `relaxed`: a register may be wider than the type (ld, st, cvt).
  Slot read(const ptx::Operand &operand, ptx::Type type, bool relaxed = false);
  Slot write(const ptx::Operand &operand, ptx::Type type);
  /// A destination that may be wider: call `finishWide` after emitting.
  Slot writeWide(const ptx::Operand &operand, ptx::Type type);
  void finishWide(const ptx::Operand &operand, ptx::Type type, Slot slot);
  Slot readPredicate(const ptx::Operand &operand, bool &negated);
  Slot writePredicate(const ptx::Operand &operand);
  bool address(const ptx::Operand &operand, ptx::Space space, AddressOperand &result);
  /// Value of an integer literal operand.
  bool literal(const ptx::Operand &operand, uint64_t &value, std::string_view what);
  Slot constant(uint64_t bits, unsigned bytes);
  Slot constantPredicate(bool value);
  Slot temporary(unsigned bytes);
  ptx::Type registerType(const ptx::Operand &operand) const;

  /// A new instruction with the guard and origin of the current one. The reference holds until the next emit.
  Inst &emit(Handler run, InstructionClass kind);
  Inst &emit(Handler run, InstructionClass kind, Slot dst, Slot a = noSlot, Slot b = noSlot, Slot c = noSlot);
  /// Appends a list of slots to the program: defs, then uses.
  void setList(Inst &inst, const std::vector<Slot> &defs, const std::vector<Slot> &uses);

  // For Control.cpp.
  const ptx::Function &function() const { return *function_; }
  FunctionCode &code() { return program_.functions[functionIndex_]; }
  uint32_t functionIndex() const { return functionIndex_; }
  bool isKernel() const { return functionIndex_ == 0; }
  /// The instruction index a label stands for, resolved through scopes; -1 and an error when unknown.
  bool label(const ptx::Operand &operand, const ptx::Instruction &instruction, uint32_t &target);
  bool labelNamed(std::string_view name, uint32_t scope, ptx::Location location, uint32_t &target);
  uint32_t requestFunction(const ptx::Function &function);
  FrameVariable frameVariable(uint32_t variable) const { return frame_[variable]; }
  FrameVariable newFrameVariable(uint32_t bytes, uint32_t alignment);
  const ModuleSymbols &symbols() const { return symbols_; }
  Program &program() { return program_; }
  const Result &error() const { return error_; }
  bool ok() const { return error_.ok(); }

private:
  bool decodeFunction(const ptx::Function &function, uint32_t index);
  bool decodeBody();
  void layOutFrame();
  void layOutParameters();
  void layOutShared(const ptx::Function &kernel);
  bool finishFunction();
  void reserveShared(const ptx::Variable &variable);
  bool symbolValue(const ptx::Operand &operand, ptx::Type type, ptx::Space asSpace, Slot &slot,
                   AddressOperand *address);
  Slot newRegister(unsigned bytes);

  const ModuleSymbols &symbols_;
  std::string moduleName_;
  Program &program_;
  Result error_;
  const ptx::Function *function_ = nullptr;
  const ptx::Instruction *current_ = nullptr;
  uint32_t functionIndex_ = 0;
  uint32_t firstRegister_ = 0;         ///< Virtual number of the function's register 0.
  std::vector<uint8_t> registerBytes_; ///< Of each virtual register; 0: predicate.
  std::vector<FrameVariable> frame_;   ///< By variable of the function.
  uint32_t frameTop_ = 0;
  std::vector<uint32_t> positions_; ///< Of each PTX instruction of the function: index in body_.
  std::vector<Inst> body_;          ///< The function's instructions; targets are indices into it.
  std::vector<std::pair<uint32_t, size_t>> tableFixups_;
  std::map<std::pair<unsigned, uint64_t>, Slot> constants_;
  Slot predicates_[2] = {noSlot, noSlot};
  std::map<const ptx::Function *, uint32_t> functionNumbers_;
  std::vector<const ptx::Function *> requested_;
  std::map<std::string_view, uint32_t> moduleShared_; ///< Offsets of module-level shared variables.
  std::map<const ptx::Variable *, uint32_t> functionShared_;
  bool anyIndirectCall_ = false;

public:
  void noteIndirectCall() { anyIndirectCall_ = true; }
  std::vector<uint32_t> tablesOfFunction; ///< Branch tables whose entries are still PTX positions.
};

/// ControlFlow.cpp: inserts Join instructions where diverged lanes meet, moves `body` to the end of
/// program.code, and fills program.reconverge.
void appendWithJoins(Program &program, std::vector<Inst> &body, bool isKernel,
                     const std::vector<uint32_t> &branchTables);

/// RegisterLayout.cpp: turns virtual registers into offsets.
void layOutRegisters(Program &program, const std::vector<uint8_t> &registerBytes);

/// The control handlers that ControlFlow.cpp must tell apart.
bool isBranch(const Inst &inst);      ///< May go to inst.target.
bool isTableBranch(const Inst &inst); ///< brx.idx
bool isReturn(const Inst &inst);
bool isExit(const Inst &inst); ///< exit, trap
void handleJoin(Warp &warp, const Inst &inst, uint32_t mask);

unsigned slotBytes(ptx::Type type); ///< Bytes a lane takes in a register: 0 (predicate), 2, 4, 8, 16.

} // namespace mv::ptxsim

#endif // MV_LIB_PTXSIM_MACHINE_DECODER_H
