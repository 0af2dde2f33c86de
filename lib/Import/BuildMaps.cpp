//===- BuildMaps.cpp - Parts of the model on maps -------------------------------===//

#include "ModelBuilder.h"

using namespace mlir;
using namespace mv;

/// Of every LayerNorm of the model.
static constexpr double kLayerNormEps = 1e-5;

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Size after a stride-2 convolution with padding 1.
static int64_t halved(int64_t size) { return ceilDiv(size, 2); }

/// A picture's bytes as the image that the stem reads.
Value ModelBuilder::normalize(Value picture) {
  ArrayRef<int64_t> in = shapeOf(picture); // [batch, height, width, channels]
  const ImagePreprocessing &images = spec_.preprocessing;
  Value map = NormalizeOp::create(builder_, at("normalize"), activation(in.drop_front()), picture,
                                  images.mean, images.std);
  return ToNCHWOp::create(builder_, at("normalize"), activation({in[3], in[1], in[2]}), map);
}

Value ModelBuilder::stem(Value image) {
  ArrayRef<int64_t> in = shapeOf(image); // [batch, channels, height, width]
  RankedTensorType type = activation({halved(halved(in[2])), halved(halved(in[3])), spec_.dim});
  return StemOp::create(builder_, at("patch_embed"), type, image, "patch_embed", spec_.inDim);
}

Value ModelBuilder::convBlock(Value map, const std::string &path) {
  return ConvBlockOp::create(builder_, at(path), map.getType(), map, path, spec_.layerScaleConv);
}

Value ModelBuilder::downsample(Value map, const std::string &path) {
  ArrayRef<int64_t> in = shapeOf(map);
  RankedTensorType type = activation({halved(in[1]), halved(in[2]), 2 * in[3]});
  return DownsampleOp::create(builder_, at(path), type, map, path);
}

/// A stage map as downstream tasks read it: channels first, through the level's own LayerNorm where there is
/// one.
Value ModelBuilder::stageOutput(Value map, int level) {
  int64_t channels = shapeOf(map)[3];
  std::string path = "outnorm" + std::to_string(level);
  if (spec_.outNorm[level]) {
    auto type = RankedTensorType::get({channels}, builder_.getF32Type());
    Value weight = ParameterOp::create(builder_, at(path + ".weight"), type, path + ".weight");
    Value bias = ParameterOp::create(builder_, at(path + ".bias"), type, path + ".bias");
    map = LayerNormOp::create(builder_, at(path), map.getType(), map, weight, bias,
                              builder_.getF64FloatAttr(kLayerNormEps));
  }
  ArrayRef<int64_t> in = shapeOf(map);
  RankedTensorType type = activation({channels, in[1], in[2]});
  return ToNCHWOp::create(builder_, at("stage" + std::to_string(level)), type, map);
}

HeadOp ModelBuilder::head(Value map) {
  int64_t channels = shapeOf(map)[3];
  bool hasClassifier = spec_.numClasses > 0;
  RankedTensorType pooled = activation({channels});
  RankedTensorType logits = hasClassifier ? activation({spec_.numClasses}) : pooled;
  return HeadOp::create(builder_, at("head"), logits, pooled, map, "", spec_.hasNorm, hasClassifier);
}
