// REQUIRES: compiler
// RUN: mv-compile %s --target=sm_80,sm_90,sm_100 --compile-to=ptx | FileCheck %s --implicit-check-not=nameless
// RUN: mv-compile %s --target=sm_80,sm_90 --compile-to=llvm | FileCheck %s --check-prefix=LLVM --implicit-check-not=nameless

// A module for each architecture, all with the same functions.
// CHECK:      .version 7.0
// CHECK-NEXT: .target sm_80
// CHECK-NEXT: .address_size 64
// CHECK:      .visible .entry copy_1x3x5_f16(
// CHECK:        copy_1x3x5_f16_param_0
// CHECK:      .visible .entry layer_norm_1x3x5_f16(
// CHECK:      .version 7.8
// CHECK-NEXT: .target sm_90
// CHECK:      .visible .entry copy_1x3x5_f16(
// CHECK:      .visible .entry layer_norm_1x3x5_f16(
// CHECK:      .version 8.6
// CHECK-NEXT: .target sm_100
// CHECK:      .visible .entry copy_1x3x5_f16(
// CHECK:      .visible .entry layer_norm_1x3x5_f16(
// CHECK-NOT:  .entry

// What two architectures of a generation share is compiled once.
// LLVM:     define ptx_kernel void @copy_1x3x5_f16(
// LLVM:     define ptx_kernel void @layer_norm_1x3x5_f16(
// LLVM-NOT: define ptx_kernel
func.func @norm(%x: tensor<?x1x3x5xf32>) -> (tensor<?x1x3x5xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "norm.weight" : tensor<5xf32>
  %2 = mv.parameter "norm.bias" : tensor<5xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x3x5xf32>, tensor<5xf32>
  return %3 : tensor<?x1x3x5xf32>
}
