//===- ModelOps.cpp - Verifiers of the coarse ops -------------------------------===//

#include "mv/IR/MVDialect.h"

using namespace mlir;
using namespace mv;

/// Spatial sizes after one stride-2 convolution with padding 1.
static int64_t halved(int64_t size) { return ceilDiv(size, 2); }

LogicalResult StemOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape();
  ArrayRef<int64_t> out = getResult().getType().getShape();
  for (int axis : {0, 1})
    if (out[1 + axis] != halved(halved(in[2 + axis])))
      return emitOpError("(C1) result size ")
             << out[1 + axis] << " is not a quarter of the input's " << in[2 + axis] << ", rounded up twice";
  if (getInDim() <= 0)
    return emitOpError("(C2) in_dim must be positive, got ") << getInDim();
  return success();
}

LogicalResult DownsampleOp::verify() {
  ArrayRef<int64_t> in = getInput().getType().getShape();
  ArrayRef<int64_t> out = getResult().getType().getShape();
  for (int axis : {1, 2})
    if (out[axis] != halved(in[axis]))
      return emitOpError("(C1) result size ")
             << out[axis] << " is not half of the input's " << in[axis] << ", rounded up";
  return success();
}

LogicalResult MixerBlockOp::verify() {
  int64_t channels = getInput().getType().getShape().back();
  if (channels % 2 != 0)
    return emitOpError("(C1) the number of channels must be even, got ") << channels;
  for (auto name : getBiases().getAsValueRange<StringAttr>())
    if (!llvm::is_contained({"in_proj", "x_proj", "out_proj", "conv1d_x", "conv1d_z"}, name))
      return emitOpError("(C2) no part of a mixer is called '") << name << "'";
  return success();
}

LogicalResult AttentionBlockOp::verify() {
  int64_t channels = getInput().getType().getShape().back();
  if (getHeads() <= 0 || channels % int64_t(getHeads()) != 0)
    return emitOpError("(C1) ") << channels << " channels do not divide into " << getHeads() << " heads";
  return success();
}

LogicalResult MlpBlockOp::verify() {
  if (getHidden() <= 0)
    return emitOpError("(C1) hidden must be positive, got ") << getHidden();
  return success();
}

LogicalResult HeadOp::verify() {
  int64_t channels = getInput().getType().getShape().back();
  int64_t pooled = getPooled().getType().getShape().back();
  if (pooled != channels)
    return emitOpError("(C1) pooled has ") << pooled << " channels, the input " << channels;
  if (!getHasClassifier() && getLogits().getType() != getPooled().getType())
    return emitOpError("(C2) without a classifier logits must be of type ")
           << getPooled().getType() << ", got " << getLogits().getType();
  return success();
}
