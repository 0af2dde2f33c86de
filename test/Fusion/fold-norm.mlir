// RUN: mv-opt %s --mv-fuse-norm --mv-fold-norm --split-input-file | FileCheck %s

// The norm's weight goes into the columns of the product's, its bias through it into the bias; the sums are those of the
// weight as it is stored. The epilogue stays.
// CHECK-LABEL: @product
// CHECK-DAG: %[[G:.*]] = mv.parameter "g"
// CHECK-DAG: %[[H:.*]] = mv.parameter "h"
// CHECK-DAG: %[[W:.*]] = mv.parameter "w"
// CHECK-DAG: %[[B:.*]] = mv.parameter "b"
// CHECK: %[[WH:.*]] = mv.param.matvec %[[W]], %[[H]]
// CHECK: %[[BIAS:.*]] = mv.param.binary add %[[B]], %[[WH]]
// CHECK: %[[WEIGHT:.*]] = mv.param.binary mul %[[W]], %[[G]] axis 1
// CHECK: %[[ROUNDED:.*]] = mv.param.round %[[WEIGHT]] to f16
// CHECK: %[[ZERO:.*]] = mv.param.zero : tensor<8xf32>
// CHECK: %[[ONES:.*]] = mv.param.unary add_scalar %[[ZERO]] scalar 1.000000e+00
// CHECK: %[[SUMS:.*]] = mv.param.matvec %[[ROUNDED]], %[[ONES]]
// CHECK: mv.kernel(%arg0, %[[WEIGHT]], %[[SUMS]], %[[BIAS]]) : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>, tensor<16xf32>)
// CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<?x1x4x8xf32>, %[[W0:.*]]: tensor<16x8xf32>, %[[S0:.*]]: tensor<16xf32>, %[[B0:.*]]: tensor<16xf32>):
// CHECK-NEXT: %[[Y:.*]] = mv.norm_linear %[[X]], %[[W0]] sums %[[S0]] bias %[[B0]] eps 1.000000e-05
// CHECK-NEXT: mv.gelu erf %[[Y]]
func.func @product(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x16xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %g = mv.parameter "g" : tensor<8xf32>
  %h = mv.parameter "h" : tensor<8xf32>
  %w = mv.parameter "w" : tensor<16x8xf32>
  %b = mv.parameter "b" : tensor<16xf32>
  %0 = mv.layer_norm %x, %g, %h eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.kernel(%0, %w, %b) : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>, %w0: tensor<16x8xf32>, %b0: tensor<16xf32>):
    %2 = mv.linear %x0, %w0 bias %b0 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
    %3 = mv.gelu erf %2 : tensor<?x1x4x16xf32>
    mv.yield %3 : tensor<?x1x4x16xf32>
  }
  return %1 : tensor<?x1x4x16xf32>
}

// -----

// Without a bias the norm's alone is left. As tf32, memory has the rounded weight too.
// CHECK-LABEL: @tf32
// CHECK: %[[BIAS:.*]] = mv.param.matvec
// CHECK-NOT: mv.param.binary add
// CHECK: %[[ROUNDED:.*]] = mv.param.round %{{.*}} to tf32
// CHECK: %[[SUMS:.*]] = mv.param.matvec %[[ROUNDED]]
// CHECK: mv.kernel(%arg0, %[[ROUNDED]], %[[SUMS]], %[[BIAS]])
func.func @tf32(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x16xf32> attributes {mv.device = "cuda", mv.dtype = "tf32"} {
  %g = mv.parameter "g" : tensor<8xf32>
  %w = mv.parameter "w" : tensor<16x8xf32>
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32>
  return %1 : tensor<?x1x4x16xf32>
}

// -----

// CPUs normalise a tile of rows before they multiply it.
// CHECK-LABEL: @negative_cpu
// CHECK: mv.layer_norm
// CHECK-NOT: mv.norm_linear
func.func @negative_cpu(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x16xf32> {
  %g = mv.parameter "g" : tensor<8xf32>
  %w = mv.parameter "w" : tensor<16x8xf32>
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32>
  return %1 : tensor<?x1x4x16xf32>
}

// -----

// A norm of its own.
// CHECK-LABEL: @negative_alone
// CHECK: mv.layer_norm
// CHECK-NOT: mv.norm_linear
func.func @negative_alone(%x: tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %g = mv.parameter "g" : tensor<8xf32>
  %0 = mv.layer_norm %x, %g, %g eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
  return %0 : tensor<?x1x4x8xf32>
}
