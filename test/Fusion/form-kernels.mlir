// RUN: mv-opt %s --mv-form-kernels --split-input-file | FileCheck %s

// Every bare op gets a kernel of its own; kernels and parameters stay.
// CHECK-LABEL: @wrap
// CHECK: %[[W:.*]] = mv.parameter "w"
// CHECK: %[[A:.*]] = mv.kernel(%arg0) : {{.*}} {
// CHECK-NEXT: ^bb0
// CHECK-NEXT: mv.relu
// CHECK-NEXT: mv.yield
// CHECK: %[[B:.*]] = mv.kernel(%[[A]], %[[W]])
// CHECK-NEXT: ^bb0
// CHECK-NEXT: mv.linear
// CHECK-NEXT: mv.yield
// CHECK-NOT: mv.kernel
// CHECK: return %[[B]]
func.func @wrap(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> {
  %w = mv.parameter "w" : tensor<8x8xf32>
  %0 = mv.kernel(%x) : (tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>):
    %2 = mv.relu %x0 : tensor<?x1x4x8xf32>
    mv.yield %2 : tensor<?x1x4x8xf32>
  }
  %1 = mv.linear %0, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}

// -----

// Logits that are the pooled features, and an argument that is returned, are copied.
// CHECK-LABEL: @results
// CHECK: %[[P:.*]] = mv.kernel(%arg0)
// CHECK: mv.pool
// CHECK: %[[C:.*]] = mv.kernel(%[[P]]) : (tensor<?x8xf32>) -> tensor<?x8xf32> {
// CHECK-NEXT: ^bb0(%[[IN:.*]]: tensor<?x8xf32>):
// CHECK-NEXT: mv.yield %[[IN]]
// CHECK: %[[X:.*]] = mv.kernel(%arg0) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32>
// CHECK: return %[[P]], %[[C]], %[[X]]
func.func @results(%x: tensor<?x4x4x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x4x4x8xf32>) {
  %0 = mv.pool %x : tensor<?x4x4x8xf32> -> tensor<?x8xf32>
  return %0, %0, %x : tensor<?x8xf32>, tensor<?x8xf32>, tensor<?x4x4x8xf32>
}

// -----

// Model ops are not wrapped: mv-verify-fused names them.
// CHECK-LABEL: @negative_model_op
// CHECK-NEXT: mv.downsample
func.func @negative_model_op(%x: tensor<?x4x4x8xf32>) -> tensor<?x2x2x16xf32> {
  %0 = mv.downsample %x at "d" : tensor<?x4x4x8xf32> -> tensor<?x2x2x16xf32>
  return %0 : tensor<?x2x2x16xf32>
}
