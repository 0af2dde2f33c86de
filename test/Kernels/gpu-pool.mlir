// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file --verify-diagnostics | FileCheck %s

// What the kernels compute is tested by test/Device/small-kernels.mlir.

// A block has 64 channels of an image: 640 are ten. Its threads' sums meet in the warp, then in shared memory, from where a
// thread takes four channels of each warp's.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"pool" items 1 group 1 times 10 threads 128 shared 1024>]>]>]
// CHECK-LABEL: gpu.func @pool(
// CHECK:         scf.for
// CHECK:           llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// CHECK:           scf.yield
// CHECK-COUNT-16: nvvm.shfl.sync bfly
// CHECK:         llvm.store %{{.*}} : vector<4xf32>, !llvm.ptr<3>
// CHECK:         gpu.barrier
// CHECK-COUNT-4: llvm.load %{{.*}} : !llvm.ptr<3> -> vector<4xf32>
// CHECK-COUNT-1: llvm.store %{{.*}} : vector<4xf32>, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         gpu.return
plan.kernel @pool (tensor<?x7x7x640xf32, #mv.layout<halo = 0, channels = 640, element = f16>>) -> tensor<?x640xf32> family "pool" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x7x7x640xf32>):
  %0 = mv.pool %x : tensor<?x7x7x640xf32> -> tensor<?x640xf32>
  plan.yield %0 : tensor<?x640xf32>
}

// -----

// The same value for the caller and for the classifier, each as its reader wants it.
// CHECK-LABEL: gpu.func @twice(
// CHECK-SAME:    %{{.*}}: !llvm.ptr<1>, %[[DENSE:[^:]*]]: !llvm.ptr<1>, %[[STORED:[^:]*]]: !llvm.ptr<1>, %{{.*}}: i32) kernel
// CHECK:         %[[F32:.*]] = llvm.getelementptr %[[DENSE]]
// CHECK:         llvm.store %{{.*}}, %[[F32]] {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr<1>
// CHECK:         %[[F16:.*]] = llvm.getelementptr %[[STORED]]
// CHECK:         llvm.store %{{.*}}, %[[F16]] {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
plan.kernel @twice (tensor<?x7x7x640xf32, #mv.layout<halo = 0, channels = 640, element = f16>>) -> (tensor<?x640xf32>, tensor<?x640xf32, #mv.layout<halo = 0, channels = 640, element = f16>>) family "pool" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x7x7x640xf32>):
  %0 = mv.pool %x : tensor<?x7x7x640xf32> -> tensor<?x640xf32>
  plan.yield %0, %0 : tensor<?x640xf32>, tensor<?x640xf32>
}

// -----

// Other families store one result.
// expected-error@+1 {{has 2 results; a GPU kernel stores one}}
plan.kernel @negative_relu_twice (tensor<?x8xf32>) -> (tensor<?x8xf32>, tensor<?x8xf32>) family "pointwise" attributes {device = "cuda", dtype = "f32"} {
^bb0(%x: tensor<?x8xf32>):
  %0 = mv.relu %x : tensor<?x8xf32>
  plan.yield %0, %0 : tensor<?x8xf32>, tensor<?x8xf32>
}
