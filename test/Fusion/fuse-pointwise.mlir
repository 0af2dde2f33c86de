// RUN: mv-opt %s --mv-fuse-pointwise --split-input-file | FileCheck %s

// A product with its activation; parameters and activations become inputs in the order of use.
// CHECK-LABEL: @activation
// CHECK-SAME: %[[X:[^:]*]]: {{[^,]*}}, %[[W:[^:]*]]: tensor
// CHECK: %[[Y:.*]] = mv.kernel(%[[X]], %[[W]]) : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32> {
// CHECK-NEXT: ^bb0(%[[XI:.*]]: tensor<?x1x4x8xf32>, %[[WI:.*]]: tensor<16x8xf32>):
// CHECK-NEXT: %[[L:.*]] = mv.linear %[[XI]], %[[WI]]
// CHECK-NEXT: %[[G:.*]] = mv.gelu erf %[[L]]
// CHECK-NEXT: mv.yield %[[G]]
// CHECK: return %[[Y]]
func.func @activation(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>) -> tensor<?x1x4x16xf32> {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32>
  %1 = mv.gelu erf %0 : tensor<?x1x4x16xf32>
  return %1 : tensor<?x1x4x16xf32>
}

// -----

// A residual sum, whichever operand the chain is; a value used twice is one input.
// CHECK-LABEL: @residual
// CHECK: mv.kernel(%arg0, %arg1)
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x4x4x8xf32>, %{{.*}}: tensor<8x8x3x3xf32>):
// CHECK-NEXT: %[[C:.*]] = mv.conv2d %[[X]]
// CHECK-NEXT: mv.add %[[X]], %[[C]]
func.func @residual(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32> {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  %1 = mv.add %x, %0 : tensor<?x4x4x8xf32>
  return %1 : tensor<?x4x4x8xf32>
}

// -----

// A sum of two products belongs to the later one; the earlier one stays bare.
// CHECK-LABEL: @two_products
// CHECK: %[[FIRST:.*]] = mv.linear %arg0, %arg1
// CHECK: mv.kernel(%arg0, %arg2, %[[FIRST]])
// CHECK: mv.linear
// CHECK-NEXT: mv.add
func.func @two_products(%x: tensor<?x1x4x8xf32>, %v: tensor<8x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.linear %x, %v : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  %1 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  %2 = mv.add %0, %1 : tensor<?x1x4x8xf32>
  return %2 : tensor<?x1x4x8xf32>
}

// -----

// to_nchw ends a kernel: nothing follows it.
// CHECK-LABEL: @movement
// CHECK: %[[N:.*]] = mv.kernel
// CHECK: mv.layer_norm
// CHECK-NEXT: mv.to_nchw
// CHECK-NEXT: mv.yield
// CHECK: mv.relu %[[N]]
func.func @movement(%x: tensor<?x4x4x8xf32>, %g: tensor<8xf32>) -> tensor<?x8x4x4xf32> {
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
  %1 = mv.to_nchw %0 : tensor<?x4x4x8xf32> -> tensor<?x8x4x4xf32>
  %2 = mv.relu %1 : tensor<?x8x4x4xf32>
  return %2 : tensor<?x8x4x4xf32>
}

// -----

// Pointwise ops go together without a root as well.
// CHECK-LABEL: @no_root
// CHECK: mv.kernel(%arg0, %arg1)
// CHECK: mv.affine
// CHECK-NEXT: mv.relu
// CHECK-NEXT: mv.yield
func.func @no_root(%x: tensor<?x4x4x8xf32>, %s: tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  %0 = mv.affine %x, %s, %s : tensor<?x4x4x8xf32>, tensor<8xf32>
  %1 = mv.relu %0 : tensor<?x4x4x8xf32>
  return %1 : tensor<?x4x4x8xf32>
}

// -----

// A value with a second reader must be stored: the chain ends there, and goes on as another kernel.
// CHECK-LABEL: @negative_tapped
// CHECK: %[[R:.*]] = mv.kernel(%arg0, %arg1)
// CHECK: mv.conv2d
// CHECK-NEXT: mv.relu
// CHECK-NEXT: mv.yield
// CHECK: %[[A:.*]] = mv.add %[[R]], %arg0
// CHECK: return %[[R]], %[[A]]
func.func @negative_tapped(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>) -> (tensor<?x4x4x8xf32>, tensor<?x4x4x8xf32>) {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  %1 = mv.relu %0 : tensor<?x4x4x8xf32>
  %2 = mv.add %1, %x : tensor<?x4x4x8xf32>
  return %1, %2 : tensor<?x4x4x8xf32>, tensor<?x4x4x8xf32>
}

// -----

// Whichever of the readers comes last.
// CHECK-LABEL: @negative_tapped_early
// CHECK: %[[R:.*]] = mv.kernel(%arg0, %arg1)
// CHECK: mv.conv2d
// CHECK-NEXT: mv.relu
// CHECK-NEXT: mv.yield
// CHECK: mv.pool %[[R]]
// CHECK: mv.add %[[R]], %arg0
func.func @negative_tapped_early(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>) -> (tensor<?x8xf32>, tensor<?x4x4x8xf32>) {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  %1 = mv.relu %0 : tensor<?x4x4x8xf32>
  %2 = mv.pool %1 : tensor<?x4x4x8xf32> -> tensor<?x8xf32>
  %3 = mv.add %1, %x : tensor<?x4x4x8xf32>
  return %2, %3 : tensor<?x8xf32>, tensor<?x4x4x8xf32>
}

// -----

// One op is no group: mv-form-kernels wraps it later.
// CHECK-LABEL: @negative_single
// CHECK-NOT: mv.kernel
func.func @negative_single(%x: tensor<?x4x4x8xf32>) -> tensor<?x8xf32> {
  %0 = mv.pool %x : tensor<?x4x4x8xf32> -> tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}

// -----

// x + x of one value is two reads of it.
// CHECK-LABEL: @negative_read_twice
// CHECK-NOT: mv.kernel
// CHECK: %[[L:.*]] = mv.linear
// CHECK: mv.add %[[L]], %[[L]]
func.func @negative_read_twice(%x: tensor<?x1x4x8xf32>, %w: tensor<8x8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  %1 = mv.add %0, %0 : tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}
