// RUN: mv-opt %s --mv-fuse-attention-input --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fuse-attention-input --remark-format=emitRemark | FileCheck %s
// RUN: mv-opt %s --mv-form-kernels --mv-fuse-attention-input --split-input-file | FileCheck %s --check-prefix=KERNELS

// Bare ops and kernels of one op.
// CHECK-LABEL: @product
// CHECK: mv.kernel(%arg0, %arg1) : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x8xf32>
// CHECK: %[[QKV:.*]] = mv.linear
// CHECK-NEXT: %[[Y:.*]] = mv.attention %[[QKV]]
// CHECK-NEXT: mv.yield %[[Y]]
// CHECK-NOT: mv.kernel
// KERNELS-LABEL: @product
// KERNELS: mv.kernel(%arg0, %arg1)
// KERNELS: %[[QKV:.*]] = mv.linear
// KERNELS-NEXT: mv.attention %[[QKV]]
// KERNELS-NOT: mv.kernel
// KERNELS: return
func.func @product(%x: tensor<?x1x4x8xf32>, %w: tensor<24x8xf32>) -> tensor<?x1x4x8xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32>
  %1 = mv.attention %0 heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}

// -----

// CHECK-LABEL: @norm
// CHECK: mv.kernel(
// CHECK: %[[QKV:.*]] = mv.norm_linear
// CHECK-NEXT: mv.attention %[[QKV]]
// CHECK-NOT: mv.kernel
func.func @norm(%x: tensor<?x1x256x8xf32>, %w: tensor<24x8xf32>, %s: tensor<24xf32>) -> tensor<?x1x256x8xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.norm_linear %x, %w sums %s eps 1.0e-05 : (tensor<?x1x256x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x1x256x24xf32>
  %1 = mv.attention %0 heads 2 scale 1.0 : (tensor<?x1x256x24xf32>) -> tensor<?x1x256x8xf32>
  return %1 : tensor<?x1x256x8xf32>
}

// -----

// CHECK-LABEL: @negative_tokens
// CHECK-NOT: mv.kernel
func.func @negative_tokens(%x: tensor<?x1x257x8xf32>, %w: tensor<24x8xf32>) -> tensor<?x1x257x8xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.linear %x, %w : (tensor<?x1x257x8xf32>, tensor<24x8xf32>) -> tensor<?x1x257x24xf32>
  // expected-remark@+1 {{the windows have many tokens, or the heads many channels}}
  %1 = mv.attention %0 heads 2 scale 1.0 : (tensor<?x1x257x24xf32>) -> tensor<?x1x257x8xf32>
  return %1 : tensor<?x1x257x8xf32>
}

// -----

// CHECK-LABEL: @negative_readers
// CHECK-NOT: mv.kernel
func.func @negative_readers(%x: tensor<?x1x4x8xf32>, %w: tensor<24x8xf32>) -> (tensor<?x1x4x8xf32>, tensor<?x1x4x24xf32>) attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32>
  // expected-remark@+1 {{q, k and v have other readers}}
  %1 = mv.attention %0 heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %1, %0 : tensor<?x1x4x8xf32>, tensor<?x1x4x24xf32>
}

// -----

// CHECK-LABEL: @negative_argument
// CHECK-NOT: mv.kernel
func.func @negative_argument(%x: tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  // expected-remark@+1 {{q, k and v are the function's argument}}
  %0 = mv.attention %x heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %0 : tensor<?x1x4x8xf32>
}

// -----

// CHECK-LABEL: @negative_more
// CHECK-NOT: mv.kernel
func.func @negative_more(%x: tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.relu %x : tensor<?x1x4x24xf32>
  // expected-remark@+1 {{q, k and v are not computed by a product alone}}
  %1 = mv.attention %0 heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}

// -----

// CHECK-LABEL: @negative_cpu
// CHECK-NOT: mv.kernel
func.func @negative_cpu(%x: tensor<?x1x4x8xf32>, %w: tensor<24x8xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32>
  %1 = mv.attention %0 heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}
