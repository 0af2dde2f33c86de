// The published T at its own resolution, with random weights.
// RUN: mv-compile %S/../../models/T.json --target=cpu --weights=random:1 --compile-to=import | FileCheck %s

// CHECK:       func.func @forward_224x224(%[[IMAGE:.*]]: tensor<?x3x224x224xf32>) -> (tensor<?x1000xf32> {mv.name = "logits"},
// CHECK-SAME:      tensor<?x640xf32> {mv.name = "pooled"}) attributes {mv.entry}
// CHECK-NEXT:  %[[STEM:.*]] = mv.stem %[[IMAGE]] at "patch_embed" in_dim 32 : tensor<?x3x224x224xf32> -> tensor<?x56x56x80xf32>
// CHECK-NEXT:  %[[L0:.*]] = mv.conv_block %[[STEM]] at "levels.0.blocks.0" : tensor<?x56x56x80xf32>
// CHECK-NEXT:  mv.downsample %[[L0]] at "levels.0.downsample" : tensor<?x56x56x80xf32> -> tensor<?x28x28x160xf32>
// CHECK-COUNT-3: mv.conv_block {{.*}} at "levels.1.blocks.{{[0-2]}}" : tensor<?x28x28x160xf32>
// CHECK-NEXT:  mv.downsample {{.*}} at "levels.1.downsample" : tensor<?x28x28x160xf32> -> tensor<?x14x14x320xf32>

// One window of 14x14. The first half of the blocks mix by scan, the second by attention; each has an MLP.
// CHECK-NEXT:  %[[W:.*]] = mv.window_partition {{.*}} window 14 : tensor<?x14x14x320xf32> -> tensor<?x1x196x320xf32>
// CHECK-NEXT:  %[[B0:.*]] = mv.mixer_block %[[W]] at "levels.2.blocks.0" : tensor<?x1x196x320xf32>
// CHECK-NEXT:  mv.mlp_block %[[B0]] at "levels.2.blocks.0" hidden 1280 : tensor<?x1x196x320xf32>
// CHECK-NEXT:  mv.mixer_block {{.*}} at "levels.2.blocks.1"
// CHECK-NEXT:  mv.mlp_block {{.*}} at "levels.2.blocks.1"
// CHECK-NEXT:  mv.mixer_block {{.*}} at "levels.2.blocks.2"
// CHECK-NEXT:  mv.mlp_block {{.*}} at "levels.2.blocks.2"
// CHECK-NEXT:  mv.mixer_block {{.*}} at "levels.2.blocks.3"
// CHECK-NEXT:  mv.mlp_block {{.*}} at "levels.2.blocks.3"
// CHECK-NEXT:  mv.attention_block {{.*}} at "levels.2.blocks.4" heads 8 qkv_bias : tensor<?x1x196x320xf32>
// CHECK-NEXT:  mv.mlp_block {{.*}} at "levels.2.blocks.4"
// CHECK-COUNT-3: mv.attention_block
// CHECK-NEXT:  %[[B7:.*]] = mv.mlp_block {{.*}} at "levels.2.blocks.7"
// CHECK-NEXT:  mv.window_reverse %[[B7]] window 14 : tensor<?x1x196x320xf32> -> tensor<?x14x14x320xf32>
// CHECK-NEXT:  mv.downsample {{.*}} at "levels.2.downsample" : tensor<?x14x14x320xf32> -> tensor<?x7x7x640xf32>

// CHECK-NEXT:  mv.window_partition {{.*}} window 7 : tensor<?x7x7x640xf32> -> tensor<?x1x49x640xf32>
// CHECK-COUNT-2: mv.mixer_block {{.*}} at "levels.3.blocks.{{[01]}}" : tensor<?x1x49x640xf32>
// CHECK-COUNT-2: mv.attention_block {{.*}} at "levels.3.blocks.{{[23]}}" heads 16 qkv_bias
// CHECK:       %[[MAP:.*]] = mv.window_reverse {{.*}} window 7 : tensor<?x1x49x640xf32> -> tensor<?x7x7x640xf32>
// CHECK-NEXT:  %[[LOGITS:.*]], %[[POOLED:.*]] = mv.head %[[MAP]] at "" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x1000xf32>, tensor<?x640xf32>
// CHECK-NEXT:  return %[[LOGITS]], %[[POOLED]]
