//===- FuseStem.cpp - The image as the caller gave it ---------------------------===//
//
//     %0 = mv.to_nhwc %image : tensor<?x3x224x224xf32> -> tensor<?x224x224x3xf32>
//     %1 = mv.kernel(%0, %w, %b) { mv.conv2d, mv.relu }
//
// becomes
//
//     %1 = mv.kernel(%image, %w, %b) { mv.to_nhwc, mv.conv2d, mv.relu }
//
// and the same for the mv.normalize of a picture that is given as bytes.
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "KernelRegions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"
#include "mv/IR/Devices.h"

namespace mv {
#define GEN_PASS_DEF_FUSESTEM
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fuse-stem";

/// With more channels, pixels of whole 16 bytes are worth the copy.
static constexpr int64_t kMaxChannels = 4;

/// Why the convolution that `op` feeds cannot read the image itself; empty if it can.
template <typename OpT> static StringRef getObstacle(OpT op) {
  Operation *producer = op.getInput().getDefiningOp();
  if (producer && (isa<KernelOp>(producer) || isPrimitive(producer)))
    return "the image is computed by another kernel";
  if (!op->hasOneUse())
    return "the image has other readers";
  if (op.getType().getShape().back() > kMaxChannels)
    return "the image has many channels";
  return getRootReading<Conv2DOp>(*op->use_begin()) ? "" : "the reader is not a convolution";
}

template <typename OpT> static void fuseStem(RewriterBase &rewriter, OpT op) {
  if (isa<KernelOp>(op->getParentOp()) || op->use_empty())
    return;
  if (StringRef obstacle = getObstacle(op); !obstacle.empty())
    return remarkMissed(op.getLoc(), kPassName, "not fused", obstacle);
  remarkPassed(op.getLoc(), kPassName, "image read by the convolution");
  outlineKernel(rewriter, {op, *op->user_begin()});
}

namespace {
struct FuseStemPass : mv::impl::FuseStemBase<FuseStemPass> {
  void runOnOperation() override {
    if (!isForCUDA(getOperation()))
      return markAllAnalysesPreserved();
    IRRewriter rewriter(&getContext());
    for (ToNHWCOp op : collect<ToNHWCOp>(getOperation()))
      fuseStem(rewriter, op);
    for (NormalizeOp op : collect<NormalizeOp>(getOperation()))
      fuseStem(rewriter, op);
  }
};
} // namespace
