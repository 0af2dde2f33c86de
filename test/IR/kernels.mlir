// Kernel regions, and the encodings of types that cross their border.
// RUN: mv-opt %s | FileCheck %s
// RUN: mv-opt %s | mv-opt | FileCheck %s
// RUN: mv-opt %s --mlir-print-op-generic | mv-opt | FileCheck %s

// CHECK-LABEL: func.func @product
func.func @product(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %b: tensor<16xf32>) -> tensor<?x1x4x16xf32> {
  // CHECK:      %[[Y:.*]] = mv.kernel(%{{.*}}, %{{.*}}, %{{.*}}) : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32> {
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x1x4x8xf32>, %{{.*}}: tensor<16x8xf32>, %{{.*}}: tensor<16xf32>):
  // CHECK-NEXT: mv.linear
  // CHECK-NEXT: mv.gelu erf
  // CHECK-NEXT: mv.yield %{{.*}} : tensor<?x1x4x16xf32>
  %y = mv.kernel(%x, %w, %b) : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>, %w0: tensor<16x8xf32>, %b0: tensor<16xf32>):
    %0 = mv.linear %x0, %w0 bias %b0 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
    %1 = mv.gelu erf %0 : tensor<?x1x4x16xf32>
    mv.yield %1 : tensor<?x1x4x16xf32>
  }
  return %y : tensor<?x1x4x16xf32>
}

// CHECK-LABEL: func.func @layouts
// CHECK-SAME: tensor<?x56x56x80xf32, #mv.layout<halo = 1, channels = 80>>
func.func @layouts(%x: tensor<?x56x56x80xf32, #mv.layout<halo = 1, channels = 80>>, %w: tensor<160x80x3x3xf32, #mv.packed<panels width = 32>>) -> tensor<?x28x28x160xf32> {
  // CHECK:      mv.kernel{{.*}}#mv.packed<panels width = 32>
  // CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x56x56x80xf32>, %{{.*}}: tensor<160x80x3x3xf32>):
  %y = mv.kernel(%x, %w) : (tensor<?x56x56x80xf32, #mv.layout<halo = 1, channels = 80>>, tensor<160x80x3x3xf32, #mv.packed<panels width = 32>>) -> tensor<?x28x28x160xf32> {
  ^bb0(%x0: tensor<?x56x56x80xf32>, %w0: tensor<160x80x3x3xf32>):
    %0 = mv.conv2d %x0, %w0 stride 2 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>) -> tensor<?x28x28x160xf32>
    mv.yield %0 : tensor<?x28x28x160xf32>
  }
  return %y : tensor<?x28x28x160xf32>
}

// CHECK: func.func private @packings(tensor<160x8xf32, #mv.packed<columns width = 16>>, tensor<160xf32, #mv.packed<vector width = 16>>)
func.func private @packings(tensor<160x8xf32, #mv.packed<columns width = 16>>, tensor<160xf32, #mv.packed<vector width = 16>>)

// The element in memory is another than the tensor's.
// CHECK: func.func private @elements(tensor<?x1x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>>, tensor<320x1280xf32, #mv.packed<rows width = 64, element = f16>>)
func.func private @elements(tensor<?x1x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>>, tensor<320x1280xf32, #mv.packed<rows width = 64, element = f16>>)
