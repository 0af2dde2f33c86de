// RUN: mv-opt %s --mv-fusion | FileCheck %s

// The whole of a T at 224 in 76 kernels: image 1, stem 2, convolution blocks 8, downsamples 3, window blocks 12 times 5,
// pool 1, head 1. Nothing else is left.
// RUN: mv-opt %s --mv-select-devices=devices=cuda --mv-fusion | FileCheck %s --check-prefix=CUDA

// CHECK-LABEL: @forward_224x224
// CHECK-COUNT-76: mv.kernel(
// CHECK-NOT: mv.kernel(

// A GPU reads the image in the stem, and the pool stores "pooled" twice, in f32 for the caller and in f16 for the head.
// q, k and v of the six attentions are not stored.
// CUDA-COUNT-69: mv.kernel(
// CUDA-NOT: mv.kernel(
func.func @forward_224x224(%image: tensor<?x3x224x224xf32>) -> (tensor<?x1000xf32> {mv.name = "logits"}, tensor<?x640xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1 = mv.stem %image at "patch_embed" in_dim 32 : tensor<?x3x224x224xf32> -> tensor<?x56x56x80xf32>
  %2 = mv.conv_block %1 at "levels.0.blocks.0" : tensor<?x56x56x80xf32>
  %3 = mv.downsample %2 at "levels.0.downsample" : tensor<?x56x56x80xf32> -> tensor<?x28x28x160xf32>
  %4 = mv.conv_block %3 at "levels.1.blocks.0" : tensor<?x28x28x160xf32>
  %5 = mv.conv_block %4 at "levels.1.blocks.1" : tensor<?x28x28x160xf32>
  %6 = mv.conv_block %5 at "levels.1.blocks.2" : tensor<?x28x28x160xf32>
  %7 = mv.downsample %6 at "levels.1.downsample" : tensor<?x28x28x160xf32> -> tensor<?x14x14x320xf32>
  %8 = mv.window_partition %7 window 14 : tensor<?x14x14x320xf32> -> tensor<?x1x196x320xf32>
  %9 = mv.mixer_block %8 at "levels.2.blocks.0" : tensor<?x1x196x320xf32>
  %10 = mv.mlp_block %9 at "levels.2.blocks.0" hidden 1280 : tensor<?x1x196x320xf32>
  %11 = mv.mixer_block %10 at "levels.2.blocks.1" : tensor<?x1x196x320xf32>
  %12 = mv.mlp_block %11 at "levels.2.blocks.1" hidden 1280 : tensor<?x1x196x320xf32>
  %13 = mv.mixer_block %12 at "levels.2.blocks.2" : tensor<?x1x196x320xf32>
  %14 = mv.mlp_block %13 at "levels.2.blocks.2" hidden 1280 : tensor<?x1x196x320xf32>
  %15 = mv.mixer_block %14 at "levels.2.blocks.3" : tensor<?x1x196x320xf32>
  %16 = mv.mlp_block %15 at "levels.2.blocks.3" hidden 1280 : tensor<?x1x196x320xf32>
  %17 = mv.attention_block %16 at "levels.2.blocks.4" heads 8 qkv_bias : tensor<?x1x196x320xf32>
  %18 = mv.mlp_block %17 at "levels.2.blocks.4" hidden 1280 : tensor<?x1x196x320xf32>
  %19 = mv.attention_block %18 at "levels.2.blocks.5" heads 8 qkv_bias : tensor<?x1x196x320xf32>
  %20 = mv.mlp_block %19 at "levels.2.blocks.5" hidden 1280 : tensor<?x1x196x320xf32>
  %21 = mv.attention_block %20 at "levels.2.blocks.6" heads 8 qkv_bias : tensor<?x1x196x320xf32>
  %22 = mv.mlp_block %21 at "levels.2.blocks.6" hidden 1280 : tensor<?x1x196x320xf32>
  %23 = mv.attention_block %22 at "levels.2.blocks.7" heads 8 qkv_bias : tensor<?x1x196x320xf32>
  %24 = mv.mlp_block %23 at "levels.2.blocks.7" hidden 1280 : tensor<?x1x196x320xf32>
  %25 = mv.window_reverse %24 window 14 : tensor<?x1x196x320xf32> -> tensor<?x14x14x320xf32>
  %26 = mv.downsample %25 at "levels.2.downsample" : tensor<?x14x14x320xf32> -> tensor<?x7x7x640xf32>
  %27 = mv.window_partition %26 window 7 : tensor<?x7x7x640xf32> -> tensor<?x1x49x640xf32>
  %28 = mv.mixer_block %27 at "levels.3.blocks.0" : tensor<?x1x49x640xf32>
  %29 = mv.mlp_block %28 at "levels.3.blocks.0" hidden 2560 : tensor<?x1x49x640xf32>
  %30 = mv.mixer_block %29 at "levels.3.blocks.1" : tensor<?x1x49x640xf32>
  %31 = mv.mlp_block %30 at "levels.3.blocks.1" hidden 2560 : tensor<?x1x49x640xf32>
  %32 = mv.attention_block %31 at "levels.3.blocks.2" heads 16 qkv_bias : tensor<?x1x49x640xf32>
  %33 = mv.mlp_block %32 at "levels.3.blocks.2" hidden 2560 : tensor<?x1x49x640xf32>
  %34 = mv.attention_block %33 at "levels.3.blocks.3" heads 16 qkv_bias : tensor<?x1x49x640xf32>
  %35 = mv.mlp_block %34 at "levels.3.blocks.3" hidden 2560 : tensor<?x1x49x640xf32>
  %36 = mv.window_reverse %35 window 7 : tensor<?x1x49x640xf32> -> tensor<?x7x7x640xf32>
  %logits, %pooled = mv.head %36 at "" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x1000xf32>, tensor<?x640xf32>
  return %logits, %pooled : tensor<?x1000xf32>, tensor<?x640xf32>
}
