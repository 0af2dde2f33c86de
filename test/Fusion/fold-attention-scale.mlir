// RUN: mv-opt %s --mv-fold-attention-scale --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fold-attention-scale --remark-format=emitRemark | FileCheck %s

// The first third of the rows of weight and bias make q.
// CHECK-LABEL: @product
// CHECK-SAME: %[[X:[^:]*]]: {{[^,]*}}, %[[W:[^:]*]]: {{[^,]*}}, %[[B:[^:]*]]: tensor
// CHECK: %[[WQ:.*]] = mv.param.slice %[[W]] [0, 0] : tensor<24x8xf32> -> tensor<8x8xf32>
// CHECK: %[[WR:.*]] = mv.param.slice %[[W]] [8, 0] : tensor<24x8xf32> -> tensor<16x8xf32>
// CHECK: %[[WS:.*]] = mv.param.unary mul_scalar %[[WQ]] scalar 5.000000e-01
// CHECK: %[[W2:.*]] = mv.param.concat %[[WS]], %[[WR]]
// CHECK: %[[BQ:.*]] = mv.param.slice %[[B]] [0] : tensor<24xf32> -> tensor<8xf32>
// CHECK: %[[BR:.*]] = mv.param.slice %[[B]] [8]
// CHECK: %[[BS:.*]] = mv.param.unary mul_scalar %[[BQ]] scalar 5.000000e-01
// CHECK: %[[B2:.*]] = mv.param.concat %[[BS]], %[[BR]]
// CHECK: %[[QKV:.*]] = mv.linear %[[X]], %[[W2]] bias %[[B2]]
// CHECK: mv.attention %[[QKV]] heads 2 scale 1.000000e+00
func.func @product(%x: tensor<?x1x4x8xf32>, %w: tensor<24x8xf32>, %b: tensor<24xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.linear %x, %w bias %b : (tensor<?x1x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x1x4x24xf32>
  %1 = mv.attention %0 heads 2 scale 5.0e-01 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}

// -----

// A norm of q would undo a scale before it: its own parameters take the scale.
// CHECK-LABEL: @norm
// CHECK-SAME: %[[X:[^:]*]]: {{[^,]*}}, %[[W:[^:]*]]: {{[^,]*}}, %[[NW:[^:]*]]: {{[^,]*}}, %[[NB:[^:]*]]: tensor
// CHECK: %[[QKV:.*]] = mv.linear %[[X]], %[[W]] :
// CHECK: %[[SW:.*]] = mv.param.unary mul_scalar %[[NW]] scalar 5.000000e-01
// CHECK: %[[SB:.*]] = mv.param.unary mul_scalar %[[NB]] scalar 5.000000e-01
// CHECK: mv.attention %[[QKV]] q_norm %[[SW]], %[[SB]] k_norm %[[NW]], %[[NB]] heads 2 scale 1.000000e+00
func.func @norm(%x: tensor<?x1x4x8xf32>, %w: tensor<24x8xf32>, %nw: tensor<4xf32>, %nb: tensor<4xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32>
  %1 = mv.attention %0 q_norm %nw, %nb k_norm %nw, %nb heads 2 scale 5.0e-01 : (tensor<?x1x4x24xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x1x4x8xf32>
  return %1 : tensor<?x1x4x8xf32>
}

// -----

// Without a product there is nothing to fold into.
// CHECK-LABEL: @negative_argument
// CHECK: mv.attention %arg0 heads 2 scale 5.000000e-01
func.func @negative_argument(%x: tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32> {
  // expected-remark@+1 {{q, k and v do not come from a product that only this attention reads}}
  %0 = mv.attention %x heads 2 scale 5.0e-01 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %0 : tensor<?x1x4x8xf32>
}

// -----

// Nothing to do is no missed chance.
// CHECK-LABEL: @negative_scale_one
// CHECK: mv.attention %arg0 heads 2 scale 1.000000e+00
func.func @negative_scale_one(%x: tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32> {
  %0 = mv.attention %x heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return %0 : tensor<?x1x4x8xf32>
}
