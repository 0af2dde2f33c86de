// The examples of the parameter ops' documentation parse, and print as they were written.
// RUN: mv-opt %s | FileCheck %s
// RUN: mv-opt %s | mv-opt | FileCheck %s
// RUN: mv-opt %s --mlir-print-op-generic | mv-opt | FileCheck %s

// CHECK-LABEL: func.func @parameters
func.func @parameters(%w: tensor<80x80x3x3xf32>, %g: tensor<80xf32>, %m: tensor<16x8xf32>, %b: tensor<8xf32>,
                      %c: tensor<160x1x3xf32>, %x: tensor<36x160xf32>, %q: tensor<960x320xf32>, %a: tensor<160x3xf32>) {
  // CHECK: mv.parameter "levels.0.blocks.0.conv1.weight" : tensor<80x80x3x3xf32>
  %0 = mv.parameter "levels.0.blocks.0.conv1.weight" : tensor<80x80x3x3xf32>
  // CHECK: mv.param.zero : tensor<80xf32>
  %1 = mv.param.zero : tensor<80xf32>
  // CHECK: mv.param.unary rsqrt %{{.*}} : tensor<80xf32>
  %2 = mv.param.unary rsqrt %g : tensor<80xf32>
  // CHECK: mv.param.unary neg %{{.*}} : tensor<80xf32>
  %3 = mv.param.unary neg %2 : tensor<80xf32>
  // CHECK: mv.param.unary exp %{{.*}} : tensor<80xf32>
  %4 = mv.param.unary exp %3 : tensor<80xf32>
  // CHECK: mv.param.unary add_scalar %{{.*}} scalar 1.000000e-05 : tensor<80xf32>
  %5 = mv.param.unary add_scalar %g scalar 1.0e-05 : tensor<80xf32>
  // CHECK: mv.param.unary mul_scalar %{{.*}} scalar 2.000000e+00 : tensor<80xf32>
  %6 = mv.param.unary mul_scalar %g scalar 2.0 : tensor<80xf32>
  // CHECK: mv.param.binary mul %{{.*}}, %{{.*}} : tensor<80x80x3x3xf32>, tensor<80xf32>
  %7 = mv.param.binary mul %w, %g axis 0 : tensor<80x80x3x3xf32>, tensor<80xf32>
  // CHECK: mv.param.binary add %{{.*}}, %{{.*}} axis 1 : tensor<80x80x3x3xf32>, tensor<80xf32>
  %8 = mv.param.binary add %w, %g axis 1 : tensor<80x80x3x3xf32>, tensor<80xf32>
  // CHECK: mv.param.binary sub %{{.*}}, %{{.*}} : tensor<80xf32>, tensor<80xf32>
  %9 = mv.param.binary sub %g, %6 : tensor<80xf32>, tensor<80xf32>
  // CHECK: mv.param.matvec %{{.*}}, %{{.*}} : tensor<16x8xf32>, tensor<8xf32> -> tensor<16xf32>
  %10 = mv.param.matvec %m, %b : tensor<16x8xf32>, tensor<8xf32> -> tensor<16xf32>
  // CHECK: mv.param.transpose %{{.*}} [1, 0] : tensor<16x8xf32> -> tensor<8x16xf32>
  %11 = mv.param.transpose %m [1, 0] : tensor<16x8xf32> -> tensor<8x16xf32>
  // CHECK: mv.param.reshape %{{.*}} : tensor<160x1x3xf32> -> tensor<160x3xf32>
  %12 = mv.param.reshape %c : tensor<160x1x3xf32> -> tensor<160x3xf32>
  // CHECK: mv.param.pad %{{.*}} : tensor<36x160xf32> -> tensor<48x160xf32>
  %13 = mv.param.pad %x : tensor<36x160xf32> -> tensor<48x160xf32>
  // CHECK: mv.param.slice %{{.*}} [320, 0] : tensor<960x320xf32> -> tensor<320x320xf32>
  %14 = mv.param.slice %q [320, 0] : tensor<960x320xf32> -> tensor<320x320xf32>
  // CHECK: mv.param.concat %{{.*}}, %{{.*}} : tensor<160x3xf32>, tensor<160x3xf32> -> tensor<320x3xf32>
  %15 = mv.param.concat %a, %12 : tensor<160x3xf32>, tensor<160x3xf32> -> tensor<320x3xf32>
  // CHECK: mv.param.round %{{.*}} to f16 : tensor<16x8xf32>
  %16 = mv.param.round %m to f16 : tensor<16x8xf32>
  // CHECK: mv.param.round %{{.*}} to tf32 : tensor<80xf32>
  %17 = mv.param.round %g to tf32 : tensor<80xf32>
  return
}
