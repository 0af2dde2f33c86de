// Layer scales, q/k norms, no qkv bias, no classes, odd depths, an mlp_ratio that is no integer, and a resolution that
// is a multiple of nothing.
// RUN: mv-compile %S/Inputs/every-option.json --target=cpu --weights=random:1 --compile-to=import | FileCheck %s

// Without classes the logits are the pooled features.
// CHECK:       func.func @forward_40x72(%{{.*}}: tensor<?x3x40x72xf32>) -> (tensor<?x64xf32> {mv.name = "logits"},
// CHECK-SAME:      tensor<?x64xf32> {mv.name = "pooled"})
// CHECK-NEXT:  mv.stem {{.*}} in_dim 6 : tensor<?x3x40x72xf32> -> tensor<?x10x18x8xf32>
// CHECK-NEXT:  mv.conv_block {{.*}} at "levels.0.blocks.0" gamma : tensor<?x10x18x8xf32>
// CHECK-NEXT:  mv.conv_block {{.*}} at "levels.0.blocks.1" gamma

// A map of 3x5 at level 2: one row of two windows, the second padded by one column. Of three blocks two mix by scan.
// CHECK:       mv.window_partition {{.*}} window 3 : tensor<?x3x5x32xf32> -> tensor<?x2x9x32xf32>
// CHECK-NEXT:  mv.mixer_block {{.*}} at "levels.2.blocks.0" gamma : tensor<?x2x9x32xf32>
// CHECK-NEXT:  mv.mlp_block {{.*}} at "levels.2.blocks.0" hidden 80 gamma : tensor<?x2x9x32xf32>
// CHECK-NEXT:  mv.mixer_block {{.*}} at "levels.2.blocks.1" gamma
// CHECK-NEXT:  mv.mlp_block
// CHECK-NEXT:  mv.attention_block {{.*}} at "levels.2.blocks.2" heads 2 qk_norm gamma : tensor<?x2x9x32xf32>
// CHECK-NEXT:  mv.mlp_block
// CHECK-NEXT:  mv.window_reverse {{.*}} window 3 : tensor<?x2x9x32xf32> -> tensor<?x3x5x32xf32>

// One block at level 3: a mixer. Its number of heads need not divide anything.
// CHECK:       mv.window_partition {{.*}} window 2 : tensor<?x2x3x64xf32> -> tensor<?x2x4x64xf32>
// CHECK-NEXT:  mv.mixer_block {{.*}} at "levels.3.blocks.0" gamma
// CHECK-NEXT:  mv.mlp_block {{.*}} at "levels.3.blocks.0" hidden 160 gamma
// CHECK-NEXT:  mv.window_reverse
// CHECK-NEXT:  %[[LOGITS:.*]], %[[POOLED:.*]] = mv.head {{.*}} at "" norm : tensor<?x2x3x64xf32> -> tensor<?x64xf32>, tensor<?x64xf32>
// CHECK-NOT:   classifier
