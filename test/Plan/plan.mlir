// RUN: mv-opt %s --mv-plan --mv-verify-plan --split-input-file | FileCheck %s
// RUN: mv-opt %s --mv-plan --split-input-file | mv-opt --split-input-file | FileCheck %s

// Parameters, kernels, entry points. Two entry points share a parameter; the batch norm's expression, written twice, is
// one; equal kernels are one, with the names of the model's parts in the dispatches.
// CHECK: plan.parameter @w : tensor<8xf32> {
// CHECK-NEXT: %[[W:.*]] = mv.parameter "w"
// CHECK-NEXT: %[[N:.*]] = mv.param.unary neg %[[W]]
// CHECK-NEXT: plan.yield %[[N]]
// CHECK-NOT: plan.parameter
// CHECK: plan.kernel @scale_relu_4x4x8 (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> family "pointwise" {
// CHECK: plan.kernel @pool_4x4x8 {{.*}} family "pool"
// CHECK: plan.kernel @scale_relu_2x2x8 {{.*}} family "pointwise"
// CHECK-NOT: plan.kernel
// CHECK: plan.entry @forward_4x4 arena 512 live 512 {
// CHECK-NEXT: %[[IN:.*]] = plan.input : <tensor<?x4x4x8xf32>>
// CHECK-NEXT: %[[MAP:.*]] = plan.output "map" : <tensor<?x4x4x8xf32>>
// CHECK-NEXT: %[[POOLED:.*]] = plan.output "pooled" : <tensor<?x8xf32>>
// CHECK-NEXT: %[[C:.*]] = plan.constant @w : <tensor<8xf32>>
// CHECK-NEXT: %[[S:.*]] = plan.slice 0 bytes 512 : <tensor<?x4x4x8xf32>>
// CHECK-NEXT: plan.dispatch @scale_relu_4x4x8 "blocks.0.act"(%[[IN]], %[[C]]) into(%[[S]])
// CHECK-NEXT: plan.dispatch @scale_relu_4x4x8 "scale_relu_4x4x8"(%[[S]], %[[C]]) into(%[[MAP]])
// CHECK-NEXT: plan.dispatch @pool_4x4x8 "pool_4x4x8"(%[[MAP]]) into(%[[POOLED]])
// CHECK-NEXT: }
// CHECK: plan.entry @forward_2x2 arena 0 live 0 {
// CHECK: %[[C:.*]] = plan.constant @w
// CHECK: plan.dispatch @scale_relu_2x2x8 {{.*}}(%{{.*}}, %[[C]])
// CHECK-NOT: func.func
func.func @forward_4x4(%x: tensor<?x4x4x8xf32>) -> (tensor<?x4x4x8xf32> {mv.name = "map"}, tensor<?x8xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %w = mv.parameter "w" : tensor<8xf32>
  %n = mv.param.unary neg %w : tensor<8xf32>
  %w2 = mv.parameter "w" : tensor<8xf32>
  %n2 = mv.param.unary neg %w2 : tensor<8xf32>
  %0 = mv.kernel(%x, %n) : (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %w0: tensor<8xf32>):
    %3 = mv.scale %x0, %w0 : tensor<?x4x4x8xf32>, tensor<8xf32>
    %4 = mv.relu %3 : tensor<?x4x4x8xf32>
    mv.yield %4 : tensor<?x4x4x8xf32>
  } loc(fused["blocks.0.act", "blocks.0.scale"])
  %1 = mv.kernel(%0, %n2) : (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %w0: tensor<8xf32>):
    %3 = mv.scale %x0, %w0 : tensor<?x4x4x8xf32>, tensor<8xf32>
    %4 = mv.relu %3 : tensor<?x4x4x8xf32>
    mv.yield %4 : tensor<?x4x4x8xf32>
  }
  %2 = mv.kernel(%1) : (tensor<?x4x4x8xf32>) -> tensor<?x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %3 = mv.pool %x0 : tensor<?x4x4x8xf32> -> tensor<?x8xf32>
    mv.yield %3 : tensor<?x8xf32>
  }
  return %1, %2 : tensor<?x4x4x8xf32>, tensor<?x8xf32>
}
func.func @forward_2x2(%x: tensor<?x2x2x8xf32>) -> (tensor<?x2x2x8xf32> {mv.name = "map"}) attributes {mv.entry} {
  %w = mv.parameter "w" : tensor<8xf32>
  %n = mv.param.unary neg %w : tensor<8xf32>
  %0 = mv.kernel(%x, %n) : (tensor<?x2x2x8xf32>, tensor<8xf32>) -> tensor<?x2x2x8xf32> {
  ^bb0(%x0: tensor<?x2x2x8xf32>, %w0: tensor<8xf32>):
    %3 = mv.scale %x0, %w0 : tensor<?x2x2x8xf32>, tensor<8xf32>
    %4 = mv.relu %3 : tensor<?x2x2x8xf32>
    mv.yield %4 : tensor<?x2x2x8xf32>
  }
  return %0 : tensor<?x2x2x8xf32>
}

// -----

// Other stored types make another kernel, other attributes too; both get the same readable name and a number.
// Values that are not alive at once share memory: the third takes the place of the first.
// CHECK-LABEL: plan.kernel @gelu_4x4x8 (
// CHECK: mv.gelu erf
// CHECK: plan.kernel @gelu_4x4x8_1 (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>
// CHECK: mv.gelu erf
// CHECK: plan.kernel @gelu_4x4x8_2 (tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>) -> tensor<?x4x4x8xf32>
// CHECK: mv.gelu tanh
// CHECK-LABEL: plan.entry @f arena 1664 live 1664
// CHECK: %[[A:.*]] = plan.slice 1152 bytes 512
// CHECK: dispatch @gelu_4x4x8 {{.*}} into(%[[A]])
// CHECK: %[[B:.*]] = plan.slice 0 bytes 1152 : <tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>>
// CHECK: dispatch @gelu_4x4x8_1 {{.*}}(%[[A]]) into(%[[B]])
// CHECK: %[[C:.*]] = plan.slice 1152 bytes 512
// CHECK: dispatch @gelu_4x4x8_2 {{.*}}(%[[B]]) into(%[[C]])
func.func @f(%x: tensor<?x4x4x8xf32>) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.entry} {
  %0 = mv.kernel(%x) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %4 = mv.gelu erf %x0 : tensor<?x4x4x8xf32>
    mv.yield %4 : tensor<?x4x4x8xf32>
  }
  %1 = mv.kernel(%0) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %4 = mv.gelu erf %x0 : tensor<?x4x4x8xf32>
    mv.yield %4 : tensor<?x4x4x8xf32>
  }
  %2 = mv.kernel(%1) : (tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %4 = mv.gelu tanh %x0 : tensor<?x4x4x8xf32>
    mv.yield %4 : tensor<?x4x4x8xf32>
  }
  %3 = mv.kernel(%2) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %4 = mv.gelu erf %x0 : tensor<?x4x4x8xf32>
    mv.yield %4 : tensor<?x4x4x8xf32>
  }
  return %3 : tensor<?x4x4x8xf32>
}

// -----

// Parameters of one type are told apart by their names, kernels of one type by their bodies.
// CHECK: plan.parameter @w : tensor<8xf32>
// CHECK: mv.parameter "w"
// CHECK: plan.parameter @v : tensor<8xf32>
// CHECK: mv.parameter "v"
// CHECK: plan.kernel @scale_gelu_4x4x8 (
// CHECK: mv.gelu erf
// CHECK: plan.kernel @scale_gelu_4x4x8_1 (
// CHECK: mv.gelu tanh
// CHECK-LABEL: plan.entry @negative_alike
// CHECK: %[[W:.*]] = plan.constant @w
// CHECK: dispatch @scale_gelu_4x4x8 {{.*}}(%{{.*}}, %[[W]])
// CHECK: %[[V:.*]] = plan.constant @v
// CHECK: dispatch @scale_gelu_4x4x8_1 {{.*}}(%{{.*}}, %[[V]])
func.func @negative_alike(%x: tensor<?x4x4x8xf32>) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.entry} {
  %w = mv.parameter "w" : tensor<8xf32>
  %v = mv.parameter "v" : tensor<8xf32>
  %0 = mv.kernel(%x, %w) : (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %w0: tensor<8xf32>):
    %2 = mv.scale %x0, %w0 : tensor<?x4x4x8xf32>, tensor<8xf32>
    %3 = mv.gelu erf %2 : tensor<?x4x4x8xf32>
    mv.yield %3 : tensor<?x4x4x8xf32>
  }
  %1 = mv.kernel(%0, %v) : (tensor<?x4x4x8xf32>, tensor<8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %w0: tensor<8xf32>):
    %2 = mv.scale %x0, %w0 : tensor<?x4x4x8xf32>, tensor<8xf32>
    %3 = mv.gelu tanh %2 : tensor<?x4x4x8xf32>
    mv.yield %3 : tensor<?x4x4x8xf32>
  }
  return %1 : tensor<?x4x4x8xf32>
}

// -----

// One entry point for two devices: no kernel is both's, dispatches and slices say where they run. A slice on a GPU begins
// at a multiple of 256 bytes and takes as many as its elements do.
// CHECK: plan.kernel @relu_4x4x8 ({{.*}} family "pointwise" {
// CHECK: plan.kernel @relu_4x4x8_f16 (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>> family "pointwise" attributes {device = "cuda", dtype = "f16"} {
// CHECK: plan.kernel @norm_linear_m16_k8_n4_f16 (
// CHECK: plan.kernel @relu_4x4x4_f16 (
// CHECK: plan.kernel @relu_4x4x4_f32 (tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32> family "pointwise" attributes {device = "cuda", dtype = "f32"} {
// CHECK: plan.kernel @relu_4x4x4_tf32 (tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32> family "pointwise" attributes {device = "cuda", dtype = "tf32"} {
// CHECK: plan.entry @forward arena 0 live 0 {
// CHECK: plan.dispatch @relu_4x4x8 "relu_4x4x8"
// CHECK: plan.entry @forward_cuda arena 512 live 512 attributes {device = "cuda", dtype = "f16", name = "forward"} {
// CHECK: plan.slice 0 bytes 256 :
// CHECK: plan.dispatch @relu_4x4x8_f16
// CHECK: plan.slice 256 bytes 256 :
// CHECK: plan.dispatch @norm_linear_m16_k8_n4_f16
// CHECK: plan.dispatch @relu_4x4x4_f16
func.func @forward(%x: tensor<?x4x4x8xf32>) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.entry} {
  %0 = mv.kernel(%x) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %1 = mv.relu %x0 : tensor<?x4x4x8xf32>
    mv.yield %1 : tensor<?x4x4x8xf32>
  }
  return %0 : tensor<?x4x4x8xf32>
}
func.func @forward_cuda(%x: tensor<?x4x4x8xf32>) -> (tensor<?x4x4x4xf32> {mv.name = "map"}) attributes {mv.entry, mv.device = "cuda", mv.dtype = "f16", mv.name = "forward"} {
  %w = mv.parameter "w" : tensor<4x8xf32>
  %s = mv.parameter "s" : tensor<4xf32>
  %0 = mv.kernel(%x) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    %2 = mv.relu %x0 : tensor<?x4x4x8xf32>
    mv.yield %2 : tensor<?x4x4x8xf32>
  }
  %1 = mv.kernel(%0, %w, %s) : (tensor<?x4x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4x4x4xf32, #mv.layout<halo = 0, channels = 8, element = f16>> {
  ^bb0(%x0: tensor<?x4x4x8xf32>, %w0: tensor<4x8xf32>, %s0: tensor<4xf32>):
    %2 = mv.norm_linear %x0, %w0 sums %s0 eps 1.0e-05 : (tensor<?x4x4x8xf32>, tensor<4x8xf32>, tensor<4xf32>) -> tensor<?x4x4x4xf32>
    mv.yield %2 : tensor<?x4x4x4xf32>
  }
  %3 = mv.kernel(%1) : (tensor<?x4x4x4xf32, #mv.layout<halo = 0, channels = 8, element = f16>>) -> tensor<?x4x4x4xf32> {
  ^bb0(%x0: tensor<?x4x4x4xf32>):
    %2 = mv.relu %x0 : tensor<?x4x4x4xf32>
    mv.yield %2 : tensor<?x4x4x4xf32>
  }
  return %3 : tensor<?x4x4x4xf32>
}
func.func @forward_f32(%x: tensor<?x4x4x4xf32>) -> (tensor<?x4x4x4xf32> {mv.name = "map"}) attributes {mv.entry, mv.device = "cuda", mv.dtype = "f32", mv.name = "other"} {
  %0 = mv.kernel(%x) : (tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32> {
  ^bb0(%x0: tensor<?x4x4x4xf32>):
    %1 = mv.relu %x0 : tensor<?x4x4x4xf32>
    mv.yield %1 : tensor<?x4x4x4xf32>
  }
  return %0 : tensor<?x4x4x4xf32>
}
func.func @forward_tf32(%x: tensor<?x4x4x4xf32>) -> (tensor<?x4x4x4xf32> {mv.name = "map"}) attributes {mv.entry, mv.device = "cuda", mv.dtype = "tf32", mv.name = "third"} {
  %0 = mv.kernel(%x) : (tensor<?x4x4x4xf32>) -> tensor<?x4x4x4xf32> {
  ^bb0(%x0: tensor<?x4x4x4xf32>):
    %1 = mv.relu %x0 : tensor<?x4x4x4xf32>
    mv.yield %1 : tensor<?x4x4x4xf32>
  }
  return %0 : tensor<?x4x4x4xf32>
}
