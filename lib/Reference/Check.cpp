//===- Check.cpp - Test-only ops and the interpreter pass -----------------------===//

#include "mv/Reference/Check.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mv/IR/MVDialect.h"
#include "mv/Reference/Interpreter.h"
#include "mv/Support/Safetensors.h"

#include <optional>

using namespace mlir;
using namespace mv;
using namespace mv::check;
using namespace mv::reference;

#include "mv/Reference/CheckDialect.cpp.inc"

#define GET_OP_CLASSES
#include "mv/Reference/CheckOps.cpp.inc"

void CheckDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "mv/Reference/CheckOps.cpp.inc"
      >();
}

namespace mv::reference {
#define GEN_PASS_DEF_INTERPRETPASS
#include "mv/Reference/CheckPasses.h.inc"
} // namespace mv::reference

namespace {

/// A source without tensors, for tests whose inputs are constants.
struct EmptySource : ParameterSource {
  llvm::Error read(StringRef name, ArrayRef<int64_t>, MutableArrayRef<float>) const override {
    return llvm::createStringError("no file was given for tensor '%s'", name.str().c_str());
  }
};

struct InterpretPass : reference::impl::InterpretPassBase<InterpretPass> {
  using InterpretPassBase::InterpretPassBase;

  void runOnOperation() override {
    EmptySource empty;
    std::optional<SafetensorsFile> file;
    std::optional<SafetensorsSource> tensors;
    if (!this->file.empty()) {
      StatusOr<SafetensorsFile> opened = SafetensorsFile::open(this->file);
      if (!opened.ok()) {
        getOperation().emitError(opened.status().message());
        return signalPassFailure();
      }
      tensors.emplace(file.emplace(std::move(*opened)));
    }
    const ParameterSource &source = tensors ? static_cast<const ParameterSource &>(*tensors) : empty;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(precise ? run<double>(function, source) : run<float>(function, source)))
        signalPassFailure();
  }

  /// Reads the tensor that an argument or result is named after.
  template <typename T>
  FailureOr<Tensor<T>> readNamed(func::FuncOp function, Type type, DictionaryAttr attributes,
                                 const ParameterSource &source) {
    auto name = attributes ? attributes.getAs<StringAttr>("mv.name") : StringAttr();
    if (!name)
      return function.emitError("an argument has no mv.name to read it by");
    SmallVector<int64_t> shape(cast<RankedTensorType>(type).getShape());
    for (int64_t &size : shape)
      size = ShapedType::isDynamic(size) ? batch : size;
    std::vector<float> values(Tensor<T>::count(shape));
    if (llvm::Error error = source.read(name, shape, values))
      return function.emitError(llvm::toString(std::move(error)));
    Tensor<T> tensor(shape);
    llvm::copy(values, tensor.data.begin());
    return tensor;
  }

  template <typename T> LogicalResult run(func::FuncOp function, const ParameterSource &source) {
    SmallVector<Tensor<T>> arguments;
    for (BlockArgument argument : function.getArguments()) {
      FailureOr<Tensor<T>> value = readNamed<T>(function, argument.getType(),
                                                function.getArgAttrDict(argument.getArgNumber()), source);
      if (failed(value))
        return failure();
      arguments.push_back(std::move(*value));
    }
    FailureOr<std::vector<Tensor<T>>> results = interpret<T>(function, arguments, source, tolerance);
    if (failed(results))
      return failure();
    for (auto [index, result] : llvm::enumerate(*results)) {
      DictionaryAttr attributes = function.getResultAttrDict(index);
      if (!attributes || !attributes.contains("mv.name"))
        continue;
      FailureOr<Tensor<T>> expected =
          readNamed<T>(function, function.getResultTypes()[index], attributes, source);
      if (failed(expected))
        return failure();
      if (double error = maxError(result, *expected); !(error <= tolerance))
        return function.emitError("result ")
               << attributes.get("mv.name") << ": max |error| / max |expected| is " << error << ", tolerance "
               << double(tolerance);
    }
    return success();
  }
};

} // namespace
