//===- MVModelOps.td - Coarse ops a reader of the paper knows -------*- tablegen -*-===//

#ifndef MV_IR_MVMODELOPS_TD
#define MV_IR_MVMODELOPS_TD

include "mv/IR/MVDialect.td"

class MV_ModelOp<string mnemonic, list<Trait> traits = []>
    : MV_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<MV_ModelOpInterface, []>], traits)>;

def MV_StemOp : MV_ModelOp<"stem"> {
  let summary = "Two 3x3 stride-2 convolutions, each with batch norm and ReLU";
  let description = [{
    Input: normalised image [batch, 3, H, W]; result: map [batch, ceil(ceil(H/2)/2), ceil(ceil(W/2)/2), dim].
    Parameters below `path`: `conv_down.{0,3}.weight`, `conv_down.{1,4}` batch norms with eps 1e-4.
    `in_dim`: channels between the two convolutions.

    - (C1) The result's height and width are the input's, halved twice, rounded up.
    - (C2) `in_dim` is positive.

    ```mlir
    %0 = mv.stem %image at "patch_embed" in_dim 32 : tensor<?x3x224x224xf32> -> tensor<?x56x56x80xf32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[F32, F64]>:$input, StrAttr:$path, I64Attr:$in_dim);
  let results = (outs MV_Map:$result);
  let assemblyFormat = "$input `at` $path `in_dim` $in_dim attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def MV_ConvBlockOp : MV_ModelOp<"conv_block", [SameOperandsAndResultType]> {
  let summary = "x + gamma * BN(conv2(gelu_tanh(BN(conv1(x)))))";
  let description = [{
    3x3 stride-1 convolutions with bias, batch norm eps 1e-5. Parameters below `path`: `conv{1,2}.{weight,bias}`,
    `norm{1,2}` batch norms, `gamma` where `has_gamma`.

    ```mlir
    %1 = mv.conv_block %0 at "levels.0.blocks.0" : tensor<?x56x56x80xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input, StrAttr:$path, UnitAttr:$has_gamma);
  let results = (outs MV_Map:$result);
  let assemblyFormat = "$input `at` $path (`gamma` $has_gamma^)? attr-dict `:` type($input)";
}

def MV_DownsampleOp : MV_ModelOp<"downsample"> {
  let summary = "3x3 stride-2 convolution without bias";
  let description = [{
    Parameter: `path`.reduction.0.weight.

    - (C1) The result's height and width are the input's, halved, rounded up.

    ```mlir
    %2 = mv.downsample %1 at "levels.0.downsample" : tensor<?x56x56x80xf32> -> tensor<?x28x28x160xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input, StrAttr:$path);
  let results = (outs MV_Map:$result);
  let assemblyFormat = "$input `at` $path attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def MV_MixerBlockOp : MV_ModelOp<"mixer_block", [SameOperandsAndResultType]> {
  let summary = "x + gamma_1 * mixer(layer_norm(x)): the selective-scan half of a window block";
  let description = [{
    On tokens [batch, windows, tokens, d] with h = d/2, r = ceil(d/16), state 8 (docs/Numerics.md has the formulas).
    Parameters below `path`: `norm1`, `mixer.{in_proj,x_proj,out_proj}.weight`, `mixer.dt_proj.{weight,bias}`,
    `mixer.conv1d_{x,z}.weight`, `mixer.A_log`, `mixer.D`; biases named by `biases`; `gamma_1` where `has_gamma`.

    - (C1) The number of channels is even.
    - (C2) Every name in `biases` is one of `in_proj`, `x_proj`, `out_proj`, `conv1d_x`, `conv1d_z`.

    ```mlir
    %4 = mv.mixer_block %3 at "levels.2.blocks.0" : tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$input, StrAttr:$path, UnitAttr:$has_gamma,
                       DefaultValuedAttr<StrArrayAttr, "{}">:$biases);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = "$input `at` $path (`gamma` $has_gamma^)? attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def MV_AttentionBlockOp : MV_ModelOp<"attention_block", [SameOperandsAndResultType]> {
  let summary = "x + gamma_1 * proj(attention(layer_norm(x))): the attention half of a window block";
  let description = [{
    Parameters below `path`: `norm1`, `mixer.qkv.weight` (rows: all of q, all of k, all of v; heads contiguous),
    `mixer.qkv.bias` where `has_qkv_bias`, `mixer.{q,k}_norm` where `has_qk_norm`, `mixer.proj.{weight,bias}`,
    `gamma_1` where `has_gamma`. Scale head_dim^-0.5, no mask.

    - (C1) The number of channels is a multiple of `heads`.

    ```mlir
    %5 = mv.attention_block %4 at "levels.2.blocks.4" heads 8 qkv_bias : tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$input, StrAttr:$path, I64Attr:$heads, UnitAttr:$has_qkv_bias,
                       UnitAttr:$has_qk_norm, UnitAttr:$has_gamma);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = [{
    $input `at` $path `heads` $heads (`qkv_bias` $has_qkv_bias^)? (`qk_norm` $has_qk_norm^)? (`gamma` $has_gamma^)?
    attr-dict `:` type($input)
  }];
  let hasVerifier = 1;
}

def MV_MlpBlockOp : MV_ModelOp<"mlp_block", [SameOperandsAndResultType]> {
  let summary = "x + gamma_2 * fc2(gelu_erf(fc1(layer_norm(x))))";
  let description = [{
    Parameters below `path`: `norm2`, `mlp.fc{1,2}.{weight,bias}`, `gamma_2` where `has_gamma`. `hidden`: width
    between the two products.

    - (C1) `hidden` is positive.

    ```mlir
    %6 = mv.mlp_block %5 at "levels.2.blocks.0" hidden 1280 : tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$input, StrAttr:$path, I64Attr:$hidden, UnitAttr:$has_gamma);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = "$input `at` $path `hidden` $hidden (`gamma` $has_gamma^)? attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def MV_HeadOp : MV_ModelOp<"head"> {
  let summary = "Batch norm, mean over positions, linear classifier";
  let description = [{
    `pooled` is the mean of the normalised map, `logits` the classifier's result. Parameters: `norm` (batch norm, eps
    1e-5) where `has_norm`; `head.{weight,bias}` where the checkpoint has classes, else `logits` equals `pooled`.
    `path` is a prefix for both, usually "".

    - (C1) `pooled` has the input's channels.
    - (C2) Without `has_classifier`, `logits` has the type of `pooled`.

    ```mlir
    %logits, %pooled = mv.head %x at "" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x1000xf32>, tensor<?x640xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input, StrAttr:$path, UnitAttr:$has_norm, UnitAttr:$has_classifier);
  let results = (outs MV_Matrix:$logits, MV_Matrix:$pooled);
  let assemblyFormat = [{
    $input `at` $path (`norm` $has_norm^)? (`classifier` $has_classifier^)? attr-dict
    `:` type($input) `->` type($logits) `,` type($pooled)
  }];
  let hasVerifier = 1;
}

#endif // MV_IR_MVMODELOPS_TD
