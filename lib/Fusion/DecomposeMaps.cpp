//===- DecomposeMaps.cpp - Stem, convolution block, downsample and head ---------===//
//
// The parts of the model that work on maps, as primitive ops.
//
//===----------------------------------------------------------------------===//

#include "DecompositionBuilder.h"

using namespace mlir;
using namespace mv;

/// The stem's batch norms differ from all others in their epsilon.
static constexpr double kStemEps = 1e-4;
static constexpr double kBatchNormEps = 1e-5;

/// to_nhwc, then twice: convolution of stride 2, batch norm, ReLU.
SmallVector<Value> mv::decompose(OpBuilder &builder, StemOp op) {
  DecompositionBuilder b(builder, op);
  ArrayRef<int64_t> image = op.getInput().getType().getShape();
  auto nhwc = RankedTensorType::get({image[0], image[2], image[3], image[1]},
                                    op.getInput().getType().getElementType());
  // A picture of bytes arrives here as to_nchw of its pixels, which then are what is wanted.
  Value x = builder.createOrFold<ToNHWCOp>(b.at("to_nhwc"), nhwc, op.getInput());
  x = b.conv2D("conv_down.0", x, op.getInDim(), /*stride=*/2, /*hasBias=*/false);
  x = b.batchNorm("conv_down.1", x, kStemEps);
  x = ReluOp::create(builder, b.at("conv_down.2"), x);
  x = b.conv2D("conv_down.3", x, op.getResult().getType().getShape().back(), /*stride=*/2, /*hasBias=*/false);
  x = b.batchNorm("conv_down.4", x, kStemEps);
  x = ReluOp::create(builder, b.at("conv_down.5"), x);
  return {x};
}

/// x + gamma * BN(conv2(gelu_tanh(BN(conv1(x)))))
SmallVector<Value> mv::decompose(OpBuilder &builder, ConvBlockOp op) {
  DecompositionBuilder b(builder, op);
  int64_t channels = op.getInput().getType().getShape().back();
  Value x = b.conv2D("conv1", op.getInput(), channels, /*stride=*/1, /*hasBias=*/true);
  x = b.batchNorm("norm1", x, kBatchNormEps);
  x = GeluOp::create(builder, b.at("act1"), GeluKind::Tanh, x);
  x = b.conv2D("conv2", x, channels, /*stride=*/1, /*hasBias=*/true);
  x = b.batchNorm("norm2", x, kBatchNormEps);
  return {b.residual("residual", x, op.getHasGamma() ? "gamma" : "", op.getInput())};
}

SmallVector<Value> mv::decompose(OpBuilder &builder, DownsampleOp op) {
  DecompositionBuilder b(builder, op);
  int64_t channels = op.getResult().getType().getShape().back();
  return {b.conv2D("reduction.0", op.getInput(), channels, /*stride=*/2, /*hasBias=*/false)};
}

/// Batch norm, mean over positions, classifier; what nobody reads is not built.
SmallVector<Value> mv::decompose(OpBuilder &builder, HeadOp op) {
  DecompositionBuilder b(builder, op);
  Value x = op.getInput();
  if (op.getHasNorm())
    x = b.batchNorm("norm", x, kBatchNormEps);
  Value pooled = PoolOp::create(builder, b.at("avgpool"), op.getPooled().getType(), x);
  if (!op.getHasClassifier())
    return {pooled, pooled};
  if (op.getLogits().use_empty())
    return {Value(), pooled};
  return {b.linear("head", pooled, op.getLogits().getType().getShape().back(), /*hasBias=*/true), pooled};
}
