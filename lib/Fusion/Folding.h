//===- Folding.h - Scales and shifts folded into weights ------------*- C++ -*-===//

#ifndef MV_LIB_FUSION_FOLDING_H
#define MV_LIB_FUSION_FOLDING_H

#include "mlir/IR/PatternMatch.h"
#include "mv/IR/MVDialect.h"

namespace mv {

/// Whether `value` is the result of an op with output channels: conv2d, conv1d or linear.
bool hasOutputChannels(mlir::Value value);

/// Folds `value * scale + shift` (shift may be null) into the parameters of the op that computes `value`:
///
///     weight[o, ...] * scale[o]     and     bias[o] * scale[o] + shift[o]
///
/// Returns the folded op's result, built at the insertion point and located at both ops. The old op stays.
/// Needs `hasOutputChannels(value)`.
mlir::Value foldScaleAndShift(mlir::RewriterBase &rewriter, mlir::Location loc, mlir::Value value,
                              mlir::Value scale, mlir::Value shift);

/// Replaces `op` by `replacement` and erases what computed its first operand, which has no other reader.
void replaceWithProducer(mlir::RewriterBase &rewriter, mlir::Operation *op, mlir::Value replacement);

/// All ops of one kind below `root`, in program order: a pass decides about each once, whatever it rewrites.
template <typename OpT> llvm::SmallVector<OpT> collect(mlir::Operation *root) {
  llvm::SmallVector<OpT> ops;
  root->walk([&](OpT op) { ops.push_back(op); });
  return ops;
}

} // namespace mv

#endif // MV_LIB_FUSION_FOLDING_H
