//===- MixerMiddle.cpp - What stands around a mixer's scan ----------------------===//

#include "mv/Kernels/Common/MixerMiddle.h"

using namespace mlir;
using namespace mv;

static int64_t channelsOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape().back(); }

/// `value` as a slice of `source` from `offset` on; null if it is something else.
static SliceOp matchSlice(Value value, Value source, int64_t offset) {
  auto slice = value.getDefiningOp<SliceOp>();
  bool matches = slice && slice.getInput() == source && int64_t(slice.getOffset()) == offset;
  return matches ? slice : SliceOp();
}

std::optional<MixerMiddle> MixerMiddle::match(SelectiveScanOp scan) {
  MixerMiddle middle;
  auto x = scan.getInput().getDefiningOp<SliceOp>();
  middle.silu = x ? x.getInput().getDefiningOp<SiluOp>() : SiluOp();
  middle.conv = middle.silu ? middle.silu.getInput().getDefiningOp<Conv1DOp>() : Conv1DOp();
  middle.softplus = scan.getStep().getDefiningOp<SoftplusOp>();
  middle.stepProject = middle.softplus ? middle.softplus.getInput().getDefiningOp<LinearOp>() : LinearOp();
  auto dt = middle.stepProject ? middle.stepProject.getInput().getDefiningOp<SliceOp>() : SliceOp();
  middle.project = dt ? dt.getInput().getDefiningOp<LinearOp>() : LinearOp();
  auto concat =
      scan.getResult().hasOneUse() ? dyn_cast<ConcatOp>(*scan.getResult().user_begin()) : ConcatOp();
  if (!middle.conv || !isa<BlockArgument>(middle.conv.getInput()) || !middle.project || !concat)
    return std::nullopt;
  Value projected = middle.project.getResult();
  auto b = scan.getB().getDefiningOp<SliceOp>(), c = scan.getC().getDefiningOp<SliceOp>();
  int64_t channels = channelsOf(x.getResult());
  bool matches = b && c && b.getInput() == projected && c.getInput() == projected && dt.getOffset() == 0 &&
                 middle.project.getInput() == x.getResult() && x.getOffset() == 0 &&
                 concat.getFirst() == scan.getResult() &&
                 matchSlice(concat.getSecond(), middle.silu.getResult(), channels) &&
                 concat->getBlock()->getTerminator()->getOperand(0) == concat.getResult();
  if (!matches)
    return std::nullopt;
  middle.offsetB = b.getOffset();
  middle.offsetC = c.getOffset();
  return middle;
}
