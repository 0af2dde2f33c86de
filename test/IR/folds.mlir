// What the folders remove, and what only looks like it.
// RUN: mv-opt %s --canonicalize --split-input-file | FileCheck %s

// CHECK-LABEL: func.func @relu_twice
// CHECK-COUNT-1: mv.relu
// CHECK-NOT: mv.relu
// CHECK: return
func.func @relu_twice(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  %0 = mv.relu %x : tensor<?x4x4x8xf32>
  %1 = mv.relu %0 : tensor<?x4x4x8xf32>
  return %1 : tensor<?x4x4x8xf32>
}

// CHECK-LABEL: func.func @window_there_and_back
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @window_there_and_back(%x: tensor<?x5x4x8xf32>) -> tensor<?x5x4x8xf32> {
  %0 = mv.window_partition %x window 4 : tensor<?x5x4x8xf32> -> tensor<?x2x16x8xf32>
  %1 = mv.window_reverse %0 window 4 : tensor<?x2x16x8xf32> -> tensor<?x5x4x8xf32>
  return %1 : tensor<?x5x4x8xf32>
}

// The padding is part of the result here.
// CHECK-LABEL: func.func @negative_window_other_map
// CHECK: mv.window_partition
// CHECK: mv.window_reverse
func.func @negative_window_other_map(%x: tensor<?x5x4x8xf32>) -> tensor<?x6x4x8xf32> {
  %0 = mv.window_partition %x window 4 : tensor<?x5x4x8xf32> -> tensor<?x2x16x8xf32>
  %1 = mv.window_reverse %0 window 4 : tensor<?x2x16x8xf32> -> tensor<?x6x4x8xf32>
  return %1 : tensor<?x6x4x8xf32>
}

// Back and there is no identity: padding positions become zero.
// CHECK-LABEL: func.func @negative_window_back_and_there
// CHECK: mv.window_reverse
// CHECK: mv.window_partition
func.func @negative_window_back_and_there(%x: tensor<?x2x16x8xf32>) -> tensor<?x2x16x8xf32> {
  %0 = mv.window_reverse %x window 4 : tensor<?x2x16x8xf32> -> tensor<?x5x4x8xf32>
  %1 = mv.window_partition %0 window 4 : tensor<?x5x4x8xf32> -> tensor<?x2x16x8xf32>
  return %1 : tensor<?x2x16x8xf32>
}

// CHECK-LABEL: func.func @slice_of_all
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @slice_of_all(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.slice %x offset 0 : tensor<?x1x4x8xf32> -> tensor<?x1x4x8xf32>
  return %0 : tensor<?x1x4x8xf32>
}

// CHECK-LABEL: func.func @negative_slice_of_half
// CHECK: mv.slice
func.func @negative_slice_of_half(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x4xf32> {
  %0 = mv.slice %x offset 0 : tensor<?x1x4x8xf32> -> tensor<?x1x4x4xf32>
  return %0 : tensor<?x1x4x4xf32>
}

// CHECK-LABEL: func.func @reshape_and_pad_to_the_same
// CHECK-SAME: (%[[W:.*]]: tensor
// CHECK-NEXT: return %[[W]]
func.func @reshape_and_pad_to_the_same(%w: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %0 = mv.param.reshape %w : tensor<4x8xf32> -> tensor<4x8xf32>
  %1 = mv.param.pad %0 : tensor<4x8xf32> -> tensor<4x8xf32>
  return %1 : tensor<4x8xf32>
}

// CHECK-LABEL: func.func @negative_reshape_and_pad
// CHECK: mv.param.reshape
// CHECK: mv.param.pad
func.func @negative_reshape_and_pad(%w: tensor<4x1x8xf32>) -> tensor<5x8xf32> {
  %0 = mv.param.reshape %w : tensor<4x1x8xf32> -> tensor<4x8xf32>
  %1 = mv.param.pad %0 : tensor<4x8xf32> -> tensor<5x8xf32>
  return %1 : tensor<5x8xf32>
}

// A kernel is pure: what nobody reads goes.
// CHECK-LABEL: func.func @unread_kernel
// CHECK-NEXT: return
func.func @unread_kernel(%x: tensor<?x1x4x8xf32>) {
  %0 = mv.kernel(%x) : (tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>):
    %1 = mv.silu %x0 : tensor<?x1x4x8xf32>
    mv.yield %1 : tensor<?x1x4x8xf32>
  }
  return
}

// CHECK-LABEL: func.func @planes_there_and_back
// CHECK-SAME: (%[[X:.*]]: tensor
// CHECK-NEXT: return %[[X]]
func.func @planes_there_and_back(%x: tensor<?x5x4x3xf32>) -> tensor<?x5x4x3xf32> {
  %0 = mv.to_nchw %x : tensor<?x5x4x3xf32> -> tensor<?x3x5x4xf32>
  %1 = mv.to_nhwc %0 : tensor<?x3x5x4xf32> -> tensor<?x5x4x3xf32>
  return %1 : tensor<?x5x4x3xf32>
}
