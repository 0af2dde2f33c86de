//===- KernelRegions.h - Grouping ops into mv.kernel ----------------*- C++ -*-===//
//
// All fusions are one operation: outline a list of ops, some of which may be kernels already, into one
// kernel. It is placed where the last of them was. Every operand of an earlier op is defined before that
// place, and nobody outside reads an intermediate value (the passes see to that), so order and meaning are
// kept whatever lies in between.
//
//===----------------------------------------------------------------------===//

#ifndef MV_LIB_FUSION_KERNELREGIONS_H
#define MV_LIB_FUSION_KERNELREGIONS_H

#include "mlir/IR/PatternMatch.h"
#include "mv/IR/MVDialect.h"

namespace mv {

/// Outlines `ops` (of one block, in program order; values but the last op's are read by them alone) into one
/// kernel with the results of the last. Kernels among them dissolve into it. Located at the root first, then
/// at all ops.
KernelOp outlineKernel(mlir::RewriterBase &rewriter, llvm::ArrayRef<mlir::Operation *> ops);

/// A kernel without ops, whose result is its input.
KernelOp createCopyKernel(mlir::RewriterBase &rewriter, mlir::Location loc, mlir::Value input);

/// Data movement: window_partition, window_reverse, slice, concat, to_nhwc, to_nchw, normalize.
bool isMovement(mlir::Operation *op);

/// Primitive ops: roots, pointwise ops and data movement.
bool isPrimitive(mlir::Operation *op);

/// The root of type OpT that reads `use` as its input: a bare op, or the root of a kernel that does nothing else
/// with it. Null for any other use.
template <typename OpT> OpT getRootReading(mlir::OpOperand &use) {
  auto kernel = llvm::dyn_cast<KernelOp>(use.getOwner());
  if (!kernel) {
    auto root = llvm::dyn_cast<OpT>(use.getOwner());
    return root && root.getInput() == use.get() ? root : OpT();
  }
  mlir::BlockArgument argument = kernel.getBody().getArgument(use.getOperandNumber());
  auto root = argument.hasOneUse() ? llvm::dyn_cast<OpT>(*argument.user_begin()) : OpT();
  bool isRoot = root && root.getOperation() == kernel.getRoot().getOperation();
  return isRoot && root.getInput() == argument ? root : OpT();
}

/// Removes the inputs that nothing in the kernel reads.
void dropUnreadInputs(KernelOp kernel);

/// Whether the kernel ends in data movement, after which nothing can be appended.
bool endsInMovement(KernelOp kernel);

} // namespace mv

#endif // MV_LIB_FUSION_KERNELREGIONS_H
