//===- ChooseLayouts.cpp - How values are stored between kernels ----------------===//
//
//     %1 = mv.kernel(%0) : (...) -> tensor<?x56x56x20xf32> { ... }
//     %2 = mv.kernel(%1, %w) : (tensor<?x56x56x20xf32>, ...) -> ... { mv.conv2d ... }
//
// becomes
//
//     %1 = mv.kernel(%0) : (...) -> tensor<?x56x56x20xf32, #mv.layout<halo = 1, channels = 32>> { ... }
//     %2 = mv.kernel(%1, %w) : (tensor<?x56x56x20xf32, #mv.layout<halo = 1, channels = 32>>, ...) -> ... {
//     ... }
//
//===----------------------------------------------------------------------===//

#include "KernelRegions.h"
#include "mv/Fusion/Layouts.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

//===----------------------------------------------------------------------===//
// Decisions
//===----------------------------------------------------------------------===//

/// An image's channels stay dense: there are few of them, once in a model, and padding three to sixteen would
/// cost more traffic than whole vectors save.
static constexpr int64_t kImageChannels = 4;

int64_t mv::getStoredChannels(int64_t channels, int64_t multiple) {
  return channels <= kImageChannels ? channels : roundUp(channels, multiple);
}

/// Whether a kernel reads `use` by a 3x3 convolution.
static bool isReadByConvolution(OpOperand &use) {
  auto kernel = dyn_cast<KernelOp>(use.getOwner());
  if (!kernel)
    return false;
  BlockArgument argument = kernel.getBody().getArgument(use.getOperandNumber());
  return llvm::any_of(argument.getUsers(), [&](Operation *user) {
    auto convolution = dyn_cast<Conv2DOp>(user);
    return convolution && convolution.getInput() == argument;
  });
}

/// Whether the function returns the value, which its caller expects dense.
static bool isReturned(Value value) { return llvm::any_of(value.getUsers(), llvm::IsaPred<func::ReturnOp>); }

/// The layout of a value between kernels; null for dense.
static LayoutAttr chooseLayout(Value value, int64_t multiple) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (shape.size() != 4)
    return {};
  int64_t halo = llvm::any_of(value.getUses(), isReadByConvolution) ? 1 : 0;
  int64_t channels = getStoredChannels(shape.back(), multiple);
  if (halo == 0 && channels == shape.back())
    return {};
  return LayoutAttr::get(value.getContext(), halo, channels);
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Gives the convolutions that read `value`, which must stay dense, a copy to read instead.
static void copyForConvolutions(RewriterBase &rewriter, Value value) {
  if (llvm::none_of(value.getUses(), isReadByConvolution))
    return;
  rewriter.setInsertionPointAfterValue(value);
  KernelOp copy = createCopyKernel(rewriter, value.getLoc(), value);
  value.replaceUsesWithIf(copy.getResult(0), [](OpOperand &use) { return isReadByConvolution(use); });
}

/// What a bare op or the caller reads stays dense.
static void setLayout(Value value, int64_t multiple) {
  bool betweenKernels = llvm::all_of(value.getUsers(), llvm::IsaPred<KernelOp>);
  if (!betweenKernels)
    return;
  if (LayoutAttr layout = chooseLayout(value, multiple))
    value.setType(withLayout(cast<RankedTensorType>(value.getType()), layout));
}

namespace {
struct ChooseLayoutsPass : mv::impl::ChooseLayoutsBase<ChooseLayoutsPass> {
  using ChooseLayoutsBase::ChooseLayoutsBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Value> dense(getOperation().getArguments());
    getOperation().walk(
        [&](KernelOp op) { llvm::copy_if(op.getResults(), std::back_inserter(dense), isReturned); });
    for (Value value : dense)
      copyForConvolutions(rewriter, value);
    getOperation().walk([&](KernelOp op) {
      for (Value result : op.getResults())
        setLayout(result, channelMultiple);
    });
  }
};
} // namespace
