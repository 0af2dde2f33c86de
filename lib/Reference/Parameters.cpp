//===- Parameters.cpp - Evaluation of parameter expressions ---------------------===//

#include "mv/Reference/Parameters.h"

#include "mv/IR/MVDialect.h"
#include "mv/Support/Safetensors.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace mv;
using namespace mv::reference;
using llvm::Error;
using llvm::Expected;

static std::string shapeText(ArrayRef<int64_t> shape) {
  return "[" + llvm::join(llvm::map_range(shape, [](int64_t size) { return std::to_string(size); }), ", ") +
         "]";
}

Error SafetensorsSource::read(StringRef name, ArrayRef<int64_t> shape, MutableArrayRef<float> out) const {
  const TensorView *tensor = file_.find(std::string_view(name.data(), name.size()));
  if (!tensor)
    return llvm::createStringError("%s: no tensor '%s'", file_.path().c_str(), name.str().c_str());
  if (ArrayRef<int64_t>(tensor->shape) != shape || !tensor->isFloat())
    return llvm::createStringError(
        "%s: tensor '%s' is %s %s, expected a float tensor %s", file_.path().c_str(), name.str().c_str(),
        elementTypeName(tensor->type).data(), shapeText(tensor->shape).c_str(), shapeText(shape).c_str());
  tensor->readFloats(0, std::span<float>(out.data(), out.size()));
  return Error::success();
}

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

//===----------------------------------------------------------------------===//
// One function an op; operands are evaluated
//===----------------------------------------------------------------------===//

static Tensor<double> evaluate(ParamUnaryOp op, Tensor<double> input) {
  double scalar = op.getScalar().convertToDouble();
  for (double &x : input.data)
    switch (op.getKind()) {
    case UnaryKind::Neg:
      x = -x;
      break;
    case UnaryKind::Exp:
      x = std::exp(x);
      break;
    case UnaryKind::Rsqrt:
      x = 1.0 / std::sqrt(x);
      break;
    case UnaryKind::AddScalar:
      x += scalar;
      break;
    case UnaryKind::MulScalar:
      x *= scalar;
      break;
    }
  return input;
}

static double combine(BinaryKind kind, double a, double b) {
  switch (kind) {
  case BinaryKind::Add:
    return a + b;
  case BinaryKind::Sub:
    return a - b;
  case BinaryKind::Mul:
    return a * b;
  }
  llvm_unreachable("unknown kind");
}

static Tensor<double> evaluate(ParamBinaryOp op, Tensor<double> lhs, const Tensor<double> &rhs) {
  int64_t inner = 1; // how many neighbours of lhs share one element of rhs
  if (lhs.shape != rhs.shape)
    for (int64_t size : ArrayRef<int64_t>(lhs.shape).drop_front(op.getAxis() + 1))
      inner *= size;
  int64_t period = rhs.data.size();
  for (auto [index, x] : llvm::enumerate(lhs.data))
    x = combine(op.getKind(), x, rhs.data[int64_t(index) / inner % period]);
  return lhs;
}

static Tensor<double> evaluate(ParamRoundOp op, Tensor<double> input) {
  const llvm::fltSemantics &semantics = cast<FloatType>(op.getElement()).getFloatSemantics();
  for (double &x : input.data) {
    llvm::APFloat rounded(x);
    bool losesInfo;
    rounded.convert(semantics, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
    x = rounded.convertToDouble();
  }
  return input;
}

static Tensor<double> evaluate(ParamMatVecOp op, const Tensor<double> &matrix, const Tensor<double> &vector) {
  Tensor<double> result({matrix.shape[0]});
  for (int64_t row = 0; row < matrix.shape[0]; ++row)
    for (int64_t column = 0; column < matrix.shape[1]; ++column)
      result.data[row] += matrix.row(row)[column] * vector.data[column];
  return result;
}

/// Row-major strides of a shape.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t axis = int64_t(shape.size()) - 2; axis >= 0; --axis)
    strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/// Calls `visit(linear index in the box, linear index with strides)` for every element of a box.
static void forEachElement(ArrayRef<int64_t> box, ArrayRef<int64_t> strides,
                           function_ref<void(int64_t, int64_t)> visit) {
  int64_t count = Tensor<double>::count(box);
  SmallVector<int64_t> position(box.size(), 0);
  int64_t other = 0;
  for (int64_t index = 0; index < count; ++index) {
    visit(index, other);
    for (int64_t axis = int64_t(box.size()) - 1; axis >= 0; --axis) {
      other += strides[axis];
      if (++position[axis] < box[axis])
        break;
      other -= strides[axis] * box[axis];
      position[axis] = 0;
    }
  }
}

static Tensor<double> evaluate(ParamTransposeOp op, const Tensor<double> &input) {
  Tensor<double> result(shapeOf(op.getResult()));
  SmallVector<int64_t> source = stridesOf(input.shape), permuted;
  for (int64_t axis : op.getPermutation())
    permuted.push_back(source[axis]);
  forEachElement(result.shape, permuted,
                 [&](int64_t to, int64_t from) { result.data[to] = input.data[from]; });
  return result;
}

static Tensor<double> evaluate(ParamPadOp op, const Tensor<double> &input) {
  Tensor<double> result(shapeOf(op.getResult()));
  forEachElement(input.shape, stridesOf(result.shape),
                 [&](int64_t from, int64_t to) { result.data[to] = input.data[from]; });
  return result;
}

static Tensor<double> evaluate(ParamSliceOp op, const Tensor<double> &input) {
  Tensor<double> result(shapeOf(op.getResult()));
  SmallVector<int64_t> strides = stridesOf(input.shape);
  int64_t start = 0;
  for (auto [offset, stride] : llvm::zip(op.getOffsets(), strides))
    start += offset * stride;
  forEachElement(result.shape, strides,
                 [&](int64_t to, int64_t from) { result.data[to] = input.data[start + from]; });
  return result;
}

static Tensor<double> evaluate(ParamConcatOp op, ArrayRef<Tensor<double>> inputs) {
  Tensor<double> result;
  result.shape.assign(shapeOf(op.getResult()).begin(), shapeOf(op.getResult()).end());
  for (const Tensor<double> &input : inputs)
    llvm::append_range(result.data, input.data);
  return result;
}

static Expected<Tensor<double>> evaluate(ParameterOp op, const ParameterSource &source) {
  Tensor<double> result(op.getType().getShape());
  std::vector<float> values(result.data.size());
  if (Error error = source.read(op.getName(), result.shape, values))
    return std::move(error);
  llvm::copy(values, result.data.begin());
  return result;
}

Expected<Tensor<double>> reference::evaluateParameter(Value expression, const ParameterSource &source) {
  Operation *definition = expression.getDefiningOp();
  if (!definition || !isa<ParameterOpInterface>(definition))
    return llvm::createStringError("not a parameter expression");
  SmallVector<Tensor<double>> operands;
  for (Value operand : definition->getOperands()) {
    Expected<Tensor<double>> value = evaluateParameter(operand, source);
    if (!value)
      return value.takeError();
    operands.push_back(std::move(*value));
  }
  return TypeSwitch<Operation *, Expected<Tensor<double>>>(definition)
      .Case([&](ParameterOp op) { return evaluate(op, source); })
      .Case([&](ParamZeroOp op) { return Tensor<double>(shapeOf(op.getResult())); })
      .Case([&](ParamReshapeOp op) {
        operands[0].shape.assign(shapeOf(op.getResult()).begin(), shapeOf(op.getResult()).end());
        return std::move(operands[0]);
      })
      .Case<ParamUnaryOp>([&](auto op) { return evaluate(op, std::move(operands[0])); })
      .Case<ParamBinaryOp>([&](auto op) { return evaluate(op, std::move(operands[0]), operands[1]); })
      .Case<ParamRoundOp>([&](auto op) { return evaluate(op, std::move(operands[0])); })
      .Case<ParamMatVecOp>([&](auto op) { return evaluate(op, operands[0], operands[1]); })
      .Case<ParamTransposeOp, ParamPadOp, ParamSliceOp>([&](auto op) { return evaluate(op, operands[0]); })
      .Case<ParamConcatOp>([&](auto op) { return evaluate(op, operands); })
      .Default([](Operation *op) {
        return llvm::createStringError("%s is not evaluated", op->getName().getStringRef().str().c_str());
      });
}

//===----------------------------------------------------------------------===//
// Packing
//===----------------------------------------------------------------------===//

/// [O, C, taps] to [O/width][taps][C][width]; a matrix has one tap.
template <typename T>
static void packPanels(ArrayRef<T> values, int64_t outputs, int64_t channels, int64_t taps, int64_t width,
                       MutableArrayRef<float> out) {
  for (int64_t o = 0; o < outputs; ++o) {
    int64_t panel = o / width, lane = o % width;
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t tap = 0; tap < taps; ++tap)
        out[((panel * taps + tap) * channels + c) * width + lane] =
            static_cast<float>(values[(o * channels + c) * taps + tap]);
  }
}

/// [outputs][channels][taps] to [outputs][(tap, channel)], each tap's channels padded to `padded`, each row to
/// `rowLength`.
template <typename T>
static void packRows(ArrayRef<T> values, int64_t channels, int64_t taps, int64_t padded, int64_t rowLength,
                     MutableArrayRef<float> out) {
  int64_t outputs = int64_t(values.size()) / (channels * taps);
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t tap = 0; tap < taps; ++tap)
        out[o * rowLength + tap * padded + c] = static_cast<float>(values[(o * channels + c) * taps + tap]);
}

template <typename T>
static void pack(ArrayRef<T> values, ArrayRef<int64_t> shape, PackedAttr packing,
                 MutableArrayRef<float> out) {
  if (!packing) {
    llvm::transform(values, out.begin(), [](T value) { return static_cast<float>(value); });
    return;
  }
  std::fill(out.begin(), out.end(), 0.0f);
  int64_t width = packing.getWidth();
  switch (packing.getKind()) {
  case PackingKind::Panels: {
    int64_t taps = shape.size() == 4 ? shape[2] * shape[3] : 1;
    packPanels(values, shape[0], shape[1], taps, width, out);
    return;
  }
  case PackingKind::Columns:
    for (int64_t row = 0; row < shape[0]; ++row)
      for (int64_t column = 0; column < shape[1]; ++column)
        out[column * roundUp(shape[0], width) + row] = static_cast<float>(values[row * shape[1] + column]);
    return;
  case PackingKind::Vector:
    llvm::transform(values, out.begin(), [](T value) { return static_cast<float>(value); });
    return;
  case PackingKind::Rows: {
    int64_t taps = shape.size() == 4 ? shape[2] * shape[3] : 1;
    int64_t padded = taps == 1 ? shape[1] : roundUp(shape[1], kRowChannels);
    packRows(values, shape[1], taps, padded, roundUp(taps * padded, width), out);
    return;
  }
  }
}

Error reference::writeParameter(Value expression, PackedAttr packing, const ParameterSource &source,
                                MutableArrayRef<float> out) {
  ArrayRef<int64_t> shape = shapeOf(expression);
  if (auto parameter = expression.getDefiningOp<ParameterOp>()) {
    if (!packing)
      return source.read(parameter.getName(), shape, out);
    std::vector<float> values(Tensor<float>::count(shape));
    if (Error error = source.read(parameter.getName(), shape, values))
      return error;
    pack<float>(values, shape, packing, out);
    return Error::success();
  }
  Expected<Tensor<double>> value = evaluateParameter(expression, source);
  if (!value)
    return value.takeError();
  pack<double>(value->data, shape, packing, out);
  return Error::success();
}
