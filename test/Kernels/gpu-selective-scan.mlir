// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested by test/Device/mixer.mlir.

// One launch for all of a mixer between its input and its output projection: a block takes a window, in segments of 64
// tokens, of which it convolves all channels (vectors of 8, whose taps are in shared memory) and projects x by matrix units
// into shared memory, the operands of two products in one access. A warp then has 16 of the 160 channels: step sizes by
// matrix units, 16 tokens without a loop, results 16 bytes a lane.
// Where windows are few, ten blocks share the channels of one, a warp of each scans, and seven more help before that.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"wide" items 2 group 1 times 10 threads 256 shared {{[0-9]+}}>]>,
// CHECK-SAME: <batch 11 launches[<"wide_batch11" items 2 group 1 times 1 threads 320 shared {{[0-9]+}}>]>]>]
// CHECK-LABEL: gpu.func @wide_batch11
// CHECK:         nvvm.cp.async.shared.global
// CHECK:         gpu.barrier
// CHECK:         scf.for {{.*}} step %c64
// CHECK:           scf.for
// CHECK:             llvm.nvvm.ex2
// CHECK:             llvm.nvvm.rcp
// CHECK:             llvm.store {{.*}} : vector<4xi32>, !llvm.ptr<3>
// CHECK:             llvm.store {{.*}} : vector<4xi32>, !llvm.ptr<1>
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK:             llvm.load {{.*}} : !llvm.ptr<1> -> vector<4xi32>
// CHECK:             llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xi32>
// CHECK:             llvm.load {{.*}} : !llvm.ptr<3> -> vector<4xi32>
// CHECK:             nvvm.mma.sync
// CHECK:           gpu.barrier
// CHECK:           scf.for
// CHECK-COUNT-2:     nvvm.mma.sync
// CHECK:             math.log1p
// CHECK:             nvvm.bar.warp.sync
// CHECK-NOT:         scf.for
// CHECK-COUNT-64:    llvm.nvvm.ex2
// CHECK:             llvm.store {{.*}} : vector<4xi32>, !llvm.ptr<1>
// CHECK:           gpu.barrier
plan.kernel @wide (tensor<?x2x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>>, tensor<320x3xf32, #mv.packed<columns width = 8>>, tensor<36x160xf32, #mv.packed<rows width = 64, element = f16>>, tensor<160x20xf32, #mv.packed<rows width = 64, element = f16>>, tensor<160xf32, #mv.packed<vector width = 8>>, tensor<160x8xf32, #mv.packed<columns width = 8>>, tensor<160xf32, #mv.packed<vector width = 8>>) -> tensor<?x2x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>> family "selective_scan" attributes {device = "cuda", dtype = "f16"} {
^bb0(%xz: tensor<?x2x196x320xf32>, %cw: tensor<320x3xf32>, %pw: tensor<36x160xf32>, %dw: tensor<160x20xf32>, %db: tensor<160xf32>, %a: tensor<160x8xf32>, %d: tensor<160xf32>):
  %0 = mv.conv1d %xz, %cw : (tensor<?x2x196x320xf32>, tensor<320x3xf32>) -> tensor<?x2x196x320xf32>
  %1 = mv.silu %0 : tensor<?x2x196x320xf32>
  %2 = mv.slice %1 offset 0 : tensor<?x2x196x320xf32> -> tensor<?x2x196x160xf32>
  %3 = mv.slice %1 offset 160 : tensor<?x2x196x320xf32> -> tensor<?x2x196x160xf32>
  %4 = mv.linear %2, %pw : (tensor<?x2x196x160xf32>, tensor<36x160xf32>) -> tensor<?x2x196x36xf32>
  %5 = mv.slice %4 offset 0 : tensor<?x2x196x36xf32> -> tensor<?x2x196x20xf32>
  %6 = mv.slice %4 offset 20 : tensor<?x2x196x36xf32> -> tensor<?x2x196x8xf32>
  %7 = mv.slice %4 offset 28 : tensor<?x2x196x36xf32> -> tensor<?x2x196x8xf32>
  %8 = mv.linear %5, %dw bias %db : (tensor<?x2x196x20xf32>, tensor<160x20xf32>, tensor<160xf32>) -> tensor<?x2x196x160xf32>
  %9 = mv.softplus %8 : tensor<?x2x196x160xf32>
  %10 = mv.selective_scan %2, %9, %a, %6, %7, %d : (tensor<?x2x196x160xf32>, tensor<?x2x196x160xf32>, tensor<160x8xf32>, tensor<?x2x196x8xf32>, tensor<?x2x196x8xf32>, tensor<160xf32>) -> tensor<?x2x196x160xf32>
  %11 = mv.concat %10, %3 : (tensor<?x2x196x160xf32>, tensor<?x2x196x160xf32>) -> tensor<?x2x196x320xf32>
  plan.yield %11 : tensor<?x2x196x320xf32>
}

// -----

// More channels than 20 warps can take are dealt out to two blocks.
// CHECK: <batch {{[0-9]+}} launches[<"split_batch{{[0-9]+}}" items 1 group 1 times 2 threads 416
plan.kernel @split (tensor<?x1x196x784xf32, #mv.layout<halo = 0, channels = 784, element = f16>>, tensor<784x3xf32, #mv.packed<columns width = 8>>, tensor<65x392xf32, #mv.packed<rows width = 64, element = f16>>, tensor<392x49xf32, #mv.packed<rows width = 64, element = f16>>, tensor<392xf32, #mv.packed<vector width = 8>>, tensor<392x8xf32, #mv.packed<columns width = 8>>, tensor<392xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x196x784xf32, #mv.layout<halo = 0, channels = 784, element = f16>> family "selective_scan" attributes {device = "cuda", dtype = "f16"} {
^bb0(%xz: tensor<?x1x196x784xf32>, %cw: tensor<784x3xf32>, %pw: tensor<65x392xf32>, %dw: tensor<392x49xf32>, %db: tensor<392xf32>, %a: tensor<392x8xf32>, %d: tensor<392xf32>):
  %0 = mv.conv1d %xz, %cw : (tensor<?x1x196x784xf32>, tensor<784x3xf32>) -> tensor<?x1x196x784xf32>
  %1 = mv.silu %0 : tensor<?x1x196x784xf32>
  %2 = mv.slice %1 offset 0 : tensor<?x1x196x784xf32> -> tensor<?x1x196x392xf32>
  %3 = mv.slice %1 offset 392 : tensor<?x1x196x784xf32> -> tensor<?x1x196x392xf32>
  %4 = mv.linear %2, %pw : (tensor<?x1x196x392xf32>, tensor<65x392xf32>) -> tensor<?x1x196x65xf32>
  %5 = mv.slice %4 offset 0 : tensor<?x1x196x65xf32> -> tensor<?x1x196x49xf32>
  %6 = mv.slice %4 offset 49 : tensor<?x1x196x65xf32> -> tensor<?x1x196x8xf32>
  %7 = mv.slice %4 offset 57 : tensor<?x1x196x65xf32> -> tensor<?x1x196x8xf32>
  %8 = mv.linear %5, %dw bias %db : (tensor<?x1x196x49xf32>, tensor<392x49xf32>, tensor<392xf32>) -> tensor<?x1x196x392xf32>
  %9 = mv.softplus %8 : tensor<?x1x196x392xf32>
  %10 = mv.selective_scan %2, %9, %a, %6, %7, %d : (tensor<?x1x196x392xf32>, tensor<?x1x196x392xf32>, tensor<392x8xf32>, tensor<?x1x196x8xf32>, tensor<?x1x196x8xf32>, tensor<392xf32>) -> tensor<?x1x196x392xf32>
  %11 = mv.concat %10, %3 : (tensor<?x1x196x392xf32>, tensor<?x1x196x392xf32>) -> tensor<?x1x196x784xf32>
  plan.yield %11 : tensor<?x1x196x784xf32>
}

// -----

// 49 channels begin nowhere near 16 bytes: z is stored number by number, x is filled up with zeros for the products.
// CHECK: launches[<"odd" items 3 group 1 times 4 threads 256
// CHECK-LABEL: gpu.func @odd
// CHECK:         llvm.store {{.*}} : f16, !llvm.ptr<1>
plan.kernel @odd (tensor<?x3x16x98xf32, #mv.layout<halo = 0, channels = 104, element = f16>>, tensor<98x3xf32, #mv.packed<columns width = 8>>, tensor<23x49xf32, #mv.packed<rows width = 64, element = f16>>, tensor<49x7xf32, #mv.packed<rows width = 64, element = f16>>, tensor<49xf32, #mv.packed<vector width = 8>>, tensor<49x8xf32, #mv.packed<columns width = 8>>, tensor<49xf32, #mv.packed<vector width = 8>>) -> tensor<?x3x16x98xf32, #mv.layout<halo = 0, channels = 104, element = f16>> family "selective_scan" attributes {device = "cuda", dtype = "f16"} {
^bb0(%xz: tensor<?x3x16x98xf32>, %cw: tensor<98x3xf32>, %pw: tensor<23x49xf32>, %dw: tensor<49x7xf32>, %db: tensor<49xf32>, %a: tensor<49x8xf32>, %d: tensor<49xf32>):
  %0 = mv.conv1d %xz, %cw : (tensor<?x3x16x98xf32>, tensor<98x3xf32>) -> tensor<?x3x16x98xf32>
  %1 = mv.silu %0 : tensor<?x3x16x98xf32>
  %2 = mv.slice %1 offset 0 : tensor<?x3x16x98xf32> -> tensor<?x3x16x49xf32>
  %3 = mv.slice %1 offset 49 : tensor<?x3x16x98xf32> -> tensor<?x3x16x49xf32>
  %4 = mv.linear %2, %pw : (tensor<?x3x16x49xf32>, tensor<23x49xf32>) -> tensor<?x3x16x23xf32>
  %5 = mv.slice %4 offset 0 : tensor<?x3x16x23xf32> -> tensor<?x3x16x7xf32>
  %6 = mv.slice %4 offset 7 : tensor<?x3x16x23xf32> -> tensor<?x3x16x8xf32>
  %7 = mv.slice %4 offset 15 : tensor<?x3x16x23xf32> -> tensor<?x3x16x8xf32>
  %8 = mv.linear %5, %dw bias %db : (tensor<?x3x16x7xf32>, tensor<49x7xf32>, tensor<49xf32>) -> tensor<?x3x16x49xf32>
  %9 = mv.softplus %8 : tensor<?x3x16x49xf32>
  %10 = mv.selective_scan %2, %9, %a, %6, %7, %d : (tensor<?x3x16x49xf32>, tensor<?x3x16x49xf32>, tensor<49x8xf32>, tensor<?x3x16x8xf32>, tensor<?x3x16x8xf32>, tensor<49xf32>) -> tensor<?x3x16x49xf32>
  %11 = mv.concat %10, %3 : (tensor<?x3x16x49xf32>, tensor<?x3x16x49xf32>) -> tensor<?x3x16x98xf32>
  plan.yield %11 : tensor<?x3x16x98xf32>
}

// -----

// By itself a scan has a thread for each channel, all states in its registers, and any epilogue.
// CHECK: launches[<"alone" items 1 group 1 times 2 threads 128 shared 0>]
// CHECK-LABEL: gpu.func @alone
// CHECK:         scf.for
// CHECK-COUNT-8:   llvm.nvvm.ex2
// CHECK:           arith.cmpf olt
plan.kernel @alone (tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>>, tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>>, tensor<160x8xf32, #mv.packed<columns width = 8>>, tensor<?x1x49x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, tensor<?x1x49x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, tensor<160xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>> family "selective_scan" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x160xf32>, %s: tensor<?x1x49x160xf32>, %a: tensor<160x8xf32>, %b: tensor<?x1x49x8xf32>, %c: tensor<?x1x49x8xf32>, %d: tensor<160xf32>):
  %0 = mv.selective_scan %x, %s, %a, %b, %c, %d : (tensor<?x1x49x160xf32>, tensor<?x1x49x160xf32>, tensor<160x8xf32>, tensor<?x1x49x8xf32>, tensor<?x1x49x8xf32>, tensor<160xf32>) -> tensor<?x1x49x160xf32>
  %1 = mv.relu %0 : tensor<?x1x49x160xf32>
  plan.yield %1 : tensor<?x1x49x160xf32>
}
