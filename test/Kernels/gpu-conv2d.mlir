// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// A line of the map has 16 pixels of 16 channels, so a ky lies 256 elements below the one before, of which three pixels,
// 48, are behind already: 208 are added from k = 48 on and again from k = 96 on.
// CHECK-LABEL: gpu.func @conv2d(
// CHECK-DAG:     %[[SKIP:.*]] = arith.constant 208 : index
// CHECK-DAG:     %[[LINE:.*]] = arith.constant 48 : index
// CHECK-DAG:     %[[TWO_LINES:.*]] = arith.constant 96 : index
// CHECK:         scf.for
// CHECK:           %[[SECOND:.*]] = arith.cmpi {{.*}}, %[[LINE]] : index
// CHECK:           arith.select %[[SECOND]], %{{.*}}, %[[SKIP]]
// CHECK:           %[[THIRD:.*]] = arith.cmpi {{.*}}, %[[TWO_LINES]] : index
// CHECK:           arith.select %[[THIRD]], %{{.*}}, %[[SKIP]]
// CHECK:           nvvm.cp.async.shared.global
// CHECK:           nvvm.mma.sync
plan.kernel @conv2d (tensor<?x14x14x16xf32, #mv.layout<halo = 1, channels = 16, element = f16>>, tensor<32x16x3x3xf32, #mv.packed<rows width = 64, element = f16>>, tensor<32xf32, #mv.packed<vector width = 8>>) -> tensor<?x14x14x32xf32, #mv.layout<halo = 0, channels = 32, element = f16>> family "conv2d" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x14x14x16xf32>, %w: tensor<32x16x3x3xf32>, %b: tensor<32xf32>):
  %0 = mv.conv2d %x, %w bias %b stride 1 : (tensor<?x14x14x16xf32>, tensor<32x16x3x3xf32>, tensor<32xf32>) -> tensor<?x14x14x32xf32>
  plan.yield %0 : tensor<?x14x14x32xf32>
}
