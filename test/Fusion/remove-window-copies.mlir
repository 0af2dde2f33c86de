// RUN: mv-opt %s --mv-fuse-pointwise --mv-remove-window-copies --split-input-file --verify-diagnostics --remarks-filter-missed=mv-remove-window-copies --remark-format=emitRemark | FileCheck %s

// A partition ends the kernel of the convolution before it, a reverse that of the product.
// CHECK-LABEL: @partition_and_reverse
// CHECK: %[[T:.*]] = mv.kernel(%arg0, %arg1) : {{.*}} -> tensor<?x4x4x8xf32> {
// CHECK: %[[C:.*]] = mv.conv2d
// CHECK-NEXT: %[[P:.*]] = mv.window_partition %[[C]] window 2
// CHECK-NEXT: mv.yield %[[P]]
// CHECK: %[[R:.*]] = mv.kernel(%[[T]], %arg2) : {{.*}} -> tensor<?x4x3x8xf32> {
// CHECK: mv.linear
// CHECK-NEXT: mv.add
// CHECK-NEXT: mv.window_reverse
// CHECK-NEXT: mv.yield
// CHECK: return %[[R]]
func.func @partition_and_reverse(%x: tensor<?x4x3x8xf32>, %w: tensor<8x8x3x3xf32>, %v: tensor<8x8xf32>) -> tensor<?x4x3x8xf32> {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x3x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x3x8xf32>
  %1 = mv.window_partition %0 window 2 : tensor<?x4x3x8xf32> -> tensor<?x4x4x8xf32>
  %2 = mv.linear %1, %v : (tensor<?x4x4x8xf32>, tensor<8x8xf32>) -> tensor<?x4x4x8xf32>
  %3 = mv.add %2, %1 : tensor<?x4x4x8xf32>
  %4 = mv.window_reverse %3 window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x3x8xf32>
  return %4 : tensor<?x4x3x8xf32>
}

// -----

// A level without blocks cancels; windows that tile the map cancel the other way around too.
// CHECK-LABEL: @cancel
// CHECK-NEXT: return %arg0, %arg1
func.func @cancel(%x: tensor<?x3x3x8xf32>, %y: tensor<?x4x4x8xf32>) -> (tensor<?x3x3x8xf32>, tensor<?x4x4x8xf32>) {
  %0 = mv.window_partition %x window 2 : tensor<?x3x3x8xf32> -> tensor<?x4x4x8xf32>
  %1 = mv.window_reverse %0 window 2 : tensor<?x4x4x8xf32> -> tensor<?x3x3x8xf32>
  %2 = mv.window_reverse %y window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x4x8xf32>
  %3 = mv.window_partition %2 window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x4x8xf32>
  return %1, %3 : tensor<?x3x3x8xf32>, tensor<?x4x4x8xf32>
}

// -----

// Reversing drops what the padding holds, so partitioning again does not bring it back.
// CHECK-LABEL: @negative_padding
// CHECK: mv.window_reverse
// CHECK: mv.window_partition
func.func @negative_padding(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  // expected-remark@+1 {{the input is an argument of the function}}
  %0 = mv.window_reverse %x window 2 : tensor<?x4x4x8xf32> -> tensor<?x3x3x8xf32>
  // expected-remark@+1 {{the input is not computed by a primitive op}}
  %1 = mv.window_partition %0 window 2 : tensor<?x3x3x8xf32> -> tensor<?x4x4x8xf32>
  return %1 : tensor<?x4x4x8xf32>
}

// -----

// A map that others read stays a map.
// CHECK-LABEL: @negative_shared
// CHECK: %[[C:.*]] = mv.conv2d
// CHECK: mv.window_partition %[[C]]
func.func @negative_shared(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>) -> (tensor<?x4x4x8xf32>, tensor<?x4x4x8xf32>) {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  // expected-remark@+1 {{the input has other readers, which want it as it is}}
  %1 = mv.window_partition %0 window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x4x8xf32>
  return %0, %1 : tensor<?x4x4x8xf32>, tensor<?x4x4x8xf32>
}

// -----

// A kernel moves data once.
// CHECK-LABEL: @negative_second_movement
// CHECK: mv.window_partition
// CHECK: mv.yield
// CHECK: mv.window_partition
func.func @negative_second_movement(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>) -> tensor<?x1x16x8xf32> {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  %1 = mv.window_partition %0 window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x4x8xf32>
  // expected-remark@+1 {{the kernel before ends in another movement of data}}
  %2 = mv.window_partition %1 window 4 : tensor<?x4x4x8xf32> -> tensor<?x1x16x8xf32>
  return %2 : tensor<?x1x16x8xf32>
}
