//===- Interpreter.cpp - Runs mv IR in plain loops ------------------------------===//

#include "mv/Reference/Interpreter.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mv/IR/MVDialect.h"
#include "mv/Reference/Check.h"
#include "mv/Reference/Primitives.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mv;
using namespace mv::reference;

template <typename T> double reference::maxError(const Tensor<T> &got, const Tensor<T> &expected) {
  if (got.shape != expected.shape)
    return std::numeric_limits<double>::infinity();
  double difference = 0, magnitude = 0;
  for (auto [a, b] : llvm::zip(got.data, expected.data)) {
    if (!std::isfinite(a))
      return std::numeric_limits<double>::infinity();
    difference = std::max(difference, std::fabs(double(a) - double(b)));
    magnitude = std::max(magnitude, std::fabs(double(b)));
  }
  return difference == 0 ? 0 : difference / magnitude;
}

namespace {

template <typename T> class Interpreter {
public:
  Interpreter(const ParameterSource &source, double tolerance) : source_(source), tolerance_(tolerance) {}

  LogicalResult run(Block &block) {
    for (Operation &op : block.without_terminator())
      if (failed(run(op)))
        return failure();
    return success();
  }

  void bind(Value value, Tensor<T> tensor) { values_[value] = std::move(tensor); }
  const Tensor<T> &get(Value value) const { return values_.find(value)->second; }

private:
  /// Null when the optional operand is absent.
  const Tensor<T> *getOptional(Value value) const { return value ? &get(value) : nullptr; }

  LogicalResult run(Operation &op) {
    if (isa<ParameterOpInterface>(op))
      return runParameter(op);
    if (auto pointwise = dyn_cast<PointwiseOpInterface>(op))
      return runPointwise(op);
    return TypeSwitch<Operation *, LogicalResult>(&op)
        .Case([&](arith::ConstantOp constant) { return runConstant(constant); })
        .Case([&](mv::KernelOp kernel) { return runKernel(kernel); })
        .Case([&](check::TensorOp tensor) { return runCheckTensor(tensor); })
        .Case([&](check::ExpectCloseOp expect) { return runExpect(expect); })
        .Default([&](Operation *other) { return runPrimitive(other); });
  }

  LogicalResult runParameter(Operation &op) {
    llvm::Expected<Tensor<double>> value = evaluateParameter(op.getResult(0), source_);
    if (!value)
      return op.emitError(llvm::toString(value.takeError()));
    Tensor<T> rounded(value->shape);
    llvm::transform(value->data, rounded.data.begin(), [](double x) { return static_cast<T>(x); });
    bind(op.getResult(0), std::move(rounded));
    return success();
  }

  LogicalResult runConstant(arith::ConstantOp op) {
    auto attr = dyn_cast<DenseFPElementsAttr>(op.getValue());
    if (!attr)
      return op.emitError("only dense float constants are interpreted");
    Tensor<T> value(attr.getType().getShape());
    llvm::transform(attr.getValues<APFloat>(), value.data.begin(),
                    [](const APFloat &x) { return static_cast<T>(x.convertToDouble()); });
    bind(op.getResult(), std::move(value));
    return success();
  }

  LogicalResult runKernel(mv::KernelOp kernel) {
    for (auto [argument, input] : llvm::zip(kernel.getBody().getArguments(), kernel.getInputs()))
      bind(argument, get(input));
    if (failed(run(kernel.getBody().front())))
      return failure();
    for (auto [result, value] : llvm::zip(kernel.getResults(), kernel.getYield().getValues()))
      bind(result, get(value));
    return success();
  }

  LogicalResult runCheckTensor(check::TensorOp op) {
    SmallVector<int64_t> shape(op.getType().getShape());
    for (int64_t &size : shape)
      if (ShapedType::isDynamic(size))
        size = op.getBatch();
    std::vector<float> values(Tensor<T>::count(shape));
    SmallVector<int64_t> stored(op.getStored() ? ArrayRef<int64_t>(*op.getStored())
                                               : ArrayRef<int64_t>(shape));
    if (llvm::Error error = source_.read(op.getName(), stored, values))
      return op.emitError(llvm::toString(std::move(error)));
    Tensor<T> value(shape);
    llvm::copy(values, value.data.begin());
    bind(op.getResult(), std::move(value));
    return success();
  }

  LogicalResult runExpect(check::ExpectCloseOp op) {
    double error = maxError(get(op.getGot()), get(op.getExpected()));
    if (error <= tolerance_)
      return success();
    return op.emitError("values differ: max |error| / max |expected| is ")
           << error << ", tolerance " << tolerance_;
  }

  LogicalResult runPointwise(Operation &op) {
    Tensor<T> result = get(op.getOperand(0));
    auto map = [&](T (*function)(T)) {
      for (T &x : result.data)
        x = function(x);
    };
    // The parameter of operand `index` for element `i` of the result.
    auto channel = [&](unsigned index, size_t i) -> T {
      return get(op.getOperand(index)).data[i % result.channels()];
    };
    auto mapIndexed = [&](auto function) {
      for (size_t i = 0; i < result.data.size(); ++i)
        result.data[i] = function(result.data[i], i);
    };
    LogicalResult known =
        TypeSwitch<Operation *, LogicalResult>(&op)
            .Case([&](ReluOp) { return map(relu<T>), success(); })
            .Case([&](SiluOp) { return map(silu<T>), success(); })
            .Case([&](SoftplusOp) { return map(softplus<T>), success(); })
            .Case([&](GeluOp gelu) {
              return map(gelu.getKind() == GeluKind::Erf ? geluErf<T> : geluTanh<T>), success();
            })
            .Case([&](AddOp add) {
              const Tensor<T> &other = get(add.getOther());
              return mapIndexed([&](T x, size_t i) { return x + other.data[i]; }), success();
            })
            .Case([&](ScaleOp) {
              return mapIndexed([&](T x, size_t i) { return x * channel(1, i); }), success();
            })
            .Case([&](AffineOp) {
              return mapIndexed([&](T x, size_t i) { return x * channel(1, i) + channel(2, i); }), success();
            })
            .Case([&](BatchNormOp norm) {
              T eps = static_cast<T>(norm.getEps().convertToDouble());
              return mapIndexed([&](T x, size_t i) {
                       return (x - channel(3, i)) / std::sqrt(channel(4, i) + eps) * channel(1, i) +
                              channel(2, i);
                     }),
                     success();
            })
            .Default([](Operation *other) { return other->emitError("is not interpreted"); });
    if (succeeded(known))
      bind(op.getResult(0), std::move(result));
    return known;
  }

  Tensor<T> evaluate(Conv2DOp op) {
    return conv2d(get(op.getInput()), get(op.getWeight()), getOptional(op.getBias()), op.getStride());
  }
  Tensor<T> evaluate(LinearOp op) {
    return linear(get(op.getInput()), get(op.getWeight()), getOptional(op.getBias()));
  }
  Tensor<T> evaluate(Conv1DOp op) {
    return conv1d(get(op.getInput()), get(op.getWeight()), getOptional(op.getBias()));
  }
  Tensor<T> evaluate(LayerNormOp op) {
    return layerNorm(get(op.getInput()), get(op.getWeight()), get(op.getBias()),
                     op.getEps().convertToDouble());
  }
  Tensor<T> evaluate(NormLinearOp op) {
    return normLinear(get(op.getInput()), get(op.getWeight()), get(op.getSums()), getOptional(op.getBias()),
                      op.getEps().convertToDouble());
  }
  Tensor<T> evaluate(AttentionOp op) {
    HeadNorm<T> queryNorm{getOptional(op.getQWeight()), getOptional(op.getQBias())};
    HeadNorm<T> keyNorm{getOptional(op.getKWeight()), getOptional(op.getKBias())};
    return attention(get(op.getQkv()), op.getHeads(), op.getScale().convertToDouble(), queryNorm, keyNorm,
                     op.getEps().convertToDouble());
  }
  Tensor<T> evaluate(SelectiveScanOp op) {
    return selectiveScan(get(op.getInput()), get(op.getStep()), get(op.getA()), get(op.getB()),
                         get(op.getC()), get(op.getSkip()));
  }
  Tensor<T> evaluate(PoolOp op) { return pool(get(op.getInput())); }
  Tensor<T> evaluate(WindowPartitionOp op) { return windowPartition(get(op.getInput()), op.getWindow()); }
  Tensor<T> evaluate(WindowReverseOp op) {
    ArrayRef<int64_t> shape = op.getType().getShape();
    return windowReverse(get(op.getInput()), op.getWindow(), shape[1], shape[2]);
  }
  Tensor<T> evaluate(SliceOp op) {
    return slice(get(op.getInput()), op.getOffset(), op.getType().getShape().back());
  }
  Tensor<T> evaluate(ConcatOp op) { return concat(get(op.getFirst()), get(op.getSecond())); }
  Tensor<T> evaluate(ToNHWCOp op) { return toNHWC(get(op.getInput())); }
  Tensor<T> evaluate(ToNCHWOp op) { return toNCHW(get(op.getInput())); }
  Tensor<T> evaluate(NormalizeOp op) {
    return normalizePicture(get(op.getInput()), op.getMean(), op.getStd());
  }

  LogicalResult runPrimitive(Operation *op) {
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<Conv2DOp, LinearOp, Conv1DOp, LayerNormOp, NormLinearOp, AttentionOp, SelectiveScanOp, PoolOp,
              WindowPartitionOp, WindowReverseOp, SliceOp, ConcatOp, ToNHWCOp, ToNCHWOp, NormalizeOp>(
            [&](auto primitive) {
              bind(primitive.getResult(), evaluate(primitive));
              return success();
            })
        .Default([](Operation *other) {
          return other->emitError("is not interpreted: decompose model ops first (mv-decompose)");
        });
  }

  const ParameterSource &source_;
  double tolerance_;
  llvm::DenseMap<Value, Tensor<T>> values_;
};

} // namespace

template <typename T>
FailureOr<std::vector<Tensor<T>>> reference::interpret(func::FuncOp function, ArrayRef<Tensor<T>> arguments,
                                                       const ParameterSource &source, double tolerance) {
  if (function.getNumArguments() != arguments.size() || !function.getBody().hasOneBlock())
    return function.emitError("cannot be interpreted: it needs ")
           << function.getNumArguments() << " arguments";
  Interpreter<T> interpreter(source, tolerance);
  for (auto [argument, value] : llvm::zip(function.getArguments(), arguments))
    interpreter.bind(argument, value);
  Block &block = function.getBody().front();
  if (failed(interpreter.run(block)))
    return failure();
  std::vector<Tensor<T>> results;
  for (Value value : block.getTerminator()->getOperands())
    results.push_back(interpreter.get(value));
  return results;
}

template double reference::maxError(const Tensor<float> &, const Tensor<float> &);
template double reference::maxError(const Tensor<double> &, const Tensor<double> &);
template FailureOr<std::vector<Tensor<float>>> reference::interpret(func::FuncOp, ArrayRef<Tensor<float>>,
                                                                    const ParameterSource &, double);
template FailureOr<std::vector<Tensor<double>>> reference::interpret(func::FuncOp, ArrayRef<Tensor<double>>,
                                                                     const ParameterSource &, double);
