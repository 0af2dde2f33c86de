//===- DropDeadParameters.cpp - What nobody reads -------------------------------===//
//
//     %g = mv.parameter "gamma" : tensor<8xf32>
//     %1 = mv.kernel(%0, %g) : ... { ^bb0(%x, %unused): ... }
//
// becomes
//
//     %1 = mv.kernel(%0) : ... { ^bb0(%x): ... }
//
// Every parameter left afterwards is evaluated and stored in the package.
//
//===----------------------------------------------------------------------===//

#include "KernelRegions.h"
#include "mv/Fusion/Passes.h"

namespace mv {
#define GEN_PASS_DEF_DROPDEADPARAMETERS
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

namespace {
struct DropDeadParametersPass : mv::impl::DropDeadParametersBase<DropDeadParametersPass> {
  void runOnOperation() override {
    // From the end to the beginning: a reader goes before what it reads.
    for (Block &block : getOperation().getBody())
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
        if (isOpTriviallyDead(&op))
          op.erase();
        else if (auto kernel = dyn_cast<KernelOp>(op))
          dropUnreadInputs(kernel);
      }
  }
};
} // namespace
