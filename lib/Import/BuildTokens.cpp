//===- BuildTokens.cpp - Parts of the model on tokens ---------------------------===//

#include "ModelBuilder.h"

using namespace mlir;
using namespace mv;

/// The map is cut into windows once per level: padding tokens live, unmasked, through all blocks of the
/// level.
Value ModelBuilder::windowLevel(Value map, int level) {
  if (spec_.depths[level] == 0)
    return map;
  ArrayRef<int64_t> in = cast<RankedTensorType>(map.getType()).getShape();
  int64_t window = spec_.windowSize[level];
  int64_t windows = ceilDiv(in[1], window) * ceilDiv(in[2], window);
  std::string path = "levels." + std::to_string(level);
  Value tokens = WindowPartitionOp::create(builder_, at(path + ".windows"),
                                           activation({windows, window * window, in[3]}), map, window);
  for (int64_t block = 0; block < spec_.depths[level]; ++block) {
    std::string at = blockPath(level, block);
    tokens = spec_.isAttention(level, block) ? attentionBlock(tokens, at, level) : mixerBlock(tokens, at);
    tokens = mlpBlock(tokens, at, level);
  }
  return WindowReverseOp::create(builder_, at(path + ".map"), map.getType(), tokens, window);
}

Value ModelBuilder::mixerBlock(Value tokens, const std::string &path) {
  return MixerBlockOp::create(builder_, at(path), tokens.getType(), tokens, path, spec_.layerScale,
                              builder_.getStrArrayAttr({}));
}

Value ModelBuilder::attentionBlock(Value tokens, const std::string &path, int level) {
  return AttentionBlockOp::create(builder_, at(path), tokens.getType(), tokens, path, spec_.numHeads[level],
                                  spec_.qkvBias, spec_.qkNorm, spec_.layerScale);
}

Value ModelBuilder::mlpBlock(Value tokens, const std::string &path, int level) {
  return MlpBlockOp::create(builder_, at(path), tokens.getType(), tokens, path, spec_.mlpWidth[level],
                            spec_.layerScale);
}
