//===- CPUCode.cpp - Machine code of a module's kernels for CPUs ----------------===//

#include "CPUCode.h"

#include "mv/IR/Devices.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mv;

CPUCode::CPUCode(ModuleOp module) {
  for (auto each : module.getOps<ModuleOp>())
    if (auto name = each->getAttrOfType<StringAttr>(kTargetAttribute))
      for (const cpu::Target &target : cpu::getTargets())
        if (target.name == name.getValue())
          units.push_back({&target, each});
}

Status CPUCode::lower(ConfigurePasses configure) {
  for (Unit &unit : units) {
    PassManager passes(unit.module.getContext());
    if (failed(configure(passes)))
      return Status::invalidInput("the pass manager's options do not go together");
    buildLLVMPipeline(passes, unit.target->hasFMA);
    if (failed(passes.run(unit.module)))
      return Status::internal("lowering the kernels for " + unit.target->name.str() + " failed");
  }
  return {};
}

static llvm::Expected<std::string> compileUnit(ModuleOp module, const cpu::Target &target, Stage stage) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated = cpu::createLLVMModule(module, target, context);
  if (!translated)
    return translated.takeError();
  if (stage == Stage::Assembly)
    return cpu::printAssembly(**translated, target);
  if (stage != Stage::LLVM)
    return cpu::compileToObject(**translated, target);
  std::string text;
  llvm::raw_string_ostream(text) << **translated;
  return text;
}

Status CPUCode::compile(size_t index, Stage stage) {
  Unit &unit = units[index];
  llvm::Expected<std::string> output = compileUnit(unit.module, *unit.target, stage);
  if (!output)
    return Status::internal(llvm::toString(output.takeError()));
  unit.output = std::move(*output);
  return {};
}

void CPUCode::print(raw_ostream &os) const {
  for (const Unit &unit : units)
    os << unit.output;
}

StatusOr<std::vector<cpu::MachineCode>> CPUCode::link() const {
  std::vector<cpu::MachineCode> code;
  for (const Unit &unit : units) {
    llvm::Expected<cpu::MachineCode> linked = cpu::linkObject(unit.output, *unit.target);
    if (!linked)
      return Status::internal(llvm::toString(linked.takeError()));
    code.push_back(std::move(*linked));
  }
  return code;
}
