//===- GPUCode.cpp - PTX and cubins of a module's kernels for GPUs --------------===//

#include "GPUCode.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/OperationSupport.h"
#include "mv/IR/Devices.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mv;

//===----------------------------------------------------------------------===//
// Distinct functions
//===----------------------------------------------------------------------===//

GPUCode::GPUCode(ModuleOp module) : scratch(ModuleOp::create(module.getLoc())) {
  for (auto each : module.getOps<mlir::gpu::GPUModuleOp>()) {
    auto name = each->getAttrOfType<StringAttr>(kTargetAttribute);
    const gpu::Target *target = name ? gpu::findTarget(name) : nullptr;
    if (!target)
      continue;
    Image &image = images.emplace_back(target);
    for (auto function : each.getOps<mlir::gpu::GPUFuncOp>())
      image.functions.emplace_back(function.getName().str(), add(function, gpu::getCodeTarget(*target)));
  }
}

/// Function `original` and the variables it refers to, without the name of theirs that they share.
static mlir::gpu::GPUModuleOp extract(mlir::gpu::GPUFuncOp original) {
  auto source = original->getParentOfType<mlir::gpu::GPUModuleOp>();
  OpBuilder builder(original.getContext());
  auto module = mlir::gpu::GPUModuleOp::create(builder, original.getLoc(), mv::gpu::kNameless);
  builder.setInsertionPointToEnd(module.getBody());
  auto function = cast<mlir::gpu::GPUFuncOp>(builder.clone(*original));
  function.setName(mv::gpu::kNameless);
  builder.setInsertionPoint(function);
  llvm::SmallDenseSet<StringAttr> known;
  function.walk([&](LLVM::AddressOfOp use) {
    StringRef variable = use.getGlobalName(), own = variable;
    std::string name =
        own.consume_front(original.getName()) ? (mv::gpu::kNameless + own).str() : variable.str();
    auto symbol = builder.getStringAttr(name);
    if (known.insert(symbol).second) {
      Operation *copy = builder.clone(*source.lookupSymbol(variable));
      SymbolTable::setSymbolName(copy, symbol);
    }
    use.setGlobalName(name);
  });
  return module;
}

static bool areSame(mlir::gpu::GPUModuleOp one, mlir::gpu::GPUModuleOp other) {
  return llvm::equal(
      one.getBody()->getOperations(), other.getBody()->getOperations(), [](Operation &a, Operation &b) {
        return OperationEquivalence::isEquivalentTo(&a, &b, OperationEquivalence::IgnoreLocations);
      });
}

/// The index of the function that is like `original` but for its name.
size_t GPUCode::add(mlir::gpu::GPUFuncOp original, const gpu::Target &target) {
  OwningOpRef<mlir::gpu::GPUModuleOp> module(extract(original));
  auto known = llvm::find_if(functions, [&](const Function &other) {
    return other.target == &target && areSame(other.module, *module);
  });
  if (known != functions.end())
    return known - functions.begin();
  (*module).setName("f" + std::to_string(functions.size()));
  functions.push_back({*module, &target, original.getName().str()});
  scratch->getBody()->push_back(module.release());
  return functions.size() - 1;
}

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

Status GPUCode::compile(ConfigurePasses configure, ThreadPool &pool, Stage stage) {
  if (images.empty())
    return {};
  PassManager passes(scratch->getContext());
  if (failed(configure(passes)))
    return Status::invalidInput("the pass manager's options do not go together");
  buildNVVMPipeline(passes.nest<mlir::gpu::GPUModuleOp>());
  if (failed(passes.run(*scratch)))
    return Status::internal("lowering the kernels for GPUs failed");
  pool.parallelFor(functions.size(), 1, [&](unsigned, int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index)
      functions[index].status = compile(functions[index], stage);
  });
  for (const Function &function : functions)
    MV_RETURN_IF_ERROR(function.status);
  for (Image &image : images) {
    SmallVector<gpu::NamedPTX> named;
    for (const auto &[name, index] : image.functions)
      named.push_back({name, &functions[index].ptx});
    image.ptx = gpu::joinPTX(named, *image.target);
  }
  return {};
}

Status GPUCode::compile(Function &function, Stage stage) {
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated =
      gpu::createLLVMModule(function.module, *function.target, context);
  if (!translated)
    return Status::internal(llvm::toString(translated.takeError()));
  if (stage == Stage::LLVM) {
    llvm::raw_string_ostream(function.llvm) << **translated;
    return {};
  }
  llvm::Expected<gpu::PTXFunction> ptx = gpu::compileToPTX(**translated, *function.target);
  if (!ptx)
    return Status::internal(llvm::toString(ptx.takeError()));
  function.ptx = std::move(*ptx);
  return {};
}

Status GPUCode::assemble(size_t index, const std::string &ptxas, bool describe) {
  Image &image = images[index];
  llvm::Expected<gpu::Assembly> assembly = gpu::assemble(ptxas, image.ptx, *image.target);
  if (!assembly)
    return Status::internal(llvm::toString(assembly.takeError()));
  image.cubin = std::move(assembly->cubin);
  gpu::addPtxasInfo(assembly->info, image.facts);
  if (!describe)
    return {};
  llvm::Expected<std::string> listing = gpu::disassemble(ptxas, image.cubin);
  if (!listing)
    return Status::internal(llvm::toString(listing.takeError()));
  gpu::addListing(*listing, image.facts);
  return {};
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

std::vector<std::string> GPUCode::slowFunctions() const {
  std::vector<std::string> lines;
  for (const Image &image : images)
    for (const auto &[name, index] : image.functions)
      if (int64_t bytes = image.facts.lookup(name).spillBytes)
        lines.push_back(name + " for " + image.target->name.str() + " keeps " + std::to_string(bytes) +
                        " bytes in memory for want of registers: it is right, but slower than it could be");
  return lines;
}

void GPUCode::print(raw_ostream &os, Stage stage) const {
  if (stage == Stage::LLVM)
    for (const Function &function : functions)
      os << llvm::join(llvm::split(function.llvm, gpu::kNameless), function.name);
  else
    for (const Image &image : images)
      os << image.ptx;
}

std::vector<package::CodeBlob> GPUCode::blobs() const {
  std::vector<package::CodeBlob> blobs;
  auto add = [&](const Image &image, StringRef bytes, package::CodeKind kind) {
    const auto *begin = reinterpret_cast<const std::byte *>(bytes.data());
    blobs.push_back({image.target->name.str(), std::vector<std::byte>(begin, begin + bytes.size()), kind});
  };
  for (const Image &image : images) {
    add(image, StringRef(image.ptx.c_str(), image.ptx.size() + 1), package::CodeKind::PTX);
    if (!image.cubin.empty())
      add(image, image.cubin, package::CodeKind::Cubin);
  }
  return blobs;
}

MachineFactsByTarget GPUCode::facts() const {
  MachineFactsByTarget facts;
  for (const Image &image : images)
    if (!image.facts.empty())
      facts[image.target->name] = image.facts;
  return facts;
}
