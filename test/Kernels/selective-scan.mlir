// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v4 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested in test/Unit/Kernels/ScanTest.cpp.

// Eight states of 16 channels live in registers; a token costs eight exponentials. Nothing is known about the sign of
// `a`, so they may overflow.
// CHECK: phases[<"scan" items 2 group 1 times 2>]
// CHECK-LABEL: func.func @scan
// CHECK:         %{{.*}}:8 = scf.for
// CHECK-COUNT-8: math.exp2 %{{[0-9a-z]+}} : vector<16xf32>
// CHECK-NOT:     math.exp2
plan.kernel @scan (tensor<?x2x49x32xf32>, tensor<?x2x49x32xf32>, tensor<32x8xf32, #mv.packed<columns width = 16>>, tensor<?x2x49x8xf32>, tensor<?x2x49x8xf32>, tensor<32xf32>) -> tensor<?x2x49x32xf32> family "selective_scan" {
^bb0(%x: tensor<?x2x49x32xf32>, %s: tensor<?x2x49x32xf32>, %a: tensor<32x8xf32>, %b: tensor<?x2x49x8xf32>, %c: tensor<?x2x49x8xf32>, %d: tensor<32xf32>):
  %0 = mv.selective_scan %x, %s, %a, %b, %c, %d : (tensor<?x2x49x32xf32>, tensor<?x2x49x32xf32>, tensor<32x8xf32>, tensor<?x2x49x8xf32>, tensor<?x2x49x8xf32>, tensor<32xf32>) -> tensor<?x2x49x32xf32>
  plan.yield %0 : tensor<?x2x49x32xf32>
}

// -----

// A long sequence is cut into 10 chunks: their ends, the carries, the results. The sum of steps is carried along.
// CHECK: phases[<"long" items 1 group 1 times 10>, <"long_phase1" items 1 group 1 times 1>, <"long_phase2" items 1 group 1 times 10>]
// CHECK-LABEL: func.func @long(
// CHECK:         %{{.*}}:9 = scf.for
plan.kernel @long (tensor<?x1x2500x16xf32>, tensor<?x1x2500x16xf32>, tensor<16x8xf32, #mv.packed<columns width = 16>>, tensor<?x1x2500x8xf32>, tensor<?x1x2500x8xf32>, tensor<16xf32>) -> tensor<?x1x2500x16xf32> family "selective_scan" workspace 5760 {
^bb0(%x: tensor<?x1x2500x16xf32>, %s: tensor<?x1x2500x16xf32>, %a: tensor<16x8xf32>, %b: tensor<?x1x2500x8xf32>, %c: tensor<?x1x2500x8xf32>, %d: tensor<16xf32>):
  %0 = mv.selective_scan %x, %s, %a, %b, %c, %d : (tensor<?x1x2500x16xf32>, tensor<?x1x2500x16xf32>, tensor<16x8xf32>, tensor<?x1x2500x8xf32>, tensor<?x1x2500x8xf32>, tensor<16xf32>) -> tensor<?x1x2500x16xf32>
  plan.yield %0 : tensor<?x1x2500x16xf32>
}

// -----

// A mixer's middle: one phase over tiles of tokens, then the scan, whose exponents are known not to be positive.
// CHECK: phases[<"mixer" items 4 group 1 times 1>, <"mixer_phase1" items 1 group 1 times 1>]
// CHECK-LABEL: func.func @mixer(
// CHECK-NOT:     math.exp2
// CHECK:         math.log1p
// CHECK-LABEL: func.func @mixer_phase1
// CHECK-COUNT-8: math.exp2 {{.*}} fastmath<ninf>
plan.kernel @mixer (tensor<?x1x49x32xf32>, tensor<32x3xf32, #mv.packed<columns width = 16>>, tensor<18x16xf32, #mv.packed<panels width = 32>>, tensor<16x2xf32, #mv.packed<panels width = 16>>, tensor<16xf32>, tensor<16x8xf32, #mv.packed<columns width = 16>>, tensor<16xf32>) -> tensor<?x1x49x32xf32> family "selective_scan" workspace 15680 {
^bb0(%in: tensor<?x1x49x32xf32>, %k: tensor<32x3xf32>, %p: tensor<18x16xf32>, %w: tensor<16x2xf32>, %bias: tensor<16xf32>, %a: tensor<16x8xf32>, %d: tensor<16xf32>):
  %0 = mv.conv1d %in, %k : (tensor<?x1x49x32xf32>, tensor<32x3xf32>) -> tensor<?x1x49x32xf32>
  %1 = mv.silu %0 : tensor<?x1x49x32xf32>
  %x = mv.slice %1 offset 0 : tensor<?x1x49x32xf32> -> tensor<?x1x49x16xf32>
  %z = mv.slice %1 offset 16 : tensor<?x1x49x32xf32> -> tensor<?x1x49x16xf32>
  %2 = mv.linear %x, %p : (tensor<?x1x49x16xf32>, tensor<18x16xf32>) -> tensor<?x1x49x18xf32>
  %dt = mv.slice %2 offset 0 : tensor<?x1x49x18xf32> -> tensor<?x1x49x2xf32>
  %b = mv.slice %2 offset 2 : tensor<?x1x49x18xf32> -> tensor<?x1x49x8xf32>
  %c = mv.slice %2 offset 10 : tensor<?x1x49x18xf32> -> tensor<?x1x49x8xf32>
  %3 = mv.linear %dt, %w bias %bias : (tensor<?x1x49x2xf32>, tensor<16x2xf32>, tensor<16xf32>) -> tensor<?x1x49x16xf32>
  %4 = mv.softplus %3 : tensor<?x1x49x16xf32>
  %y = mv.selective_scan %x, %4, %a, %b, %c, %d : (tensor<?x1x49x16xf32>, tensor<?x1x49x16xf32>, tensor<16x8xf32>, tensor<?x1x49x8xf32>, tensor<?x1x49x8xf32>, tensor<16xf32>) -> tensor<?x1x49x16xf32>
  %5 = mv.concat %y, %z : (tensor<?x1x49x16xf32>, tensor<?x1x49x16xf32>) -> tensor<?x1x49x32xf32>
  plan.yield %5 : tensor<?x1x49x32xf32>
}
