//===- Compile.cpp - From a checkpoint to a package -----------------------------===//

#include "mv/Pipeline/Compile.h"

#include "CPUCode.h"
#include "GPUCode.h"
#include "ResumedTargets.h"

#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mv/IR/PlanDialect.h"
#include "mv/Import/BuildModel.h"
#include "mv/Import/Checkpoint.h"
#include "mv/Kernels/CodeGen/PTX.h"
#include "mv/Kernels/GPU/Tuning.h"
#include "mv/Pipeline/EmitPackage.h"
#include "mv/Pipeline/Report.h"
#include "mv/Support/MappedFile.h"
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
    MV_RETURN_IF_ERROR(readTuning());
    MV_RETURN_IF_ERROR(isIR() ? readIR() : importCheckpoint());
    MV_RETURN_IF_ERROR(advance(Stage::Fusion, "fusion", buildFusionPipeline));
    MV_RETURN_IF_ERROR(advance(Stage::Plan, "plan", buildPlanPipeline));
    MV_RETURN_IF_ERROR(advance(Stage::Kernels, "kernels", buildKernelsPipeline));
    if (options_.pipeline.tuning && options_.stage >= Stage::Kernels)
      for (const std::string &line : options_.pipeline.tuning->notes())
        warn_(line);
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
        buildModel(context_, checkpoint_->spec, options_.resolutions, options_.outputs,
                   options_.input.value_or(InputType::F32));
    if (!built.ok())
      return built.status();
    module_ = std::move(*built);
    (*module_)->setAttr(kConfigAttribute, StringAttr::get(&context_, location.configPath));
    (*module_)->setAttr(kWeightsAttribute, StringAttr::get(&context_, location.weights));
    reached_ = Stage::Import;
    return {};
  }

  Status readTuning() {
    if (options_.tuningFile.empty())
      return {};
    MV_ASSIGN_OR_RETURN(MappedFile file, MappedFile::open(options_.tuningFile));
    std::span<const std::byte> bytes = file.bytes();
    StringRef text(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    MV_ASSIGN_OR_RETURN(mv::gpu::Tuning tuning, mv::gpu::Tuning::parse(text, options_.tuningFile));
    options_.pipeline.tuning = std::make_shared<mv::gpu::Tuning>(std::move(tuning));
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
    if (options_.input)
      return Status::invalidInput("--input: " + options_.source +
                                  " is IR, which says what its input is; leave the option out");
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

  Status report(const MachineFactsByTarget &facts = {}) {
    if (!options_.report || reached_ < Stage::Plan)
      return {};
    return writeReport(*module_, options_.reportFile, facts);
  }

  Status generateCode() {
    GPUCode gpu(*module_);
    CPUCode cpu(*module_);
    if (options_.stage == Stage::PTX && gpu.size() == 0)
      return Status::invalidInput("--compile-to=ptx: no GPU among the targets; add one, e.g. --target=sm_80");
    if (options_.stage != Stage::Assembly) // which GPUs do not have
      MV_RETURN_IF_ERROR(gpu.compile(configure_, pool_, options_.stage));
    if (options_.stage != Stage::PTX) {
      MV_RETURN_IF_ERROR(cpu.lower(configure_));
      MV_RETURN_IF_ERROR(finishCode(gpu, cpu));
    }
    MV_RETURN_IF_ERROR(report(gpu.facts()));
    if (options_.stage == Stage::Package)
      return writePackage(gpu, cpu);
    return writeText([&](raw_ostream &os) {
      if (options_.stage != Stage::PTX)
        cpu.print(os);
      gpu.print(os, options_.stage);
    });
  }

  /// Object files, and cubins where there is a ptxas, all at once: cubins first, as they take longest.
  Status finishCode(GPUCode &gpu, CPUCode &cpu) {
    std::string ptxas;
    if (options_.stage == Stage::Package && gpu.size() > 0) {
      MV_ASSIGN_OR_RETURN(ptxas, findPtxas());
    }
    int64_t cubins = ptxas.empty() ? 0 : gpu.size();
    std::vector<Status> states(cubins + cpu.size());
    pool_.parallelFor(states.size(), 1, [&](unsigned, int64_t begin, int64_t end) {
      for (int64_t index = begin; index < end; ++index)
        states[index] = index < cubins ? gpu.assemble(index, ptxas, options_.report)
                                       : cpu.compile(index - cubins, options_.stage);
    });
    for (const Status &status : states)
      MV_RETURN_IF_ERROR(status);
    for (const std::string &line : gpu.slowFunctions())
      warn_(line);
    return {};
  }

  StatusOr<std::string> findPtxas() {
    llvm::Expected<std::string> ptxas = mv::gpu::findPtxas(options_.ptxas);
    if (!ptxas)
      return Status::invalidInput("--ptxas: " + llvm::toString(ptxas.takeError()));
    if (ptxas->empty())
      warn_("no ptxas found: the package holds PTX alone, which the driver compiles when the package is "
            "loaded");
    return *ptxas;
  }

  Status writePackage(const GPUCode &gpu, const CPUCode &cpu) {
    MV_ASSIGN_OR_RETURN(std::vector<cpu::MachineCode> code, cpu.link());
    if (module_->getOps<plan::EntryOp>().empty())
      return Status::invalidInput(
          options_.source + ": the IR has no entry point, expected a function with the attribute mv.entry");
    return emitPackage(*module_, code, gpu.blobs(), *source_, checkpoint_ ? &*checkpoint_ : nullptr, pool_,
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
};

} // namespace

Status mv::compile(MLIRContext &context, const CompileOptions &options, Notify warn,
                   function_ref<LogicalResult(PassManager &)> configure) {
  return Compilation(context, options, warn, configure).run();
}
