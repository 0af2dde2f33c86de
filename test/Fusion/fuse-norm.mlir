// RUN: mv-opt %s --mv-fuse-norm --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fuse-norm --remark-format=emitRemark | FileCheck %s
// RUN: mv-opt %s --mv-fuse-pointwise --mv-fuse-norm --split-input-file | FileCheck %s --check-prefix=AFTER

// In front of a bare product, and of a kernel with an epilogue.
// CHECK-LABEL: @product
// CHECK: mv.kernel(%arg0, %arg1, %arg2)
// CHECK: %[[N:.*]] = mv.layer_norm
// CHECK-NEXT: %[[L:.*]] = mv.linear %[[N]]
// CHECK-NEXT: mv.yield %[[L]]
// AFTER-LABEL: @product
// AFTER: mv.kernel(%arg0, %arg1, %arg2)
// AFTER: %[[N:.*]] = mv.layer_norm
// AFTER-NEXT: %[[L:.*]] = mv.linear %[[N]]
// AFTER-NEXT: mv.gelu erf %[[L]]
func.func @product(%x: tensor<?x1x4x8xf32>, %g: tensor<8xf32>, %w: tensor<16x8xf32>) -> tensor<?x1x4x16xf32> {
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32>
  %2 = mv.gelu erf %1 : tensor<?x1x4x16xf32>
  return %2 : tensor<?x1x4x16xf32>
}

// -----

// Two readers: it is computed once and stored.
// CHECK-LABEL: @negative_two_readers
// CHECK: mv.layer_norm
// CHECK-NOT: mv.kernel
func.func @negative_two_readers(%x: tensor<?x1x4x8xf32>, %g: tensor<8xf32>, %w: tensor<8x8xf32>) -> (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>) {
  // expected-remark@+1 {{the norm has several readers}}
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  return %0, %1 : tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>
}

// -----

// As the residual of a product it is not that product's activation.
// AFTER-LABEL: @negative_residual
// AFTER: %[[N:.*]] = mv.layer_norm
// AFTER: mv.kernel(%arg0, %arg2, %[[N]])
func.func @negative_residual(%x: tensor<?x1x4x8xf32>, %g: tensor<8xf32>, %w: tensor<8x8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  %2 = mv.add %1, %0 : tensor<?x1x4x8xf32>
  return %2 : tensor<?x1x4x8xf32>
}

// -----

// The product's activation and residual at once: after mv-fuse-pointwise the kernel is one reader that reads it twice.
// AFTER-LABEL: @negative_activation_and_residual
// AFTER: %[[N:.*]] = mv.layer_norm
// AFTER: mv.kernel(%[[N]], %arg2)
func.func @negative_activation_and_residual(%x: tensor<?x1x4x8xf32>, %g: tensor<8xf32>, %w: tensor<8x8xf32>) -> tensor<?x1x4x8xf32> {
  // expected-remark@+1 {{the norm has several readers}}
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
  %2 = mv.add %1, %0 : tensor<?x1x4x8xf32>
  return %2 : tensor<?x1x4x8xf32>
}
