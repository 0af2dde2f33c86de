//===- mv-compile.cpp - A checkpoint to a package -------------------------------===//

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/ToolUtilities.h"
#include "mv/Kernels/CPU/Emitter.h"
#include "mv/Kernels/GPU/Emitter.h"
#include "mv/Pipeline/Compile.h"
#include "mv/Pipeline/Register.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;
using namespace mv;
namespace cl = llvm::cl;

static cl::OptionCategory category("mv-compile options");

static cl::opt<std::string> source(cl::Positional, cl::desc("SOURCE"), cl::cat(category));
static cl::opt<std::string>
    output("o", cl::desc("Package to write; with --compile-to, text (default: standard output)"),
           cl::value_desc("OUT.mvx"), cl::cat(category));
static cl::opt<std::string> weights("weights",
                                    cl::desc("FILE, FOLDER or random:SEED (default: the folder's own)"),
                                    cl::cat(category));
static cl::opt<std::string> targets(
    "target", cl::init("cpu,sm_80"), cl::cat(category),
    cl::desc("cpu, instruction sets (cpu:x86-64-v4, cpu:x86-64-v3, cpu:x86-64) and GPUs: sm_80, sm_86, "
             "sm_87, sm_89, sm_90, sm_100, sm_120 (default: cpu,sm_80)"));
static cl::opt<std::string> dtype("dtype", cl::cat(category),
                                  cl::desc("f16, bf16, tf32 or f32 (default: f32 on the CPU, f16 on GPUs)"));
static cl::opt<std::string>
    ptxas("ptxas", cl::cat(category), cl::value_desc("FILE"),
          cl::desc("NVIDIA's assembler (default: in $CUDA_HOME, $CUDA_PATH, the PATH or /usr/local/cuda)"));
static cl::opt<std::string>
    tuning("tuning", cl::cat(category), cl::value_desc("FILE.json"),
           cl::desc("Tiles of products on GPUs that were measured (docs/Performance.md)"));
static cl::opt<std::string> resolutions("resolution",
                                        cl::desc("HxW[,HxW...] (default: the checkpoint's input_size)"),
                                        cl::cat(category));
static cl::opt<std::string>
    input("input", cl::cat(category),
          cl::desc("f32: normalised images [N,3,H,W]; u8: pictures [N,H,W,3], which the model normalises "
                   "(default: f32)"));
static cl::opt<std::string> outputs("outputs", cl::desc("logits,pooled,stages (default: logits,pooled)"),
                                    cl::cat(category));
static cl::opt<std::string>
    compileTo("compile-to", cl::cat(category),
              cl::desc("Stop after import, fusion, plan, kernels, llvm, asm or ptx, and print"));
static cl::opt<std::string>
    report("report", cl::ValueOptional, cl::cat(category),
           cl::desc("Work and bytes of every kernel, to FILE.html, FILE.json or standard error"));
static cl::opt<std::string>
    disable("disable", cl::desc("Optional passes to leave out, e.g. mv-fold-batch-norm"), cl::cat(category));
static cl::opt<unsigned> threads("jobs", cl::desc("Threads (default: one per CPU)"), cl::cat(category));

static std::vector<std::string> split(StringRef list) {
  std::vector<std::string> parts;
  for (StringRef part : llvm::split(list, ','))
    if (!part.empty())
      parts.push_back(part.str());
  return parts;
}

/// sm_80, sm_86, ... or sm_120
static std::string gpuNames() {
  std::string names;
  for (const mv::gpu::Target &target : mv::gpu::getTargets())
    names += (names.empty()                              ? ""
              : &target == &mv::gpu::getTargets().back() ? " or "
                                                         : ", ") +
             target.name.str();
  return names;
}

static Status parseTargets(CompileOptions &options) {
  bool all = false;
  for (StringRef text : split(targets)) {
    StringRef name = text;
    if (name == "cpu") {
      all = true;
      continue;
    }
    if (mv::gpu::findTarget(name)) {
      if (!llvm::is_contained(options.pipeline.gpuTargets, name))
        options.pipeline.gpuTargets.push_back(name.str());
      continue;
    }
    if (!name.consume_front("cpu:"))
      return Status::invalidInput("--target: expected cpu, cpu:INSTRUCTION_SET, " + gpuNames() + ", found '" +
                                  text.str() + "'");
    if (llvm::none_of(cpu::getTargets(), [&](const cpu::Target &target) { return target.name == name; }))
      return Status::invalidInput("--target: no instruction set '" + name.str() +
                                  "'; expected x86-64, x86-64-v3 or x86-64-v4");
    options.pipeline.cpuTargets.push_back(name.str());
  }
  if (all || !options.pipeline.cpuTargets.empty())
    options.pipeline.devices.push_back("cpu");
  if (!options.pipeline.gpuTargets.empty())
    options.pipeline.devices.push_back("cuda");
  if (options.pipeline.devices.empty())
    return Status::invalidInput("--target: expected cpu, cpu:INSTRUCTION_SET, " + gpuNames() +
                                ", found nothing");
  if (all)
    options.pipeline.cpuTargets.clear();
  return {};
}

static Status parseDType(CompileOptions &options) {
  if (dtype.empty())
    return {};
  if (!mv::gpu::parseDType(dtype))
    return Status::invalidInput("--dtype: expected f16, bf16, tf32 or f32, found '" + dtype + "'");
  if (dtype != "f32" && llvm::is_contained(options.pipeline.devices, "cpu"))
    return Status::invalidInput("--dtype: the CPU has the form f32 only, found '" + dtype +
                                "'; leave cpu out of --target");
  options.pipeline.dtype = dtype;
  return {};
}

static Status parseStageOption(CompileOptions &options) {
  if (compileTo.getNumOccurrences() == 0)
    return {};
  std::optional<Stage> stage = parseStage(compileTo);
  if (!stage)
    return Status::invalidInput(
        "--compile-to: expected import, fusion, plan, kernels, llvm, asm or ptx, found '" + compileTo + "'");
  options.stage = *stage;
  return {};
}

static Status parseOptions(CompileOptions &options) {
  if (source.empty())
    return Status::invalidInput("no SOURCE: give a checkpoint folder, a config.json or a .mlir file");
  options.source = source;
  options.weights = weights;
  options.output = output;
  options.outputs = split(outputs);
  if (resolutions.getNumOccurrences() > 0) {
    MV_ASSIGN_OR_RETURN(options.resolutions, parseResolutions(resolutions));
  }
  if (input.getNumOccurrences() > 0) {
    StatusOr<InputType> type = parseInputType(input);
    if (!type.ok())
      return Status::invalidInput("--input: " + type.status().message());
    options.input = *type;
  }
  options.report = report.getNumOccurrences() > 0;
  options.reportFile = report;
  options.threads = threads;
  options.ptxas = ptxas;
  options.tuningFile = tuning;
  options.targetsAreDefault = targets.getNumOccurrences() == 0;
  options.dtypeIsDefault = dtype.empty();
  MV_RETURN_IF_ERROR(parseTargets(options));
  MV_RETURN_IF_ERROR(parseStageOption(options));
  MV_RETURN_IF_ERROR(parseDType(options));
  for (const std::string &pass : split(disable)) {
    if (!isOptionalPass(pass))
      return Status::invalidInput("--disable: '" + pass + "' is not an optional pass");
    options.pipeline.disabled.insert(pass);
  }
  if (options.stage == Stage::Package && output.empty())
    return Status::invalidInput("no output: give -o OUT.mvx");
  return {};
}

static int fail(const Status &status) {
  llvm::errs() << "mv-compile: " << status.message() << "\n";
  return static_cast<int>(status.code());
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  registerMLIRContextCLOptions();
  registerPassManagerCLOptions();
  mlir::registerAsmPrinterCLOptions();
  if (!cl::ParseCommandLineOptions(argc, argv, "MambaVision compiler\n", &llvm::errs()))
    return static_cast<int>(StatusCode::InvalidInput);

  CompileOptions options;
  if (Status status = parseOptions(options); !status.ok())
    return fail(status);

  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllTranslations(registry);
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  Status status = compile(
      context, options, [](const std::string &line) { llvm::errs() << "mv-compile: " << line << "\n"; },
      [](PassManager &passes) { return applyPassManagerCLOptions(passes); });
  return status.ok() ? 0 : fail(status);
}
