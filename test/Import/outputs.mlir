// Stage maps leave the model channels first, before the downsampling that follows them.
// RUN: mv-compile %S/../../models/fashion --target=cpu --outputs=stages,logits --compile-to=import | FileCheck %s

// CHECK:       func.func @forward_64x64
// CHECK-SAME:    tensor<?x10xf32> {mv.name = "logits"}, tensor<?x16x16x16xf32> {mv.name = "stage0"},
// CHECK-SAME:    tensor<?x32x8x8xf32> {mv.name = "stage1"}, tensor<?x64x4x4xf32> {mv.name = "stage2"},
// CHECK-SAME:    tensor<?x128x2x2xf32> {mv.name = "stage3"})
// CHECK:       %[[L0:.*]] = mv.conv_block {{.*}} at "levels.0.blocks.0"
// CHECK-NEXT:  %[[S0:.*]] = mv.to_nchw %[[L0]] : tensor<?x16x16x16xf32> -> tensor<?x16x16x16xf32>
// CHECK-NEXT:  mv.downsample %[[L0]] at "levels.0.downsample"
// CHECK:       %[[L2:.*]] = mv.window_reverse {{.*}} window 4
// CHECK-NEXT:  %[[S2:.*]] = mv.to_nchw %[[L2]]
// CHECK:       %[[L3:.*]] = mv.window_reverse {{.*}} window 2
// CHECK-NEXT:  %[[S3:.*]] = mv.to_nchw %[[L3]] : tensor<?x2x2x128xf32> -> tensor<?x128x2x2xf32>
// CHECK-NEXT:  %[[LOGITS:.*]], %{{.*}} = mv.head %[[L3]]
// CHECK-NEXT:  return %[[LOGITS]], %[[S0]], %{{.*}}, %[[S2]], %[[S3]] :

// Pooled features alone.
// RUN: mv-compile %S/../../models/fashion --target=cpu --outputs=pooled --compile-to=import | FileCheck %s --check-prefix=POOLED
// POOLED:      -> (tensor<?x128xf32> {mv.name = "pooled"})
// POOLED:      %{{.*}}, %[[POOLED:.*]] = mv.head
// POOLED-NEXT: return %[[POOLED]] : tensor<?x128xf32>
