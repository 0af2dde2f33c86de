// RUN: mv-opt %s --mv-fuse-stem --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fuse-stem --remark-format=emitRemark | FileCheck %s
// RUN: mv-opt %s --mv-fuse-pointwise --mv-fuse-stem --split-input-file | FileCheck %s --check-prefix=AFTER

// Into a bare convolution, and into a kernel with an epilogue.
// CHECK-LABEL: @stem
// CHECK: mv.kernel(%arg0, %arg1) : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>)
// CHECK: %[[X:.*]] = mv.to_nhwc
// CHECK-NEXT: %[[Y:.*]] = mv.conv2d %[[X]]
// CHECK-NEXT: mv.yield %[[Y]]
// AFTER-LABEL: @stem
// AFTER: mv.kernel(%arg0, %arg1)
// AFTER: %[[X:.*]] = mv.to_nhwc
// AFTER-NEXT: %[[Y:.*]] = mv.conv2d %[[X]]
// AFTER-NEXT: mv.relu %[[Y]]
func.func @stem(%image: tensor<?x3x8x8xf32>, %w: tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.to_nhwc %image : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
  %2 = mv.relu %1 : tensor<?x4x4x16xf32>
  return %2 : tensor<?x4x4x16xf32>
}

// -----

// CPUs copy the image.
// CHECK-LABEL: @negative_cpu
// CHECK-NOT: mv.kernel
func.func @negative_cpu(%image: tensor<?x3x8x8xf32>, %w: tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> {
  %0 = mv.to_nhwc %image : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %1 : tensor<?x4x4x16xf32>
}

// -----

// CHECK-LABEL: @negative_channels
// CHECK-NOT: mv.kernel
func.func @negative_channels(%image: tensor<?x5x8x8xf32>, %w: tensor<16x5x3x3xf32>) -> tensor<?x4x4x16xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  // expected-remark@+1 {{the image has many channels}}
  %0 = mv.to_nhwc %image : tensor<?x5x8x8xf32> -> tensor<?x8x8x5xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x5xf32>, tensor<16x5x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %1 : tensor<?x4x4x16xf32>
}

// -----

// CHECK-LABEL: @negative_two_readers
// CHECK-NOT: mv.kernel
func.func @negative_two_readers(%image: tensor<?x3x8x8xf32>, %w: tensor<16x3x3x3xf32>) -> (tensor<?x4x4x16xf32>, tensor<?x8x8x3xf32>) attributes {mv.device = "cuda", mv.dtype = "f16"} {
  // expected-remark@+1 {{the image has other readers}}
  %0 = mv.to_nhwc %image : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %1, %0 : tensor<?x4x4x16xf32>, tensor<?x8x8x3xf32>
}

// -----

// CHECK-LABEL: @negative_computed
// CHECK-NOT: mv.kernel
func.func @negative_computed(%x: tensor<?x8x8x3xf32>, %w: tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %image = mv.to_nchw %x : tensor<?x8x8x3xf32> -> tensor<?x3x8x8xf32>
  // expected-remark@+1 {{the image is computed by another kernel}}
  %0 = mv.to_nhwc %image : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %1 : tensor<?x4x4x16xf32>
}

// -----

// CHECK-LABEL: @negative_other_reader
// CHECK-NOT: mv.kernel
func.func @negative_other_reader(%image: tensor<?x3x8x8xf32>) -> tensor<?x3xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  // expected-remark@+1 {{the reader is not a convolution}}
  %0 = mv.to_nhwc %image : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.pool %0 : tensor<?x8x8x3xf32> -> tensor<?x3xf32>
  return %1 : tensor<?x3xf32>
}

// -----

// A picture of bytes: its normalisation goes the same way.
// CHECK-LABEL: @picture
// CHECK: mv.kernel(%arg0, %arg1) : (tensor<?x8x8x3xui8>, tensor<16x3x3x3xf32>)
// CHECK: %[[X:.*]] = mv.normalize
// CHECK-NEXT: %[[Y:.*]] = mv.conv2d %[[X]]
// CHECK-NEXT: mv.yield %[[Y]]
func.func @picture(%picture: tensor<?x8x8x3xui8>, %w: tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.normalize %picture mean [0.5, 0.5, 0.5] std [0.25, 0.25, 0.25] : tensor<?x8x8x3xui8> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %1 : tensor<?x4x4x16xf32>
}

// -----

// CHECK-LABEL: @negative_picture_cpu
// CHECK-NOT: mv.kernel
func.func @negative_picture_cpu(%picture: tensor<?x8x8x3xui8>, %w: tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> {
  %0 = mv.normalize %picture mean [0.5, 0.5, 0.5] std [0.25, 0.25, 0.25] : tensor<?x8x8x3xui8> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %1 : tensor<?x4x4x16xf32>
}
