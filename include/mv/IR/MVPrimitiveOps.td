//===- MVPrimitiveOps.td - Ops that kernels are made of -------------*- tablegen -*-===//
//
// Every primitive is a few plain loops in lib/Reference, which is what these formulas mean.
//
//===----------------------------------------------------------------------===//

#ifndef MV_IR_MVPRIMITIVEOPS_TD
#define MV_IR_MVPRIMITIVEOPS_TD

include "mv/IR/MVDialect.td"

class MV_RootOp<string mnemonic, list<Trait> traits = []>
    : MV_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<MV_KernelRootOpInterface>], traits)>;

/// Result type is the type of the first operand.
class MV_PointwiseOp<string mnemonic, list<Trait> traits = []>
    : MV_Op<mnemonic, !listconcat([Pure, DeclareOpInterfaceMethods<MV_PointwiseOpInterface>], traits)>;

//===-------------------------------------------------------------------===//
// Roots
//===-------------------------------------------------------------------===//

def MV_Conv2DOp : MV_RootOp<"conv2d"> {
  let summary = "3x3 convolution of a map, zero padding 1";
  let description = [{
    `result[b, y, x, o] = bias[o] + sum_{ky, kx, c} input[b, stride y + ky - 1, stride x + kx - 1, c] weight[o, c, ky, kx]`

    - (C1) `weight` is [O, C, 3, 3] and `C` is the input's channels.
    - (C2) `stride` is 1 or 2.
    - (C3) The result is [B, ceil(H / stride), ceil(W / stride), O].
    - (C4) `bias` is [O].

    ```mlir
    %y = mv.conv2d %x, %w bias %b stride 2 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>, tensor<160xf32>) -> tensor<?x28x28x160xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input, 4DTensorOf<[F32, F64]>:$weight, Optional<MV_Vector>:$bias, I64Attr:$stride);
  let results = (outs MV_Map:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? `stride` $stride attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def MV_LinearOp : MV_RootOp<"linear"> {
  let summary = "Matrix product over the last axis, plus bias";
  let description = [{
    `result[..., o] = bias[o] + sum_i input[..., i] weight[o, i]`

    - (C1) `weight` is [O, I] and `I` is the input's channels.
    - (C2) The result has the input's shape but for its channels, O.
    - (C3) `bias` is [O].

    ```mlir
    %y = mv.linear %x, %w bias %b : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Matrix:$weight, Optional<MV_Vector>:$bias);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def MV_AttentionOp : MV_RootOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "Multi-head attention of each window over itself";
  let description = [{
    `qkv` [B, windows, tokens, 3d]: channels are all of q, all of k, all of v, heads contiguous in each. Per head,
    `result = softmax(scale * norm_q(q) norm_k(k)^T) v`, written to the head's channels of [B, windows, tokens, d].
    `norm_q`, `norm_k`: layer norms over the head's channels, identity unless their parameters are given. No mask.

    - (C1) The channels of `qkv` are three times the result's.
    - (C2) The result's channels are a multiple of `heads`.
    - (C3) The norm parameters are all there or none, each [d / heads]; `eps` is positive.

    ```mlir
    %y = mv.attention %qkv heads 8 scale 1.581139e-01 : (tensor<?x1x196x960xf32>) -> tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$qkv, Optional<MV_Vector>:$q_weight, Optional<MV_Vector>:$q_bias,
                       Optional<MV_Vector>:$k_weight, Optional<MV_Vector>:$k_bias, I64Attr:$heads, F64Attr:$scale,
                       DefaultValuedAttr<F64Attr, "1e-5">:$eps);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = [{
    $qkv (`q_norm` $q_weight^ `,` $q_bias)? (`k_norm` $k_weight^ `,` $k_bias)? `heads` $heads `scale` $scale attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def MV_SelectiveScanOp : MV_RootOp<"selective_scan"> {
  let summary = "State-space recurrence over the tokens of each window, from a zero state";
  let description = [{
    `state[t, c, n] = exp(step[t, c] a[c, n]) state[t-1, c, n] + step[t, c] b[t, n] input[t, c]`
    `result[t, c] = skip[c] input[t, c] + sum_n c[t, n] state[t, c, n]`
    (arXiv 2312.00752, with the simplified discretisation of b.)

    - (C1) `step` and the result have the input's type.
    - (C2) `a` is [channels, states]; `b` and `c` have the input's shape but for the last dimension, states.
    - (C3) `skip` is [channels].

    ```mlir
    %y = mv.selective_scan %x, %step, %a, %b, %c, %d : (tensor<?x1x196x160xf32>, tensor<?x1x196x160xf32>, tensor<160x8xf32>, tensor<?x1x196x8xf32>, tensor<?x1x196x8xf32>, tensor<160xf32>) -> tensor<?x1x196x160xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$input, MV_Tokens:$step, MV_Matrix:$a, MV_Tokens:$b, MV_Tokens:$c, MV_Vector:$skip);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = [{
    $input `,` $step `,` $a `,` $b `,` $c `,` $skip attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def MV_Conv1DOp : MV_RootOp<"conv1d"> {
  let summary = "Depthwise convolution along the tokens, centred, zero padding";
  let description = [{
    `result[t, c] = bias[c] + sum_k input[t + k - 1, c] weight[c, k]` for k = 0, 1, 2, within each window.

    - (C1) `weight` is [channels, 3].
    - (C2) `bias` is [channels].

    ```mlir
    %y = mv.conv1d %x, %w : (tensor<?x1x196x320xf32>, tensor<320x3xf32>) -> tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$input, MV_Matrix:$weight, Optional<MV_Vector>:$bias);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = [{
    $input `,` $weight (`bias` $bias^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def MV_LayerNormOp : MV_RootOp<"layer_norm", [AllTypesMatch<["input", "result"]>, AllTypesMatch<["weight", "bias"]>]> {
  let summary = "Layer norm over the channels";
  let description = [{
    `result = (input - mean) / sqrt(variance + eps) * weight + bias`, mean and (biased) variance over the last axis.

    - (C1) `weight` and `bias` are [channels].
    - (C2) `eps` is positive.

    ```mlir
    %y = mv.layer_norm %x, %w, %b eps 1.0e-05 : tensor<?x1x196x320xf32>, tensor<320xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Vector:$weight, MV_Vector:$bias, F64Attr:$eps);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$input `,` $weight `,` $bias `eps` $eps attr-dict `:` type($input) `,` type($weight)";
  let hasVerifier = 1;
}

def MV_NormLinearOp : MV_RootOp<"norm_linear"> {
  let summary = "A layer norm without affine part, then a matrix product, with the norm taken out of the sums";
  let description = [{
    `result[..., o] = bias[o] + (sum_i input[..., i] weight[o, i] - mean sums[o]) / sqrt(variance + eps)`, mean and
    (biased) variance over the input's last axis. With `sums[o] = sum_i weight[o, i]` it is what layer_norm with weight 1
    and bias 0 and a linear behind it compute; the norm's affine part goes into `weight` and `bias`. So the sums run
    over the input as it is stored, and a row's statistics are applied to the finished sum.

    - (C1) `weight` is [O, I] and `I` is the input's channels.
    - (C2) The result has the input's shape but for its channels, O.
    - (C3) `sums` and `bias` are [O].
    - (C4) `eps` is positive.

    ```mlir
    %y = mv.norm_linear %x, %w sums %s bias %b eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Matrix:$weight, MV_Vector:$sums, Optional<MV_Vector>:$bias, F64Attr:$eps);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = [{
    $input `,` $weight `sums` $sums (`bias` $bias^)? `eps` $eps attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def MV_PoolOp : MV_RootOp<"pool"> {
  let summary = "Mean of each channel over a map's positions";
  let description = [{
    `result[b, c] = sum_{y, x} input[b, y, x, c] / (H W)`

    - (C1) The result is [B, channels].

    ```mlir
    %y = mv.pool %x : tensor<?x7x7x640xf32> -> tensor<?x640xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input);
  let results = (outs MV_Matrix:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

//===-------------------------------------------------------------------===//
// Pointwise ops
//===-------------------------------------------------------------------===//

class MV_ActivationOp<string mnemonic> : MV_PointwiseOp<mnemonic, [SameOperandsAndResultType]> {
  let arguments = (ins MV_Activation:$input);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$input attr-dict `:` type($input)";
}

def MV_ReluOp : MV_ActivationOp<"relu"> {
  let summary = "max(x, 0)";
  let description = [{
    ```mlir
    %y = mv.relu %x : tensor<?x4x4x8xf32>
    ```
  }];
  let hasFolder = 1; // relu(relu(x)) -> relu(x)
}
def MV_SiluOp : MV_ActivationOp<"silu"> {
  let summary = "x / (1 + exp(-x))";
  let description = [{
    ```mlir
    %y = mv.silu %x : tensor<?x1x4x8xf32>
    ```
  }];
}
def MV_SoftplusOp : MV_ActivationOp<"softplus"> {
  let summary = "log(1 + exp(x)), the identity above 20";
  let description = [{
    ```mlir
    %y = mv.softplus %x : tensor<?x1x4x8xf32>
    ```
  }];
}
def MV_GeluOp : MV_PointwiseOp<"gelu", [SameOperandsAndResultType]> {
  let summary = "Gaussian error linear unit, exact (erf) or the tanh form";
  let description = [{
    erf: `x/2 (1 + erf(x / sqrt 2))`; tanh: `x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))`.

    ```mlir
    %y = mv.gelu erf %x : tensor<?x1x4x8xf32>
    ```
  }];
  let arguments = (ins MV_GeluKindAttr:$kind, MV_Activation:$input);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$kind $input attr-dict `:` type($input)";
}
def MV_AddOp : MV_PointwiseOp<"add", [SameOperandsAndResultType, Commutative]> {
  let summary = "Sum of two activations";
  let description = [{
    ```mlir
    %y = mv.add %x, %r : tensor<?x4x4x8xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Activation:$other);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$input `,` $other attr-dict `:` type($input)";
}
def MV_ScaleOp : MV_PointwiseOp<"scale", [AllTypesMatch<["input", "result"]>]> {
  let summary = "x * scale, per channel";
  let description = [{
    - (C1) `scale` is [channels].

    ```mlir
    %y = mv.scale %x, %g : tensor<?x4x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Vector:$scale);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$input `,` $scale attr-dict `:` type($input) `,` type($scale)";
  let hasVerifier = 1;
}
def MV_AffineOp : MV_PointwiseOp<"affine", [AllTypesMatch<["input", "result"]>, AllTypesMatch<["scale", "shift"]>]> {
  let summary = "x * scale + shift, per channel";
  let description = [{
    - (C1) `scale` and `shift` are [channels].

    ```mlir
    %y = mv.affine %x, %s, %t : tensor<?x4x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Vector:$scale, MV_Vector:$shift);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$input `,` $scale `,` $shift attr-dict `:` type($input) `,` type($scale)";
  let hasVerifier = 1;
}
def MV_BatchNormOp : MV_PointwiseOp<"batch_norm", [AllTypesMatch<["input", "result"]>,
                                                   AllTypesMatch<["weight", "bias", "mean", "variance"]>]> {
  let summary = "(x - mean) / sqrt(variance + eps) * weight + bias, per channel";
  let description = [{
    Inference form: mean and variance are parameters.

    - (C1) The parameters are [channels].
    - (C2) `eps` is positive.

    ```mlir
    %y = mv.batch_norm %x, %w, %b, %m, %v eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, MV_Vector:$weight, MV_Vector:$bias, MV_Vector:$mean,
                       MV_Vector:$variance, F64Attr:$eps);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = [{
    $input `,` $weight `,` $bias `,` $mean `,` $variance `eps` $eps attr-dict `:` type($input) `,` type($weight)
  }];
  let hasVerifier = 1;
}

//===-------------------------------------------------------------------===//
// Data movement
//===-------------------------------------------------------------------===//

class MV_MovementOp<string mnemonic, list<Trait> traits = []> : MV_Op<mnemonic, !listconcat([Pure], traits)>;

def MV_WindowPartitionOp : MV_MovementOp<"window_partition"> {
  let summary = "Cuts a map into windows, zero-padded at the bottom and on the right";
  let description = [{
    The map is padded to multiples of `window`; windows go row by row, tokens row by row within a window:
    `result[b, (y div w) cols + x div w, (y mod w) w + x mod w, c] = input[b, y, x, c]`, zero where y >= H or x >= W,
    cols = ceil(W / w).

    - (C1) `window` is positive.
    - (C2) The result is [B, ceil(H/w) ceil(W/w), w w, C].

    ```mlir
    %y = mv.window_partition %x window 14 : tensor<?x14x14x320xf32> -> tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input, I64Attr:$window);
  let results = (outs MV_Tokens:$result);
  let assemblyFormat = "$input `window` $window attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def MV_WindowReverseOp : MV_MovementOp<"window_reverse"> {
  let summary = "Inverse of window_partition; drops what the padding positions hold";
  let description = [{
    - (C1) `window` is positive.
    - (C2) The input is [B, ceil(H/w) ceil(W/w), w w, C] for the result [B, H, W, C].

    ```mlir
    %y = mv.window_reverse %x window 14 : tensor<?x1x196x320xf32> -> tensor<?x14x14x320xf32>
    ```
  }];
  let arguments = (ins MV_Tokens:$input, I64Attr:$window);
  let results = (outs MV_Map:$result);
  let assemblyFormat = "$input `window` $window attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1; // window_reverse(window_partition(x)) -> x
}

def MV_SliceOp : MV_MovementOp<"slice"> {
  let summary = "Channels [offset, offset + size) of an activation; size is the result's";
  let description = [{
    - (C1) offset >= 0 and offset + size is at most the input's channels; the other dimensions are the input's.

    ```mlir
    %y = mv.slice %x offset 160 : tensor<?x1x196x320xf32> -> tensor<?x1x196x160xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$input, I64Attr:$offset);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$input `offset` $offset attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1; // the whole of it -> input
}

def MV_ConcatOp : MV_MovementOp<"concat"> {
  let summary = "Concatenation of two activations along the channels";
  let description = [{
    - (C1) The result's channels are the sum of the operands'; the other dimensions are equal.

    ```mlir
    %y = mv.concat %a, %b : (tensor<?x1x196x160xf32>, tensor<?x1x196x160xf32>) -> tensor<?x1x196x320xf32>
    ```
  }];
  let arguments = (ins MV_Activation:$first, MV_Activation:$second);
  let results = (outs MV_Activation:$result);
  let assemblyFormat = "$first `,` $second attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def MV_ToNHWCOp : MV_MovementOp<"to_nhwc"> {
  let summary = "[B, C, H, W] to [B, H, W, C]";
  let description = [{
    - (C1) The result is the input with its channels last.

    ```mlir
    %y = mv.to_nhwc %image : tensor<?x3x224x224xf32> -> tensor<?x224x224x3xf32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[F32, F64]>:$input);
  let results = (outs MV_Map:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1; // to_nhwc(to_nchw(x)) -> x
}

def MV_ToNCHWOp : MV_MovementOp<"to_nchw"> {
  let summary = "[B, H, W, C] to [B, C, H, W]";
  let description = [{
    - (C1) The result is the input with its channels second.

    ```mlir
    %y = mv.to_nchw %x : tensor<?x56x56x80xf32> -> tensor<?x80x56x56xf32>
    ```
  }];
  let arguments = (ins MV_Map:$input);
  let results = (outs 4DTensorOf<[F32, F64]>:$result);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def MV_NormalizeOp : MV_MovementOp<"normalize"> {
  let summary = "A picture's bytes to the numbers a model was trained on";
  let description = [{
    `result[b, y, x, c] = (input[b, y, x, c] / 255 - mean[c]) / std[c]`, computed as `input * scale + shift`. What pads the
    result later is zero after the normalisation, so that it does not fold into a convolution's weights.

    - (C1) The result has the input's shape, with at most 4 channels.
    - (C2) `mean` and `std` have a finite number for each channel, those of `std` positive.

    ```mlir
    %y = mv.normalize %picture mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x224x224x3xui8> -> tensor<?x224x224x3xf32>
    ```
  }];
  let arguments = (ins 4DTensorOf<[UI8]>:$input, DenseF64ArrayAttr:$mean, DenseF64ArrayAttr:$std);
  let results = (outs MV_Map:$result);
  let assemblyFormat = "$input `mean` $mean `std` $std attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// Red, green, blue and what some formats add.
    static constexpr int64_t kMaxChannels = 4;
    /// `result = input * scale + shift` of a channel.
    double getScale(int64_t channel) { return 1 / (255 * getStd()[channel]); }
    double getShift(int64_t channel) { return -getMean()[channel] / getStd()[channel]; }
  }];
}

#endif // MV_IR_MVPRIMITIVEOPS_TD
