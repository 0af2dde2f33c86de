// The plan dialect: the documentation's examples, and a module with one of each.
// RUN: mv-opt %s | FileCheck %s
// RUN: mv-opt %s | mv-opt | FileCheck %s
// RUN: mv-opt %s --mlir-print-op-generic | mv-opt | FileCheck %s

// CHECK: plan.parameter @bias : tensor<160xf32> {
// CHECK: mv.parameter "levels.2.blocks.0.mixer.dt_proj.bias" : tensor<160xf32>
// CHECK: plan.yield %{{.*}} : tensor<160xf32>
plan.parameter @bias : tensor<160xf32> {
  %0 = mv.parameter "levels.2.blocks.0.mixer.dt_proj.bias" : tensor<160xf32>
  %1 = mv.param.unary mul_scalar %0 scalar 2.0 : tensor<160xf32>
  plan.yield %1 : tensor<160xf32>
}

// CHECK: plan.parameter @scale : tensor<4xf32, #mv.packed<vector width = 16>> {
plan.parameter @scale : tensor<4xf32, #mv.packed<vector width = 16>> {
  %0 = mv.parameter "scale" : tensor<4xf32>
  plan.yield %0 : tensor<4xf32>
}

// CHECK:      plan.kernel @to_nhwc (tensor<?x4x16x16xf32>) -> tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>> family "pointwise" {
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x4x16x16xf32>):
// CHECK-NEXT: mv.to_nhwc
// CHECK-NEXT: plan.yield %{{.*}} : tensor<?x16x16x4xf32>
plan.kernel @to_nhwc (tensor<?x4x16x16xf32>) -> tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>> family "pointwise" {
^bb0(%x: tensor<?x4x16x16xf32>):
  %0 = mv.to_nhwc %x : tensor<?x4x16x16xf32> -> tensor<?x16x16x4xf32>
  plan.yield %0 : tensor<?x16x16x4xf32>
}

// CHECK: plan.kernel @scaled_mean {{.*}} family "pool" workspace 256 attributes {implementations = [#plan.implementation<"x86-64-v3" scratch 128 phases[<"scaled_mean_0" items 4 group 2 times 1>, <"scaled_mean_1" items 1 group 1 times 3>]>]} {
plan.kernel @scaled_mean (tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>>, tensor<4xf32, #mv.packed<vector width = 16>>) -> tensor<?x4xf32> family "pool" workspace 256 attributes {implementations = [#plan.implementation<"x86-64-v3" scratch 128 phases[<"scaled_mean_0" items 4 group 2 times 1>, <"scaled_mean_1" items 1 group 1 times 3>]>]} {
^bb0(%x: tensor<?x16x16x4xf32>, %s: tensor<4xf32>):
  %0 = mv.pool %x : tensor<?x16x16x4xf32> -> tensor<?x4xf32>
  %1 = mv.scale %0, %s : tensor<?x4xf32>, tensor<4xf32>
  plan.yield %1 : tensor<?x4xf32>
}

// CHECK: plan.entry @forward_16x16 arena 5440 live 5440 {
plan.entry @forward_16x16 arena 5440 live 5440 {
  // CHECK: plan.input : <tensor<?x4x16x16xf32>>
  %0 = plan.input : <tensor<?x4x16x16xf32>>
  // CHECK: plan.output "pooled" : <tensor<?x4xf32>>
  %1 = plan.output "pooled" : <tensor<?x4xf32>>
  // CHECK: plan.constant @scale : <tensor<4xf32, #mv.packed<vector width = 16>>>
  %2 = plan.constant @scale : <tensor<4xf32, #mv.packed<vector width = 16>>>
  // 18 x 18 pixels of 4 floats: 5184 bytes.
  // CHECK: plan.slice 0 bytes 5184 : <tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>>>
  %3 = plan.slice 0 bytes 5184 : <tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>>>
  // CHECK: plan.slice 5184 bytes 256 : <tensor<?x64xf32>>
  %4 = plan.slice 5184 bytes 256 : <tensor<?x64xf32>>
  // CHECK: plan.dispatch @to_nhwc "image"(%{{.*}}) into(%{{.*}}) :
  plan.dispatch @to_nhwc "image"(%0) into(%3) : (!plan.buffer<tensor<?x4x16x16xf32>>) -> (!plan.buffer<tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>>>)
  // CHECK: plan.dispatch @scaled_mean "head"(%{{.*}}, %{{.*}}) into(%{{.*}}) workspace %{{.*}} :
  plan.dispatch @scaled_mean "head"(%3, %2) into(%1) workspace %4 : (!plan.buffer<tensor<?x16x16x4xf32, #mv.layout<halo = 1, channels = 4>>>, !plan.buffer<tensor<4xf32, #mv.packed<vector width = 16>>>) -> (!plan.buffer<tensor<?x4xf32>>), !plan.buffer<tensor<?x64xf32>>
}
