// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested by test/Device/small-kernels.mlir.

// A warp has a row, eight a block. 320 channels are three groups of four a lane, the last for half of the lanes alone: rows are
// loaded in 8 bytes, parameters in 16, and both means are over the lanes.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"norm" items 49 group 8 times 1 threads 256 shared 0>]>]>]
// CHECK-LABEL: gpu.func @norm(
// CHECK:         scf.if
// CHECK-COUNT-3:   llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xi32>
// CHECK-COUNT-5:   nvvm.shfl.sync bfly
// CHECK-NOT:       llvm.store
// CHECK-COUNT-5:   nvvm.shfl.sync bfly
// CHECK:           llvm.nvvm.rsqrt
// CHECK-COUNT-3:   llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
// CHECK-NOT:       llvm.store
// CHECK:         gpu.return
plan.kernel @norm (tensor<?x1x49x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>>, tensor<320xf32, #mv.packed<vector width = 8>>, tensor<320xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x49x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>> family "layer_norm" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x320xf32>, %w: tensor<320xf32>, %b: tensor<320xf32>):
  %0 = mv.layer_norm %x, %w, %b eps 1.0e-05 : tensor<?x1x49x320xf32>, tensor<320xf32>
  plan.yield %0 : tensor<?x1x49x320xf32>
}

// -----

// 20 channels, stored as 24: six lanes have a group, and the last one's takes no part and is stored as zeros.
// CHECK-LABEL: gpu.func @padded(
// CHECK:         %[[C20:.*]] = arith.constant 20 : index
// CHECK:         arith.cmpi ult, %{{.*}}, %[[C20]]
// CHECK:         arith.select
// CHECK:         nvvm.shfl.sync bfly
plan.kernel @padded (tensor<?x1x49x20xf32, #mv.layout<halo = 0, channels = 24, element = f16>>, tensor<20xf32, #mv.packed<vector width = 8>>, tensor<20xf32, #mv.packed<vector width = 8>>) -> tensor<?x1x49x20xf32, #mv.layout<halo = 0, channels = 24, element = f16>> family "layer_norm" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x20xf32>, %w: tensor<20xf32>, %b: tensor<20xf32>):
  %0 = mv.layer_norm %x, %w, %b eps 1.0e-05 : tensor<?x1x49x20xf32>, tensor<20xf32>
  plan.yield %0 : tensor<?x1x49x20xf32>
}
