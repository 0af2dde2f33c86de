// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v4 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested in test/Unit/Kernels/ProductsTest.cpp.

// Pixels without padding between them: the three pixels under a line of the kernel are one run of 3 * 16 elements.
// CHECK-LABEL: func.func @contiguous
// CHECK-DAG:     %[[THREE:.*]] = arith.constant 3 : index
// CHECK-DAG:     %[[LENGTH:.*]] = arith.constant 48 : index
// CHECK:         scf.for {{.*}} to %[[THREE]] step %{{.*}} iter_args
// CHECK:           scf.for {{.*}} to %[[LENGTH]] step %{{.*}} iter_args
// CHECK-COUNT-28:    math.fma
// CHECK-NOT:         math.fma
plan.kernel @contiguous (tensor<?x14x14x16xf32, #mv.layout<halo = 1, channels = 16>>, tensor<32x16x3x3xf32, #mv.packed<panels width = 32>>) -> tensor<?x14x14x32xf32, #mv.layout<halo = 1, channels = 32>> family "conv2d" {
^bb0(%x: tensor<?x14x14x16xf32>, %w: tensor<32x16x3x3xf32>):
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x14x14x16xf32>, tensor<32x16x3x3xf32>) -> tensor<?x14x14x32xf32>
  plan.yield %0 : tensor<?x14x14x32xf32>
}

// -----

// 80 outputs are one panel, in strips of 48 (8 pixels) and 32 (14 pixels, here in two tiles of 8): nothing is computed
// for outputs that do not exist.
// CHECK-LABEL: func.func @strips
// CHECK:         iter_args
// CHECK:           scf.for
// CHECK-COUNT-24:    math.fma
// CHECK-NOT:         math.fma
// CHECK:             scf.yield
// CHECK:         iter_args
// CHECK:           scf.for
// CHECK-COUNT-16:    math.fma
// CHECK-NOT:         math.fma
// CHECK:             scf.yield
plan.kernel @strips (tensor<?x16x16x16xf32, #mv.layout<halo = 1, channels = 16>>, tensor<80x16x3x3xf32, #mv.packed<panels width = 80>>) -> tensor<?x16x16x80xf32, #mv.layout<halo = 1, channels = 80>> family "conv2d" {
^bb0(%x: tensor<?x16x16x16xf32>, %w: tensor<80x16x3x3xf32>):
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x16x16x16xf32>, tensor<80x16x3x3xf32>) -> tensor<?x16x16x80xf32>
  plan.yield %0 : tensor<?x16x16x80xf32>
}

// -----

// With padding between pixels, a loop over the three pixels of a line as well.
// CHECK-LABEL: func.func @padded
// CHECK-DAG:     %[[THREE:.*]] = arith.constant 3 : index
// CHECK-DAG:     %[[CHANNELS:.*]] = arith.constant 20 : index
// CHECK:         scf.for {{.*}} to %[[THREE]] step %{{.*}} iter_args
// CHECK:           scf.for {{.*}} to %[[THREE]] step %{{.*}} iter_args
// CHECK:             scf.for {{.*}} to %[[CHANNELS]] step %{{.*}} iter_args
plan.kernel @padded (tensor<?x14x14x20xf32, #mv.layout<halo = 1, channels = 32>>, tensor<32x20x3x3xf32, #mv.packed<panels width = 32>>) -> tensor<?x14x14x32xf32> family "conv2d" {
^bb0(%x: tensor<?x14x14x20xf32>, %w: tensor<32x20x3x3xf32>):
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x14x14x20xf32>, tensor<32x20x3x3xf32>) -> tensor<?x14x14x32xf32>
  plan.yield %0 : tensor<?x14x14x32xf32>
}
