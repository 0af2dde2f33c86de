// RUN: mv-opt %s --mv-drop-dead-parameters | FileCheck %s

// An input the body does not read goes, then the expression behind it, then the parameters of the expression.
// CHECK-LABEL: @unread
// CHECK-NEXT: %[[W:.*]] = mv.parameter "w"
// CHECK-NEXT: mv.kernel(%arg0, %[[W]]) : (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x4x4x8xf32>, %[[S:.*]]: tensor<8xf32>):
// CHECK-NEXT: mv.scale %[[X]], %[[S]]
func.func @unread(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  %g = mv.parameter "gamma" : tensor<8xf32>
  %e = mv.param.unary exp %g : tensor<8xf32>
  %w = mv.parameter "w" : tensor<8xf32>
  %0 = mv.kernel(%x, %e, %w) : (tensor<?x4x4x8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %e0: tensor<8xf32>, %w0: tensor<8xf32>):
    %1 = mv.scale %x0, %w0 : tensor<?x4x4x8xf32>, tensor<8xf32>
    mv.yield %1 : tensor<?x4x4x8xf32>
  }
  return %0 : tensor<?x4x4x8xf32>
}

// A kernel nobody reads goes with its parameters.
// CHECK-LABEL: @dead_kernel
// CHECK-NEXT: return %arg0
func.func @dead_kernel(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  %w = mv.parameter "w" : tensor<8xf32>
  %0 = mv.kernel(%x, %w) : (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %w0: tensor<8xf32>):
    %1 = mv.scale %x0, %w0 : tensor<?x4x4x8xf32>, tensor<8xf32>
    mv.yield %1 : tensor<?x4x4x8xf32>
  }
  return %x : tensor<?x4x4x8xf32>
}

// What is read stays.
// CHECK-LABEL: @negative_read
// CHECK: mv.parameter "w"
// CHECK: mv.param.unary neg
// CHECK: mv.scale
func.func @negative_read(%x: tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  %w = mv.parameter "w" : tensor<8xf32>
  %n = mv.param.unary neg %w : tensor<8xf32>
  %0 = mv.scale %x, %n : tensor<?x4x4x8xf32>, tensor<8xf32>
  return %0 : tensor<?x4x4x8xf32>
}
