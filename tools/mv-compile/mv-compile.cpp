//===- mv-compile.cpp - A checkpoint to a package -------------------------------===//

#include "mlir/IR/AsmState.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Support/ToolUtilities.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mv/Kernels/CPU/Emitter.h"
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
static cl::opt<std::string>
    targets("target", cl::init("cpu"), cl::cat(category),
            cl::desc("cpu, or instruction sets: cpu:x86-64-v4, cpu:x86-64-v3, cpu:x86-64"));
static cl::opt<std::string> dtype("dtype", cl::init("f32"), cl::desc("f32 (the only form on the CPU)"),
                                  cl::cat(category));
static cl::opt<std::string> resolutions("resolution",
                                        cl::desc("HxW[,HxW...] (default: the checkpoint's input_size)"),
                                        cl::cat(category));
static cl::opt<std::string> outputs("outputs", cl::desc("logits,pooled,stages (default: logits,pooled)"),
                                    cl::cat(category));
static cl::opt<std::string>
    compileTo("compile-to", cl::cat(category),
              cl::desc("Stop after import, fusion, plan, kernels, llvm or asm, and print"));
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

static Status parseTargets(CompileOptions &options) {
  bool all = false;
  for (StringRef text : split(targets)) {
    StringRef name = text;
    if (name == "cpu") {
      all = true;
      continue;
    }
    if (!name.consume_front("cpu:"))
      return Status::invalidInput("--target: expected cpu or cpu:INSTRUCTION_SET, found '" + text.str() +
                                  "' (this version makes no GPU code)");
    if (llvm::none_of(cpu::getTargets(), [&](const cpu::Target &target) { return target.name == name; }))
      return Status::invalidInput("--target: no instruction set '" + name.str() +
                                  "'; expected x86-64, x86-64-v3 or x86-64-v4");
    options.pipeline.cpuTargets.push_back(name.str());
  }
  if (!all && options.pipeline.cpuTargets.empty())
    return Status::invalidInput("--target: expected cpu or cpu:INSTRUCTION_SET, found nothing");
  if (all)
    options.pipeline.cpuTargets.clear();
  return {};
}

static Status parseStageOption(CompileOptions &options) {
  if (compileTo.getNumOccurrences() == 0)
    return {};
  std::optional<Stage> stage = parseStage(compileTo);
  if (!stage)
    return Status::invalidInput("--compile-to: expected import, fusion, plan, kernels, llvm or asm, found '" +
                                compileTo + "'");
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
  options.report = report.getNumOccurrences() > 0;
  options.reportFile = report;
  options.threads = threads;
  MV_RETURN_IF_ERROR(parseTargets(options));
  MV_RETURN_IF_ERROR(parseStageOption(options));
  if (dtype != "f32")
    return Status::invalidInput("--dtype: the CPU has the form f32 only, found '" + dtype + "'");
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
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler diagnostics(sources, &context);
  Status status = compile(
      context, options, [](const std::string &line) { llvm::errs() << "mv-compile: " << line << "\n"; },
      [](PassManager &passes) { return applyPassManagerCLOptions(passes); });
  return status.ok() ? 0 : fail(status);
}
