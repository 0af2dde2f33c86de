// RUN: mv-opt %s --mv-decompose --split-input-file | FileCheck %s
// RUN: mv-opt %s --mv-decompose --split-input-file --mlir-print-debuginfo | FileCheck %s --check-prefix=LOC

// The stem turns the image around once; its batch norms have an epsilon of their own.
// CHECK-LABEL: @stem
// CHECK: %[[X:.*]] = mv.to_nhwc %{{.*}} : tensor<?x3x9x6xf32> -> tensor<?x9x6x3xf32>
// CHECK: %[[W:.*]] = mv.parameter "patch_embed.conv_down.0.weight" : tensor<8x3x3x3xf32>
// CHECK: %[[C:.*]] = mv.conv2d %[[X]], %[[W]] stride 2 : {{.*}} -> tensor<?x5x3x8xf32>
// CHECK: %[[V:.*]] = mv.parameter "patch_embed.conv_down.1.running_var" : tensor<8xf32>
// CHECK: %[[N:.*]] = mv.batch_norm %[[C]], {{.*}}, %[[V]] eps 1.000000e-04
// CHECK: %[[R:.*]] = mv.relu %[[N]]
// CHECK: mv.conv2d %[[R]], %{{.*}} stride 2 : {{.*}} -> tensor<?x3x2x16xf32>
// CHECK: mv.batch_norm {{.*}} eps 1.000000e-04
// CHECK: mv.relu
func.func @stem(%image: tensor<?x3x9x6xf32>) -> tensor<?x3x2x16xf32> {
  %0 = mv.stem %image at "patch_embed" in_dim 8 : tensor<?x3x9x6xf32> -> tensor<?x3x2x16xf32>
  return %0 : tensor<?x3x2x16xf32>
}

// -----

// A convolution block with gamma; the residual is the block's input.
// CHECK-LABEL: @conv_block
// CHECK-SAME: %[[X:[^:]*]]:
// CHECK: mv.conv2d %[[X]], %{{.*}} bias %{{.*}} stride 1
// CHECK: mv.batch_norm {{.*}} eps 1.000000e-05
// CHECK: %[[A:.*]] = mv.gelu tanh
// CHECK: mv.conv2d %[[A]]
// CHECK: %[[N:.*]] = mv.batch_norm
// CHECK: %[[G:.*]] = mv.parameter "levels.0.blocks.0.gamma" : tensor<8xf32>
// CHECK: %[[S:.*]] = mv.scale %[[N]], %[[G]]
// CHECK: mv.add %[[S]], %[[X]]
// LOC-LABEL: @conv_block
// LOC: mv.conv2d {{.*}} loc(#[[CONV:.*]])
// LOC: #[[CONV]] = loc("levels.0.blocks.0.conv1"(
func.func @conv_block(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  %0 = mv.conv_block %x at "levels.0.blocks.0" gamma : tensor<?x4x4x8xf32>
  return %0 : tensor<?x4x4x8xf32>
}

// -----

// CHECK-LABEL: @downsample
// CHECK: %[[W:.*]] = mv.parameter "levels.0.downsample.reduction.0.weight" : tensor<16x8x3x3xf32>
// CHECK: mv.conv2d %{{.*}}, %[[W]] stride 2 : {{.*}} -> tensor<?x3x2x16xf32>
func.func @downsample(%x: tensor<?x5x4x8xf32>) -> tensor<?x3x2x16xf32> {
  %0 = mv.downsample %x at "levels.0.downsample" : tensor<?x5x4x8xf32> -> tensor<?x3x2x16xf32>
  return %0 : tensor<?x3x2x16xf32>
}

// -----

// A mixer: one convolution for x and z, dt's bias twice, A = -exp(A_log), y beside z. A missing bias among given ones
// is zeros.
// CHECK-LABEL: @mixer
// CHECK: %[[N:.*]] = mv.layer_norm
// CHECK: %[[XZ:.*]] = mv.linear %[[N]], %{{.*}} : {{.*}} -> tensor<?x2x9x20xf32>
// CHECK: %[[WX:.*]] = mv.parameter "b.mixer.conv1d_x.weight" : tensor<10x1x3xf32>
// CHECK: %[[RX:.*]] = mv.param.reshape %[[WX]]
// CHECK: %[[WZ:.*]] = mv.parameter "b.mixer.conv1d_z.weight"
// CHECK: %[[RZ:.*]] = mv.param.reshape %[[WZ]]
// CHECK: %[[BZ:.*]] = mv.parameter "b.mixer.conv1d_z.bias" : tensor<10xf32>
// CHECK: %[[W:.*]] = mv.param.concat %[[RX]], %[[RZ]]
// CHECK: %[[BX:.*]] = mv.param.zero
// CHECK: %[[B:.*]] = mv.param.concat %[[BX]], %[[BZ]]
// CHECK: %[[C:.*]] = mv.conv1d %[[XZ]], %[[W]] bias %[[B]]
// CHECK: %[[S:.*]] = mv.silu %[[C]]
// CHECK: %[[X:.*]] = mv.slice %[[S]] offset 0
// CHECK: %[[Z:.*]] = mv.slice %[[S]] offset 10
// CHECK: %[[P:.*]] = mv.linear %[[X]], %{{.*}} -> tensor<?x2x9x18xf32>
// CHECK: %[[DT:.*]] = mv.slice %[[P]] offset 0 : {{.*}} -> tensor<?x2x9x2xf32>
// CHECK: %[[IN:.*]] = mv.slice %[[P]] offset 2 : {{.*}} -> tensor<?x2x9x8xf32>
// CHECK: %[[OUT:.*]] = mv.slice %[[P]] offset 10
// CHECK: %[[TB:.*]] = mv.parameter "b.mixer.dt_proj.bias"
// CHECK: %[[TB2:.*]] = mv.param.unary mul_scalar %[[TB]] scalar 2.000000e+00
// CHECK: %[[T:.*]] = mv.linear %[[DT]], %{{.*}} bias %[[TB2]]
// CHECK: %[[STEP:.*]] = mv.softplus %[[T]]
// CHECK: %[[LOG:.*]] = mv.parameter "b.mixer.A_log" : tensor<10x8xf32>
// CHECK: %[[EXP:.*]] = mv.param.unary exp %[[LOG]]
// CHECK: %[[A:.*]] = mv.param.unary neg %[[EXP]]
// CHECK: %[[D:.*]] = mv.parameter "b.mixer.D"
// CHECK: %[[Y:.*]] = mv.selective_scan %[[X]], %[[STEP]], %[[A]], %[[IN]], %[[OUT]], %[[D]]
// CHECK: %[[YZ:.*]] = mv.concat %[[Y]], %[[Z]]
// CHECK: %[[O:.*]] = mv.linear %[[YZ]]
// CHECK: mv.add %[[O]], %arg0
// LOC-LABEL: @mixer
// LOC: mv.selective_scan {{.*}} loc(#[[SCAN:.*]])
// LOC: #[[SCAN]] = loc("b.mixer.scan"(
func.func @mixer(%x: tensor<?x2x9x20xf32>) -> tensor<?x2x9x20xf32> {
  %0 = mv.mixer_block %x at "b" {biases = ["conv1d_z"]} : tensor<?x2x9x20xf32>
  return %0 : tensor<?x2x9x20xf32>
}

// -----

// Attention with norms of q and k; the scale is one over the root of the head's size.
// CHECK-LABEL: @attention
// CHECK: %[[N:.*]] = mv.layer_norm
// CHECK: %[[QKV:.*]] = mv.linear %[[N]], %{{.*}} : {{.*}} -> tensor<?x1x4x48xf32>
// CHECK: %[[QW:.*]] = mv.parameter "b.mixer.q_norm.weight" : tensor<4xf32>
// CHECK: %[[KB:.*]] = mv.parameter "b.mixer.k_norm.bias" : tensor<4xf32>
// CHECK: %[[A:.*]] = mv.attention %[[QKV]] q_norm %[[QW]], {{.*}} k_norm {{.*}}, %[[KB]] heads 4 scale 5.000000e-01
// CHECK: %[[P:.*]] = mv.linear %[[A]], %{{.*}} bias
// CHECK: %[[G:.*]] = mv.parameter "b.gamma_1"
// CHECK: %[[S:.*]] = mv.scale %[[P]], %[[G]]
// CHECK: mv.add %[[S]], %arg0
func.func @attention(%x: tensor<?x1x4x16xf32>) -> tensor<?x1x4x16xf32> {
  %0 = mv.attention_block %x at "b" heads 4 qk_norm gamma : tensor<?x1x4x16xf32>
  return %0 : tensor<?x1x4x16xf32>
}

// -----

// CHECK-LABEL: @mlp
// CHECK: mv.parameter "b.norm2.weight"
// CHECK: %[[N:.*]] = mv.layer_norm
// CHECK: %[[H:.*]] = mv.linear %[[N]], %{{.*}} bias %{{.*}} -> tensor<?x1x4x32xf32>
// CHECK: %[[G:.*]] = mv.gelu erf %[[H]]
// CHECK: %[[O:.*]] = mv.linear %[[G]], %{{.*}} bias
// CHECK: mv.add %[[O]], %arg0
func.func @mlp(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.mlp_block %x at "b" hidden 32 : tensor<?x1x4x8xf32>
  return %0 : tensor<?x1x4x8xf32>
}

// -----

// An empty path leaves no dot before the names.
// CHECK-LABEL: @head
// CHECK: mv.parameter "norm.weight"
// CHECK: %[[N:.*]] = mv.batch_norm
// CHECK: %[[P:.*]] = mv.pool %[[N]]
// CHECK: mv.parameter "head.weight" : tensor<10x8xf32>
// CHECK: %[[L:.*]] = mv.linear %[[P]]
// CHECK: return %[[L]], %[[P]]
func.func @head(%x: tensor<?x4x4x8xf32>) -> (tensor<?x10xf32>, tensor<?x8xf32>) {
  %0, %1 = mv.head %x at "" norm classifier : tensor<?x4x4x8xf32> -> tensor<?x10xf32>, tensor<?x8xf32>
  return %0, %1 : tensor<?x10xf32>, tensor<?x8xf32>
}

// -----

// A classifier whose logits nobody reads is not built.
// CHECK-LABEL: @pooled_only
// CHECK-NOT: mv.linear
// CHECK: %[[P:.*]] = mv.pool
// CHECK-NOT: mv.linear
// CHECK: return %[[P]]
func.func @pooled_only(%x: tensor<?x4x4x8xf32>) -> tensor<?x8xf32> {
  %0, %1 = mv.head %x at "" classifier : tensor<?x4x4x8xf32> -> tensor<?x10xf32>, tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}
