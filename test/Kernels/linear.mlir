// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v4 --canonicalize --cse --split-input-file | FileCheck %s
// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64 --canonicalize --cse --split-input-file | FileCheck %s --check-prefix=SSE

// What the kernels compute is tested in test/Unit/Kernels/ProductsTest.cpp.

// Two tiles of 14 rows by 32 outputs: 28 accumulators, in each step two vectors of weights, then row by row one element
// and its two products. ReLU is cheap and so applied to the registers.
// CHECK-LABEL: func.func @two_tiles
// CHECK:         %[[SUMS:.*]]:28 = scf.for
// CHECK-COUNT-2:   vector.load {{.*}} vector<16xf32>
// CHECK:           %[[ELEMENT:.*]] = memref.load
// CHECK-NEXT:      %[[ALL:.*]] = vector.broadcast %[[ELEMENT]]
// CHECK-NEXT:      math.fma %[[ALL]]
// CHECK-NEXT:      math.fma %[[ALL]]
// CHECK:           scf.yield
// CHECK:         arith.cmpf olt, %[[SUMS]]#0
// CHECK:         arith.cmpf olt, %[[SUMS]]#27
// CHECK-NOT:     scf.for

// Without the instruction, no fma: it would be a call.
// SSE-LABEL: func.func @two_tiles
// SSE-NOT:     fma
// SSE:         arith.mulf
// SSE:         return
plan.kernel @two_tiles (tensor<?x1x28x24xf32, #mv.layout<halo = 0, channels = 32>>, tensor<32x24xf32, #mv.packed<panels width = 32>>, tensor<32xf32, #mv.packed<vector width = 32>>) -> tensor<?x1x28x32xf32> family "linear" {
^bb0(%x: tensor<?x1x28x24xf32>, %w: tensor<32x24xf32>, %b: tensor<32xf32>):
  %0 = mv.linear %x, %w bias %b : (tensor<?x1x28x24xf32>, tensor<32x24xf32>, tensor<32xf32>) -> tensor<?x1x28x32xf32>
  %1 = mv.relu %0 : tensor<?x1x28x32xf32>
  plan.yield %1 : tensor<?x1x28x32xf32>
}

// -----

// Rows are normalised to scratch memory when the block of rows is another than that of the workgroup before; the
// polynomial of GELU is applied in a loop over the tile's rows, behind the sums.
// CHECK-LABEL: func.func @norm_and_gelu
// CHECK-SAME:    %[[SCRATCH:[a-z0-9]+]]: memref<{{[0-9]+}}xi8>)
// CHECK:         scf.for {{.*}} iter_args(%[[BEFORE:.*]] = %c-1)
// CHECK:           %[[NEW:.*]] = arith.cmpi ne, {{.*}}, %[[BEFORE]]
// CHECK-NEXT:      scf.if %[[NEW]]
// CHECK:             math.sqrt
// CHECK:           scf.for {{.*}} iter_args
// CHECK:             memref.load %{{view.*}}[
// CHECK:           scf.for
// CHECK:             math.erf
// CHECK-NOT:         scf.for
plan.kernel @norm_and_gelu (tensor<?x1x28x32xf32>, tensor<32xf32, #mv.packed<vector width = 16>>, tensor<32xf32, #mv.packed<vector width = 16>>, tensor<32x32xf32, #mv.packed<panels width = 32>>) -> tensor<?x1x28x32xf32> family "linear" {
^bb0(%x: tensor<?x1x28x32xf32>, %g: tensor<32xf32>, %s: tensor<32xf32>, %w: tensor<32x32xf32>):
  %0 = mv.layer_norm %x, %g, %s eps 1.0e-05 : tensor<?x1x28x32xf32>, tensor<32xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x28x32xf32>, tensor<32x32xf32>) -> tensor<?x1x28x32xf32>
  %2 = mv.gelu erf %1 : tensor<?x1x28x32xf32>
  plan.yield %2 : tensor<?x1x28x32xf32>
}

// -----

// A matrix has one row an image: its workgroups are groups of images.
// CHECK: #plan.implementation<"x86-64-v4" {{.*}} phases[<"matrix" items 1 group 14 times {{[0-9]+}}>]>
plan.kernel @matrix (tensor<?x32xf32>, tensor<64x32xf32, #mv.packed<panels width = 32>>) -> tensor<?x64xf32> family "linear" {
^bb0(%x: tensor<?x32xf32>, %w: tensor<64x32xf32>):
  %0 = mv.linear %x, %w : (tensor<?x32xf32>, tensor<64x32xf32>) -> tensor<?x64xf32>
  plan.yield %0 : tensor<?x64xf32>
}
