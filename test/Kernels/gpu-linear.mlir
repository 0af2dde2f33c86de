// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// 196 rows an image of 320 by 320 outputs. A batch of one takes small tiles, a large one 128 rows and 160 columns: three
// stages are under way before the loop, which carries where it is in them, 160 sums and a step's fragments; in each turn
// a thread copies nine pieces, behind the first products, and a warp makes two steps of 4x10 products.
// CHECK-LABEL: gpu.func @linear(
// CHECK-SAME:    %{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>, %{{.*}}: !llvm.ptr<1>, %{{.*}}: i32) kernel
// CHECK:       gpu.func @linear_batch13(
// CHECK:       gpu.func @linear_batch27(
// CHECK-COUNT-27: nvvm.cp.async.shared.global
// CHECK-NOT:      nvvm.cp.async.shared.global
// CHECK:          nvvm.cp.async.wait.group 2
// CHECK:          gpu.barrier
// CHECK-COUNT-9:  nvvm.ldmatrix
// CHECK:          scf.for
// CHECK-COUNT-5:    nvvm.ldmatrix
// CHECK-COUNT-10:   nvvm.mma.sync
// CHECK:            nvvm.ldmatrix
// CHECK-COUNT-9:    nvvm.cp.async.shared.global
// CHECK-NEXT:       nvvm.cp.async.commit.group
// CHECK-COUNT-30:   nvvm.mma.sync
// CHECK:            nvvm.cp.async.wait.group 2
// CHECK-NEXT:       gpu.barrier
// CHECK-COUNT-40:   nvvm.mma.sync
// CHECK-NOT:        nvvm.mma.sync
// CHECK:            scf.yield
// CHECK:          nvvm.bar.warp.sync
plan.kernel @linear (tensor<?x1x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>>, tensor<320x320xf32, #mv.packed<rows width = 64, element = f16>>, tensor<320xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>> family "linear" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x196x320xf32>, %w: tensor<320x320xf32>, %b: tensor<320xf32>):
  %0 = mv.linear %x, %w bias %b : (tensor<?x1x196x320xf32>, tensor<320x320xf32>, tensor<320xf32>) -> tensor<?x1x196x320xf32>
  plan.yield %0 : tensor<?x1x196x320xf32>
}

// -----

// A norm's statistics are computed while the first copies are under way, a row a warp.
// CHECK-LABEL: gpu.func @norm(
// CHECK:         nvvm.cp.async.commit.group
// CHECK:         nvvm.shfl.sync bfly
// CHECK:         rsqrt
// CHECK:         nvvm.cp.async.wait.group
plan.kernel @norm (tensor<?x1x49x64xf32, #mv.layout<halo = 0, channels = 64, element = f16>>, tensor<32x64xf32, #mv.packed<rows width = 64, element = f16>>, tensor<32xf32, #mv.packed<vector width = 8>>, tensor<32xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x49x32xf32, #mv.layout<halo = 0, channels = 32, element = f16>> family "linear" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x64xf32>, %w: tensor<32x64xf32>, %s: tensor<32xf32>, %b: tensor<32xf32>):
  %0 = mv.norm_linear %x, %w sums %s bias %b eps 1.0e-05 : (tensor<?x1x49x64xf32>, tensor<32x64xf32>, tensor<32xf32>, tensor<32xf32>) -> tensor<?x1x49x32xf32>
  plan.yield %0 : tensor<?x1x49x32xf32>
}

// -----

// A matrix has one row an image.
// CHECK: #plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"matrix" items 1 group 32 times 2 threads 128 shared {{[0-9]+}}>]>
plan.kernel @matrix (tensor<?x32xf32, #mv.layout<halo = 0, channels = 32, element = f16>>, tensor<64x32xf32, #mv.packed<rows width = 64, element = f16>>) -> tensor<?x64xf32> family "linear" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x32xf32>, %w: tensor<64x32xf32>):
  %0 = mv.linear %x, %w : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32>
  plan.yield %0 : tensor<?x64xf32>
}

// -----

// Few rows and long sums, in two chunks of k. Of a small batch's block two groups of four warps have one each, with a barrier of
// their own, and add them up on the way to the epilogue; of a middle one's blocks two share a tile, and the last to arrive
// adds both; a large one's warps have both, one loop in another.
// CHECK: #plan.gpu_implementation<"sm_80" variants[
// CHECK-SAME: <batch 1 launches[<"long" items 49 group 32 times 20 threads 256 shared {{[0-9]+}}>]>,
// CHECK-SAME: <batch 14 workspace true launches[<"long_batch14" items 49 group 64 times 16 threads 128 shared {{[0-9]+}}>]>,
// CHECK-SAME: <batch 44 launches[<"long_batch44" items 49 group 128 times 4 threads 256 shared {{[0-9]+}}>]>]>
// CHECK-LABEL: gpu.func @long(
// CHECK:         %[[FOUR:.*]] = arith.constant 128 : i32
// CHECK:         scf.for
// CHECK:           nvvm.barrier id = %{{.*}} number_of_threads = %[[FOUR]]
// CHECK:           scf.yield
// CHECK-NOT:     llvm.atomicrmw
// CHECK:         gpu.barrier
// CHECK:         scf.for
// CHECK-COUNT-8:   arith.addf
// CHECK:       llvm.mlir.global internal @long_batch14_counters(dense<0>
// CHECK-LABEL: gpu.func @long_batch14(
// CHECK:         scf.for
// CHECK:         gpu.barrier
// CHECK:         nvvm.memory.barrier <gpu>
// CHECK:         llvm.atomicrmw uinc_wrap %{{.*}} syncscope("device") monotonic
// CHECK:         nvvm.memory.barrier <gpu>
// CHECK:         gpu.barrier
// CHECK:         scf.if
// CHECK-LABEL: gpu.func @long_batch44(
// CHECK:         scf.for
// CHECK:           scf.for
// CHECK:             nvvm.mma.sync
// CHECK:           } {loop_annotation
// CHECK-NEXT:      arith.addf
// CHECK-NOT:     llvm.atomicrmw
plan.kernel @long (tensor<?x1x49x2560xf32, #mv.layout<halo = 0, channels = 2560, element = f16>>, tensor<640x2560xf32, #mv.packed<rows width = 64, element = f16>>) -> tensor<?x1x49x640xf32, #mv.layout<halo = 0, channels = 640, element = f16>> family "linear" workspace 250880 attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x2560xf32>, %w: tensor<640x2560xf32>):
  %0 = mv.linear %x, %w : (tensor<?x1x49x2560xf32>, tensor<640x2560xf32>) -> tensor<?x1x49x640xf32>
  plan.yield %0 : tensor<?x1x49x640xf32>
}
