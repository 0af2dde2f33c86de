//===- DecomposeTokens.cpp - Mixer, attention and MLP blocks --------------------===//
//
// The parts of the model that work on the tokens of windows, as primitive ops.
//
//===----------------------------------------------------------------------===//

#include "DecompositionBuilder.h"
#include "ParameterExpressions.h"

#include <cmath>

using namespace mlir;
using namespace mv;

static int64_t channelsOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

//===----------------------------------------------------------------------===//
// Mixer
//===----------------------------------------------------------------------===//

namespace {
/// The parts of a mixer that may have a bias, by name.
struct MixerBiases {
  explicit MixerBiases(ArrayAttr names) : names(names) {}
  bool has(StringRef part) const { return llvm::is_contained(names.getAsValueRange<StringAttr>(), part); }
  ArrayAttr names;
};
} // namespace

/// The depthwise convolutions of x and z as one on all channels: they are equal but for their weights.
static Value buildConv1D(DecompositionBuilder &b, Value xz, const MixerBiases &biases) {
  OpBuilder &builder = b.getBuilder();
  int64_t half = channelsOf(xz) / 2;
  Type element = cast<RankedTensorType>(xz.getType()).getElementType();
  auto halfType = RankedTensorType::get({half, 3}, element);
  SmallVector<Value> weights, parts;
  for (StringRef part : {"conv1d_x", "conv1d_z"}) {
    Value weight = b.parameter(("mixer." + part + ".weight").str(), {half, 1, 3});
    weights.push_back(ParamReshapeOp::create(builder, weight.getLoc(), halfType, weight));
    if (biases.has(part))
      parts.push_back(b.parameter(("mixer." + part + ".bias").str(), {half}));
    else
      parts.push_back(Value());
  }
  Location loc = b.at("mixer.conv1d");
  Value weight = param::concat(builder, loc, weights), bias;
  if (parts[0] || parts[1]) {
    for (Value &part : parts)
      part = part ? part : b.zero({half});
    bias = param::concat(builder, loc, parts);
  }
  return Conv1DOp::create(builder, loc, xz.getType(), xz, weight, bias);
}

/// softplus(W_dt dt + 2 b_dt): the published model adds the bias twice.
static Value buildStep(DecompositionBuilder &b, Value dt, int64_t channels) {
  OpBuilder &builder = b.getBuilder();
  Location loc = b.at("mixer.dt_proj");
  Value weight = b.parameter("mixer.dt_proj.weight", {channels, channelsOf(dt)});
  Value bias = b.parameter("mixer.dt_proj.bias", {channels});
  Value doubled = param::multiplyScalar(builder, bias.getLoc(), bias, 2.0);
  Value product = LinearOp::create(builder, loc, b.withChannels(dt, channels), dt, weight, doubled);
  return SoftplusOp::create(builder, b.at("mixer.softplus"), product);
}

/// A = -exp(A_log)
static Value buildA(DecompositionBuilder &b, int64_t channels) {
  OpBuilder &builder = b.getBuilder();
  Value logarithm = b.parameter("mixer.A_log", {channels, kScanStates});
  Value exponential = param::unary(builder, logarithm.getLoc(), UnaryKind::Exp, logarithm);
  return param::unary(builder, logarithm.getLoc(), UnaryKind::Neg, exponential);
}

/// From the tokens of in_proj to the concatenation that out_proj reads.
static Value buildMixerMiddle(DecompositionBuilder &b, Value xz, const MixerBiases &biases) {
  OpBuilder &builder = b.getBuilder();
  int64_t half = channelsOf(xz) / 2, rank = stepRank(channelsOf(xz));
  Value activated = SiluOp::create(builder, b.at("mixer.silu"), buildConv1D(b, xz, biases));
  Value x = b.slice("mixer.x", activated, 0, half);
  Value z = b.slice("mixer.z", activated, half, half);
  Value projected = b.linear("mixer.x_proj", x, rank + 2 * kScanStates, biases.has("x_proj"));
  Value dt = b.slice("mixer.dt", projected, 0, rank);
  Value inputMatrix = b.slice("mixer.B", projected, rank, kScanStates);
  Value outputMatrix = b.slice("mixer.C", projected, rank + kScanStates, kScanStates);
  Value step = buildStep(b, dt, half);
  Value a = buildA(b, half);
  Value skip = b.parameter("mixer.D", {half});
  Value y = SelectiveScanOp::create(builder, b.at("mixer.scan"), x.getType(), x, step, a, inputMatrix,
                                    outputMatrix, skip);
  return ConcatOp::create(builder, b.at("mixer.concat"), xz.getType(), y, z);
}

/// x + gamma_1 * out_proj(scan(...in_proj(layer_norm(x))))
SmallVector<Value> mv::decompose(OpBuilder &builder, MixerBlockOp op) {
  DecompositionBuilder b(builder, op);
  MixerBiases biases(op.getBiases());
  int64_t channels = channelsOf(op.getInput());
  Value normal = b.layerNorm("norm1", op.getInput());
  Value xz = b.linear("mixer.in_proj", normal, channels, biases.has("in_proj"));
  Value yz = buildMixerMiddle(b, xz, biases);
  Value out = b.linear("mixer.out_proj", yz, channels, biases.has("out_proj"));
  return {b.residual("mixer.residual", out, op.getHasGamma() ? "gamma_1" : "", op.getInput())};
}

//===----------------------------------------------------------------------===//
// Attention and MLP
//===----------------------------------------------------------------------===//

/// x + gamma_1 * proj(attention(qkv(layer_norm(x))))
SmallVector<Value> mv::decompose(OpBuilder &builder, AttentionBlockOp op) {
  DecompositionBuilder b(builder, op);
  int64_t channels = channelsOf(op.getInput()), headDim = channels / int64_t(op.getHeads());
  Value normal = b.layerNorm("norm1", op.getInput());
  Value qkv = b.linear("mixer.qkv", normal, 3 * channels, op.getHasQkvBias());
  Value qWeight, qBias, kWeight, kBias;
  if (op.getHasQkNorm()) {
    qWeight = b.parameter("mixer.q_norm.weight", {headDim});
    qBias = b.parameter("mixer.q_norm.bias", {headDim});
    kWeight = b.parameter("mixer.k_norm.weight", {headDim});
    kBias = b.parameter("mixer.k_norm.bias", {headDim});
  }
  Value mixed = AttentionOp::create(builder, b.at("mixer.attention"), op.getInput().getType(), qkv, qWeight,
                                    qBias, kWeight, kBias, builder.getI64IntegerAttr(op.getHeads()),
                                    builder.getF64FloatAttr(1.0 / std::sqrt(double(headDim))),
                                    builder.getF64FloatAttr(1e-5));
  Value out = b.linear("mixer.proj", mixed, channels, /*hasBias=*/true);
  return {b.residual("mixer.residual", out, op.getHasGamma() ? "gamma_1" : "", op.getInput())};
}

/// x + gamma_2 * fc2(gelu_erf(fc1(layer_norm(x))))
SmallVector<Value> mv::decompose(OpBuilder &builder, MlpBlockOp op) {
  DecompositionBuilder b(builder, op);
  Value normal = b.layerNorm("norm2", op.getInput());
  Value hidden = b.linear("mlp.fc1", normal, op.getHidden(), /*hasBias=*/true);
  hidden = GeluOp::create(builder, b.at("mlp.act"), GeluKind::Erf, hidden);
  Value out = b.linear("mlp.fc2", hidden, channelsOf(op.getInput()), /*hasBias=*/true);
  return {b.residual("mlp.residual", out, op.getHasGamma() ? "gamma_2" : "", op.getInput())};
}
