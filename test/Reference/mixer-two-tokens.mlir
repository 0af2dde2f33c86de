// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/mixer_two_tokens.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/mixer_two_tokens.safetensors f64 tolerance=1e-7"

// mixer: length 2. Expected values are from a float64 computation, stored as float32.
func.func @mixer_two_tokens() {
  %1 = check.tensor "x" batch 3 stored [3, 2, 32] : tensor<?x1x2x32xf32>
  %2 = mv.parameter "in_proj.weight" : tensor<32x32xf32>
  %3 = mv.linear %1, %2 : (tensor<?x1x2x32xf32>, tensor<32x32xf32>) -> tensor<?x1x2x32xf32>
  %4 = mv.parameter "conv1d_x.weight" : tensor<16x1x3xf32>
  %5 = mv.param.reshape %4 : tensor<16x1x3xf32> -> tensor<16x3xf32>
  %6 = mv.parameter "conv1d_z.weight" : tensor<16x1x3xf32>
  %7 = mv.param.reshape %6 : tensor<16x1x3xf32> -> tensor<16x3xf32>
  %8 = mv.param.concat %5, %7 : tensor<16x3xf32>, tensor<16x3xf32> -> tensor<32x3xf32>
  %9 = mv.conv1d %3, %8 : (tensor<?x1x2x32xf32>, tensor<32x3xf32>) -> tensor<?x1x2x32xf32>
  %10 = mv.silu %9 : tensor<?x1x2x32xf32>
  %11 = mv.slice %10 offset 0 : tensor<?x1x2x32xf32> -> tensor<?x1x2x16xf32>
  %12 = mv.slice %10 offset 16 : tensor<?x1x2x32xf32> -> tensor<?x1x2x16xf32>
  %13 = mv.parameter "x_proj.weight" : tensor<18x16xf32>
  %14 = mv.linear %11, %13 : (tensor<?x1x2x16xf32>, tensor<18x16xf32>) -> tensor<?x1x2x18xf32>
  %15 = mv.slice %14 offset 0 : tensor<?x1x2x18xf32> -> tensor<?x1x2x2xf32>
  %16 = mv.slice %14 offset 2 : tensor<?x1x2x18xf32> -> tensor<?x1x2x8xf32>
  %17 = mv.slice %14 offset 10 : tensor<?x1x2x18xf32> -> tensor<?x1x2x8xf32>
  %18 = mv.parameter "dt_proj.weight" : tensor<16x2xf32>
  %19 = mv.parameter "dt_proj.bias" : tensor<16xf32>
  %20 = mv.param.unary mul_scalar %19 scalar 2.0 : tensor<16xf32>
  %21 = mv.linear %15, %18 bias %20 : (tensor<?x1x2x2xf32>, tensor<16x2xf32>, tensor<16xf32>) -> tensor<?x1x2x16xf32>
  %22 = mv.softplus %21 : tensor<?x1x2x16xf32>
  %23 = mv.parameter "A_log" : tensor<16x8xf32>
  %24 = mv.param.unary exp %23 : tensor<16x8xf32>
  %25 = mv.param.unary neg %24 : tensor<16x8xf32>
  %26 = mv.parameter "D" : tensor<16xf32>
  %27 = mv.selective_scan %11, %22, %25, %16, %17, %26 : (tensor<?x1x2x16xf32>, tensor<?x1x2x16xf32>, tensor<16x8xf32>, tensor<?x1x2x8xf32>, tensor<?x1x2x8xf32>, tensor<16xf32>) -> tensor<?x1x2x16xf32>
  %28 = mv.concat %27, %12 : (tensor<?x1x2x16xf32>, tensor<?x1x2x16xf32>) -> tensor<?x1x2x32xf32>
  %29 = mv.parameter "out_proj.weight" : tensor<32x32xf32>
  %30 = mv.linear %28, %29 : (tensor<?x1x2x32xf32>, tensor<32x32xf32>) -> tensor<?x1x2x32xf32>
  %31 = check.tensor "y" batch 3 stored [3, 2, 32] : tensor<?x1x2x32xf32>
  check.expect_close %30, %31 : tensor<?x1x2x32xf32>
  return
}
