// RUN: mv-opt %s --split-input-file --mv-fusion --mv-plan --mv-verify-plan | FileCheck %s

// The arena of each published shape is as small as its largest live set: no byte is lost.
// T
// CHECK: plan.entry @forward_224x224 arena [[ARENA:[0-9]+]] live [[ARENA]] {
// CHECK: plan.entry @forward_70x93 arena [[ARENA:[0-9]+]] live [[ARENA]] {
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
func.func @forward_70x93(%image: tensor<?x3x70x93xf32>) -> (tensor<?x1000xf32> {mv.name = "logits"}, tensor<?x640xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1 = mv.stem %image at "patch_embed" in_dim 32 : tensor<?x3x70x93xf32> -> tensor<?x18x24x80xf32>
  %2 = mv.conv_block %1 at "levels.0.blocks.0" : tensor<?x18x24x80xf32>
  %3 = mv.downsample %2 at "levels.0.downsample" : tensor<?x18x24x80xf32> -> tensor<?x9x12x160xf32>
  %4 = mv.conv_block %3 at "levels.1.blocks.0" : tensor<?x9x12x160xf32>
  %5 = mv.conv_block %4 at "levels.1.blocks.1" : tensor<?x9x12x160xf32>
  %6 = mv.conv_block %5 at "levels.1.blocks.2" : tensor<?x9x12x160xf32>
  %7 = mv.downsample %6 at "levels.1.downsample" : tensor<?x9x12x160xf32> -> tensor<?x5x6x320xf32>
  %8 = mv.window_partition %7 window 14 : tensor<?x5x6x320xf32> -> tensor<?x1x196x320xf32>
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
  %25 = mv.window_reverse %24 window 14 : tensor<?x1x196x320xf32> -> tensor<?x5x6x320xf32>
  %26 = mv.downsample %25 at "levels.2.downsample" : tensor<?x5x6x320xf32> -> tensor<?x3x3x640xf32>
  %27 = mv.window_partition %26 window 7 : tensor<?x3x3x640xf32> -> tensor<?x1x49x640xf32>
  %28 = mv.mixer_block %27 at "levels.3.blocks.0" : tensor<?x1x49x640xf32>
  %29 = mv.mlp_block %28 at "levels.3.blocks.0" hidden 2560 : tensor<?x1x49x640xf32>
  %30 = mv.mixer_block %29 at "levels.3.blocks.1" : tensor<?x1x49x640xf32>
  %31 = mv.mlp_block %30 at "levels.3.blocks.1" hidden 2560 : tensor<?x1x49x640xf32>
  %32 = mv.attention_block %31 at "levels.3.blocks.2" heads 16 qkv_bias : tensor<?x1x49x640xf32>
  %33 = mv.mlp_block %32 at "levels.3.blocks.2" hidden 2560 : tensor<?x1x49x640xf32>
  %34 = mv.attention_block %33 at "levels.3.blocks.3" heads 16 qkv_bias : tensor<?x1x49x640xf32>
  %35 = mv.mlp_block %34 at "levels.3.blocks.3" hidden 2560 : tensor<?x1x49x640xf32>
  %36 = mv.window_reverse %35 window 7 : tensor<?x1x49x640xf32> -> tensor<?x3x3x640xf32>
  %logits, %pooled = mv.head %36 at "" norm classifier : tensor<?x3x3x640xf32> -> tensor<?x1000xf32>, tensor<?x640xf32>
  return %logits, %pooled : tensor<?x1000xf32>, tensor<?x640xf32>
}

// -----

// S
// CHECK: plan.entry @forward_224x224 arena [[ARENA:[0-9]+]] live [[ARENA]] {
func.func @forward_224x224(%image: tensor<?x3x224x224xf32>) -> (tensor<?x1000xf32> {mv.name = "logits"}, tensor<?x768xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1 = mv.stem %image at "patch_embed" in_dim 64 : tensor<?x3x224x224xf32> -> tensor<?x56x56x96xf32>
  %2 = mv.conv_block %1 at "levels.0.blocks.0" : tensor<?x56x56x96xf32>
  %3 = mv.conv_block %2 at "levels.0.blocks.1" : tensor<?x56x56x96xf32>
  %4 = mv.conv_block %3 at "levels.0.blocks.2" : tensor<?x56x56x96xf32>
  %5 = mv.downsample %4 at "levels.0.downsample" : tensor<?x56x56x96xf32> -> tensor<?x28x28x192xf32>
  %6 = mv.conv_block %5 at "levels.1.blocks.0" : tensor<?x28x28x192xf32>
  %7 = mv.conv_block %6 at "levels.1.blocks.1" : tensor<?x28x28x192xf32>
  %8 = mv.conv_block %7 at "levels.1.blocks.2" : tensor<?x28x28x192xf32>
  %9 = mv.downsample %8 at "levels.1.downsample" : tensor<?x28x28x192xf32> -> tensor<?x14x14x384xf32>
  %10 = mv.window_partition %9 window 14 : tensor<?x14x14x384xf32> -> tensor<?x1x196x384xf32>
  %11 = mv.mixer_block %10 at "levels.2.blocks.0" : tensor<?x1x196x384xf32>
  %12 = mv.mlp_block %11 at "levels.2.blocks.0" hidden 1536 : tensor<?x1x196x384xf32>
  %13 = mv.mixer_block %12 at "levels.2.blocks.1" : tensor<?x1x196x384xf32>
  %14 = mv.mlp_block %13 at "levels.2.blocks.1" hidden 1536 : tensor<?x1x196x384xf32>
  %15 = mv.mixer_block %14 at "levels.2.blocks.2" : tensor<?x1x196x384xf32>
  %16 = mv.mlp_block %15 at "levels.2.blocks.2" hidden 1536 : tensor<?x1x196x384xf32>
  %17 = mv.mixer_block %16 at "levels.2.blocks.3" : tensor<?x1x196x384xf32>
  %18 = mv.mlp_block %17 at "levels.2.blocks.3" hidden 1536 : tensor<?x1x196x384xf32>
  %19 = mv.attention_block %18 at "levels.2.blocks.4" heads 8 qkv_bias : tensor<?x1x196x384xf32>
  %20 = mv.mlp_block %19 at "levels.2.blocks.4" hidden 1536 : tensor<?x1x196x384xf32>
  %21 = mv.attention_block %20 at "levels.2.blocks.5" heads 8 qkv_bias : tensor<?x1x196x384xf32>
  %22 = mv.mlp_block %21 at "levels.2.blocks.5" hidden 1536 : tensor<?x1x196x384xf32>
  %23 = mv.attention_block %22 at "levels.2.blocks.6" heads 8 qkv_bias : tensor<?x1x196x384xf32>
  %24 = mv.mlp_block %23 at "levels.2.blocks.6" hidden 1536 : tensor<?x1x196x384xf32>
  %25 = mv.window_reverse %24 window 14 : tensor<?x1x196x384xf32> -> tensor<?x14x14x384xf32>
  %26 = mv.downsample %25 at "levels.2.downsample" : tensor<?x14x14x384xf32> -> tensor<?x7x7x768xf32>
  %27 = mv.window_partition %26 window 7 : tensor<?x7x7x768xf32> -> tensor<?x1x49x768xf32>
  %28 = mv.mixer_block %27 at "levels.3.blocks.0" : tensor<?x1x49x768xf32>
  %29 = mv.mlp_block %28 at "levels.3.blocks.0" hidden 3072 : tensor<?x1x49x768xf32>
  %30 = mv.mixer_block %29 at "levels.3.blocks.1" : tensor<?x1x49x768xf32>
  %31 = mv.mlp_block %30 at "levels.3.blocks.1" hidden 3072 : tensor<?x1x49x768xf32>
  %32 = mv.mixer_block %31 at "levels.3.blocks.2" : tensor<?x1x49x768xf32>
  %33 = mv.mlp_block %32 at "levels.3.blocks.2" hidden 3072 : tensor<?x1x49x768xf32>
  %34 = mv.attention_block %33 at "levels.3.blocks.3" heads 16 qkv_bias : tensor<?x1x49x768xf32>
  %35 = mv.mlp_block %34 at "levels.3.blocks.3" hidden 3072 : tensor<?x1x49x768xf32>
  %36 = mv.attention_block %35 at "levels.3.blocks.4" heads 16 qkv_bias : tensor<?x1x49x768xf32>
  %37 = mv.mlp_block %36 at "levels.3.blocks.4" hidden 3072 : tensor<?x1x49x768xf32>
  %38 = mv.window_reverse %37 window 7 : tensor<?x1x49x768xf32> -> tensor<?x7x7x768xf32>
  %logits, %pooled = mv.head %38 at "" norm classifier : tensor<?x7x7x768xf32> -> tensor<?x1000xf32>, tensor<?x768xf32>
  return %logits, %pooled : tensor<?x1000xf32>, tensor<?x768xf32>
}

// -----

// B
// CHECK: plan.entry @forward_224x224 arena [[ARENA:[0-9]+]] live [[ARENA]] {
func.func @forward_224x224(%image: tensor<?x3x224x224xf32>) -> (tensor<?x1000xf32> {mv.name = "logits"}, tensor<?x1024xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1 = mv.stem %image at "patch_embed" in_dim 64 : tensor<?x3x224x224xf32> -> tensor<?x56x56x128xf32>
  %2 = mv.conv_block %1 at "levels.0.blocks.0" : tensor<?x56x56x128xf32>
  %3 = mv.conv_block %2 at "levels.0.blocks.1" : tensor<?x56x56x128xf32>
  %4 = mv.conv_block %3 at "levels.0.blocks.2" : tensor<?x56x56x128xf32>
  %5 = mv.downsample %4 at "levels.0.downsample" : tensor<?x56x56x128xf32> -> tensor<?x28x28x256xf32>
  %6 = mv.conv_block %5 at "levels.1.blocks.0" : tensor<?x28x28x256xf32>
  %7 = mv.conv_block %6 at "levels.1.blocks.1" : tensor<?x28x28x256xf32>
  %8 = mv.conv_block %7 at "levels.1.blocks.2" : tensor<?x28x28x256xf32>
  %9 = mv.downsample %8 at "levels.1.downsample" : tensor<?x28x28x256xf32> -> tensor<?x14x14x512xf32>
  %10 = mv.window_partition %9 window 14 : tensor<?x14x14x512xf32> -> tensor<?x1x196x512xf32>
  %11 = mv.mixer_block %10 at "levels.2.blocks.0" gamma : tensor<?x1x196x512xf32>
  %12 = mv.mlp_block %11 at "levels.2.blocks.0" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %13 = mv.mixer_block %12 at "levels.2.blocks.1" gamma : tensor<?x1x196x512xf32>
  %14 = mv.mlp_block %13 at "levels.2.blocks.1" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %15 = mv.mixer_block %14 at "levels.2.blocks.2" gamma : tensor<?x1x196x512xf32>
  %16 = mv.mlp_block %15 at "levels.2.blocks.2" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %17 = mv.mixer_block %16 at "levels.2.blocks.3" gamma : tensor<?x1x196x512xf32>
  %18 = mv.mlp_block %17 at "levels.2.blocks.3" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %19 = mv.mixer_block %18 at "levels.2.blocks.4" gamma : tensor<?x1x196x512xf32>
  %20 = mv.mlp_block %19 at "levels.2.blocks.4" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %21 = mv.attention_block %20 at "levels.2.blocks.5" heads 8 qkv_bias gamma : tensor<?x1x196x512xf32>
  %22 = mv.mlp_block %21 at "levels.2.blocks.5" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %23 = mv.attention_block %22 at "levels.2.blocks.6" heads 8 qkv_bias gamma : tensor<?x1x196x512xf32>
  %24 = mv.mlp_block %23 at "levels.2.blocks.6" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %25 = mv.attention_block %24 at "levels.2.blocks.7" heads 8 qkv_bias gamma : tensor<?x1x196x512xf32>
  %26 = mv.mlp_block %25 at "levels.2.blocks.7" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %27 = mv.attention_block %26 at "levels.2.blocks.8" heads 8 qkv_bias gamma : tensor<?x1x196x512xf32>
  %28 = mv.mlp_block %27 at "levels.2.blocks.8" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %29 = mv.attention_block %28 at "levels.2.blocks.9" heads 8 qkv_bias gamma : tensor<?x1x196x512xf32>
  %30 = mv.mlp_block %29 at "levels.2.blocks.9" hidden 2048 gamma : tensor<?x1x196x512xf32>
  %31 = mv.window_reverse %30 window 14 : tensor<?x1x196x512xf32> -> tensor<?x14x14x512xf32>
  %32 = mv.downsample %31 at "levels.2.downsample" : tensor<?x14x14x512xf32> -> tensor<?x7x7x1024xf32>
  %33 = mv.window_partition %32 window 7 : tensor<?x7x7x1024xf32> -> tensor<?x1x49x1024xf32>
  %34 = mv.mixer_block %33 at "levels.3.blocks.0" gamma : tensor<?x1x49x1024xf32>
  %35 = mv.mlp_block %34 at "levels.3.blocks.0" hidden 4096 gamma : tensor<?x1x49x1024xf32>
  %36 = mv.mixer_block %35 at "levels.3.blocks.1" gamma : tensor<?x1x49x1024xf32>
  %37 = mv.mlp_block %36 at "levels.3.blocks.1" hidden 4096 gamma : tensor<?x1x49x1024xf32>
  %38 = mv.mixer_block %37 at "levels.3.blocks.2" gamma : tensor<?x1x49x1024xf32>
  %39 = mv.mlp_block %38 at "levels.3.blocks.2" hidden 4096 gamma : tensor<?x1x49x1024xf32>
  %40 = mv.attention_block %39 at "levels.3.blocks.3" heads 16 qkv_bias gamma : tensor<?x1x49x1024xf32>
  %41 = mv.mlp_block %40 at "levels.3.blocks.3" hidden 4096 gamma : tensor<?x1x49x1024xf32>
  %42 = mv.attention_block %41 at "levels.3.blocks.4" heads 16 qkv_bias gamma : tensor<?x1x49x1024xf32>
  %43 = mv.mlp_block %42 at "levels.3.blocks.4" hidden 4096 gamma : tensor<?x1x49x1024xf32>
  %44 = mv.window_reverse %43 window 7 : tensor<?x1x49x1024xf32> -> tensor<?x7x7x1024xf32>
  %logits, %pooled = mv.head %44 at "" norm classifier : tensor<?x7x7x1024xf32> -> tensor<?x1000xf32>, tensor<?x1024xf32>
  return %logits, %pooled : tensor<?x1000xf32>, tensor<?x1024xf32>
}

// -----

// L
// CHECK: plan.entry @forward_224x224 arena [[ARENA:[0-9]+]] live [[ARENA]] {
func.func @forward_224x224(%image: tensor<?x3x224x224xf32>) -> (tensor<?x1000xf32> {mv.name = "logits"}, tensor<?x1568xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1 = mv.stem %image at "patch_embed" in_dim 64 : tensor<?x3x224x224xf32> -> tensor<?x56x56x196xf32>
  %2 = mv.conv_block %1 at "levels.0.blocks.0" : tensor<?x56x56x196xf32>
  %3 = mv.conv_block %2 at "levels.0.blocks.1" : tensor<?x56x56x196xf32>
  %4 = mv.conv_block %3 at "levels.0.blocks.2" : tensor<?x56x56x196xf32>
  %5 = mv.downsample %4 at "levels.0.downsample" : tensor<?x56x56x196xf32> -> tensor<?x28x28x392xf32>
  %6 = mv.conv_block %5 at "levels.1.blocks.0" : tensor<?x28x28x392xf32>
  %7 = mv.conv_block %6 at "levels.1.blocks.1" : tensor<?x28x28x392xf32>
  %8 = mv.conv_block %7 at "levels.1.blocks.2" : tensor<?x28x28x392xf32>
  %9 = mv.downsample %8 at "levels.1.downsample" : tensor<?x28x28x392xf32> -> tensor<?x14x14x784xf32>
  %10 = mv.window_partition %9 window 14 : tensor<?x14x14x784xf32> -> tensor<?x1x196x784xf32>
  %11 = mv.mixer_block %10 at "levels.2.blocks.0" gamma : tensor<?x1x196x784xf32>
  %12 = mv.mlp_block %11 at "levels.2.blocks.0" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %13 = mv.mixer_block %12 at "levels.2.blocks.1" gamma : tensor<?x1x196x784xf32>
  %14 = mv.mlp_block %13 at "levels.2.blocks.1" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %15 = mv.mixer_block %14 at "levels.2.blocks.2" gamma : tensor<?x1x196x784xf32>
  %16 = mv.mlp_block %15 at "levels.2.blocks.2" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %17 = mv.mixer_block %16 at "levels.2.blocks.3" gamma : tensor<?x1x196x784xf32>
  %18 = mv.mlp_block %17 at "levels.2.blocks.3" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %19 = mv.mixer_block %18 at "levels.2.blocks.4" gamma : tensor<?x1x196x784xf32>
  %20 = mv.mlp_block %19 at "levels.2.blocks.4" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %21 = mv.attention_block %20 at "levels.2.blocks.5" heads 16 qkv_bias gamma : tensor<?x1x196x784xf32>
  %22 = mv.mlp_block %21 at "levels.2.blocks.5" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %23 = mv.attention_block %22 at "levels.2.blocks.6" heads 16 qkv_bias gamma : tensor<?x1x196x784xf32>
  %24 = mv.mlp_block %23 at "levels.2.blocks.6" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %25 = mv.attention_block %24 at "levels.2.blocks.7" heads 16 qkv_bias gamma : tensor<?x1x196x784xf32>
  %26 = mv.mlp_block %25 at "levels.2.blocks.7" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %27 = mv.attention_block %26 at "levels.2.blocks.8" heads 16 qkv_bias gamma : tensor<?x1x196x784xf32>
  %28 = mv.mlp_block %27 at "levels.2.blocks.8" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %29 = mv.attention_block %28 at "levels.2.blocks.9" heads 16 qkv_bias gamma : tensor<?x1x196x784xf32>
  %30 = mv.mlp_block %29 at "levels.2.blocks.9" hidden 3136 gamma : tensor<?x1x196x784xf32>
  %31 = mv.window_reverse %30 window 14 : tensor<?x1x196x784xf32> -> tensor<?x14x14x784xf32>
  %32 = mv.downsample %31 at "levels.2.downsample" : tensor<?x14x14x784xf32> -> tensor<?x7x7x1568xf32>
  %33 = mv.window_partition %32 window 7 : tensor<?x7x7x1568xf32> -> tensor<?x1x49x1568xf32>
  %34 = mv.mixer_block %33 at "levels.3.blocks.0" gamma : tensor<?x1x49x1568xf32>
  %35 = mv.mlp_block %34 at "levels.3.blocks.0" hidden 6272 gamma : tensor<?x1x49x1568xf32>
  %36 = mv.mixer_block %35 at "levels.3.blocks.1" gamma : tensor<?x1x49x1568xf32>
  %37 = mv.mlp_block %36 at "levels.3.blocks.1" hidden 6272 gamma : tensor<?x1x49x1568xf32>
  %38 = mv.mixer_block %37 at "levels.3.blocks.2" gamma : tensor<?x1x49x1568xf32>
  %39 = mv.mlp_block %38 at "levels.3.blocks.2" hidden 6272 gamma : tensor<?x1x49x1568xf32>
  %40 = mv.attention_block %39 at "levels.3.blocks.3" heads 32 qkv_bias gamma : tensor<?x1x49x1568xf32>
  %41 = mv.mlp_block %40 at "levels.3.blocks.3" hidden 6272 gamma : tensor<?x1x49x1568xf32>
  %42 = mv.attention_block %41 at "levels.3.blocks.4" heads 32 qkv_bias gamma : tensor<?x1x49x1568xf32>
  %43 = mv.mlp_block %42 at "levels.3.blocks.4" hidden 6272 gamma : tensor<?x1x49x1568xf32>
  %44 = mv.window_reverse %43 window 7 : tensor<?x1x49x1568xf32> -> tensor<?x7x7x1568xf32>
  %logits, %pooled = mv.head %44 at "" norm classifier : tensor<?x7x7x1568xf32> -> tensor<?x1000xf32>, tensor<?x1568xf32>
  return %logits, %pooled : tensor<?x1000xf32>, tensor<?x1568xf32>
}
