//===- MVKernelOps.td - Kernel regions ------------------------------*- tablegen -*-===//

#ifndef MV_IR_MVKERNELOPS_TD
#define MV_IR_MVKERNELOPS_TD

include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mv/IR/MVDialect.td"

def MV_KernelOp : MV_Op<"kernel", [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Primitive ops that run as one kernel";
  let description = [{
    The body computes on plain tensors; the kernel's operand and result types may carry `#mv.layout`, which says how
    the value is stored between kernels. The body has at most one kernel root (the op with the main work), ops before
    it (a layer norm in front of a product; the mixer's convolution and projections in front of the scan), pointwise
    ops after it, and at the end at most one data movement (window_partition, window_reverse, to_nchw), which is
    addressing in the kernel's stores.

    - (C1) Block arguments have the operands' types without layout; the yielded values the results' types without.

    ```mlir
    %y = mv.kernel(%x, %w, %b) : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32> {
    ^bb0(%x0: tensor<?x1x4x8xf32>, %w0: tensor<16x8xf32>, %b0: tensor<16xf32>):
      %0 = mv.linear %x0, %w0 bias %b0 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
      %1 = mv.gelu erf %0 : tensor<?x1x4x16xf32>
      mv.yield %1 : tensor<?x1x4x16xf32>
    }
    ```
  }];
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs);
  let results = (outs Variadic<AnyRankedTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inputs `)` `:` functional-type($inputs, $results) attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The root of the body, or null for a kernel of pointwise ops and data movement alone.
    ::mv::KernelRootOpInterface getRoot();
    /// The family that emits this kernel: the root's, or "pointwise".
    ::llvm::StringRef getFamily();
    ::mv::YieldOp getYield();
  }];
}

def MV_YieldOp : MV_Op<"yield", [Pure, Terminator, ReturnLike, ParentOneOf<["::mv::KernelOp"]>]> {
  let summary = "The values a kernel stores";
  let description = "See `mv.kernel`.";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ (void)$_state; }]>];
}

#endif // MV_IR_MVKERNELOPS_TD
