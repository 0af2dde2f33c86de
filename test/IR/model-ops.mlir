// The examples of the model ops' documentation parse, and print as they were written.
// RUN: mv-opt %s | FileCheck %s
// RUN: mv-opt %s | mv-opt | FileCheck %s
// RUN: mv-opt %s --mlir-print-op-generic | mv-opt | FileCheck %s

// CHECK-LABEL: func.func @maps
func.func @maps(%image: tensor<?x3x224x224xf32>) -> tensor<?x28x28x160xf32> {
  // CHECK: mv.stem %{{.*}} at "patch_embed" in_dim 32 : tensor<?x3x224x224xf32> -> tensor<?x56x56x80xf32>
  %0 = mv.stem %image at "patch_embed" in_dim 32 : tensor<?x3x224x224xf32> -> tensor<?x56x56x80xf32>
  // CHECK: mv.conv_block %{{.*}} at "levels.0.blocks.0" : tensor<?x56x56x80xf32>
  %1 = mv.conv_block %0 at "levels.0.blocks.0" : tensor<?x56x56x80xf32>
  // CHECK: mv.conv_block %{{.*}} at "levels.0.blocks.1" gamma : tensor<?x56x56x80xf32>
  %2 = mv.conv_block %1 at "levels.0.blocks.1" gamma : tensor<?x56x56x80xf32>
  // CHECK: mv.downsample %{{.*}} at "levels.0.downsample" : tensor<?x56x56x80xf32> -> tensor<?x28x28x160xf32>
  %3 = mv.downsample %2 at "levels.0.downsample" : tensor<?x56x56x80xf32> -> tensor<?x28x28x160xf32>
  return %3 : tensor<?x28x28x160xf32>
}

// CHECK-LABEL: func.func @tokens
func.func @tokens(%3: tensor<?x1x196x320xf32>) -> tensor<?x1x196x320xf32> {
  // CHECK: mv.mixer_block %{{.*}} at "levels.2.blocks.0" : tensor<?x1x196x320xf32>
  %4 = mv.mixer_block %3 at "levels.2.blocks.0" : tensor<?x1x196x320xf32>
  // CHECK: mv.mixer_block %{{.*}} at "levels.2.blocks.1" gamma {biases = ["in_proj", "conv1d_z"]} : tensor<?x1x196x320xf32>
  %m = mv.mixer_block %4 at "levels.2.blocks.1" gamma {biases = ["in_proj", "conv1d_z"]} : tensor<?x1x196x320xf32>
  // CHECK: mv.attention_block %{{.*}} at "levels.2.blocks.4" heads 8 qkv_bias : tensor<?x1x196x320xf32>
  %5 = mv.attention_block %m at "levels.2.blocks.4" heads 8 qkv_bias : tensor<?x1x196x320xf32>
  // CHECK: mv.attention_block %{{.*}} at "levels.2.blocks.5" heads 8 qk_norm gamma : tensor<?x1x196x320xf32>
  %a = mv.attention_block %5 at "levels.2.blocks.5" heads 8 qk_norm gamma : tensor<?x1x196x320xf32>
  // CHECK: mv.mlp_block %{{.*}} at "levels.2.blocks.0" hidden 1280 : tensor<?x1x196x320xf32>
  %6 = mv.mlp_block %a at "levels.2.blocks.0" hidden 1280 : tensor<?x1x196x320xf32>
  // CHECK: mv.mlp_block %{{.*}} at "levels.2.blocks.1" hidden 1280 gamma : tensor<?x1x196x320xf32>
  %7 = mv.mlp_block %6 at "levels.2.blocks.1" hidden 1280 gamma : tensor<?x1x196x320xf32>
  return %7 : tensor<?x1x196x320xf32>
}

// CHECK-LABEL: func.func @heads
func.func @heads(%x: tensor<?x7x7x640xf32>) -> (tensor<?x1000xf32>, tensor<?x640xf32>) {
  // CHECK: %{{.*}}, %{{.*}} = mv.head %{{.*}} at "" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x1000xf32>, tensor<?x640xf32>
  %logits, %pooled = mv.head %x at "" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x1000xf32>, tensor<?x640xf32>
  // CHECK: %{{.*}}, %{{.*}} = mv.head %{{.*}} at "backbone" : tensor<?x7x7x640xf32> -> tensor<?x640xf32>, tensor<?x640xf32>
  %same, %pooled2 = mv.head %x at "backbone" : tensor<?x7x7x640xf32> -> tensor<?x640xf32>, tensor<?x640xf32>
  return %logits, %same : tensor<?x1000xf32>, tensor<?x640xf32>
}
