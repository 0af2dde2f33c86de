// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernel computes is tested by test/Device/small-kernels.mlir.

// A thread has four channels of a token, 16 bytes of the taps: 49 tokens of 160 channels are 1960 threads an image. It reads
// both neighbours, its own row in the place of one that is not there, which then counts as zero; and the taps lie one behind another.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"conv1d" items 1960 group 256 times 1 threads 256 shared 0>]>]>]
// CHECK-LABEL: gpu.func @conv1d(
// CHECK-DAG:     %[[FIRST:.*]] = arith.cmpi ne, %[[TOKEN:.*]], %{{c0.*}} : index
// CHECK-DAG:     %[[LAST:.*]] = arith.cmpi ne, %[[TOKEN]], %{{c48.*}} : index
// CHECK:         math.fma
// CHECK-COUNT-1: llvm.store %{{.*}} {alignment = 8 : i64} : vector<2xi32>, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         gpu.return
plan.kernel @conv1d (tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>>, tensor<160x3xf32, #mv.packed<columns width = 8>>) -> tensor<?x1x49x160xf32, #mv.layout<halo = 0, channels = 160, element = f16>> family "conv1d" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x49x160xf32>, %w: tensor<160x3xf32>):
  %0 = mv.conv1d %x, %w : (tensor<?x1x49x160xf32>, tensor<160x3xf32>) -> tensor<?x1x49x160xf32>
  plan.yield %0 : tensor<?x1x49x160xf32>
}
