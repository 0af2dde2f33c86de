// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// What the kernels compute is tested by test/Device/small-kernels.mlir and windows-copied.mlir.

// Eight channels a thread, 16 bytes of each operand and of the result: 49 rows of 20 groups.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"add" items 980 group 256 times 1 threads 256 shared 0>]>]>]
// CHECK-LABEL: gpu.func @add(
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// CHECK-NOT:     llvm.load
// CHECK-COUNT-8: arith.addf
// CHECK:         llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         gpu.return
plan.kernel @add (tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>>, tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>>) -> tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>> family "pointwise" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x160xf32>, %y: tensor<?x1x49x160xf32>):
  %0 = mv.add %x, %y : tensor<?x1x49x160xf32>
  plan.yield %0 : tensor<?x1x49x160xf32>
}

// -----

// A copy into a border: the grid's threads share the zeros, then each stores its channels, 16 bytes of what is wider.
// CHECK-LABEL: gpu.func @bordered(
// CHECK:         scf.for
// CHECK:           llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK:         scf.if
// CHECK-COUNT-1:   llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xf32>
// CHECK:           llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
plan.kernel @bordered (tensor<?x4x4x16xf32>) -> tensor<?x4x4x16xf32, #mv.layout<halo = 1, channels = 16, element = f16>> family "pointwise" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x4x4x16xf32>):
  plan.yield %x : tensor<?x4x4x16xf32>
}

// -----

// Planes are loaded channel by channel, and stored row by row.
// CHECK-LABEL: gpu.func @channels_last(
// CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<1> -> f32
// CHECK:         llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
plan.kernel @channels_last (tensor<?x16x4x4xf32>) -> tensor<?x4x4x16xf32, #mv.layout<halo = 0, channels = 16, element = f16>> family "pointwise" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x16x4x4xf32>):
  %0 = mv.to_nhwc %x : tensor<?x16x4x4xf32> -> tensor<?x4x4x16xf32>
  plan.yield %0 : tensor<?x4x4x16xf32>
}

// -----

// What goes through positions has some.
// expected-error@+1 {{has no activation among its inputs}}
plan.kernel @negative_parameters (tensor<8xf32, #mv.packed<vector width = 8>>) -> tensor<8xf32> family "pointwise" attributes {device = "cuda", dtype = "f32"} {
^bb0(%x: tensor<8xf32>):
  %0 = mv.relu %x : tensor<8xf32>
  plan.yield %0 : tensor<8xf32>
}
