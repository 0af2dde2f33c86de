//===- Passes.td - The passes of the fusion stage -------------------*- tablegen -*-===//
//
// In the order in which lib/Pipeline runs them. Any of them but the first, mv-form-kernels and the verifier may be
// left out: what comes out computes the same, in more kernels.
//
//===----------------------------------------------------------------------===//

#ifndef MV_FUSION_PASSES_TD
#define MV_FUSION_PASSES_TD

include "mlir/Pass/PassBase.td"

class MV_FunctionPass<string argument> : Pass<argument, "::mlir::func::FuncOp"> {
  let dependentDialects = ["::mv::MVDialect"];
}

//===-------------------------------------------------------------------===//
// Kinds of devices
//===-------------------------------------------------------------------===//

def SelectDevices : Pass<"mv-select-devices", "::mlir::ModuleOp"> {
  let summary = "Makes a function of each entry point for every kind of device";
  let description = [{
    CPUs take a function as it is; one for `cuda` has the attributes `mv.device` = "cuda", `mv.dtype` (what its products
    multiply) and `mv.name` (what the entry point is called). With both, the second is a copy called NAME_cuda.

    - Needs: nothing; functions without `mv.entry` stay as they are.
    - Leaves: entry points for every device of the list, each device once.
    - Skips: functions that have `mv.device` already.
    - Example: test/Fusion/select-devices.mlir
  }];
  let options = [
    ListOption<"devices", "devices", "std::string", "cpu, cuda; cpu when empty">,
    Option<"dtype", "dtype", "std::string", /*default=*/"\"f16\"", "What products on cuda multiply: f16, bf16, tf32, f32">,
  ];
  let dependentDialects = ["::mv::MVDialect"];
}

//===-------------------------------------------------------------------===//
// From model ops to primitive ops
//===-------------------------------------------------------------------===//

def Decompose : MV_FunctionPass<"mv-decompose"> {
  let summary = "Replaces the model's coarse ops by primitive ops on named parameters";
  let description = [{
    - Needs: nothing; primitive ops may be there already.
    - Leaves: primitive ops, `mv.parameter` and expressions on parameters. Every op is located at the name of the part
      of the model it comes from (`levels.2.blocks.3.mixer.scan`), on top of the coarse op's own location.
    - Skips: results nobody reads (a classifier whose logits are not asked for).
    - Example: test/Fusion/decompose.mlir
  }];
}

//===-------------------------------------------------------------------===//
// Folding into parameters
//===-------------------------------------------------------------------===//

def FoldBatchNorm : MV_FunctionPass<"mv-fold-batch-norm"> {
  let summary = "Folds batch norms into the convolution before them, or makes them one product and sum";
  let description = [{
    With s = weight / sqrt(variance + eps): a batch norm of `conv2d`, `conv1d` or `linear` becomes their weights times
    s and the bias (bias - mean) s + batch norm's bias. A batch norm that only a `pool` reads moves behind it, where
    it has one position instead of all of them: the mean is linear. Any other becomes `mv.affine`.

    - Needs: primitive ops.
    - Leaves: no `mv.batch_norm`.
    - Skips: nothing. A convolution that others read too stays as it is and an affine follows it (missed remark).
    - Example: test/Fusion/fold-batch-norm.mlir
  }];
}

def FoldLayerScale : MV_FunctionPass<"mv-fold-layer-scale"> {
  let summary = "Folds a per-channel scale into the weights of the op before it";
  let description = [{
    - Needs: primitive ops; after mv-fold-batch-norm, so that a scale meets a convolution and not its batch norm.
    - Leaves: `linear`, `conv2d` and `conv1d` with scaled weights and bias.
    - Skips: scales of anything else, and of values that others read too (missed remark).
    - Example: test/Fusion/fold-layer-scale.mlir
  }];
}

def FoldAttentionScale : MV_FunctionPass<"mv-fold-attention-scale"> {
  let summary = "Folds the scale of attention into what makes q";
  let description = [{
    Into the parameters of the norm of q where there is one, else into the q rows of the product before the attention.

    - Needs: primitive ops.
    - Leaves: attention with scale 1.
    - Skips: attention without a norm whose input is not from a `linear` of its own (missed remark).
    - Example: test/Fusion/fold-attention-scale.mlir
  }];
}

//===-------------------------------------------------------------------===//
// Grouping into kernels
//===-------------------------------------------------------------------===//

def FuseMixer : MV_FunctionPass<"mv-fuse-mixer"> {
  let summary = "Makes the middle of a mixer one kernel, from the convolution to the concatenation";
  let description = [{
    All that lies between the two large products of a mixer works on one window at a time and is small: depthwise
    convolution, SiLU, the projections to step, B and C, softplus, scan. One kernel for it saves eight passes over memory.

    - Needs: primitive ops.
    - Leaves: a `mv.kernel` of family selective_scan for every mixer.
    - Skips: scans that are fed in another way (missed remark with what is different).
    - Example: test/Fusion/fuse-mixer.mlir
  }];
}

def FusePointwise : MV_FunctionPass<"mv-fuse-pointwise"> {
  let summary = "Groups each root with the pointwise ops that follow it";
  let description = [{
    From each root, as long as the value has one reader: activations, norms in their folded form, residual sums whose
    other operand is computed earlier; at the end at most one `to_nchw`. The last root in program order chooses first,
    so that a sum of two products belongs to the later one. Pointwise ops with no root before them form chains too.

    - Needs: primitive ops; after the fold passes.
    - Leaves: `mv.kernel` where at least two ops go together; single ops stay bare.
    - Skips: values with several readers, which must be stored anyway.
    - Example: test/Fusion/fuse-pointwise.mlir
  }];
}

def FuseNorm : MV_FunctionPass<"mv-fuse-norm"> {
  let summary = "Puts a layer norm in front of the product that reads it";
  let description = [{
    - Needs: primitive ops, bare or in kernels; after mv-fuse-pointwise, so that kernels of products have their epilogue.
    - Leaves: kernels of family linear with a layer norm before the root.
    - Skips: norms with several readers (missed remark), or read by anything but the product of a `linear`.
    - Example: test/Fusion/fuse-norm.mlir
  }];
}

//===-------------------------------------------------------------------===//
// What only GPUs do: these passes leave functions alone that are not for cuda
//===-------------------------------------------------------------------===//

def FoldNorm : MV_FunctionPass<"mv-fold-norm"> {
  let summary = "Takes the layer norm in front of a product out of its sums";
  let description = [{
    The norm's weight goes into the product's, its bias into the product's bias. What is left of the norm is a mean and
    a scale for each row, which `norm_linear` applies to the finished sums: the product reads its input as it is stored.
    The sums of the weight's rows are those of the rounded weight, so that what a constant input adds cancels.

    - Needs: kernels; after mv-fuse-norm.
    - Leaves: kernels with `norm_linear` instead of `layer_norm` and `linear`.
    - Skips: norms whose product does not follow in the same kernel.
    - Example: test/Fusion/fold-norm.mlir
  }];
}

def FuseStem : MV_FunctionPass<"mv-fuse-stem"> {
  let summary = "Puts the image's `to_nhwc` or `normalize` into the convolution that reads it";
  let description = [{
    The first convolution then reads the image as the caller gave it, and nothing is copied.

    - Needs: primitive ops, bare or in kernels; after mv-fuse-pointwise.
    - Leaves: a kernel of family conv2d that begins with `to_nhwc` or `normalize`.
    - Skips: images of many channels, images that others read too (missed remark).
    - Example: test/Fusion/fuse-stem.mlir
  }];
}

def FuseAttentionInput : MV_FunctionPass<"mv-fuse-attention-input"> {
  let summary = "Computes q, k and v in the attention that reads them";
  let description = [{
    Where a window's tokens are few, a block of threads makes its head's q, k and v from the tokens and keeps them; they
    are never stored.

    - Needs: kernels of `linear` or `norm_linear`; after mv-fold-norm.
    - Leaves: kernels of family attention with the product in front.
    - Skips: windows of more than 256 tokens, products that others read too or that do more (missed remark).
    - Example: test/Fusion/fuse-attention-input.mlir
  }];
}

//===-------------------------------------------------------------------===//
// From groups to kernels
//===-------------------------------------------------------------------===//

def RemoveWindowCopies : MV_FunctionPass<"mv-remove-window-copies"> {
  let summary = "Turns window_partition and window_reverse into addressing of the kernel before them";
  let description = [{
    Opposite pairs cancel where the windows tile the map. What is left becomes the last op of the kernel (or of the
    bare primitive op) that computes its input, which then stores every element where the next kernel wants it.

    - Needs: primitive ops, bare or in kernels; after mv-fuse-pointwise, which does not look past a window op.
    - Leaves: kernels that end in a window op.
    - Skips: inputs with several readers, arguments, and kernels that end in another movement (missed remark).
    - Example: test/Fusion/remove-window-copies.mlir
  }];
}

def FormKernels : MV_FunctionPass<"mv-form-kernels"> {
  let summary = "Wraps every op that is still bare into a kernel of its own";
  let description = [{
    Also gives each of the function's results a kernel of its own: a result that is an argument, or is returned twice,
    goes through a kernel that copies it, because a caller's buffer is written by exactly one kernel.

    - Needs: primitive ops, bare or in kernels.
    - Leaves: parameters, kernels and the return.
    - Skips: model ops.
    - Example: test/Fusion/form-kernels.mlir
  }];
}

def ChooseLayouts : MV_FunctionPass<"mv-choose-layouts"> {
  let summary = "Decides how the values between kernels are stored";
  let description = [{
    A map that a 3x3 convolution reads gets a border of one pixel of zeros; channels of maps and tokens are padded to a
    multiple of `channel-multiple`. Arguments, results and [batch, channels] matrices stay dense; a convolution that
    reads a dense map reads a copy of it.

    For cuda: whatever lies between kernels, [batch, channels] matrices too, is stored in the function's storage type with
    its channels padded to a multiple of kRowChannels. A root that reads what is stored otherwise (the caller's) reads a
    copy of it.

    - Needs: kernels.
    - Leaves: `#mv.layout` on the types between kernels.
    - Skips: values that bare ops read.
    - Example: test/Fusion/choose-layouts.mlir
  }];
  let options = [
    Option<"channelMultiple", "channel-multiple", "int64_t", /*default=*/"16",
           "Channels of maps and tokens are padded to a multiple of this">,
  ];
}

def DropDeadParameters : MV_FunctionPass<"mv-drop-dead-parameters"> {
  let summary = "Removes kernel inputs, kernels and parameters that nobody reads";
  let description = [{
    - Needs: nothing.
    - Leaves: parameters and expressions that contribute to a result.
    - Skips: nothing.
    - Example: test/Fusion/drop-dead-parameters.mlir
  }];
}

def VerifyFused : MV_FunctionPass<"mv-verify-fused"> {
  let summary = "Checks that functions are what the plan stage takes, and names all that is not";
  let description = [{
    - (F1) A function holds parameters, expressions on them, kernels and one return.
    - (F2) A kernel has one result, which it may have twice on cuda, and holds primitive ops.
    - (F3) Before a kernel's root there is at most a layer norm (for a `linear`), the mixer's fixed set (for a
      `selective_scan`), or, for cuda, `to_nhwc` or `normalize` (for a `conv2d`) or the product (for an `attention`);
      after it there are pointwise ops.
    - (F4) A kernel moves data at most once, at its end.
    - (F5) Each result of the function is the result of a kernel, and of another one.
    - (F6) A kernel's result has the batch, dynamic, as its first dimension and no other dynamic one.
    - (F7) For cuda, a root reads activations of the function's storage type, their channels padded to a multiple of
      kRowChannels, a `conv2d` with a halo of one.
    - Example: test/Fusion/verify-fused.mlir
  }];
}

#endif // MV_FUSION_PASSES_TD
