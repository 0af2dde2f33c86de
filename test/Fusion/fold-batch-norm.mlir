// RUN: mv-opt %s --mv-fold-batch-norm --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fold-batch-norm --remark-format=emitRemark | FileCheck %s

// Into weights and bias of the convolution before it: s = weight / sqrt(variance + eps), bias s + (norm's bias - mean s).
// CHECK-LABEL: @with_bias
// CHECK-SAME: %[[X:[^:]*]]: {{[^,]*}}, %[[W:[^:]*]]: {{[^,]*}}, %[[B:[^:]*]]: {{[^,]*}}, %[[NW:[^:]*]]: {{[^,]*}}, %[[NB:[^:]*]]: {{[^,]*}}, %[[M:[^:]*]]: {{[^,]*}}, %[[V:[^:]*]]: tensor
// CHECK: %[[E:.*]] = mv.param.unary add_scalar %[[V]] scalar 1.000000e-05
// CHECK: %[[R:.*]] = mv.param.unary rsqrt %[[E]]
// CHECK: %[[S:.*]] = mv.param.binary mul %[[NW]], %[[R]]
// CHECK: %[[MS:.*]] = mv.param.binary mul %[[M]], %[[S]]
// CHECK: %[[T:.*]] = mv.param.binary sub %[[NB]], %[[MS]]
// CHECK: %[[WS:.*]] = mv.param.binary mul %[[W]], %[[S]] : tensor<16x8x3x3xf32>, tensor<16xf32>
// CHECK: %[[BS:.*]] = mv.param.binary mul %[[B]], %[[S]]
// CHECK: %[[BT:.*]] = mv.param.binary add %[[BS]], %[[T]]
// CHECK: %[[Y:.*]] = mv.conv2d %[[X]], %[[WS]] bias %[[BT]] stride 1
// CHECK-NOT: mv.batch_norm
// CHECK: return %[[Y]]
func.func @with_bias(%x: tensor<?x4x4x8xf32>, %w: tensor<16x8x3x3xf32>, %b: tensor<16xf32>, %nw: tensor<16xf32>,
                     %nb: tensor<16xf32>, %m: tensor<16xf32>, %v: tensor<16xf32>) -> tensor<?x4x4x16xf32> {
  %0 = mv.conv2d %x, %w bias %b stride 1 : (tensor<?x4x4x8xf32>, tensor<16x8x3x3xf32>, tensor<16xf32>) -> tensor<?x4x4x16xf32>
  %1 = mv.batch_norm %0, %nw, %nb, %m, %v eps 1.0e-05 : tensor<?x4x4x16xf32>, tensor<16xf32>
  return %1 : tensor<?x4x4x16xf32>
}

// -----

// A convolution without a bias gets one.
// CHECK-LABEL: @without_bias
// CHECK: %[[T:.*]] = mv.param.binary sub
// CHECK: mv.conv2d %{{.*}}, %{{.*}} bias %[[T]] stride 2
// CHECK-NOT: mv.batch_norm
func.func @without_bias(%x: tensor<?x4x4x8xf32>, %w: tensor<16x8x3x3xf32>, %p: tensor<16xf32>) -> tensor<?x2x2x16xf32> {
  %0 = mv.conv2d %x, %w stride 2 : (tensor<?x4x4x8xf32>, tensor<16x8x3x3xf32>) -> tensor<?x2x2x16xf32>
  %1 = mv.batch_norm %0, %p, %p, %p, %p eps 1.0e-05 : tensor<?x2x2x16xf32>, tensor<16xf32>
  return %1 : tensor<?x2x2x16xf32>
}

// -----

// In front of a pool it moves behind it, where there is one position.
// CHECK-LABEL: @before_pool
// CHECK: %[[P:.*]] = mv.pool %arg0
// CHECK: %[[A:.*]] = mv.affine %[[P]], {{.*}} : tensor<?x8xf32>, tensor<8xf32>
// CHECK: return %[[A]]
func.func @before_pool(%x: tensor<?x4x4x8xf32>, %p: tensor<8xf32>) -> tensor<?x8xf32> {
  %0 = mv.batch_norm %x, %p, %p, %p, %p eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
  %1 = mv.pool %0 : tensor<?x4x4x8xf32> -> tensor<?x8xf32>
  return %1 : tensor<?x8xf32>
}

// -----

// Anywhere else it is one product and one sum.
// CHECK-LABEL: @alone
// CHECK: mv.affine %arg0
// CHECK-NOT: mv.batch_norm
func.func @alone(%x: tensor<?x4x4x8xf32>, %p: tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  %0 = mv.batch_norm %x, %p, %p, %p, %p eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
  return %0 : tensor<?x4x4x8xf32>
}

// -----

// A convolution whose result others read keeps its weights.
// CHECK-LABEL: @negative_shared_convolution
// CHECK: %[[C:.*]] = mv.conv2d %arg0, %arg1 stride 1
// CHECK: %[[A:.*]] = mv.affine %[[C]]
// CHECK: return %[[C]], %[[A]]
func.func @negative_shared_convolution(%x: tensor<?x4x4x8xf32>, %w: tensor<8x8x3x3xf32>, %p: tensor<8xf32>) -> (tensor<?x4x4x8xf32>, tensor<?x4x4x8xf32>) {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
  // expected-remark@+1 {{the value before the batch norm has other readers}}
  %1 = mv.batch_norm %0, %p, %p, %p, %p eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
  return %0, %1 : tensor<?x4x4x8xf32>, tensor<?x4x4x8xf32>
}
