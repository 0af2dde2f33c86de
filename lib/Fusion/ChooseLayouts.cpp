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
#include "mv/IR/Devices.h"

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

bool mv::isReadByConvolution(KernelOp kernel, unsigned index) {
  BlockArgument argument = kernel.getBody().getArgument(index);
  return llvm::any_of(argument.getUsers(), [&](Operation *user) {
    auto convolution = dyn_cast<Conv2DOp>(user);
    return convolution && convolution.getInput() == argument;
  });
}

bool mv::isReadByRoot(KernelOp kernel, unsigned index) {
  BlockArgument argument = kernel.getBody().getArgument(index);
  return !cast<RankedTensorType>(argument.getType()).hasStaticShape() &&
         llvm::any_of(argument.getUsers(), llvm::IsaPred<KernelRootOpInterface>);
}

/// Whether the function returns the value, which its caller expects dense.
static bool isReturned(Value value) { return llvm::any_of(value.getUsers(), llvm::IsaPred<func::ReturnOp>); }

namespace {
/// How a function's values are stored, by its device.
class LayoutRules {
public:
  LayoutRules(func::FuncOp function, int64_t multiple) : isCUDA(isForCUDA(function)), multiple(multiple) {
    if (Type storage = getStorageType(function); isCUDA && !storage.isF32())
      element = storage;
  }

  /// The layout of a value between kernels; null for dense.
  LayoutAttr choose(Value value) const {
    ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
    if (shape.size() != 4 && !isCUDA)
      return {};
    int64_t halo = llvm::any_of(value.getUses(), readsHalo) ? 1 : 0;
    int64_t channels =
        isCUDA ? roundUp(shape.back(), kRowChannels) : getStoredChannels(shape.back(), multiple);
    if (halo == 0 && channels == shape.back() && !element)
      return {};
    return LayoutAttr::get(value.getContext(), halo, channels, element);
  }

  /// Whether `use` cannot be of a dense value.
  bool needsCopy(OpOperand &use) const {
    auto kernel = dyn_cast<KernelOp>(use.getOwner());
    if (!kernel)
      return false;
    return readsHalo(use) || (isCUDA && isReadByRoot(kernel, use.getOperandNumber()) && choose(use.get()));
  }

private:
  bool isCUDA;
  int64_t multiple;
  Type element; ///< Null: that of the tensors.

  static bool readsHalo(OpOperand &use) {
    auto kernel = dyn_cast<KernelOp>(use.getOwner());
    return kernel && isReadByConvolution(kernel, use.getOperandNumber());
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// Whether a kernel stores so little that storing it twice is cheaper than a launch that copies it.
static bool canStoreTwice(KernelOp kernel) {
  return kernel && isForCUDA(kernel) && isa_and_present<PoolOp>(kernel.getRoot().getOperation());
}

/// A kernel like `kernel`, which it replaces, that has its result twice.
static KernelOp storeTwice(RewriterBase &rewriter, KernelOp kernel) {
  rewriter.setInsertionPoint(kernel);
  Type type = kernel.getResult(0).getType();
  auto twice = KernelOp::create(rewriter, kernel.getLoc(), TypeRange({type, type}), kernel.getInputs());
  rewriter.inlineRegionBefore(kernel.getBody(), twice.getBody(), twice.getBody().end());
  YieldOp yield = twice.getYield();
  yield.getValuesMutable().append(yield.getValues().front());
  rewriter.replaceOp(kernel, twice.getResult(0));
  return twice;
}

/// Gives the roots that cannot read `value`, which must stay dense, a copy to read instead.
static void copyForRoots(RewriterBase &rewriter, Value value, const LayoutRules &rules) {
  auto needsCopy = [&](OpOperand &use) { return rules.needsCopy(use); };
  if (llvm::none_of(value.getUses(), needsCopy))
    return;
  if (auto producer = value.getDefiningOp<KernelOp>(); canStoreTwice(producer)) {
    KernelOp twice = storeTwice(rewriter, producer);
    twice.getResult(0).replaceUsesWithIf(twice.getResult(1), needsCopy);
    return;
  }
  rewriter.setInsertionPointAfterValue(value);
  KernelOp copy = createCopyKernel(rewriter, value.getLoc(), value);
  value.replaceUsesWithIf(copy.getResult(0), needsCopy);
}

/// What a bare op or the caller reads stays dense.
static void setLayout(Value value, const LayoutRules &rules) {
  bool betweenKernels = llvm::all_of(value.getUsers(), llvm::IsaPred<KernelOp>);
  if (!betweenKernels)
    return;
  if (LayoutAttr layout = rules.choose(value))
    value.setType(withLayout(cast<RankedTensorType>(value.getType()), layout));
}

namespace {
struct ChooseLayoutsPass : mv::impl::ChooseLayoutsBase<ChooseLayoutsPass> {
  using ChooseLayoutsBase::ChooseLayoutsBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    LayoutRules rules(getOperation(), channelMultiple);
    SmallVector<Value> dense(getOperation().getArguments());
    getOperation().walk(
        [&](KernelOp op) { llvm::copy_if(op.getResults(), std::back_inserter(dense), isReturned); });
    for (Value value : dense)
      copyForRoots(rewriter, value, rules);
    getOperation().walk([&](KernelOp op) {
      for (Value result : op.getResults())
        setLayout(result, rules);
    });
  }
};
} // namespace
