//===- RemoveWindowCopies.cpp - Windows as addressing ---------------------------===//
//
//     %0 = mv.kernel(%x, %w) { mv.conv2d }
//     %1 = mv.window_partition %0 window 14 : tensor<?x14x14x320xf32> -> tensor<?x1x196x320xf32>
//
// becomes
//
//     %1 = mv.kernel(%x, %w) { mv.conv2d, mv.window_partition }
//
// The copy is gone: the kernel computes the same values and stores them at other addresses (and zeros where a
// window reaches beyond the map).
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "KernelRegions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_REMOVEWINDOWCOPIES
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-remove-window-copies";

//===----------------------------------------------------------------------===//
// Pairs that cancel
//===----------------------------------------------------------------------===//

/// The value from before the pair, if `op` undoes the op before it; null otherwise.
static Value getCancelled(WindowReverseOp op) {
  auto partition = op.getInput().getDefiningOp<WindowPartitionOp>();
  bool cancels =
      partition && partition.getWindow() == op.getWindow() && partition.getInput().getType() == op.getType();
  return cancels ? partition.getInput() : Value();
}

/// Partition after reverse is the identity only where the windows hold no padding: reversing drops what
/// padding holds.
static Value getCancelled(WindowPartitionOp op) {
  auto reverse = op.getInput().getDefiningOp<WindowReverseOp>();
  if (!reverse || reverse.getWindow() != op.getWindow() || reverse.getInput().getType() != op.getType())
    return Value();
  ArrayRef<int64_t> map = op.getInput().getType().getShape();
  int64_t window = op.getWindow();
  return map[1] % window == 0 && map[2] % window == 0 ? reverse.getInput() : Value();
}

template <typename OpT> static void cancelPairs(RewriterBase &rewriter, Operation *root) {
  for (OpT op : collect<OpT>(root)) {
    Value before = getCancelled(op);
    if (!before)
      continue;
    Operation *opposite = op->getOperand(0).getDefiningOp();
    rewriter.replaceOp(op, before);
    if (opposite->use_empty())
      rewriter.eraseOp(opposite);
  }
}

//===----------------------------------------------------------------------===//
// Into the kernel before
//===----------------------------------------------------------------------===//

/// Why `op` cannot end the kernel that computes its input; empty if it can.
static StringRef getObstacle(Operation *op) {
  Value input = op->getOperand(0);
  Operation *producer = input.getDefiningOp();
  if (!producer)
    return "the input is an argument of the function";
  if (!input.hasOneUse())
    return "the input has other readers, which want it as it is";
  if (auto kernel = dyn_cast<KernelOp>(producer))
    return endsInMovement(kernel) ? "the kernel before ends in another movement of data" : "";
  return isPrimitive(producer) && !isMovement(producer) ? "" : "the input is not computed by a primitive op";
}

static void endKernelBefore(RewriterBase &rewriter, Operation *op) {
  if (isa<KernelOp>(op->getParentOp()))
    return;
  StringRef obstacle = getObstacle(op);
  if (!obstacle.empty())
    return remarkMissed(op->getLoc(), kPassName, "copy kept", obstacle);
  remarkPassed(op->getLoc(), kPassName, "copy removed");
  outlineKernel(rewriter, {op->getOperand(0).getDefiningOp(), op});
}

namespace {
struct RemoveWindowCopiesPass : mv::impl::RemoveWindowCopiesBase<RemoveWindowCopiesPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    cancelPairs<WindowReverseOp>(rewriter, getOperation());
    cancelPairs<WindowPartitionOp>(rewriter, getOperation());
    for (WindowPartitionOp op : collect<WindowPartitionOp>(getOperation()))
      endKernelBefore(rewriter, op);
    for (WindowReverseOp op : collect<WindowReverseOp>(getOperation()))
      endKernelBefore(rewriter, op);
  }
};
} // namespace
