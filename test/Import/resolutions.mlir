// Several resolutions over the same weights: one entry point each.
// RUN: mv-compile %S/../../models/fashion --target=cpu --resolution=64x64,70x50 --compile-to=import | FileCheck %s

// CHECK:       func.func @forward_64x64(%{{.*}}: tensor<?x3x64x64xf32>)
// CHECK:       mv.window_partition {{.*}} window 4 : tensor<?x4x4x64xf32> -> tensor<?x1x16x64xf32>
// CHECK:       return

// 5x4 is padded to two windows, one below the other; the padding is cropped at the end of the level.
// CHECK:       func.func @forward_70x50(%{{.*}}: tensor<?x3x70x50xf32>)
// CHECK-NEXT:  mv.stem {{.*}} -> tensor<?x18x13x16xf32>
// CHECK:       mv.window_partition {{.*}} window 4 : tensor<?x5x4x64xf32> -> tensor<?x2x16x64xf32>
// CHECK:       mv.window_reverse {{.*}} window 4 : tensor<?x2x16x64xf32> -> tensor<?x5x4x64xf32>
// CHECK-NEXT:  mv.downsample {{.*}} : tensor<?x5x4x64xf32> -> tensor<?x3x2x128xf32>
// CHECK-NOT:   func.func
