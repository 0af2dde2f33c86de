//===- Decoder.cpp - Functions to machine instructions --------------*- C++ -*-===//

#include "PTXSim/Machine/Decoder.h"
#include "PTXSim/Machine/Handlers.h"

#include <algorithm>

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Space;
using ptx::Type;

namespace {

const DecoderTable &decoderTable() {
  static const DecoderTable table = [] {
    DecoderTable made;
    addUnsupportedDecoders(made);
    addIntegerDecoders(made);
    addBitDecoders(made);
    addFloatDecoders(made);
    addHalfDecoders(made);
    addMathDecoders(made);
    addConvertDecoders(made);
    addCompareDecoders(made);
    addMoveDecoders(made);
    addMemoryDecoders(made);
    addAtomicDecoders(made);
    addBarrierDecoders(made);
    addCollectiveDecoders(made);
    addAsyncCopyDecoders(made);
    addMatrixDecoders(made);
    addMatrixMemoryDecoders(made);
    addControlDecoders(made);
    return made;
  }();
  return table;
}

uint32_t alignTo(uint64_t value, uint64_t alignment) {
  return uint32_t((value + alignment - 1) / alignment * alignment);
}

} // namespace

const ptx::Function *ModuleSymbols::findFunction(std::string_view name) const {
  for (unsigned hops = 0; hops < 8; ++hops) {
    auto alias = module->aliases.find(name);
    if (alias == module->aliases.end())
      break;
    name = alias->second;
  }
  auto found = module->functionIndex.find(name);
  return found == module->functionIndex.end() ? nullptr : &module->functions[found->second];
}

uint64_t ModuleSymbols::functionAddress(std::string_view name) const {
  const ptx::Function *function = findFunction(name);
  return function ? functionAddressBase + uint64_t(function - module->functions.data()) * 16 : 0;
}

bool Modifiers::take(std::string_view name) {
  for (size_t i = 0; i < all_.size() && i < 64; ++i)
    if (!(taken_ >> i & 1) && all_[i] == name) {
      taken_ |= uint64_t(1) << i;
      return true;
    }
  return false;
}

std::string_view Modifiers::takeOneOf(std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (take(name))
      return name;
  return "";
}

Type Modifiers::takeType() {
  for (size_t i = 0; i < all_.size() && i < 64; ++i)
    if (Type type = ptx::parseType(all_[i]); !(taken_ >> i & 1) && type != Type::None) {
      taken_ |= uint64_t(1) << i;
      return type;
    }
  return Type::None;
}

std::string_view Modifiers::takePrefix(std::string_view prefix) {
  for (size_t i = 0; i < all_.size() && i < 64; ++i)
    if (!(taken_ >> i & 1) && all_[i].starts_with(prefix)) {
      taken_ |= uint64_t(1) << i;
      return all_[i];
    }
  return "";
}

std::string_view Modifiers::rest() const {
  for (size_t i = 0; i < all_.size(); ++i)
    if (i >= 64 || !(taken_ >> i & 1))
      return all_[i];
  return "";
}

unsigned slotBytes(Type type) {
  unsigned bits = ptx::typeBits(type);
  return bits <= 1 ? 0 : std::max(2u, bits / 8);
}

Decoder::Decoder(const ModuleSymbols &symbols, std::string_view moduleName, Program &program)
    : symbols_(symbols), moduleName_(moduleName), program_(program) {}

bool Decoder::fail(ptx::Location location, std::string message, Error error) {
  if (error_.ok())
    error_ = Result(error, moduleName_ + ":" + std::to_string(location.line) + ":" +
                               std::to_string(location.column) + ": " + message);
  return false;
}

bool Decoder::unsupported(const ptx::Instruction &instruction, std::string_view what) {
  return fail(instruction.location, std::string(what) + " is not supported by the simulator",
              Error::UnsupportedPTX);
}

bool Decoder::done(const ptx::Instruction &instruction, const Modifiers &modifiers) {
  if (std::string_view rest = modifiers.rest(); !rest.empty())
    return fail(instruction.location,
                "modifier ." + std::string(rest) + " of '" + std::string(instruction.opcode) +
                    "' is not supported",
                Error::UnsupportedPTX);
  return error_.ok();
}

bool Decoder::operandCount(const ptx::Instruction &instruction, size_t least, size_t most) {
  size_t count = instruction.operands.size();
  if (count >= least && count <= most)
    return true;
  return fail(instruction.location, "'" + std::string(instruction.opcode) + "' has " + std::to_string(count) +
                                        " operands, expected " + std::to_string(least) +
                                        (least == most ? "" : " to " + std::to_string(most)));
}

Inst &Decoder::emit(Handler run, InstructionClass kind) {
  Inst inst;
  inst.run = run;
  inst.kind = kind;
  inst.origin = uint32_t(program_.origins.size() - 1);
  if (current_ && current_->guard >= 0) {
    inst.guard = (firstRegister_ + uint32_t(current_->guard)) * 2;
    inst.guardXor = current_->guardNegated ? allLanes : 0;
  } else {
    inst.guard = constantPredicate(true);
  }
  return body_.emplace_back(inst);
}

Inst &Decoder::emit(Handler run, InstructionClass kind, Slot dst, Slot a, Slot b, Slot c) {
  Inst &inst = emit(run, kind);
  inst.dst = dst;
  inst.a = a;
  inst.b = b;
  inst.c = c;
  return inst;
}

void Decoder::setList(Inst &inst, const std::vector<Slot> &defs, const std::vector<Slot> &uses) {
  inst.list = uint32_t(program_.slots.size());
  inst.defs = uint8_t(defs.size());
  inst.uses = uint8_t(uses.size());
  program_.slots.insert(program_.slots.end(), defs.begin(), defs.end());
  program_.slots.insert(program_.slots.end(), uses.begin(), uses.end());
}

FrameVariable Decoder::newFrameVariable(uint32_t bytes, uint32_t alignment) {
  frameTop_ = alignTo(frameTop_, std::max(alignment, 1u));
  FrameVariable place{frameTop_, bytes};
  frameTop_ += bytes;
  return place;
}

void Decoder::layOutFrame() {
  frame_.assign(function_->variables.size(), {});
  frameTop_ = 0;
  uint32_t parameterTop = 0;
  for (size_t i = 0; i < frame_.size(); ++i) {
    const ptx::Variable &variable = function_->variables[i];
    bool isParameter = std::find(function_->parameters.begin(), function_->parameters.end(), uint32_t(i)) !=
                       function_->parameters.end();
    if (variable.space == Space::Shared)
      continue;
    if (variable.bytes > (1u << 24)) {
      fail(variable.location, "variable '" + std::string(variable.name) + "' is too large for local memory");
      return;
    }
    if (isKernel() && isParameter) {
      parameterTop = alignTo(parameterTop, variable.alignment);
      frame_[i] = {parameterTop, uint32_t(variable.bytes)};
      parameterTop += uint32_t(variable.bytes);
    } else {
      frame_[i] = newFrameVariable(uint32_t(variable.bytes), uint32_t(variable.alignment));
    }
  }
  for (uint32_t parameter : function_->parameters)
    code().parameters.push_back(frame_[parameter]);
  for (uint32_t result : function_->results)
    code().results.push_back(frame_[result]);
}

/// Gives offsets to the shared variables of every function of the module that the kernel could reach, in
/// order; arrays without bound (dynamic shared memory) all begin behind them.
void Decoder::layOutShared(const ptx::Function &kernel) {
  uint64_t top = 0;
  std::vector<std::pair<uint32_t *, uint64_t>> dynamic;
  auto place = [&](const ptx::Variable &variable, uint32_t &offset) {
    if (variable.bytes == 0) {
      dynamic.push_back({&offset, variable.alignment});
      return;
    }
    top = alignTo(top, variable.alignment);
    offset = uint32_t(top);
    top += variable.bytes;
    if (top > (1u << 24)) {
      fail(variable.location, "shared variable '" + std::string(variable.name) + "' is too large");
      top = 0;
    }
  };
  std::set<std::string_view> mentioned;
  std::vector<const ptx::Function *> reach{&kernel};
  std::set<const ptx::Function *> seen{&kernel};
  bool indirect = false;
  auto visit = [&](const ptx::Function *next) {
    if (next && next->isDefined && !next->isEntry && seen.insert(next).second)
      reach.push_back(next);
  };
  for (size_t i = 0; i < reach.size(); ++i) {
    auto mention = [&](auto &self, const Operand &operand) -> void {
      if (operand.kind == Operand::Kind::Symbol && operand.variable < 0) {
        mentioned.insert(operand.name);
        visit(symbols_.findFunction(operand.name));
      }
      for (const Operand &part : operand.parts)
        self(self, part);
    };
    for (const ptx::Instruction &instruction : reach[i]->body) {
      indirect |= instruction.opcode == "call";
      for (const Operand &operand : instruction.operands)
        mention(mention, operand);
    }
    if (indirect)
      for (std::string_view name : symbols_.addressTaken)
        visit(symbols_.findFunction(name));
  }
  for (const ptx::Function *function : reach)
    for (const ptx::Variable &variable : function->variables)
      if (variable.space == Space::Shared)
        place(variable, functionShared_[&variable]);
  for (const ptx::Variable &variable : symbols_.module->variables)
    if (variable.space == Space::Shared && mentioned.count(variable.name))
      place(variable, moduleShared_[variable.name]);
  uint64_t alignment = 16;
  for (auto &[offset, wanted] : dynamic)
    alignment = std::max(alignment, std::min<uint64_t>(wanted, 128));
  if (!dynamic.empty())
    top = alignTo(top, alignment);
  for (auto &[offset, wanted] : dynamic)
    *offset = uint32_t(top);
  program_.staticShared = uint32_t(top);
}

uint32_t Decoder::requestFunction(const ptx::Function &function) {
  auto [entry, isNew] = functionNumbers_.try_emplace(&function, uint32_t(program_.functions.size()));
  if (isNew) {
    program_.functions.emplace_back();
    program_.functions.back().name = function.name;
    program_.functions.back().entry = noPc;
    requested_.push_back(&function);
  }
  return entry->second;
}

bool Decoder::labelNamed(std::string_view name, uint32_t scope, ptx::Location location, uint32_t &target) {
  for (;;) {
    const ptx::Scope &here = function_->scopes[scope];
    if (auto found = here.labels.find(name); found != here.labels.end()) {
      target = found->second;
      return true;
    }
    if (scope == 0)
      return fail(location, "label '" + std::string(name) + "' is not defined");
    scope = here.parent;
  }
}

bool Decoder::label(const Operand &operand, const ptx::Instruction &instruction, uint32_t &target) {
  if (operand.kind != Operand::Kind::Symbol)
    return fail(operand.location, "expected a label");
  return labelNamed(operand.name, instruction.scope, operand.location, target);
}

bool Decoder::decodeFunction(const ptx::Function &function, uint32_t index) {
  function_ = &function;
  functionIndex_ = index;
  body_.clear();
  tablesOfFunction.clear();
  firstRegister_ = uint32_t(registerBytes_.size());
  for (const ptx::Register &reg : function.registers)
    registerBytes_.push_back(uint8_t(slotBytes(reg.type)));
  layOutFrame();
  if (!ok() || !decodeBody())
    return false;
  code().frameBytes = alignTo(frameTop_, 16);
  code().firstRegister = firstRegister_;
  code().lastRegister = uint32_t(registerBytes_.size());
  return finishFunction();
}

bool Decoder::decodeBody() {
  positions_.assign(function_->body.size() + 1, 0);
  program_.origins.push_back({function_->location.line, function_->location.column, 0, 0, function_->name});
  current_ = nullptr;
  emitFunctionEntry(*this);
  for (size_t i = 0; i < function_->body.size(); ++i) {
    const ptx::Instruction &instruction = function_->body[i];
    current_ = &instruction;
    positions_[i] = uint32_t(body_.size());
    program_.origins.push_back({instruction.location.line, instruction.location.column,
                                instruction.sourceFile, instruction.sourceLine, instruction.text});
    auto decoder = decoderTable().find(instruction.opcode);
    if (decoder == decoderTable().end())
      return fail(instruction.location,
                  "instruction '" + std::string(instruction.opcode) + "' is not supported",
                  Error::UnsupportedPTX);
    size_t before = body_.size();
    if (!decoder->second(*this, instruction) || !ok())
      return fail(instruction.location,
                  "cannot decode `" + std::string(instruction.text.substr(0, 120)) + "`");
    // One instruction of the PTX counts once, whatever it takes to execute it.
    for (size_t j = before; j + 1 < body_.size(); ++j)
      body_[j].flags |= flagSynthetic;
  }
  positions_.back() = uint32_t(body_.size());
  current_ = nullptr;
  emitReturn(*this); // Falling off the end.
  return true;
}

/// Branch targets from PTX positions to places in the program.
bool Decoder::finishFunction() {
  for (Inst &inst : body_)
    if (isBranch(inst))
      inst.target = positions_[inst.target];
  for (uint32_t table : tablesOfFunction)
    for (uint32_t &target : program_.branchTables[table])
      target = positions_[target];
  code().entry = uint32_t(program_.code.size());
  appendWithJoins(program_, body_, isKernel(), tablesOfFunction);
  return true;
}

/// Bytes of local memory a thread needs: the deepest chain of frames, or a fixed stack where calls recurse.
static uint32_t localBytesOf(Program &program, bool indirect) {
  constexpr uint32_t recursionStack = 16 << 10;
  std::vector<std::set<uint32_t>> calls(program.functions.size());
  bool dynamicStack = false;
  for (size_t f = 0; f < program.functions.size(); ++f) {
    uint32_t begin = program.functions[f].entry;
    uint32_t end =
        f + 1 < program.functions.size() ? program.functions[f + 1].entry : uint32_t(program.code.size());
    for (uint32_t pc = begin; pc < end; ++pc) {
      if (isDirectCall(program.code[pc]))
        calls[f].insert(program.code[pc].target);
      dynamicStack |= isStackAllocation(program.code[pc]);
    }
  }
  std::vector<int> state(program.functions.size(), 0);
  std::vector<uint32_t> depth(program.functions.size(), 0);
  bool recursive = false;
  auto visit = [&](auto &self, uint32_t f) -> uint32_t {
    if (state[f] == 1) {
      recursive = true;
      return 0;
    }
    if (state[f] == 2)
      return depth[f];
    state[f] = 1;
    uint32_t deepest = 0;
    for (uint32_t callee : calls[f])
      deepest = std::max(deepest, self(self, callee));
    state[f] = 2;
    return depth[f] = deepest + program.functions[f].frameBytes;
  };
  uint32_t bytes = visit(visit, 0);
  if (indirect)
    for (size_t f = 1; f < program.functions.size(); ++f)
      bytes += program.functions[f].frameBytes;
  program.recursive = recursive || indirect;
  if (program.recursive || dynamicStack)
    bytes += recursionStack;
  return alignTo(bytes, 16);
}

Result Decoder::decode(const ptx::Function &kernel) {
  program_.name = kernel.name;
  constantPredicate(true);
  constant(0, 8);
  layOutShared(kernel);
  requestFunction(kernel);
  for (size_t next = 0; ok() && next < requested_.size(); ++next) {
    if (!decodeFunction(*requested_[next], uint32_t(next)))
      break;
    if (anyIndirectCall_)
      for (std::string_view name : symbols_.addressTaken)
        if (const ptx::Function *function = symbols_.findFunction(name);
            function->isDefined && !function->isEntry)
          requestFunction(*function);
  }
  if (!ok())
    return error_;
  for (auto &[function, number] : functionNumbers_) {
    size_t index = size_t(function - symbols_.module->functions.data());
    if (program_.functionOfModule.size() <= index)
      program_.functionOfModule.resize(index + 1, noPc);
    program_.functionOfModule[index] = number;
  }
  // Handlers may read a whole wide slot where a malformed instruction named a narrow one.
  program_.constants.resize(program_.constants.size() + 512);
  program_.localBytes = localBytesOf(program_, anyIndirectCall_);
  layOutRegisters(program_, registerBytes_);
  return {};
}

} // namespace mv::ptxsim
