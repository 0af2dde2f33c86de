// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v4 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested in test/Unit/Kernels/RowKernelsTest.cpp.

// Three planes become pixels of 16 channels, 13 of them zero, inside a border of zeros that is written once an image.
// CHECK-LABEL: func.func @picture
// CHECK:         arith.cmpi eq
// CHECK:         scf.if
// CHECK-COUNT-3: memref.load
// CHECK-NOT:     memref.load
// CHECK:         vector.from_elements
// CHECK:         vector.store
plan.kernel @picture (tensor<?x3x8x8xf32>) -> tensor<?x8x8x3xf32, #mv.layout<halo = 1, channels = 16>> family "pointwise" {
^bb0(%x: tensor<?x3x8x8xf32>):
  %0 = mv.to_nhwc %x : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  plan.yield %0 : tensor<?x8x8x3xf32>
}

// -----

// Pointwise ops load, compute and store whole vectors; nothing is masked where channels are whole vectors.
// CHECK-LABEL: func.func @add
// CHECK-NOT:     mask
// CHECK:         vector.load
// CHECK:         vector.load
// CHECK-NEXT:    arith.addf
// CHECK-NOT:     mask
// CHECK:         return
plan.kernel @add (tensor<?x4x4x32xf32>, tensor<?x4x4x32xf32>) -> tensor<?x4x4x32xf32> family "pointwise" {
^bb0(%x: tensor<?x4x4x32xf32>, %r: tensor<?x4x4x32xf32>):
  %0 = mv.add %x, %r : tensor<?x4x4x32xf32>
  plan.yield %0 : tensor<?x4x4x32xf32>
}
