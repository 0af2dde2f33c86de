//===- FuseAttentionInput.cpp - q, k and v where they are read ------------------===//
//
//     %0 = mv.kernel(%x, %w, %s, %b) { mv.norm_linear }
//     %1 = mv.attention %0 heads 8 scale 1.0
//
// becomes
//
//     %1 = mv.kernel(%x, %w, %s, %b) { mv.norm_linear, mv.attention }
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "KernelRegions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"
#include "mv/IR/Devices.h"
#include "mv/Kernels/GPU/AttentionDecisions.h"

namespace mv {
#define GEN_PASS_DEF_FUSEATTENTIONINPUT
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fuse-attention-input";

/// Whether `op` is a product, or a kernel of nothing but a product.
static bool isProductAlone(Operation *op) {
  auto kernel = dyn_cast<KernelOp>(op);
  if (!kernel)
    return isa<LinearOp, NormLinearOp>(op);
  Block &body = kernel.getBody().front();
  return llvm::hasSingleElement(body.without_terminator()) && isa<LinearOp, NormLinearOp>(body.front());
}

/// Why the attention that reads `qkv` cannot compute it; empty if it can.
static StringRef getObstacle(AttentionOp op, Value qkv) {
  if (!qkv.getDefiningOp())
    return "q, k and v are the function's argument";
  if (!qkv.hasOneUse())
    return "q, k and v have other readers";
  if (!isProductAlone(qkv.getDefiningOp()))
    return "q, k and v are not computed by a product alone";
  ArrayRef<int64_t> shape = op.getResult().getType().getShape();
  StringRef dtype = getDType(op);
  int64_t bytes = getStorageType(op).getIntOrFloatBitWidth() / 8, headDim = shape[3] / int64_t(op.getHeads());
  if (!gpu::canFuseAttention({shape[2], headDim, bytes, /*isSplit=*/dtype == "f32"}))
    return "the windows have many tokens, or the heads many channels";
  return "";
}

/// What `op` reads as q, k and v outside of the kernel that it may be in.
static Value getQKV(AttentionOp op) {
  auto argument = dyn_cast<BlockArgument>(op.getQkv());
  auto kernel = dyn_cast<KernelOp>(op->getParentOp());
  if (!kernel)
    return op.getQkv();
  return argument ? kernel.getInputs()[argument.getArgNumber()] : Value();
}

namespace {
struct FuseAttentionInputPass : mv::impl::FuseAttentionInputBase<FuseAttentionInputPass> {
  void runOnOperation() override {
    if (!isForCUDA(getOperation()))
      return markAllAnalysesPreserved();
    IRRewriter rewriter(&getContext());
    for (AttentionOp op : collect<AttentionOp>(getOperation()))
      fuseInput(rewriter, op);
  }

private:
  void fuseInput(RewriterBase &rewriter, AttentionOp op) {
    Value qkv = getQKV(op);
    if (!qkv) // it is fused already
      return;
    if (StringRef obstacle = getObstacle(op, qkv); !obstacle.empty())
      return remarkMissed(op.getLoc(), kPassName, "not fused", obstacle);
    remarkPassed(op.getLoc(), kPassName, "product fused");
    outlineKernel(rewriter, {qkv.getDefiningOp(), *qkv.user_begin()});
  }
};
} // namespace
