//===- Decompose.cpp - Model ops to primitive ops -------------------------------===//
//
//     %2 = mv.downsample %1 at "levels.0.downsample" : tensor<?x56x56x80xf32> -> tensor<?x28x28x160xf32>
//
// becomes
//
//     %w = mv.parameter "levels.0.downsample.reduction.0.weight" : tensor<160x80x3x3xf32>
//     %2 = mv.conv2d %1, %w stride 2 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>) ->
//     tensor<?x28x28x160xf32>
//
// The decompositions are in DecomposeMaps.cpp and DecomposeTokens.cpp.
//
//===----------------------------------------------------------------------===//

#include "DecompositionBuilder.h"
#include "mv/Fusion/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

namespace mv {
#define GEN_PASS_DEF_DECOMPOSE
#include "mv/Fusion/Passes.h.inc"
} // namespace mv

using namespace mlir;
using namespace mv;

/// The primitive ops of `op`; empty for a model op without a decomposition.
static SmallVector<Value> decomposeAny(OpBuilder &builder, Operation *op) {
  return TypeSwitch<Operation *, SmallVector<Value>>(op)
      .Case<StemOp, ConvBlockOp, DownsampleOp, HeadOp, MixerBlockOp, AttentionBlockOp, MlpBlockOp>(
          [&](auto modelOp) { return decompose(builder, modelOp); })
      .Default([](Operation *) { return SmallVector<Value>(); });
}

namespace {
struct DecomposePass : mv::impl::DecomposeBase<DecomposePass> {
  void runOnOperation() override {
    SmallVector<ModelOpInterface> ops;
    getOperation().walk([&](ModelOpInterface op) { ops.push_back(op); });
    for (ModelOpInterface op : ops) {
      OpBuilder builder(op);
      SmallVector<Value> values = decomposeAny(builder, op);
      if (values.empty()) {
        op->emitOpError("has no decomposition");
        signalPassFailure();
        continue;
      }
      for (auto [result, value] : llvm::zip(op->getResults(), values))
        if (value)
          result.replaceAllUsesWith(value);
      op->erase();
    }
  }
};
} // namespace
