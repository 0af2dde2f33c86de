//===- FuseMixer.cpp - The middle of a mixer as one kernel ----------------------===//
//
//     %c = mv.silu(mv.conv1d %xz, %w)
//     %x = mv.slice %c offset 0            %z = mv.slice %c offset h
//     %p = mv.linear %x, %x_proj           // [dt, B, C]
//     %dt, %B, %C = mv.slice %p ...
//     %step = mv.softplus(mv.linear %dt, %dt_proj bias %b)
//     %y = mv.selective_scan %x, %step, %a, %B, %C, %skip
//     %yz = mv.concat %y, %z
//
// becomes one mv.kernel with input %xz and the parameters, and result %yz.
//
//===----------------------------------------------------------------------===//

#include "Folding.h"
#include "KernelRegions.h"
#include "Remarks.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_FUSEMIXER
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

static constexpr StringLiteral kPassName = "mv-fuse-mixer";

namespace {
/// Follows a mixer from its scan to both sides. The first thing that is not as expected is kept as the
/// reason.
class MixerMatcher {
public:
  explicit MixerMatcher(SelectiveScanOp scan) : scan(scan) {}

  bool match() {
    auto x = producer<SliceOp>(scan.getInput(), "the scan's input is not a slice", /*readers=*/2);
    auto softplus = producer<SoftplusOp>(scan.getStep(), "the step is not a softplus");
    auto stepProduct = producer<LinearOp>(operand(softplus), "the step does not come from a product");
    auto step = producer<SliceOp>(operand(stepProduct), "the step is not a slice of a projection");
    auto b = producer<SliceOp>(scan.getB(), "b is not a slice of a projection");
    auto c = producer<SliceOp>(scan.getC(), "c is not a slice of a projection");
    auto projection =
        producer<LinearOp>(operand(step), "step, b and c do not come from a product", /*readers=*/3);
    auto silu = producer<SiluOp>(operand(x), "the scan's input is not a slice of a SiLU", /*readers=*/2);
    producer<Conv1DOp>(operand(silu), "there is no convolution before the SiLU");
    if (!reason.empty())
      return false;
    if (operand(b) != operand(step) || operand(c) != operand(step) || operand(projection) != scan.getInput())
      return fail("step, b and c are not slices of one projection of the scan's input");
    return matchConcatenation(operand(x));
  }

  StringRef getReason() const { return reason; }
  /// All of the mixer's ops, in program order.
  SmallVector<Operation *> getOps() const {
    SmallVector<Operation *> sorted(ops);
    llvm::sort(sorted, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return sorted;
  }

private:
  SelectiveScanOp scan;
  SmallVector<Operation *> ops{scan};
  StringRef reason;

  bool fail(StringRef why) {
    reason = reason.empty() ? why : reason;
    return false;
  }

  static Value operand(Operation *op) { return op ? op->getOperand(0) : Value(); }

  /// The op of type OpT that computes `value`, if it has this many readers.
  template <typename OpT> OpT producer(Value value, StringRef otherwise, unsigned readers = 1) {
    auto op = value ? value.getDefiningOp<OpT>() : OpT();
    if (!op) {
      fail(otherwise);
      return OpT();
    }
    if (!value.hasNUses(readers)) {
      fail("a value within the mixer has other readers");
      return OpT();
    }
    ops.push_back(op);
    return op;
  }

  /// The scan's result goes into a concatenation with the other slice of the SiLU.
  bool matchConcatenation(Value activated) {
    if (!scan->hasOneUse())
      return fail("the scan's result has several readers");
    auto concat = dyn_cast<ConcatOp>(*scan->user_begin());
    if (!concat || concat.getFirst() != scan.getResult())
      return fail("the scan's result is not the first half of a concatenation");
    auto z = producer<SliceOp>(concat.getSecond(), "the second half of the concatenation is not a slice");
    if (!z || z.getInput() != activated)
      return fail("the second half of the concatenation is not a slice of the SiLU");
    ops.push_back(concat);
    return true;
  }
};
} // namespace

static void fuseMixer(RewriterBase &rewriter, SelectiveScanOp scan) {
  if (isa<KernelOp>(scan->getParentOp()))
    return;
  MixerMatcher matcher(scan);
  if (!matcher.match())
    return remarkMissed(scan.getLoc(), kPassName, "not fused", matcher.getReason());
  remarkPassed(scan.getLoc(), kPassName, "mixer fused");
  outlineKernel(rewriter, matcher.getOps());
}

namespace {
struct FuseMixerPass : mv::impl::FuseMixerBase<FuseMixerPass> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    for (SelectiveScanOp scan : collect<SelectiveScanOp>(getOperation()))
      fuseMixer(rewriter, scan);
  }
};
} // namespace
