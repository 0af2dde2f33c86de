// RUN: mv-opt %s --mv-fold-layer-scale --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fold-layer-scale --remark-format=emitRemark | FileCheck %s

// Into weights and bias of the product before it.
// CHECK-LABEL: @product
// CHECK-SAME: %[[X:[^:]*]]: {{[^,]*}}, %[[W:[^:]*]]: {{[^,]*}}, %[[B:[^:]*]]: {{[^,]*}}, %[[G:[^:]*]]: tensor
// CHECK: %[[WG:.*]] = mv.param.binary mul %[[W]], %[[G]] : tensor<16x8xf32>, tensor<16xf32>
// CHECK: %[[BG:.*]] = mv.param.binary mul %[[B]], %[[G]]
// CHECK: %[[Y:.*]] = mv.linear %[[X]], %[[WG]] bias %[[BG]]
// CHECK-NOT: mv.scale
// CHECK: return %[[Y]]
func.func @product(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %b: tensor<16xf32>, %g: tensor<16xf32>) -> tensor<?x1x4x16xf32> {
  %0 = mv.linear %x, %w bias %b : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  %1 = mv.scale %0, %g : tensor<?x1x4x16xf32>, tensor<16xf32>
  return %1 : tensor<?x1x4x16xf32>
}

// -----

// Into a convolution; without a bias there is none to scale.
// CHECK-LABEL: @convolution
// CHECK: %[[WG:.*]] = mv.param.binary mul %arg1, %arg2
// CHECK: mv.conv2d %arg0, %[[WG]] stride 1
// CHECK-NOT: mv.scale
func.func @convolution(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>, %g: tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  %1 = mv.scale %0, %g : tensor<?x4x4x8xf32>, tensor<8xf32>
  return %1 : tensor<?x4x4x8xf32>
}

// -----

// An argument has no weights.
// CHECK-LABEL: @negative_argument
// CHECK: mv.scale %arg0, %arg1
func.func @negative_argument(%x: tensor<?x4x4x8xf32>, %g: tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  // expected-remark@+1 {{no product or convolution before the scale}}
  %0 = mv.scale %x, %g : tensor<?x4x4x8xf32>, tensor<8xf32>
  return %0 : tensor<?x4x4x8xf32>
}

// -----

// Others read the product unscaled.
// CHECK-LABEL: @negative_shared
// CHECK: %[[Y:.*]] = mv.linear %arg0, %arg1
// CHECK: mv.scale %[[Y]], %arg2
func.func @negative_shared(%x: tensor<?x1x4x8xf32>, %w: tensor<8x8xf32>, %g: tensor<8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  // expected-remark@+1 {{the value before the scale has other readers}}
  %1 = mv.scale %0, %g : tensor<?x1x4x8xf32>, tensor<8xf32>
  %2 = mv.add %1, %0 : tensor<?x1x4x8xf32>
  return %2 : tensor<?x1x4x8xf32>
}
