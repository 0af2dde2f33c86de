//===- JIT.cpp - Runs emitted functions inside a test ---------------------------===//

#include "JIT.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mv/IR/PlanDialect.h"
#include "mv/Kernels/Passes.h"

#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace mlir;
using namespace mv::test;

MLIRContext &mv::test::getContext() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    registerAllDialects(registry);
    registerAllExtensions(registry);
    registerAllToLLVMIRTranslations(registry);
    registry.insert<mv::MVDialect, mv::plan::PlanDialect>();
    registerAllPasses();
    mv::registerKernelsPasses();
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
    auto *created = new MLIRContext(registry, MLIRContext::Threading::DISABLED);
    created->loadAllAvailableDialects();
    return created;
  }();
  return *context;
}

bool mv::test::canRun(StringRef cpu) {
  llvm::StringMap<bool> features = llvm::sys::getHostCPUFeatures();
  if (cpu == "x86-64-v4")
    return features.lookup("avx512f") && features.lookup("avx512vl") && features.lookup("avx512dq") &&
           features.lookup("avx512bw");
  return cpu == "x86-64" || (features.lookup("avx2") && features.lookup("fma"));
}

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

static LogicalResult lower(ModuleOp module, bool fma) {
  auto passes = PassManager::on<ModuleOp>(module.getContext());
  std::string pipeline =
      std::string("mv-expand-math{fma=") + (fma ? "true" : "false") +
      "},canonicalize,cse,expand-strided-metadata,lower-affine,convert-scf-to-cf,"
      "convert-vector-to-llvm,convert-math-to-llvm,convert-index-to-llvm,finalize-memref-to-llvm,"
      "convert-func-to-llvm{use-bare-ptr-memref-call-conv=1},convert-arith-to-llvm,"
      "convert-cf-to-llvm,convert-ub-to-llvm,canonicalize,cse,reconcile-unrealized-casts";
  return failed(parsePassPipeline(pipeline, passes)) ? failure() : passes.run(module);
}

/// The middle end's O2 for the CPU of `machine`, without the transformations that the compiler switches off.
static void optimize(llvm::Module &module, llvm::TargetMachine &machine) {
  for (llvm::Function &function : module) {
    function.addFnAttr("target-cpu", machine.getTargetCPU());
    function.addFnAttr("prefer-vector-width", "512");
    function.addFnAttr("no-builtins");
  }
  llvm::PipelineTuningOptions tuning;
  tuning.LoopVectorization = tuning.SLPVectorization = tuning.LoopUnrolling = tuning.LoopInterleaving = false;
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(&machine, tuning);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O2).run(module, modules);
}

llvm::Expected<JIT> JIT::compile(ModuleOp module, StringRef cpu) {
  if (failed(lower(module, /*fma=*/cpu != "x86-64")))
    return error("lowering failed");
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> code = translateModuleToLLVMIR(module, *context);
  if (!code)
    return error("translation to LLVM IR failed");
  llvm::orc::JITTargetMachineBuilder target{llvm::Triple(llvm::sys::getProcessTriple())};
  target.setCPU(cpu.str());
  auto machine = target.createTargetMachine();
  if (!machine)
    return machine.takeError();
  code->setDataLayout((*machine)->createDataLayout());
  optimize(*code, **machine);
  auto jit = llvm::orc::LLJITBuilder()
                 .setJITTargetMachineBuilder(target)
                 .setPlatformSetUp(llvm::orc::setUpInactivePlatform)
                 .setLinkProcessSymbolsByDefault(false)
                 .create();
  if (!jit)
    return jit.takeError();
  if (llvm::Error failed = (*jit)->addIRModule({std::move(code), std::move(context)}))
    return std::move(failed);
  return JIT(std::move(*jit));
}

llvm::Expected<JIT> JIT::compile(StringRef text, StringRef cpu) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &getContext());
  if (!module)
    return error("the module does not parse");
  return compile(*module, cpu);
}

JIT::JIT(std::unique_ptr<llvm::orc::LLJIT> jit) : jit(std::move(jit)) {}
JIT::JIT(JIT &&) = default;
JIT::~JIT() = default;

llvm::Expected<void *> JIT::lookup(StringRef name) {
  auto address = jit->lookup(name);
  if (!address)
    return address.takeError();
  return address->toPtr<void *>();
}
