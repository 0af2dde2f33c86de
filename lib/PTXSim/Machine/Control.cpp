//===- Control.cpp - Branches, calls and ends of threads ------------*- C++ -*-===//
//
// PTX ISA, "Control Flow Instructions". A call keeps its arguments in the frames of local memory: the
// caller's .param variables are copied into the callee's, and results back. Registers of all functions of a
// program are distinct; where calls recurse, the caller's registers are saved with the call.
//
//===----------------------------------------------------------------------===//

#include "PTXSim/Machine/Access.h"
#include "PTXSim/Machine/Builtins.h"

namespace mv::ptxsim {

using ptx::Operand;
using ptx::Type;

namespace {

void handleBranch(Warp &warp, const Inst &inst, uint32_t mask) {
  if (mask == warp.active) {
    warp.pc = inst.target;
    if (warp.counting)
      ++warp.worker->counters.branches;
    return;
  }
  if (warp.counting) {
    ++warp.worker->counters.branches;
    ++warp.worker->counters.divergentBranches;
  }
  warp.diverge(mask, inst.target, warp.pc - 1);
}

/// Lanes of `mask` whose value equals that of the first.
template <typename T> uint32_t sameValue(const T *values, uint32_t mask) {
  T first = values[std::countr_zero(mask)];
  uint32_t same = 0;
  forLanes(mask, [&](unsigned lane) { same |= uint32_t(values[lane] == first) << lane; });
  return same;
}

/// Lanes `rest` of the guard execute the instruction at `here` again; lanes that the guard excludes go on.
void repeatFor(Warp &warp, uint32_t rest, uint32_t here) {
  if (rest && rest == warp.active)
    warp.pc = here;
  else if (rest)
    warp.fork(rest, here, warp.program->reconverge[here]);
}

/// brx.idx: lanes with different indices part, one group at a time; the rest comes back here.
void handleTableBranch(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint32_t *index = warp.at<uint32_t>(inst.a);
  const std::vector<uint32_t> &table = warp.program->branchTables[inst.target];
  uint32_t here = warp.pc - 1;
  uint32_t same = sameValue(index, mask);
  unsigned lane = unsigned(std::countr_zero(mask));
  if (index[lane] >= table.size())
    return fault(warp, inst, lane, Error::IllegalInstruction,
                 "branch index " + std::to_string(index[lane]) + " beyond a table of " +
                     std::to_string(table.size()));
  if (same == warp.active) {
    warp.pc = table[index[lane]];
    return;
  }
  warp.fork(same, table[index[lane]], warp.program->reconverge[here]);
  repeatFor(warp, mask & ~same, here);
}

void handleExit(Warp &warp, const Inst &, uint32_t mask) { warp.exitLanes(mask); }

void handleTrap(Warp &warp, const Inst &inst, uint32_t mask) {
  fault(warp, inst, unsigned(std::countr_zero(mask)), Error::Trap, "trap executed");
}

void handleNothing(Warp &, const Inst &, uint32_t) {}

uint8_t *laneFrame(Warp &warp, unsigned lane, uint32_t base) {
  return warp.local + uint64_t(warp.program->localBytes) * lane + base;
}

void copyFrames(Warp &warp, uint32_t lanes, const std::vector<FrameVariable> &from, uint32_t fromBase,
                const std::vector<FrameVariable> &to, uint32_t toBase) {
  for (size_t i = 0; i < std::min(from.size(), to.size()); ++i) {
    uint32_t bytes = std::min(from[i].bytes, to[i].bytes);
    forLanes(lanes, [&](unsigned lane) {
      std::memcpy(laneFrame(warp, lane, toBase) + to[i].offset,
                  laneFrame(warp, lane, fromBase) + from[i].offset, bytes);
    });
  }
}

void enterFunction(Warp &warp, const Inst &inst, uint32_t callee, uint32_t callSite) {
  const FunctionCode &code = warp.program->functions[callee];
  uint32_t base = (warp.stackTop + 15) & ~15u;
  constexpr size_t maxDepth = 4096;
  if (uint64_t(base) + code.frameBytes > warp.program->localBytes ||
      warp.splits[warp.current].frames.size() >= maxDepth)
    return fault(warp, inst, unsigned(std::countr_zero(warp.active)), Error::LaunchFailed,
                 "stack overflow: call of " + code.name + " needs more than " +
                     std::to_string(warp.program->localBytes) + " bytes of local memory");
  Frame frame;
  frame.function = warp.function;
  frame.returnTo = warp.pc;
  frame.callSite = callSite;
  frame.base = warp.frameBase;
  frame.stackTop = warp.stackTop;
  if (warp.program->recursive) {
    const FunctionCode &caller = warp.program->functions[warp.function];
    frame.saved = std::make_shared<std::vector<uint8_t>>(warp.bank[0] + caller.registerBegin,
                                                         warp.bank[0] + caller.registerEnd);
  }
  copyFrames(warp, warp.active, warp.program->callSites[callSite].arguments, warp.frameBase, code.parameters,
             base);
  warp.splits[warp.current].frames.push_back(std::move(frame));
  warp.function = callee;
  warp.frameBase = base;
  warp.stackTop = base + code.frameBytes;
  warp.pc = code.entry;
}

/// Lanes under a guard call in a split of their own.
bool forkGuarded(Warp &warp, uint32_t mask) {
  if (mask == warp.active)
    return false;
  warp.fork(mask, warp.pc - 1, warp.program->reconverge[warp.pc - 1]);
  return true;
}

void handleCall(Warp &warp, const Inst &inst, uint32_t mask) {
  if (!forkGuarded(warp, mask))
    enterFunction(warp, inst, inst.target, inst.aux);
}

void handleCallIndirect(Warp &warp, const Inst &inst, uint32_t mask) {
  const uint64_t *targets = warp.at<uint64_t>(inst.a);
  uint32_t same = sameValue(targets, mask), here = warp.pc - 1;
  if (same != warp.active) {
    warp.fork(same, here, warp.program->reconverge[here]);
    repeatFor(warp, mask & ~same, here);
    return;
  }
  unsigned lane = unsigned(std::countr_zero(mask));
  uint64_t index = (targets[lane] - functionAddressBase) / 16;
  const std::vector<uint32_t> &known = warp.program->functionOfModule;
  if (targets[lane] < functionAddressBase || index >= known.size() || known[index] == noPc ||
      known[index] == 0)
    return fault(warp, inst, lane, Error::IllegalInstruction,
                 "call of " + hexText(targets[lane]) + ", which is no function");
  enterFunction(warp, inst, known[index], inst.aux);
}

/// Copies back what belongs to the lanes that return; other lanes may have changed theirs since.
void restoreRegisters(Warp &warp, const Frame &frame, uint32_t lanes) {
  const FunctionCode &caller = warp.program->functions[frame.function];
  uint8_t *now = warp.bank[0] + caller.registerBegin;
  const uint8_t *saved = frame.saved->data();
  // Predicates first, then places of 2, 4, 8 and 16 bytes a lane; see RegisterLayout.cpp.
  const uint32_t *sections = caller.sections;
  for (uint32_t at = 0; at < sections[0]; at += 4) {
    uint32_t current, old;
    std::memcpy(&current, now + at, 4);
    std::memcpy(&old, saved + at, 4);
    current = (current & ~lanes) | (old & lanes);
    std::memcpy(now + at, &current, 4);
  }
  constexpr uint32_t laneBytes[] = {0, 2, 4, 8, 8};
  for (unsigned kind = 1; kind < 5; ++kind)
    for (uint32_t at = sections[kind - 1]; at + laneBytes[kind] * 32 <= sections[kind];
         at += laneBytes[kind] * 32)
      forLanes(lanes, [&](unsigned lane) {
        std::memcpy(now + at + lane * laneBytes[kind], saved + at + lane * laneBytes[kind], laneBytes[kind]);
      });
}

void handleReturn(Warp &warp, const Inst &inst, uint32_t mask) {
  if (warp.splits[warp.current].frames.empty())
    return warp.exitLanes(mask);
  if (forkGuarded(warp, mask))
    return;
  if (warp.atMeeting(returnPc))
    return warp.arriveAtMeeting(warp.pc - 1);
  std::vector<Frame> &frames = warp.splits[warp.current].frames;
  Frame frame = std::move(frames.back());
  frames.pop_back();
  const FunctionCode &callee = warp.program->functions[warp.function];
  copyFrames(warp, warp.active, callee.results, warp.frameBase,
             warp.program->callSites[frame.callSite].results, frame.base);
  if (frame.saved)
    restoreRegisters(warp, frame, warp.active);
  warp.function = frame.function;
  warp.frameBase = frame.base;
  warp.stackTop = frame.stackTop;
  warp.pc = frame.returnTo;
}

template <typename T> void handleStackAllocate(Warp &warp, const Inst &inst, uint32_t mask) {
  const T *size = warp.at<T>(inst.a);
  uint64_t most = 0, alignment = uint64_t(inst.imm);
  forLanes(mask, [&](unsigned lane) { most = std::max(most, uint64_t(size[lane])); });
  uint64_t base = (warp.stackTop + alignment - 1) / alignment * alignment;
  if (base + most > warp.program->localBytes)
    return fault(warp, inst, unsigned(std::countr_zero(mask)), Error::LaunchFailed,
                 "stack overflow in alloca");
  warp.stackTop = uint32_t(base + most);
  T *d = warp.at<T>(inst.dst);
  forLanes(mask, [&](unsigned lane) { d[lane] = T(base); });
}

void handleStackSave(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t *d = warp.at<uint64_t>(inst.dst);
  forLanes(mask, [&](unsigned lane) { d[lane] = warp.stackTop; });
}
void handleStackRestore(Warp &warp, const Inst &inst, uint32_t mask) {
  uint64_t top = warp.at<uint64_t>(inst.a)[std::countr_zero(mask)];
  if (top <= warp.program->localBytes)
    warp.stackTop = uint32_t(top);
}

bool decodeBranch(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("uni");
  uint32_t target = 0;
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 1, 1) ||
      !decoder.label(instruction.operands[0], instruction, target))
    return false;
  decoder.emit(handleBranch, InstructionClass::Control).target = target;
  return true;
}

bool decodeTableBranch(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("idx");
  modifiers.take("uni");
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 2, 2))
    return false;
  const Operand &list = instruction.operands[1];
  std::vector<std::string_view> names;
  if (list.kind == Operand::Kind::Symbol) {
    for (const ptx::BranchTargets &targets : decoder.function().branchTargets)
      if (targets.label == list.name)
        names = targets.targets;
  } else if (list.kind == Operand::Kind::Vector) {
    for (const Operand &part : list.parts)
      names.push_back(part.name);
  }
  if (names.empty())
    return decoder.fail(list.location, "brx.idx needs a list of targets");
  std::vector<uint32_t> table;
  for (std::string_view name : names)
    if (!decoder.labelNamed(name, instruction.scope, list.location, table.emplace_back()))
      return false;
  Slot index = decoder.read(instruction.operands[0], Type::U32);
  Program &program = decoder.program();
  Inst &inst = decoder.emit(handleTableBranch, InstructionClass::Control, noSlot, index);
  inst.target = uint32_t(program.branchTables.size());
  decoder.tablesOfFunction.push_back(inst.target);
  program.branchTables.push_back(std::move(table));
  return decoder.ok();
}

/// An argument or result of a call: a .param variable of the frame, or a register or constant put into one.
struct CallPart {
  FrameVariable place;
  const Operand *reg = nullptr;
  Type type = Type::None;
};

bool callPart(Decoder &decoder, const Operand &operand, uint32_t wantedBytes, CallPart &part) {
  if (operand.kind == Operand::Kind::Symbol && operand.variable >= 0) {
    part.place = decoder.frameVariable(uint32_t(operand.variable));
    return true;
  }
  part.reg = &operand;
  part.type = decoder.registerType(operand);
  if (part.type == Type::None)
    part.type = wantedBytes == 8 ? Type::B64 : wantedBytes == 2 ? Type::B16 : Type::B32;
  if (part.type == Type::Pred)
    return decoder.fail(operand.location, "predicates cannot be passed to functions");
  part.place = decoder.newFrameVariable(slotBytes(part.type), slotBytes(part.type));
  return true;
}

struct CallOperands {
  const Operand *target = nullptr;
  const std::vector<Operand> *results = nullptr, *arguments = nullptr;
};

/// (results), target, (arguments), prototype — all but the target may be missing.
bool splitCall(Decoder &decoder, const ptx::Instruction &instruction, CallOperands &call) {
  const auto &operands = instruction.operands;
  size_t next = 0;
  if (next < operands.size() && operands[next].kind == Operand::Kind::List)
    call.results = &operands[next++].parts;
  if (next < operands.size())
    call.target = &operands[next++];
  if (next < operands.size() && operands[next].kind == Operand::Kind::List)
    call.arguments = &operands[next++].parts;
  if (!call.target ||
      (call.target->kind != Operand::Kind::Symbol && call.target->kind != Operand::Kind::Register))
    return decoder.fail(instruction.location, "call without a function");
  return true;
}

bool decodeCall(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("uni");
  CallOperands call;
  if (!decoder.done(instruction, modifiers) || !splitCall(decoder, instruction, call))
    return false;
  const ptx::Function *function = nullptr;
  if (call.target->kind == Operand::Kind::Symbol) {
    function = decoder.symbols().findFunction(call.target->name);
    if (!function)
      return decoder.fail(call.target->location,
                          "function '" + std::string(call.target->name) + "' is not declared");
  }
  static const std::vector<Operand> none;
  std::vector<CallPart> results, arguments;
  auto collect = [&](const std::vector<Operand> *operands, std::vector<CallPart> &parts,
                     const std::vector<uint32_t> *formal) {
    for (const Operand &operand : operands ? *operands : none) {
      size_t i = parts.size();
      uint32_t bytes =
          function && formal && i < formal->size() ? uint32_t(function->variables[(*formal)[i]].bytes) : 4;
      if (!callPart(decoder, operand, bytes, parts.emplace_back()))
        return false;
    }
    return true;
  };
  if (!collect(call.results, results, function ? &function->results : nullptr) ||
      !collect(call.arguments, arguments, function ? &function->parameters : nullptr))
    return false;
  if (function &&
      (function->parameters.size() != arguments.size() || function->results.size() != results.size()))
    return decoder.fail(
        instruction.location,
        "call of '" + std::string(function->name) + "' with " + std::to_string(arguments.size()) +
            " arguments and " + std::to_string(results.size()) + " results, declared with " +
            std::to_string(function->parameters.size()) + " and " + std::to_string(function->results.size()));
  for (const CallPart &part : arguments)
    if (part.reg)
      emitFrameStore(decoder, decoder.read(*part.reg, part.type), slotBytes(part.type), part.place.offset);
  CallSite site;
  for (const CallPart &part : arguments)
    site.arguments.push_back(part.place);
  for (const CallPart &part : results)
    site.results.push_back(part.place);
  Program &program = decoder.program();
  if (program.callSites.size() > 0xffff)
    return decoder.unsupported(instruction, "more than 65536 calls in a kernel");
  uint16_t siteIndex = uint16_t(program.callSites.size());
  program.callSites.push_back(std::move(site));
  if (function && !function->isDefined) {
    Handler builtin = findBuiltin(function->name);
    if (!builtin)
      return decoder.fail(call.target->location,
                          "function '" + std::string(function->name) + "' is declared but nowhere defined",
                          Error::UnresolvedSymbol);
    program.usesHeap |= function->name == "malloc";
    decoder.emit(builtin, InstructionClass::Other).aux = siteIndex;
  } else if (function) {
    uint32_t number = decoder.requestFunction(*function);
    Inst &inst = decoder.emit(handleCall, InstructionClass::Control);
    inst.target = number;
    inst.aux = siteIndex;
  } else {
    decoder.noteIndirectCall();
    Slot target = decoder.read(*call.target, Type::U64);
    decoder.emit(handleCallIndirect, InstructionClass::Control, noSlot, target).aux = siteIndex;
  }
  for (const CallPart &part : results)
    if (part.reg)
      emitFrameLoad(decoder, decoder.write(*part.reg, part.type), slotBytes(part.type), part.place.offset);
  return decoder.ok();
}

bool decodeReturn(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  modifiers.take("uni");
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, 0, 0))
    return false;
  emitReturn(decoder);
  return decoder.ok();
}

bool decodeEnd(Decoder &decoder, const ptx::Instruction &instruction) {
  Handler handler = instruction.opcode == "exit"   ? handleExit
                    : instruction.opcode == "trap" ? handleTrap
                                                   : handleNothing;
  decoder.emit(handler, InstructionClass::Control);
  return decoder.operandCount(instruction, 0, 2);
}

bool decodeStack(Decoder &decoder, const ptx::Instruction &instruction) {
  Modifiers modifiers(instruction);
  Type type = modifiers.takeType();
  std::string_view opcode = instruction.opcode;
  size_t least = opcode == "alloca" ? 2 : 1;
  if (!decoder.done(instruction, modifiers) || !decoder.operandCount(instruction, least, 3))
    return false;
  const auto &operands = instruction.operands;
  if (ptx::typeBits(type) != 64 && opcode != "alloca")
    return decoder.unsupported(instruction, "a 32-bit stack");
  if (opcode == "stacksave") {
    decoder.emit(handleStackSave, InstructionClass::Move, decoder.write(operands[0], type));
  } else if (opcode == "stackrestore") {
    decoder.emit(handleStackRestore, InstructionClass::Move, noSlot, decoder.read(operands[0], type));
  } else {
    uint64_t alignment = 8;
    if (operands.size() == 3 && !decoder.literal(operands[2], alignment, "the alignment"))
      return false;
    if (!std::has_single_bit(alignment) || alignment > 4096)
      return decoder.fail(operands[2].location, "alignment is not a power of two up to 4096");
    Slot size = decoder.read(operands[1], type);
    bool wide = ptx::typeBits(type) == 64;
    decoder
        .emit(wide ? handleStackAllocate<uint64_t> : handleStackAllocate<uint32_t>, InstructionClass::Move,
              decoder.write(operands[0], type), size)
        .imm = int64_t(alignment);
  }
  return decoder.ok();
}

} // namespace

void handleJoin(Warp &warp, const Inst &, uint32_t) {
  if (warp.atMeeting(warp.pc - 1))
    warp.arriveAtMeeting(warp.pc - 1);
}

bool isBranch(const Inst &inst) { return inst.run == handleBranch; }
bool isTableBranch(const Inst &inst) { return inst.run == handleTableBranch; }
bool isReturn(const Inst &inst) { return inst.run == handleReturn; }
bool isExit(const Inst &inst) { return inst.run == handleExit || inst.run == handleTrap; }
bool isDirectCall(const Inst &inst) { return inst.run == handleCall; }
bool isStackAllocation(const Inst &inst) {
  return inst.run == handleStackAllocate<uint64_t> || inst.run == handleStackAllocate<uint32_t>;
}

/// The register that a parameter or result of a function is declared as.
static Operand registerOperand(const ptx::Variable &variable) {
  Operand operand;
  operand.kind = Operand::Kind::Register;
  operand.index = uint32_t(variable.reg);
  return operand;
}

/// Parameters that the function takes in registers are loaded from its frame.
void emitFunctionEntry(Decoder &decoder) {
  if (decoder.isKernel())
    return;
  for (uint32_t index : decoder.function().parameters) {
    const ptx::Variable &variable = decoder.function().variables[index];
    if (variable.reg < 0)
      continue;
    emitFrameLoad(decoder, decoder.write(registerOperand(variable), variable.type), slotBytes(variable.type),
                  decoder.frameVariable(index).offset);
  }
}

void emitReturn(Decoder &decoder) {
  if (!decoder.isKernel())
    for (uint32_t index : decoder.function().results) {
      const ptx::Variable &variable = decoder.function().variables[index];
      if (variable.reg < 0)
        continue;
      emitFrameStore(decoder, decoder.read(registerOperand(variable), variable.type),
                     slotBytes(variable.type), decoder.frameVariable(index).offset);
    }
  decoder.emit(handleReturn, InstructionClass::Control);
}

void addControlDecoders(DecoderTable &table) {
  table["bra"] = decodeBranch;
  table["brx"] = decodeTableBranch;
  table["call"] = decodeCall;
  table["ret"] = decodeReturn;
  table["exit"] = table["trap"] = table["brkpt"] = table["pmevent"] = decodeEnd;
  table["alloca"] = table["stacksave"] = table["stackrestore"] = decodeStack;
}

} // namespace mv::ptxsim
