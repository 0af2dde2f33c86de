//===- Compile.cpp - From a checkpoint to a package -----------------------------===//

#include "mv/Pipeline/Compile.h"

#include "ResumedTargets.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mv/IR/PlanDialect.h"
#include "mv/Import/BuildModel.h"
#include "mv/Import/Checkpoint.h"
#include "mv/Kernels/CodeGen/PTX.h"
#include "mv/Pipeline/EmitPackage.h"
#include "mv/Pipeline/Report.h"
#include "mv/Support/MappedFile.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"

#include <optional>

using namespace mlir;
using namespace mv;

/// Module attributes that say which checkpoint a module came from, so that printed IR can be resumed.
static constexpr StringLiteral kConfigAttribute = "mv.config";
static constexpr StringLiteral kWeightsAttribute = "mv.weights";

namespace {

/// A checkpoint's tensors, by canonical name.
class CheckpointSource : public reference::ParameterSource {
public:
  explicit CheckpointSource(const WeightFile &weights) : weights_(weights) {}

  llvm::Error read(StringRef name, ArrayRef<int64_t> shape, MutableArrayRef<float> out) const override {
    const WeightFile::Tensor *tensor = weights_.find(std::string_view(name.data(), name.size()));
    if (!tensor)
      return llvm::createStringError("%s: no tensor '%s'", weights_.source().c_str(), name.str().c_str());
    if (ArrayRef<int64_t>(tensor->shape) != shape || !tensor->isFloat())
      return llvm::createStringError("%s: tensor '%s' does not have the shape or type that the IR says",
                                     weights_.source().c_str(), name.str().c_str());
    tensor->readFloats(0, std::span<float>(out.data(), out.size()));
    return llvm::Error::success();
  }

private:
  const WeightFile &weights_;
};

/// One run of the compiler: the module as it goes through the stages, and what it was made from.
class Compilation {
public:
  Compilation(MLIRContext &context, const CompileOptions &options, Notify warn,
              function_ref<LogicalResult(PassManager &)> configure)
      : context_(context), options_(options), warn_(warn), configure_(configure), pool_(options.threads) {}

  Status run() {
    MV_RETURN_IF_ERROR(isIR() ? readIR() : importCheckpoint());
    MV_RETURN_IF_ERROR(advance(Stage::Fusion, "fusion", buildFusionPipeline));
    MV_RETURN_IF_ERROR(advance(Stage::Plan, "plan", buildPlanPipeline));
    MV_RETURN_IF_ERROR(advance(Stage::Kernels, "kernels", buildKernelsPipeline));
    if (options_.stage <= Stage::Kernels) {
      MV_RETURN_IF_ERROR(report());
      return writeText([&](raw_ostream &os) { module_->print(os, printingFlags()); });
    }
    return generateCode();
  }

private:
  bool isIR() const {
    return llvm::sys::path::extension(options_.source) == ".mlir" || options_.source == "-";
  }

  //===--------------------------------------------------------------------===//
  // Beginnings
  //===--------------------------------------------------------------------===//

  Status importCheckpoint() {
    MV_RETURN_IF_ERROR(load(options_.source, options_.weights));
    MV_ASSIGN_OR_RETURN(CheckpointLocation location, locateCheckpoint(options_.source, options_.weights));
    StatusOr<OwningOpRef<ModuleOp>> built =
        buildModel(context_, checkpoint_->spec, options_.resolutions, options_.outputs);
    if (!built.ok())
      return built.status();
    module_ = std::move(*built);
    (*module_)->setAttr(kConfigAttribute, StringAttr::get(&context_, location.configPath));
    (*module_)->setAttr(kWeightsAttribute, StringAttr::get(&context_, location.weights));
    reached_ = Stage::Import;
    return {};
  }

  Status load(const std::string &source, const std::string &weights) {
    MV_ASSIGN_OR_RETURN(Checkpoint loaded, loadCheckpoint(source, weights, pool_));
    checkpoint_ = std::move(loaded);
    for (const std::string &warning : checkpoint_->warnings)
      warn_(warning);
    source_ = std::make_unique<CheckpointSource>(checkpoint_->weights);
    return {};
  }

  Status readIR() {
    if (options_.source != "-")
      MV_RETURN_IF_ERROR(MappedFile::open(options_.source).status()); // says more than the parser does
    module_ = parseSourceFile<ModuleOp>(options_.source, &context_);
    if (!module_)
      return Status::invalidInput(options_.source + ": is not valid IR");
    reached_ = stageOf(*module_);
    MV_RETURN_IF_ERROR(fitTargets(*module_, reached_, options_));
    auto config = (*module_)->getAttrOfType<StringAttr>(kConfigAttribute);
    auto weights = (*module_)->getAttrOfType<StringAttr>(kWeightsAttribute);
    if (config)
      return load(config.str(), !options_.weights.empty() ? options_.weights : weights ? weights.str() : "");
    if (options_.weights.empty() && options_.stage == Stage::Package)
      return Status::invalidInput(options_.source + ": the IR names no checkpoint; give one with --weights=");
    if (options_.weights.empty())
      return {};
    // IR without a config: the weights are one file whose names are the IR's.
    MV_ASSIGN_OR_RETURN(SafetensorsFile file, SafetensorsFile::open(options_.weights));
    file_ = std::move(file);
    source_ = std::make_unique<reference::SafetensorsSource>(*file_);
    return {};
  }

  /// Fused kernels get their dispatches' labels from locations; coarse ops name their part, and a plan has labels.
  OpPrintingFlags printingFlags() const {
    OpPrintingFlags flags;
    if (reached_ == Stage::Fusion)
      flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
    return flags;
  }

  /// The last stage a module has been through, by what is in it.
  static Stage stageOf(ModuleOp module) {
    bool emitted = false, planned = !module.getOps<plan::EntryOp>().empty();
    for (auto kernel : module.getOps<plan::KernelOp>())
      emitted |= !kernel.getImplementations().empty();
    bool fused = module.walk([](KernelOp) { return WalkResult::interrupt(); }).wasInterrupted();
    return emitted ? Stage::Kernels : planned ? Stage::Plan : fused ? Stage::Fusion : Stage::Import;
  }

  //===--------------------------------------------------------------------===//
  // Stages on IR
  //===--------------------------------------------------------------------===//

  Status advance(Stage stage, const char *name, void (*build)(OpPassManager &, const PipelineOptions &)) {
    if (reached_ >= stage || options_.stage < stage)
      return {};
    PassManager passes(&context_);
    if (failed(configure_(passes)))
      return Status::invalidInput("the pass manager's options do not go together");
    build(passes, options_.pipeline);
    if (failed(passes.run(*module_)))
      return Status::internal(std::string("the ") + name + " stage failed (see the messages above)");
    reached_ = stage;
    return {};
  }

  //===--------------------------------------------------------------------===//
  // Code
  //===--------------------------------------------------------------------===//

  /// One instruction set on its way to machine code.
  struct Unit {
    const cpu::Target *target;
    ModuleOp module;
    std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
    std::unique_ptr<llvm::Module> llvm = nullptr;
    std::string object = {};
    Status status = {};
  };

  /// One GPU architecture on its way to an image.
  struct GPUUnit {
    const mv::gpu::Target *target;
    mlir::gpu::GPUModuleOp module;
    std::string llvm = {}, ptx = {}; ///< Text.
    mv::gpu::Assembly assembly = {};
  };

  Status report() {
    if (!options_.report || reached_ < Stage::Plan)
      return {};
    return writeReport(*module_, options_.reportFile, facts_);
  }

  Status generateCode() {
    if (options_.stage != Stage::Assembly) // which GPUs do not have
      MV_RETURN_IF_ERROR(generateGPUCode());
    MV_RETURN_IF_ERROR(report());
    if (options_.stage == Stage::PTX)
      return printPTX();
    std::vector<Unit> units;
    for (auto module : module_->getOps<ModuleOp>())
      if (auto name = module->getAttrOfType<StringAttr>("mv.target"))
        for (const cpu::Target &target : cpu::getTargets())
          if (target.name == name.getValue())
            units.push_back({&target, module});
    for (Unit &unit : units)
      MV_RETURN_IF_ERROR(lower(unit));
    pool_.parallelFor(units.size(), 1, [&](unsigned, int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index)
        units[index].status = compileUnit(units[index]);
    });
    for (const Unit &unit : units)
      MV_RETURN_IF_ERROR(unit.status);
    if (options_.stage != Stage::Package)
      return printCode(units);
    return writePackage(units);
  }

  //===--------------------------------------------------------------------===//
  // Code for GPUs
  //===--------------------------------------------------------------------===//

  Status generateGPUCode() {
    for (auto module : module_->getOps<mlir::gpu::GPUModuleOp>())
      if (auto name = module->getAttrOfType<StringAttr>("mv.target"))
        if (const mv::gpu::Target *target = mv::gpu::findTarget(name))
          gpuUnits_.push_back({target, module});
    for (GPUUnit &unit : gpuUnits_)
      MV_RETURN_IF_ERROR(lower(unit));
    if (options_.stage == Stage::Package && !gpuUnits_.empty())
      return assembleAll();
    return {};
  }

  Status lower(GPUUnit &unit) {
    PassManager passes(&context_, mlir::gpu::GPUModuleOp::getOperationName());
    if (failed(configure_(passes)))
      return Status::invalidInput("the pass manager's options do not go together");
    buildNVVMPipeline(passes);
    if (failed(passes.run(unit.module)))
      return Status::internal("lowering the kernels for " + unit.target->name.str() + " failed");
    llvm::LLVMContext context;
    llvm::Expected<std::unique_ptr<llvm::Module>> translated =
        mv::gpu::createLLVMModule(unit.module, *unit.target, context);
    if (!translated)
      return Status::internal(llvm::toString(translated.takeError()));
    if (options_.stage == Stage::LLVM) {
      llvm::raw_string_ostream(unit.llvm) << **translated;
      return {};
    }
    llvm::Expected<std::string> ptx = mv::gpu::compileToPTX(**translated, *unit.target);
    if (!ptx)
      return Status::internal(llvm::toString(ptx.takeError()));
    unit.ptx = std::move(*ptx);
    return {};
  }

  /// Cubins, and what the tools say of them, where there are tools.
  Status assembleAll() {
    llvm::Expected<std::string> ptxas = mv::gpu::findPtxas(options_.ptxas);
    if (!ptxas)
      return Status::invalidInput("--ptxas: " + llvm::toString(ptxas.takeError()));
    if (ptxas->empty()) {
      warn_("no ptxas found: the package holds PTX alone, which the driver compiles when the package is "
            "loaded");
      return {};
    }
    std::vector<Status> states(gpuUnits_.size());
    pool_.parallelFor(gpuUnits_.size(), 1, [&](unsigned, int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index)
        states[index] = assembleUnit(*ptxas, gpuUnits_[index]);
    });
    for (const Status &status : states)
      MV_RETURN_IF_ERROR(status);
    return collectFacts(*ptxas);
  }

  static Status assembleUnit(const std::string &ptxas, GPUUnit &unit) {
    llvm::Expected<mv::gpu::Assembly> assembly = mv::gpu::assemble(ptxas, unit.ptx, *unit.target);
    if (!assembly)
      return Status::internal(llvm::toString(assembly.takeError()));
    unit.assembly = std::move(*assembly);
    return {};
  }

  Status collectFacts(const std::string &ptxas) {
    if (!options_.report)
      return {};
    for (const GPUUnit &unit : gpuUnits_) {
      mv::gpu::FunctionFacts &facts = facts_[unit.target->name];
      mv::gpu::addPtxasInfo(unit.assembly.info, facts);
      llvm::Expected<std::string> listing = mv::gpu::disassemble(ptxas, unit.assembly.cubin);
      if (!listing)
        return Status::internal(llvm::toString(listing.takeError()));
      mv::gpu::addListing(*listing, facts);
    }
    return {};
  }

  std::vector<package::CodeBlob> gpuImages() const {
    std::vector<package::CodeBlob> images;
    auto add = [&](const GPUUnit &unit, StringRef bytes, package::CodeKind kind) {
      const auto *begin = reinterpret_cast<const std::byte *>(bytes.data());
      images.push_back({unit.target->name.str(), std::vector<std::byte>(begin, begin + bytes.size()), kind});
    };
    for (const GPUUnit &unit : gpuUnits_) {
      add(unit, StringRef(unit.ptx.c_str(), unit.ptx.size() + 1), package::CodeKind::PTX);
      if (!unit.assembly.cubin.empty())
        add(unit, unit.assembly.cubin, package::CodeKind::Cubin);
    }
    return images;
  }

  //===--------------------------------------------------------------------===//
  // Code for CPUs
  //===--------------------------------------------------------------------===//

  Status lower(Unit &unit) {
    PassManager passes(&context_);
    if (failed(configure_(passes)))
      return Status::invalidInput("the pass manager's options do not go together");
    buildLLVMPipeline(passes, unit.target->hasFMA);
    if (failed(passes.run(unit.module)))
      return Status::internal("lowering the kernels for " + unit.target->name.str() + " failed");
    return {};
  }

  Status compileUnit(Unit &unit) {
    llvm::Expected<std::unique_ptr<llvm::Module>> translated =
        cpu::createLLVMModule(unit.module, *unit.target, *unit.context);
    if (!translated)
      return Status::internal(llvm::toString(translated.takeError()));
    unit.llvm = std::move(*translated);
    if (options_.stage != Stage::Package)
      return {};
    llvm::Expected<std::string> object = cpu::compileToObject(*unit.llvm, *unit.target);
    if (!object)
      return Status::internal(llvm::toString(object.takeError()));
    unit.object = std::move(*object);
    unit.llvm.reset();
    return {};
  }

  Status printPTX() {
    if (gpuUnits_.empty())
      return Status::invalidInput("--compile-to=ptx: no GPU among the targets; add one, e.g. --target=sm_80");
    return writeText([&](raw_ostream &out) {
      for (const GPUUnit &unit : gpuUnits_)
        out << unit.ptx;
    });
  }

  Status printCode(std::vector<Unit> &units) {
    std::string text;
    llvm::raw_string_ostream os(text);
    for (Unit &unit : units) {
      if (options_.stage == Stage::LLVM)
        unit.llvm->print(os, nullptr);
      else if (llvm::Error error = cpu::printAssembly(*unit.llvm, *unit.target, os))
        return Status::internal(llvm::toString(std::move(error)));
    }
    for (const GPUUnit &unit : gpuUnits_)
      os << unit.llvm;
    return writeText([&](raw_ostream &out) { out << text; });
  }

  Status writePackage(std::vector<Unit> &units) {
    std::vector<cpu::MachineCode> code;
    for (Unit &unit : units) {
      llvm::Expected<cpu::MachineCode> linked = cpu::linkObject(unit.object, *unit.target);
      if (!linked)
        return Status::internal(llvm::toString(linked.takeError()));
      code.push_back(std::move(*linked));
    }
    if (module_->getOps<plan::EntryOp>().empty())
      return Status::invalidInput(
          options_.source + ": the IR has no entry point, expected a function with the attribute mv.entry");
    return emitPackage(*module_, code, gpuImages(), *source_, checkpoint_ ? &*checkpoint_ : nullptr, pool_,
                       options_.output);
  }

  Status writeText(function_ref<void(raw_ostream &)> print) {
    if (options_.output.empty() || options_.output == "-") {
      print(llvm::outs());
      llvm::outs() << "\n";
      return {};
    }
    std::string text;
    llvm::raw_string_ostream os(text);
    print(os);
    os << "\n";
    MV_ASSIGN_OR_RETURN(AtomicFile file, AtomicFile::create(options_.output));
    MV_RETURN_IF_ERROR(file.write(text));
    return file.commit();
  }

  MLIRContext &context_;
  CompileOptions options_;
  Notify warn_;
  function_ref<LogicalResult(PassManager &)> configure_;
  ThreadPool pool_;
  std::optional<Checkpoint> checkpoint_;
  std::optional<SafetensorsFile> file_;
  std::unique_ptr<reference::ParameterSource> source_;
  OwningOpRef<ModuleOp> module_;
  Stage reached_ = Stage::Import;
  std::vector<GPUUnit> gpuUnits_;
  MachineFactsByTarget facts_;
};

} // namespace

Status mv::compile(MLIRContext &context, const CompileOptions &options, Notify warn,
                   function_ref<LogicalResult(PassManager &)> configure) {
  return Compilation(context, options, warn, configure).run();
}
