// REQUIRES: compiler
// RUN: mv-compile %s --target=sm_80 --compile-to=kernels -o %t.mlir --report=%t.json
// RUN: FileCheck %s < %t.json
// RUN: mv-compile %s --target=sm_80 --compile-to=kernels -o %t.mlir --report=%t.txt
// RUN: FileCheck %s --check-prefix=TEXT < %t.txt
// RUN: mv-compile %s --target=sm_80 --compile-to=kernels -o %t.mlir --report=%t.html
// RUN: FileCheck %s --check-prefix=TEXT < %t.html

// What a kernel moves is whole buffers. The norm reads the copy's f16, 15 numbers an image that are stored as 24, writes 15 of
// f32, and has two parameters of 5 numbers that are stored as 8. At least it must move those without the padding. It runs
// eight rows a block.
// CHECK:          "kernel": "layer_norm_1x3x5_f16",
// CHECK:          "memory": [
// CHECK:              "batch": 1,
// CHECK-NEXT:         "ideal_bytes": 130,
// CHECK-NEXT:         "moved_bytes": 172,
// CHECK-NEXT:         "ratio": 1.32
// CHECK:              "batch": 128,
// CHECK-NEXT:         "ideal_bytes": 11560,
// CHECK-NEXT:         "moved_bytes": 13888,
// CHECK:          "grids": [
// CHECK:              "batch": 1,
// CHECK-NEXT:         "blocks": 1,
// CHECK-NEXT:         "waves": 1
// CHECK:              "batch": 128,
// CHECK-NEXT:         "blocks": 48,
// CHECK-NEXT:         "waves": 1
// TEXT: memory at batch 1: 0.0 MB moved, 0.0 MB at least (inputs, results and parameters once), ratio 1.273
// TEXT: memory at batch 128: 0.0 MB moved, 0.0 MB at least (inputs, results and parameters once), ratio 1.201
func.func @norm(%x: tensor<?x1x3x5xf32>) -> (tensor<?x1x3x5xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "norm.weight" : tensor<5xf32>
  %2 = mv.parameter "norm.bias" : tensor<5xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x3x5xf32>, tensor<5xf32>
  return %3 : tensor<?x1x3x5xf32>
}
