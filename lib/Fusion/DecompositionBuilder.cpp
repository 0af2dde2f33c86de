//===- DecompositionBuilder.cpp - Layers of the model as primitive ops ----------===//

#include "DecompositionBuilder.h"

using namespace mlir;
using namespace mv;

/// Epsilon of every norm but the stem's batch norms.
static constexpr double kNormEps = 1e-5;

static int64_t channelsOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

std::string DecompositionBuilder::qualified(StringRef name) const {
  return path.empty() ? name.str() : (path + "." + name).str();
}

Location DecompositionBuilder::at(StringRef part) const {
  return NameLoc::get(builder.getStringAttr(qualified(part)), origin);
}

RankedTensorType DecompositionBuilder::withChannels(Value like, int64_t channels) const {
  SmallVector<int64_t> shape(cast<RankedTensorType>(like.getType()).getShape());
  shape.back() = channels;
  return RankedTensorType::get(shape, element);
}

Value DecompositionBuilder::parameter(StringRef name, ArrayRef<int64_t> shape) {
  return ParameterOp::create(builder, at(name), RankedTensorType::get(shape, element), qualified(name));
}

Value DecompositionBuilder::zero(ArrayRef<int64_t> shape) {
  return ParamZeroOp::create(builder, origin, RankedTensorType::get(shape, element));
}

Value DecompositionBuilder::conv2D(StringRef part, Value input, int64_t channels, int64_t stride,
                                   bool hasBias) {
  ArrayRef<int64_t> in = cast<RankedTensorType>(input.getType()).getShape();
  auto type =
      RankedTensorType::get({in[0], ceilDiv(in[1], stride), ceilDiv(in[2], stride), channels}, element);
  Value weight = parameter((part + ".weight").str(), {channels, in[3], 3, 3});
  Value bias = hasBias ? parameter((part + ".bias").str(), {channels}) : Value();
  return Conv2DOp::create(builder, at(part), type, input, weight, bias, stride);
}

Value DecompositionBuilder::linear(StringRef part, Value input, int64_t channels, bool hasBias) {
  Value weight = parameter((part + ".weight").str(), {channels, channelsOf(input)});
  Value bias = hasBias ? parameter((part + ".bias").str(), {channels}) : Value();
  return LinearOp::create(builder, at(part), withChannels(input, channels), input, weight, bias);
}

Value DecompositionBuilder::batchNorm(StringRef part, Value input, double eps) {
  int64_t channels = channelsOf(input);
  Value weight = parameter((part + ".weight").str(), {channels});
  Value bias = parameter((part + ".bias").str(), {channels});
  Value mean = parameter((part + ".running_mean").str(), {channels});
  Value variance = parameter((part + ".running_var").str(), {channels});
  return BatchNormOp::create(builder, at(part), input.getType(), input, weight, bias, mean, variance,
                             builder.getF64FloatAttr(eps));
}

Value DecompositionBuilder::layerNorm(StringRef part, Value input) {
  Value weight = parameter((part + ".weight").str(), {channelsOf(input)});
  Value bias = parameter((part + ".bias").str(), {channelsOf(input)});
  return LayerNormOp::create(builder, at(part), input.getType(), input, weight, bias,
                             builder.getF64FloatAttr(kNormEps));
}

Value DecompositionBuilder::slice(StringRef part, Value input, int64_t offset, int64_t channels) {
  return SliceOp::create(builder, at(part), withChannels(input, channels), input, offset);
}

Value DecompositionBuilder::residual(StringRef part, Value branch, StringRef gamma, Value residual) {
  if (!gamma.empty()) {
    Value scale = parameter(gamma, {channelsOf(branch)});
    branch = ScaleOp::create(builder, at(gamma), branch.getType(), branch, scale);
  }
  return AddOp::create(builder, at(part), branch, residual);
}
