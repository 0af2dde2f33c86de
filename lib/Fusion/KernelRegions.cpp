//===- KernelRegions.cpp - Grouping ops into mv.kernel --------------------------===//

#include "KernelRegions.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mv;

bool mv::isMovement(Operation *op) {
  return isa<WindowPartitionOp, WindowReverseOp, SliceOp, ConcatOp, ToNHWCOp, ToNCHWOp, NormalizeOp>(op);
}

bool mv::isPrimitive(Operation *op) {
  return isa<KernelRootOpInterface, PointwiseOpInterface>(op) || isMovement(op);
}

bool mv::endsInMovement(KernelOp kernel) {
  Operation *last = kernel.getYield()->getPrevNode();
  return last && isMovement(last);
}

void mv::dropUnreadInputs(KernelOp kernel) {
  Block &body = kernel.getBody().front();
  for (int64_t index = int64_t(body.getNumArguments()) - 1; index >= 0; --index) {
    if (!body.getArgument(index).use_empty())
      continue;
    body.eraseArgument(index);
    kernel->eraseOperand(index);
  }
}

/// What the ops read from outside, each once, in the order of reading.
static SmallVector<Value> collectInputs(ArrayRef<Operation *> ops) {
  llvm::SmallDenseSet<Operation *> inside(ops.begin(), ops.end());
  llvm::SetVector<Value> inputs;
  for (Operation *op : ops)
    for (Value operand : op->getOperands())
      if (!inside.contains(operand.getDefiningOp()))
        inputs.insert(operand);
  return inputs.takeVector();
}

/// Copies `op`, or what is in it when it is a kernel, to the insertion point.
static void cloneInto(RewriterBase &rewriter, Operation *op, IRMapping &mapping) {
  auto kernel = dyn_cast<KernelOp>(op);
  if (!kernel) {
    rewriter.clone(*op, mapping);
    return;
  }
  Block &body = kernel.getBody().front();
  for (auto [argument, input] : llvm::zip(body.getArguments(), kernel.getInputs()))
    mapping.map(argument, mapping.lookup(input));
  for (Operation &inner : body.without_terminator())
    rewriter.clone(inner, mapping);
  for (auto [result, value] : llvm::zip(kernel.getResults(), kernel.getYield().getValues()))
    mapping.map(result, mapping.lookup(value));
}

/// The root's location (which names the kernel in profiles), then all others.
static Location fuseLocations(KernelOp kernel) {
  SmallVector<Location> locations;
  if (KernelRootOpInterface root = kernel.getRoot())
    locations.push_back(root->getLoc());
  for (Operation &op : kernel.getBody().front().without_terminator())
    locations.push_back(op.getLoc());
  return FusedLoc::get(kernel.getContext(), locations);
}

static KernelOp createEmptyKernel(RewriterBase &rewriter, Location loc, TypeRange results,
                                  ValueRange inputs) {
  auto kernel = KernelOp::create(rewriter, loc, results, inputs);
  SmallVector<Location> locations = llvm::map_to_vector(inputs, [](Value input) { return input.getLoc(); });
  SmallVector<Type> types = llvm::map_to_vector(
      inputs.getTypes(), [](Type type) -> Type { return withoutLayout(cast<RankedTensorType>(type)); });
  rewriter.createBlock(&kernel.getBody(), {}, types, locations);
  return kernel;
}

KernelOp mv::outlineKernel(RewriterBase &rewriter, ArrayRef<Operation *> ops) {
  OpBuilder::InsertionGuard guard(rewriter);
  Operation *last = ops.back();
  rewriter.setInsertionPoint(last);
  SmallVector<Value> inputs = collectInputs(ops);
  KernelOp kernel = createEmptyKernel(rewriter, last->getLoc(), last->getResultTypes(), inputs);
  IRMapping mapping;
  mapping.map(inputs, kernel.getBody().getArguments());
  for (Operation *op : ops)
    cloneInto(rewriter, op, mapping);
  SmallVector<Value> yielded =
      llvm::map_to_vector(last->getResults(), [&](Value result) { return mapping.lookup(result); });
  YieldOp::create(rewriter, last->getLoc(), yielded);
  kernel->setLoc(fuseLocations(kernel));
  rewriter.replaceOp(last, kernel.getResults());
  for (Operation *op : llvm::reverse(ops.drop_back()))
    rewriter.eraseOp(op);
  return kernel;
}

KernelOp mv::createCopyKernel(RewriterBase &rewriter, Location loc, Value input) {
  OpBuilder::InsertionGuard guard(rewriter);
  auto type = withoutLayout(cast<RankedTensorType>(input.getType()));
  KernelOp kernel = createEmptyKernel(rewriter, loc, TypeRange(type), ValueRange(input));
  YieldOp::create(rewriter, loc, kernel.getBody().getArguments());
  return kernel;
}
