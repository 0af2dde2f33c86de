// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested by test/Device/attention.mlir.

// 49 tokens are one block of queries and one tile of keys for each head: no loop, 64 queries in four warps. Heads of 40
// channels are whole units of 16 bytes: all of q, k and v are copied asynchronously, and the result goes through shared memory
// to be stored in such units: 80 of them in a warp, whose lanes have 10 pairs of channels each. Rows of tiles have six units
// without padding, the last of which is the other half of a sector; places in a row are exchanged.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"short" items 2 group 1 times 2 threads 128 shared 18432>]>]>]
// CHECK-LABEL: gpu.func @short
// CHECK-NOT:     scf.for
// CHECK:         arith.xori
// CHECK-COUNT-9: nvvm.cp.async.shared.global
// CHECK-NOT:     nvvm.cp.async.shared.global
// CHECK:         nvvm.ldmatrix
// CHECK:         nvvm.mma.sync
// CHECK:         llvm.nvvm.ex2
// CHECK:         nvvm.bar.warp.sync
// CHECK-COUNT-10: llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK:         nvvm.bar.warp.sync
// CHECK-COUNT-3: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         gpu.return
plan.kernel @short (tensor<?x2x49x240xf32, #mv.layout<halo = 0, channels = 240, element = f16>>) -> tensor<?x2x49x80xf32, #mv.layout<halo = 0, channels = 80, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%qkv: tensor<?x2x49x240xf32>):
  %0 = mv.attention %qkv heads 2 scale 1.581139e-01 : (tensor<?x2x49x240xf32>) -> tensor<?x2x49x80xf32>
  plan.yield %0 : tensor<?x2x49x80xf32>
}

// -----

// More tokens are more blocks, and a loop over tiles of 64 keys before a last one of 16; no more shared memory.
// CHECK: launches[<"long" items 1 group 1 times 4 threads 224 shared [[BYTES:[0-9]+]]>]
// CHECK: launches[<"longer" items 1 group 1 times 400 threads 256 shared
// CHECK-LABEL: gpu.func @long(
// CHECK:         scf.for
// CHECK:         gpu.return
plan.kernel @long (tensor<?x1x196x288xf32, #mv.layout<halo = 0, channels = 288, element = f16>>) -> tensor<?x1x196x96xf32, #mv.layout<halo = 0, channels = 96, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%qkv: tensor<?x1x196x288xf32>):
  %0 = mv.attention %qkv heads 2 scale 1.443376e-01 : (tensor<?x1x196x288xf32>) -> tensor<?x1x196x96xf32>
  plan.yield %0 : tensor<?x1x196x96xf32>
}
plan.kernel @longer (tensor<?x1x25600x288xf32, #mv.layout<halo = 0, channels = 288, element = f16>>) -> tensor<?x1x25600x96xf32, #mv.layout<halo = 0, channels = 96, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%qkv: tensor<?x1x25600x288xf32>):
  %0 = mv.attention %qkv heads 2 scale 1.443376e-01 : (tensor<?x1x25600x288xf32>) -> tensor<?x1x25600x96xf32>
  plan.yield %0 : tensor<?x1x25600x96xf32>
}

// -----

// Heads of 49 channels begin anywhere in a unit: all is copied in whole units all the same, the next head's channels
// included, which are taken out of the queries' registers. A row of the result is stored in words, of which the first or the
// last has another head's channel.
// CHECK-LABEL: gpu.func @odd
// CHECK-NOT:     llvm.load %{{.*}} !llvm.ptr<1>
// CHECK:         nvvm.cp.async.shared.global
// CHECK:         nvvm.ldmatrix
// CHECK:         arith.andi %{{.*}} : i32
// CHECK:         nvvm.mma.sync
// CHECK:         nvvm.bar.warp.sync
// CHECK:         llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<3>
// CHECK:         nvvm.bar.warp.sync
// CHECK:         scf.for
// CHECK:           llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> i32
// CHECK:           llvm.store %{{.*}} {alignment = 4 : i64} : i32, !llvm.ptr<1>
// CHECK:           llvm.store %{{.*}} {alignment = 2 : i64} : f16, !llvm.ptr<1>
plan.kernel @odd (tensor<?x1x49x1176xf32, #mv.layout<halo = 0, channels = 1176, element = f16>>) -> tensor<?x1x49x392xf32, #mv.layout<halo = 0, channels = 392, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%qkv: tensor<?x1x49x1176xf32>):
  %0 = mv.attention %qkv heads 8 scale 1.428571e-01 : (tensor<?x1x49x1176xf32>) -> tensor<?x1x49x392xf32>
  plan.yield %0 : tensor<?x1x49x392xf32>
}

// -----

// With the product in front, a block computes a head of a window, and q, k and v are not in memory.
// CHECK: launches[<"fused" items 1 group 1 times 2 threads 128 shared
// CHECK-LABEL: gpu.func @fused
// CHECK:         nvvm.cp.async.shared.global
// CHECK:         scf.for
// CHECK:           nvvm.mma.sync
// CHECK:         llvm.nvvm.rsqrt
// CHECK:         llvm.nvvm.ex2
plan.kernel @fused (tensor<?x1x49x80xf32, #mv.layout<halo = 0, channels = 80, element = f16>>, tensor<240x80xf32, #mv.packed<rows width = 64, element = f16>>, tensor<240xf32, #mv.packed<vector width = 8>>, tensor<240xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x49x80xf32, #mv.layout<halo = 0, channels = 80, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x80xf32>, %w: tensor<240x80xf32>, %s: tensor<240xf32>, %b: tensor<240xf32>):
  %0 = mv.norm_linear %x, %w sums %s bias %b eps 1.0e-05 : (tensor<?x1x49x80xf32>, tensor<240x80xf32>, tensor<240xf32>, tensor<240xf32>) -> tensor<?x1x49x240xf32>
  %1 = mv.attention %0 heads 2 scale 1.581139e-01 : (tensor<?x1x49x240xf32>) -> tensor<?x1x49x80xf32>
  plan.yield %1 : tensor<?x1x49x80xf32>
}
