//===- Prepare.cpp - Compiles a conformance file and asks the oracle ------------===//

#include "Case.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mv/Fusion/Passes.h"
#include "mv/Import/RandomWeights.h"
#include "mv/Pipeline/Compile.h"
#include "mv/Pipeline/Register.h"
#include "mv/Reference/Interpreter.h"
#include "mv/Support/Safetensors.h"

#include <map>

using namespace mlir;
using namespace mv;
using namespace mv::conformance;

namespace {
/// The parameters that a module names, by the rule for random weights.
class RandomParameters : public reference::ParameterSource {
public:
  llvm::Error read(StringRef name, ArrayRef<int64_t> shape, MutableArrayRef<float> out) const override {
    StatusOr<RandomTensor> tensor =
        RandomTensor::create(name.str(), std::span(shape.data(), shape.size()), 1);
    if (!tensor.ok())
      return llvm::createStringError(tensor.status().message());
    tensor->read(0, std::span(out.data(), out.size()));
    return llvm::Error::success();
  }
};
} // namespace

/// Writes the parameters to a file, since that is where a package takes them from.
static Status writeParameters(ModuleOp module, const std::string &path) {
  std::map<std::string, std::vector<float>> values;
  std::vector<TensorToWrite> tensors;
  RandomParameters source;
  Status status;
  module.walk([&](ParameterOp parameter) {
    ArrayRef<int64_t> shape = parameter.getType().getShape();
    auto [entry, isNew] = values.try_emplace(parameter.getName().str(), parameter.getType().getNumElements());
    if (!isNew)
      return;
    if (llvm::Error error = source.read(parameter.getName(), shape, entry->second))
      status = Status::invalidInput(llvm::toString(std::move(error)));
    tensors.push_back({entry->first,
                       ElementType::F32,
                       {shape.begin(), shape.end()},
                       std::as_bytes(std::span(entry->second))});
  });
  MV_RETURN_IF_ERROR(status);
  return writeSafetensors(path, tensors);
}

static StatusOr<Case> answer(func::FuncOp function) {
  Case result;
  result.name = function.getName().str();
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[0]);
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = kBatch;
  result.input.resize(reference::Tensor<double>::count(shape));
  randomImages(kBatch, shape[1], shape[2], shape[3], 1, result.input);
  reference::Tensor<double> input(shape);
  if (type.getElementType().isInteger()) { // Numbers from -2 to 2 become bytes.
    for (float value : result.input)
      result.pictures.push_back(uint8_t(std::min(255.0f, 64 * (value + 2))));
    result.input.clear();
    llvm::copy(result.pictures, input.data.begin());
  } else {
    llvm::copy(result.input, input.data.begin());
  }
  auto outputs = reference::interpret<double>(function, input, RandomParameters());
  if (failed(outputs))
    return Status::internal("the oracle cannot run " + result.name);
  for (auto [index, output] : llvm::enumerate(*outputs))
    result.outputs.push_back({function.getResultAttrOfType<StringAttr>(index, "mv.name").str(), output.data});
  return result;
}

StatusOr<std::vector<Case>> conformance::prepare(const std::string &irPath, const std::string &packagePath,
                                                 const Form &form) {
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllTranslations(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(irPath, &context);
  if (!module)
    return Status::invalidInput(irPath + ": is not valid IR");
  PassManager passes(&context);
  passes.addNestedPass<func::FuncOp>(createDecompose());
  if (failed(passes.run(*module)))
    return Status::invalidInput(irPath + ": does not decompose");

  std::string parameters = packagePath + ".safetensors";
  MV_RETURN_IF_ERROR(writeParameters(*module, parameters));
  std::vector<Case> cases;
  for (auto function : module->getOps<func::FuncOp>()) {
    MV_ASSIGN_OR_RETURN(Case next, answer(function));
    cases.push_back(std::move(next));
  }

  CompileOptions options;
  options.source = irPath;
  options.weights = parameters;
  options.output = packagePath;
  if (form.isGPU()) {
    options.pipeline.devices = {"cuda"};
    options.pipeline.gpuTargets = {form.target};
    options.pipeline.dtype = form.dtype;
    options.tuningFile = form.tuning;
  }
  for (const std::string &pass : form.disabled)
    options.pipeline.disabled.insert(pass);
  MV_RETURN_IF_ERROR(
      compile(context, options, [](const std::string &) {}, [](PassManager &) { return success(); }));
  return cases;
}
