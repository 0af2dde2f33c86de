//===- PrimitiveOps.cpp - Verifiers, folders and work of the primitives ---------===//

#include "mv/IR/MVDialect.h"

#include "llvm/ADT/StringExtras.h"

#include <cmath>

using namespace mlir;
using namespace mv;

//===----------------------------------------------------------------------===//
// Helpers
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }
static int64_t channelsOf(Value value) { return shapeOf(value).back(); }

/// Product of all dimensions but the batch and the channels.
static int64_t positionsOf(Value value) {
  int64_t count = 1;
  for (int64_t size : shapeOf(value).drop_front().drop_back())
    count *= size;
  return count;
}

static bool sameButChannels(Value a, Value b) { return shapeOf(a).drop_back() == shapeOf(b).drop_back(); }

/// Labelled check that an optional per-channel parameter is [channels].
static LogicalResult verifyChannels(Operation *op, StringRef label, StringRef name, Value parameter,
                                    int64_t channels) {
  if (!parameter || channelsOf(parameter) == channels)
    return success();
  return op->emitOpError("(") << label << ") " << name << " has " << channelsOf(parameter)
                              << " elements, expected " << channels;
}

static LogicalResult verifyPositive(Operation *op, StringRef label, StringRef name, const APFloat &value) {
  if (value.convertToDouble() > 0)
    return success();
  return op->emitOpError("(") << label << ") " << name << " must be positive, got "
                              << value.convertToDouble();
}

static LogicalResult verifyShape(Operation *op, StringRef label, Value value, ArrayRef<int64_t> expected) {
  if (shapeOf(value) == expected)
    return success();
  return op->emitOpError("(") << label << ") expected a result of shape ["
                              << llvm::join(llvm::map_range(expected,
                                                            [](int64_t size) {
                                                              return ShapedType::isDynamic(size)
                                                                         ? std::string("?")
                                                                         : std::to_string(size);
                                                            }),
                                            ", ")
                              << "], got " << value.getType();
}

//===----------------------------------------------------------------------===//
// Convolutions and products
//===----------------------------------------------------------------------===//

LogicalResult Conv2DOp::verify() {
  ArrayRef<int64_t> weight = shapeOf(getWeight()), in = shapeOf(getInput());
  if (weight[1] != in[3] || weight[2] != 3 || weight[3] != 3)
    return emitOpError("(C1) weight must be [O, ") << in[3] << ", 3, 3], got " << getWeight().getType();
  int64_t stride = getStride();
  if (stride != 1 && stride != 2)
    return emitOpError("(C2) stride must be 1 or 2, got ") << stride;
  if (failed(verifyShape(*this, "C3", getResult(),
                         {in[0], ceilDiv(in[1], stride), ceilDiv(in[2], stride), weight[0]})))
    return failure();
  return verifyChannels(*this, "C4", "bias", getBias(), weight[0]);
}
StringRef Conv2DOp::getFamily() { return "conv2d"; }
int64_t Conv2DOp::getFlopsPerImage() {
  return 2 * 9 * channelsOf(getInput()) * channelsOf(getResult()) * positionsOf(getResult());
}

/// (C1), (C2) and, for the bias, (C3) of linear and norm_linear.
template <typename Op> static LogicalResult verifyProduct(Op op) {
  ArrayRef<int64_t> weight = shapeOf(op.getWeight());
  if (weight[1] != channelsOf(op.getInput()))
    return op.emitOpError("(C1) weight has ")
           << weight[1] << " columns, the input " << channelsOf(op.getInput()) << " channels";
  SmallVector<int64_t> expected(shapeOf(op.getInput()));
  expected.back() = weight[0];
  if (failed(verifyShape(op, "C2", op.getResult(), expected)))
    return failure();
  return verifyChannels(op, "C3", "bias", op.getBias(), weight[0]);
}

LogicalResult LinearOp::verify() { return verifyProduct(*this); }
StringRef LinearOp::getFamily() { return "linear"; }
int64_t LinearOp::getFlopsPerImage() {
  return 2 * channelsOf(getInput()) * channelsOf(getResult()) * positionsOf(getInput());
}

LogicalResult NormLinearOp::verify() {
  if (failed(verifyProduct(*this)) ||
      failed(verifyChannels(*this, "C3", "sums", getSums(), shapeOf(getWeight())[0])))
    return failure();
  return verifyPositive(*this, "C4", "eps", getEps());
}
StringRef NormLinearOp::getFamily() { return "linear"; }
int64_t NormLinearOp::getFlopsPerImage() {
  return (2 * channelsOf(getResult()) + 8) * channelsOf(getInput()) * positionsOf(getInput());
}

LogicalResult Conv1DOp::verify() {
  if (getInput().getType() != getResult().getType())
    return emitOpError("result must be of the input's type");
  ArrayRef<int64_t> weight = shapeOf(getWeight());
  if (weight[0] != channelsOf(getInput()) || weight[1] != 3)
    return emitOpError("(C1) weight must be [")
           << channelsOf(getInput()) << ", 3], got " << getWeight().getType();
  return verifyChannels(*this, "C2", "bias", getBias(), weight[0]);
}
StringRef Conv1DOp::getFamily() { return "conv1d"; }
int64_t Conv1DOp::getFlopsPerImage() { return 2 * 3 * channelsOf(getInput()) * positionsOf(getInput()); }

//===----------------------------------------------------------------------===//
// Attention and scan
//===----------------------------------------------------------------------===//

LogicalResult AttentionOp::verify() {
  int64_t channels = channelsOf(getResult());
  if (channelsOf(getQkv()) != 3 * channels || !sameButChannels(getQkv(), getResult()))
    return emitOpError("(C1) qkv must have three times the result's ")
           << channels << " channels, got " << getQkv().getType();
  if (int64_t(getHeads()) <= 0 || channels % int64_t(getHeads()) != 0)
    return emitOpError("(C2) ") << channels << " channels do not divide into " << getHeads() << " heads";
  int given = bool(getQWeight()) + bool(getQBias()) + bool(getKWeight()) + bool(getKBias());
  if (given != 0 && given != 4)
    return emitOpError("(C3) ") << given << " of the four norm parameters are given";
  if (failed(verifyPositive(*this, "C3", "eps", getEps())))
    return failure();
  for (Value parameter : {getQWeight(), getQBias(), getKWeight(), getKBias()})
    if (failed(verifyChannels(*this, "C3", "a norm parameter", parameter, channels / int64_t(getHeads()))))
      return failure();
  return success();
}
StringRef AttentionOp::getFamily() { return "attention"; }
int64_t AttentionOp::getFlopsPerImage() {
  int64_t tokens = shapeOf(getQkv())[2];
  return 2 * 2 * positionsOf(getResult()) * tokens * channelsOf(getResult());
}

LogicalResult SelectiveScanOp::verify() {
  if (getStep().getType() != getInput().getType() || getResult().getType() != getInput().getType())
    return emitOpError("(C1) step and result must be of type ") << getInput().getType();
  int64_t channels = channelsOf(getInput());
  ArrayRef<int64_t> a = shapeOf(getA());
  if (a[0] != channels)
    return emitOpError("(C2) a has ") << a[0] << " rows, the input " << channels << " channels";
  for (Value value : {Value(getB()), Value(getC())})
    if (!sameButChannels(value, getInput()) || channelsOf(value) != a[1])
      return emitOpError("(C2) b and c must have the input's shape with ")
             << a[1] << " channels, got " << value.getType();
  return verifyChannels(*this, "C3", "skip", getSkip(), channels);
}
StringRef SelectiveScanOp::getFamily() { return "selective_scan"; }
int64_t SelectiveScanOp::getFlopsPerImage() {
  // Per state: step * a, exp (counted as one), the two products and sums of the state, the product and sum
  // with c.
  return 7 * positionsOf(getInput()) * channelsOf(getInput()) * shapeOf(getA())[1];
}

//===----------------------------------------------------------------------===//
// Norms and pool
//===----------------------------------------------------------------------===//

LogicalResult LayerNormOp::verify() {
  if (failed(verifyChannels(*this, "C1", "weight", getWeight(), channelsOf(getInput()))))
    return failure();
  return verifyPositive(*this, "C2", "eps", getEps());
}
StringRef LayerNormOp::getFamily() { return "layer_norm"; }
int64_t LayerNormOp::getFlopsPerImage() { return 8 * positionsOf(getInput()) * channelsOf(getInput()); }

LogicalResult PoolOp::verify() {
  return verifyShape(*this, "C1", getResult(), {shapeOf(getInput())[0], channelsOf(getInput())});
}
StringRef PoolOp::getFamily() { return "pool"; }
int64_t PoolOp::getFlopsPerImage() { return positionsOf(getInput()) * channelsOf(getInput()); }

//===----------------------------------------------------------------------===//
// Pointwise ops
//===----------------------------------------------------------------------===//

OpFoldResult ReluOp::fold(FoldAdaptor) {
  return getInput().getDefiningOp<ReluOp>() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult ScaleOp::verify() {
  return verifyChannels(*this, "C1", "scale", getScale(), channelsOf(getInput()));
}

LogicalResult AffineOp::verify() {
  return verifyChannels(*this, "C1", "scale", getScale(), channelsOf(getInput()));
}

LogicalResult BatchNormOp::verify() {
  if (failed(verifyChannels(*this, "C1", "weight", getWeight(), channelsOf(getInput()))))
    return failure();
  return verifyPositive(*this, "C2", "eps", getEps());
}

//===----------------------------------------------------------------------===//
// Data movement
//===----------------------------------------------------------------------===//

static LogicalResult verifyWindows(Operation *op, int64_t window, Value map, Value tokens) {
  if (window <= 0)
    return op->emitOpError("(C1) window must be positive, got ") << window;
  ArrayRef<int64_t> shape = shapeOf(map);
  return verifyShape(
      op, "C2", tokens,
      {shape[0], ceilDiv(shape[1], window) * ceilDiv(shape[2], window), window * window, shape[3]});
}

LogicalResult WindowPartitionOp::verify() {
  return verifyWindows(*this, getWindow(), getInput(), getResult());
}
LogicalResult WindowReverseOp::verify() { return verifyWindows(*this, getWindow(), getResult(), getInput()); }

OpFoldResult WindowReverseOp::fold(FoldAdaptor) {
  auto partition = getInput().getDefiningOp<WindowPartitionOp>();
  if (partition && partition.getWindow() == getWindow() &&
      partition.getInput().getType() == getResult().getType())
    return partition.getInput();
  return {};
}

LogicalResult SliceOp::verify() {
  int64_t begin = getOffset(), end = begin + channelsOf(getResult());
  if (begin < 0 || end > channelsOf(getInput()) || !sameButChannels(getInput(), getResult()))
    return emitOpError("(C1) channels [")
           << begin << ", " << end << ") do not lie within " << getInput().getType();
  return success();
}
OpFoldResult SliceOp::fold(FoldAdaptor) {
  return getInput().getType() == getResult().getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult ConcatOp::verify() {
  if (!sameButChannels(getFirst(), getSecond()))
    return emitOpError("(C1) operands differ in more than their channels: ")
           << getFirst().getType() << " and " << getSecond().getType();
  SmallVector<int64_t> expected(shapeOf(getFirst()));
  expected.back() += channelsOf(getSecond());
  return verifyShape(*this, "C1", getResult(), expected);
}

LogicalResult ToNHWCOp::verify() {
  ArrayRef<int64_t> in = shapeOf(getInput());
  return verifyShape(*this, "C1", getResult(), {in[0], in[2], in[3], in[1]});
}
OpFoldResult ToNHWCOp::fold(FoldAdaptor) {
  auto inverse = getInput().getDefiningOp<ToNCHWOp>();
  return inverse && inverse.getInput().getType() == getType() ? OpFoldResult(inverse.getInput())
                                                              : OpFoldResult();
}

LogicalResult ToNCHWOp::verify() {
  ArrayRef<int64_t> in = shapeOf(getInput());
  return verifyShape(*this, "C1", getResult(), {in[0], in[3], in[1], in[2]});
}

LogicalResult NormalizeOp::verify() {
  if (failed(verifyShape(*this, "C1", getResult(), shapeOf(getInput()))))
    return failure();
  int64_t channels = channelsOf(getInput());
  if (channels > kMaxChannels)
    return emitOpError("(C1) a picture has at most ") << kMaxChannels << " channels, got " << channels;
  for (auto [name, values] : {std::pair("mean", getMean()), std::pair("std", getStd())}) {
    if (int64_t(values.size()) != channels)
      return emitOpError("(C2) ") << name << " has " << values.size() << " numbers, the input " << channels
                                  << " channels";
    if (!llvm::all_of(values, [](double value) { return std::isfinite(value); }))
      return emitOpError("(C2) ") << name << " must be finite";
  }
  for (double deviation : getStd())
    if (deviation <= 0)
      return emitOpError("(C2) std must be positive, got ") << deviation;
  return success();
}
