//===- LoadedModule.cpp - A module in a device ----------------------*- C++ -*-===//

#include "PTXSim/Machine/LoadedModule.h"
#include "PTXSim/PTX/Parser.h"

#include <algorithm>
#include <cstring>

namespace mv::ptxsim {

const Kernel *Module::findKernel(std::string_view name) const {
  for (const auto &kernel : kernels())
    if (kernel->info().name == name)
      return kernel.get();
  return nullptr;
}

const GlobalInfo *Module::findGlobal(std::string_view name) const {
  for (const GlobalInfo &global : globals())
    if (global.name == name)
      return &global;
  return nullptr;
}

LoadedModule::~LoadedModule() {
  std::lock_guard guard(*lock_);
  for (uint64_t address : allocations_)
    (void)memory_.free(address);
}

static std::string place(const std::string &name, const ptx::Location &location) {
  return name + ":" + std::to_string(location.line) + ":" + std::to_string(location.column) + ": ";
}

static std::string versionText(unsigned version) {
  return std::to_string(version / 10) + "." + std::to_string(version % 10);
}

Result LoadedModule::load(std::string_view text, const ModuleOptions &options, const DeviceProfile &profile) {
  name_ = options.name;
  // A PTX image may end in zeros.
  while (!text.empty() && text.back() == '\0')
    text.remove_suffix(1);
  PTXSIM_RETURN_IF_ERROR(ptx::parse(text, name_, syntax_));
  if (options.newestPTX && syntax_->version > options.newestPTX)
    return Result(Error::UnsupportedVersion, name_ + ": .version " + versionText(syntax_->version) +
                                                 " is newer than the driver, which knows up to " +
                                                 versionText(options.newestPTX));
  if (syntax_->target > profile.computeCapability())
    return Result(Error::UnsupportedVersion, name_ + ": .target sm_" + std::to_string(syntax_->target) +
                                                 " is newer than the device, " + std::string(profile.name));
  symbols_.module = syntax_.get();
  findAddressTaken();
  PTXSIM_RETURN_IF_ERROR(placeVariables());
  for (const ptx::Function &function : syntax_->functions)
    if (function.isEntry && function.isDefined)
      PTXSIM_RETURN_IF_ERROR(decodeKernel(function, options, profile));
  return {};
}

Result LoadedModule::placeVariables() {
  for (const ptx::Variable &variable : syntax_->variables) {
    if (variable.space == ptx::Space::Shared)
      continue;
    if (variable.space == ptx::Space::Local)
      return Result(Error::UnsupportedPTX,
                    place(name_, variable.location) + ".local at module level is not supported");
    if (&syntax_->variables[syntax_->variableIndex.at(variable.name)] != &variable)
      continue; // Declared here, defined elsewhere.
    if (variable.isExtern)
      return Result(Error::UnresolvedSymbol, place(name_, variable.location) + "variable '" +
                                                 std::string(variable.name) +
                                                 "' is declared .extern and nowhere defined");
    uint64_t address = 0, bytes = std::max<uint64_t>(variable.bytes, 1);
    PTXSIM_RETURN_IF_ERROR(memory_.allocate(bytes, address, true));
    allocations_.push_back(address);
    std::memset(reinterpret_cast<void *>(address), 0, bytes);
    Allocation *allocation = memory_.find(address, 1);
    allocation->constant = variable.space == ptx::Space::Const;
    allocation->managed = variable.isManaged;
    if (allocation->init)
      allocation->init->setRange(address - allocation->shadowBase, bytes);
    symbols_.variables[variable.name] = {variable.space, address, variable.bytes};
    globals_.push_back(
        {std::string(variable.name), address, variable.bytes, allocation->constant, variable.isManaged});
    constantBytes_ += allocation->constant ? uint32_t(variable.bytes) : 0;
  }
  for (const ptx::Variable &variable : syntax_->variables)
    if (auto found = symbols_.variables.find(variable.name);
        found != symbols_.variables.end() && variable.hasInitial)
      PTXSIM_RETURN_IF_ERROR(initialise(variable, found->second.address));
  return {};
}

Result LoadedModule::initialise(const ptx::Variable &variable, uint64_t address) {
  unsigned bytes = ptx::typeBytes(variable.type);
  for (const ptx::InitialValue &value : variable.initial) {
    uint64_t bits = value.bits;
    if (!value.symbol.empty()) {
      auto found = symbols_.variables.find(value.symbol);
      uint64_t base =
          found != symbols_.variables.end() ? found->second.address : symbols_.functionAddress(value.symbol);
      if (base == 0)
        return Result(Error::UnresolvedSymbol, place(name_, variable.location) + "initialiser of '" +
                                                   std::string(variable.name) + "' names '" +
                                                   std::string(value.symbol) + "', which has no address");
      bits = ((base + bits) & value.mask) >> value.shift;
    }
    std::memcpy(reinterpret_cast<void *>(address), &bits, std::min(bytes, 8u));
    address += bytes;
  }
  return {};
}

/// Functions whose address goes somewhere else than into a direct call.
void LoadedModule::findAddressTaken() {
  auto take = [&](std::string_view name) {
    if (const ptx::Function *function = symbols_.findFunction(name))
      symbols_.addressTaken.insert(function->name);
  };
  for (const ptx::Variable &variable : syntax_->variables)
    for (const ptx::InitialValue &value : variable.initial)
      if (!value.symbol.empty())
        take(value.symbol);
  for (const ptx::Function &function : syntax_->functions)
    for (const ptx::Instruction &instruction : function.body) {
      bool isCall = instruction.opcode == "call";
      auto visit = [&](auto &self, const ptx::Operand &operand) -> void {
        if (operand.kind == ptx::Operand::Kind::Symbol && operand.variable < 0)
          take(operand.name);
        for (const ptx::Operand &part : operand.parts)
          self(self, part);
      };
      for (const ptx::Operand &operand : instruction.operands)
        if (!isCall || operand.kind != ptx::Operand::Kind::Symbol)
          visit(visit, operand);
    }
}

Result LoadedModule::decodeKernel(const ptx::Function &function, const ModuleOptions &options,
                                  const DeviceProfile &profile) {
  auto kernel = std::make_unique<LoadedKernel>();
  kernel->module = this;
  PTXSIM_RETURN_IF_ERROR(Decoder(symbols_, name_, kernel->program).decode(function));
  FunctionInfo &info = kernel->info_;
  info.name = function.name;
  for (size_t i = 0; i < function.parameters.size(); ++i) {
    const ptx::Variable &variable = function.variables[function.parameters[i]];
    const FrameVariable &where = kernel->program.functions[0].parameters[i];
    info.parameters.push_back({where.offset, where.bytes, uint32_t(variable.alignment)});
    info.parameterBytes = where.offset + where.bytes;
  }
  info.staticShared = kernel->program.staticShared;
  info.localBytes = kernel->program.localBytes;
  info.constantBytes = constantBytes_;
  info.maxThreads = function.maxThreads ? function.maxThreads : profile.maxThreadsPerBlock;
  info.requiredBlock = {function.requiredBlock[0], function.requiredBlock[1], function.requiredBlock[2]};
  info.minBlocks = function.minBlocks;
  info.ptxVersion = syntax_->version;
  info.targetArchitecture = syntax_->target;
  uint32_t known = options.registers ? options.registers(info.name) : 0;
  info.registersAreEstimated = known == 0;
  // A few more than are live at once, for addresses and the like, in the unit of 8 in which they are handed
  // out; and never more than the block bound allows, as a compiler would spill.
  uint32_t estimate = std::min(255u, std::max(16u, (kernel->program.liveRegisters + 8 + 7) / 8 * 8));
  uint32_t allowed =
      profile.registersPerBlock / std::max(32u, (function.maxThreads ? info.maxThreads : 32) + 31) / 8 * 8;
  info.registers = known ? known : std::max(16u, std::min(estimate, allowed));
  kernels_.push_back(std::move(kernel));
  return {};
}

std::string LoadedModule::dump() const {
  std::string out;
  for (const auto &entry : kernels_) {
    const Program &program = static_cast<const LoadedKernel &>(*entry).program;
    out += "kernel " + program.name + ": " + std::to_string(program.code.size()) + " instructions, " +
           std::to_string(program.registerBytes) + " register bytes a warp, " +
           std::to_string(program.constants.size()) + " bytes of constants, " +
           std::to_string(program.localBytes) + " local bytes a thread, " +
           std::to_string(program.staticShared) + " bytes of static shared memory\n";
    for (size_t pc = 0; pc < program.code.size(); ++pc) {
      const Inst &inst = program.code[pc];
      auto slot = [](const char *name, Slot value) {
        return value == noSlot
                   ? std::string()
                   : std::string(" ") + name + (value & 1 ? "=c" : "=r") + std::to_string(value & ~1u);
      };
      out += "  " + std::to_string(pc) + "\t" + std::string(instructionClassName(inst.kind));
      if (inst.run == handleJoin)
        out += " join";
      else if (inst.flags & flagSynthetic)
        out += " part";
      out +=
          slot("d", inst.dst) + slot("a", inst.a) + slot("b", inst.b) + slot("c", inst.c) + slot("e", inst.d);
      if (isBranch(inst))
        out += " -> " + std::to_string(inst.target);
      uint32_t meet = program.reconverge[pc];
      if (isBranch(inst) && meet != noPc)
        out += meet == returnPc ? ", meets at the return" : ", meets at " + std::to_string(meet);
      if (inst.run != handleJoin)
        out += "\t; " + std::to_string(program.origins[inst.origin].line) + ": " +
               std::string(program.origins[inst.origin].text);
      out += "\n";
    }
  }
  return out;
}

} // namespace mv::ptxsim
