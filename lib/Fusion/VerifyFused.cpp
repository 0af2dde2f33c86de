//===- VerifyFused.cpp - The border between fusion and plan ---------------------===//

#include "KernelRegions.h"
#include "mv/Fusion/Layouts.h"
#include "mv/Fusion/Passes.h"
#include "mv/IR/Devices.h"

namespace mv {
#define GEN_PASS_DEF_VERIFYFUSED
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

namespace {
/// Checks a function and reports every offender.
class FusedVerifier {
public:
  LogicalResult verify(func::FuncOp function) {
    if (!function.getBody().hasOneBlock())
      report(function, "(F1)") << "the function must have one block";
    for (Block &block : function.getBody())
      for (Operation &op : block)
        verifyTopLevel(&op);
    return success(correct);
  }

private:
  bool correct = true;

  InFlightDiagnostic report(Operation *op, StringRef label) {
    correct = false;
    return op->emitOpError() << label << " ";
  }

  void verifyTopLevel(Operation *op) {
    if (auto kernel = dyn_cast<KernelOp>(op))
      return verifyKernel(kernel);
    if (auto terminator = dyn_cast<func::ReturnOp>(op))
      return verifyReturn(terminator);
    if (!isa<ParameterOpInterface>(op))
      report(op, "(F1)") << "is not in a kernel";
  }

  void verifyReturn(func::ReturnOp op) {
    llvm::SmallDenseMap<Value, unsigned> seen;
    for (auto [index, value] : llvm::enumerate(op.getOperands())) {
      if (!value.getDefiningOp<KernelOp>())
        report(op, "(F5)") << "result " << index << " is not a kernel's";
      auto [entry, inserted] = seen.try_emplace(value, index);
      if (!inserted)
        report(op, "(F5)") << "result " << index << " is the same value as result " << entry->second;
    }
  }

  void verifyKernel(KernelOp kernel) {
    ValueRange yielded = kernel.getYield().getValues();
    if (yielded.empty() || yielded.size() > (isForCUDA(kernel) ? 2 : 1) || !llvm::all_equal(yielded))
      report(kernel, "(F2)") << "has " << kernel.getNumResults() << " results, expected 1"
                             << (isForCUDA(kernel) ? ", or one twice" : "");
    for (Type type : kernel.getResultTypes())
      verifyResultType(kernel, cast<RankedTensorType>(type));
    for (Operation &op : kernel.getBody().front().without_terminator())
      if (!isPrimitive(&op))
        report(&op, "(F2)") << "is not a primitive op";
    verifyOrder(kernel);
    if (isForCUDA(kernel))
      verifyLayouts(kernel);
  }

  void verifyResultType(KernelOp kernel, RankedTensorType type) {
    ArrayRef<int64_t> shape = type.getShape();
    bool batched = !shape.empty() && ShapedType::isDynamic(shape.front());
    if (!batched || llvm::any_of(shape.drop_front(), ShapedType::isDynamic))
      report(kernel, "(F6)") << "result " << type << " must have one dynamic dimension, the first";
  }

  /// What may stand before the root, by the root's kind.
  static bool isPrologue(Operation *op, Operation *root) {
    if (isa<SelectiveScanOp>(root))
      return isa<Conv1DOp, SiluOp, SliceOp, LinearOp, SoftplusOp>(op);
    bool feedsRoot = op->hasOneUse() && *op->user_begin() == root && op->getResult(0) == root->getOperand(0);
    if (!feedsRoot)
      return false;
    if (isa<LinearOp>(root))
      return isa<LayerNormOp>(op);
    if (!isForCUDA(root))
      return false;
    return isa<Conv2DOp>(root) ? isa<ToNHWCOp, NormalizeOp>(op)
                               : isa<AttentionOp>(root) && isa<LinearOp, NormLinearOp>(op);
  }

  /// (F7) for what `kernel` reads.
  void verifyLayouts(KernelOp kernel) {
    Type storage = getStorageType(kernel);
    for (auto [index, type] : llvm::enumerate(kernel.getInputs().getTypes())) {
      if (!isReadByRoot(kernel, index))
        continue;
      StoredShape stored = storedShape(cast<RankedTensorType>(type));
      if (stored.element != storage || stored.channels % kRowChannels != 0)
        report(kernel, "(F7)") << "input " << index << " is stored as " << type << ", expected elements of "
                               << storage << " and channels in units of " << kRowChannels;
      if (isReadByConvolution(kernel, index) && stored.halo != 1)
        report(kernel, "(F7)") << "input " << index << " has a halo of " << stored.halo
                               << ", its convolution needs 1";
    }
  }

  void verifyOrder(KernelOp kernel) {
    Operation *root = kernel.getRoot().getOperation();
    Operation *last = kernel.getYield()->getPrevNode();
    for (Operation &op : kernel.getBody().front().without_terminator()) {
      if (&op == root)
        continue;
      if (root && op.isBeforeInBlock(root)) {
        if (!isPrologue(&op, root))
          report(&op, "(F3)") << "cannot stand before the root '" << root->getName() << "'";
        continue;
      }
      // The mixer's second half waits beside the root until the concatenation.
      bool beside = isa_and_present<SelectiveScanOp>(root) && isa<SliceOp>(op);
      if (isMovement(&op) && &op != last && !beside)
        report(&op, "(F4)") << "moves data, but the kernel goes on after it";
    }
  }
};
} // namespace

namespace {
struct VerifyFusedPass : mv::impl::VerifyFusedBase<VerifyFusedPass> {
  void runOnOperation() override {
    if (failed(FusedVerifier().verify(getOperation())))
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
