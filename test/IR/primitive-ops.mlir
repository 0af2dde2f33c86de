// The examples of the primitive ops' documentation parse, and print as they were written.
// RUN: mv-opt %s | FileCheck %s
// RUN: mv-opt %s | mv-opt | FileCheck %s
// RUN: mv-opt %s --mlir-print-op-generic | mv-opt | FileCheck %s

// CHECK-LABEL: func.func @roots
func.func @roots(%map: tensor<?x56x56x80xf32>, %cw: tensor<160x80x3x3xf32>, %cb: tensor<160xf32>,
                 %x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %b: tensor<16xf32>,
                 %qkv: tensor<?x1x196x960xf32>, %n: tensor<40xf32>) {
  // CHECK: mv.conv2d %{{.*}}, %{{.*}} bias %{{.*}} stride 2 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>, tensor<160xf32>) -> tensor<?x28x28x160xf32>
  %0 = mv.conv2d %map, %cw bias %cb stride 2 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>, tensor<160xf32>) -> tensor<?x28x28x160xf32>
  // CHECK: mv.conv2d %{{.*}}, %{{.*}} stride 1 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>) -> tensor<?x56x56x160xf32>
  %1 = mv.conv2d %map, %cw stride 1 : (tensor<?x56x56x80xf32>, tensor<160x80x3x3xf32>) -> tensor<?x56x56x160xf32>
  // CHECK: mv.linear %{{.*}}, %{{.*}} bias %{{.*}} : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  %2 = mv.linear %x, %w bias %b : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  // CHECK: mv.linear %{{.*}}, %{{.*}} : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32>
  %3 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x4x16xf32>
  // CHECK: mv.norm_linear %{{.*}}, %{{.*}} sums %{{.*}} bias %{{.*}} eps 1.000000e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  %6 = mv.norm_linear %x, %w sums %b bias %b eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  // CHECK: mv.norm_linear %{{.*}}, %{{.*}} sums %{{.*}} eps 1.000000e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  %7 = mv.norm_linear %x, %w sums %b eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  // CHECK: mv.attention %{{.*}} heads 8 scale 0.1581139 : (tensor<?x1x196x960xf32>) -> tensor<?x1x196x320xf32>
  %4 = mv.attention %qkv heads 8 scale 1.581139e-01 : (tensor<?x1x196x960xf32>) -> tensor<?x1x196x320xf32>
  // CHECK: mv.attention %{{.*}} q_norm %{{.*}}, %{{.*}} k_norm %{{.*}}, %{{.*}} heads 8 scale 0.1581139 {eps = 1.000000e-04 : f64} : (tensor<?x1x196x960xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>) -> tensor<?x1x196x320xf32>
  %5 = mv.attention %qkv q_norm %n, %n k_norm %n, %n heads 8 scale 1.581139e-01 {eps = 1.0e-4 : f64} : (tensor<?x1x196x960xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>, tensor<40xf32>) -> tensor<?x1x196x320xf32>
  return
}

// CHECK-LABEL: func.func @recurrence
func.func @recurrence(%x: tensor<?x1x196x160xf32>, %step: tensor<?x1x196x160xf32>, %a: tensor<160x8xf32>,
                      %b: tensor<?x1x196x8xf32>, %c: tensor<?x1x196x8xf32>, %d: tensor<160xf32>) {
  // CHECK: mv.selective_scan %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : (tensor<?x1x196x160xf32>, tensor<?x1x196x160xf32>, tensor<160x8xf32>, tensor<?x1x196x8xf32>, tensor<?x1x196x8xf32>, tensor<160xf32>) -> tensor<?x1x196x160xf32>
  %y = mv.selective_scan %x, %step, %a, %b, %c, %d : (tensor<?x1x196x160xf32>, tensor<?x1x196x160xf32>, tensor<160x8xf32>, tensor<?x1x196x8xf32>, tensor<?x1x196x8xf32>, tensor<160xf32>) -> tensor<?x1x196x160xf32>
  return
}

// CHECK-LABEL: func.func @rows
func.func @rows(%x: tensor<?x1x196x320xf32>, %w3: tensor<320x3xf32>, %w: tensor<320xf32>, %map: tensor<?x7x7x640xf32>) {
  // CHECK: mv.conv1d %{{.*}}, %{{.*}} : (tensor<?x1x196x320xf32>, tensor<320x3xf32>) -> tensor<?x1x196x320xf32>
  %0 = mv.conv1d %x, %w3 : (tensor<?x1x196x320xf32>, tensor<320x3xf32>) -> tensor<?x1x196x320xf32>
  // CHECK: mv.conv1d %{{.*}}, %{{.*}} bias %{{.*}} : (tensor<?x1x196x320xf32>, tensor<320x3xf32>, tensor<320xf32>) -> tensor<?x1x196x320xf32>
  %1 = mv.conv1d %x, %w3 bias %w : (tensor<?x1x196x320xf32>, tensor<320x3xf32>, tensor<320xf32>) -> tensor<?x1x196x320xf32>
  // CHECK: mv.layer_norm %{{.*}}, %{{.*}}, %{{.*}} eps 1.000000e-05 : tensor<?x1x196x320xf32>, tensor<320xf32>
  %2 = mv.layer_norm %x, %w, %w eps 1.0e-05 : tensor<?x1x196x320xf32>, tensor<320xf32>
  // CHECK: mv.pool %{{.*}} : tensor<?x7x7x640xf32> -> tensor<?x640xf32>
  %3 = mv.pool %map : tensor<?x7x7x640xf32> -> tensor<?x640xf32>
  return
}

// CHECK-LABEL: func.func @pointwise
func.func @pointwise(%x: tensor<?x4x4x8xf32>, %r: tensor<?x4x4x8xf32>, %g: tensor<8xf32>) {
  // CHECK: mv.relu %{{.*}} : tensor<?x4x4x8xf32>
  %0 = mv.relu %x : tensor<?x4x4x8xf32>
  // CHECK: mv.silu %{{.*}} : tensor<?x4x4x8xf32>
  %1 = mv.silu %x : tensor<?x4x4x8xf32>
  // CHECK: mv.softplus %{{.*}} : tensor<?x4x4x8xf32>
  %2 = mv.softplus %x : tensor<?x4x4x8xf32>
  // CHECK: mv.gelu erf %{{.*}} : tensor<?x4x4x8xf32>
  %3 = mv.gelu erf %x : tensor<?x4x4x8xf32>
  // CHECK: mv.gelu tanh %{{.*}} : tensor<?x4x4x8xf32>
  %4 = mv.gelu tanh %x : tensor<?x4x4x8xf32>
  // CHECK: mv.add %{{.*}}, %{{.*}} : tensor<?x4x4x8xf32>
  %5 = mv.add %x, %r : tensor<?x4x4x8xf32>
  // CHECK: mv.scale %{{.*}}, %{{.*}} : tensor<?x4x4x8xf32>, tensor<8xf32>
  %6 = mv.scale %x, %g : tensor<?x4x4x8xf32>, tensor<8xf32>
  // CHECK: mv.affine %{{.*}}, %{{.*}}, %{{.*}} : tensor<?x4x4x8xf32>, tensor<8xf32>
  %7 = mv.affine %x, %g, %g : tensor<?x4x4x8xf32>, tensor<8xf32>
  // CHECK: mv.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} eps 1.000000e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
  %8 = mv.batch_norm %x, %g, %g, %g, %g eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<8xf32>
  return
}

// CHECK-LABEL: func.func @movement
func.func @movement(%m: tensor<?x14x14x320xf32>, %t: tensor<?x1x196x320xf32>, %image: tensor<?x3x224x224xf32>) {
  // CHECK: mv.window_partition %{{.*}} window 14 : tensor<?x14x14x320xf32> -> tensor<?x1x196x320xf32>
  %0 = mv.window_partition %m window 14 : tensor<?x14x14x320xf32> -> tensor<?x1x196x320xf32>
  // 14x14 in windows of 8: four windows of 64 tokens.
  // CHECK: mv.window_partition %{{.*}} window 8 : tensor<?x14x14x320xf32> -> tensor<?x4x64x320xf32>
  %p = mv.window_partition %m window 8 : tensor<?x14x14x320xf32> -> tensor<?x4x64x320xf32>
  // CHECK: mv.window_reverse %{{.*}} window 14 : tensor<?x1x196x320xf32> -> tensor<?x14x14x320xf32>
  %1 = mv.window_reverse %t window 14 : tensor<?x1x196x320xf32> -> tensor<?x14x14x320xf32>
  // CHECK: mv.slice %{{.*}} offset 160 : tensor<?x1x196x320xf32> -> tensor<?x1x196x160xf32>
  %2 = mv.slice %t offset 160 : tensor<?x1x196x320xf32> -> tensor<?x1x196x160xf32>
  // CHECK: mv.concat %{{.*}}, %{{.*}} : (tensor<?x1x196x160xf32>, tensor<?x1x196x160xf32>) -> tensor<?x1x196x320xf32>
  %3 = mv.concat %2, %2 : (tensor<?x1x196x160xf32>, tensor<?x1x196x160xf32>) -> tensor<?x1x196x320xf32>
  // CHECK: mv.to_nhwc %{{.*}} : tensor<?x3x224x224xf32> -> tensor<?x224x224x3xf32>
  %4 = mv.to_nhwc %image : tensor<?x3x224x224xf32> -> tensor<?x224x224x3xf32>
  // CHECK: mv.to_nchw %{{.*}} : tensor<?x14x14x320xf32> -> tensor<?x320x14x14xf32>
  %5 = mv.to_nchw %m : tensor<?x14x14x320xf32> -> tensor<?x320x14x14xf32>
  return
}

// CHECK-LABEL: func.func @rows_of_tokens
func.func @rows_of_tokens(%x: tensor<?x1x4x8xf32>, %map: tensor<?x56x56x80xf32>) {
  // CHECK: mv.silu %{{.*}} : tensor<?x1x4x8xf32>
  %0 = mv.silu %x : tensor<?x1x4x8xf32>
  // CHECK: mv.softplus %{{.*}} : tensor<?x1x4x8xf32>
  %1 = mv.softplus %x : tensor<?x1x4x8xf32>
  // CHECK: mv.gelu erf %{{.*}} : tensor<?x1x4x8xf32>
  %2 = mv.gelu erf %x : tensor<?x1x4x8xf32>
  // CHECK: mv.to_nchw %{{.*}} : tensor<?x56x56x80xf32> -> tensor<?x80x56x56xf32>
  %3 = mv.to_nchw %map : tensor<?x56x56x80xf32> -> tensor<?x80x56x56xf32>
  return
}

// CHECK-LABEL: func.func @pictures
func.func @pictures(%picture: tensor<?x224x224x3xui8>) {
  // CHECK: mv.normalize %{{.*}} mean [4.850000e-01, 4.560000e-01, 4.060000e-01] std [2.290000e-01, 2.240000e-01, 2.250000e-01] : tensor<?x224x224x3xui8> -> tensor<?x224x224x3xf32>
  %0 = mv.normalize %picture mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x224x224x3xui8> -> tensor<?x224x224x3xf32>
  return
}
