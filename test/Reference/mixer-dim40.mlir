// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/mixer_dim40.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/mixer_dim40.safetensors f64 tolerance=1e-7"

// mixer: dim 40: dt_rank = ceil(2.5) = 3. Expected values are from a float64 computation, stored as float32.
func.func @mixer_dim40() {
  %1 = check.tensor "x" batch 2 stored [2, 16, 40] : tensor<?x1x16x40xf32>
  %2 = mv.parameter "in_proj.weight" : tensor<40x40xf32>
  %3 = mv.linear %1, %2 : (tensor<?x1x16x40xf32>, tensor<40x40xf32>) -> tensor<?x1x16x40xf32>
  %4 = mv.parameter "conv1d_x.weight" : tensor<20x1x3xf32>
  %5 = mv.param.reshape %4 : tensor<20x1x3xf32> -> tensor<20x3xf32>
  %6 = mv.parameter "conv1d_z.weight" : tensor<20x1x3xf32>
  %7 = mv.param.reshape %6 : tensor<20x1x3xf32> -> tensor<20x3xf32>
  %8 = mv.param.concat %5, %7 : tensor<20x3xf32>, tensor<20x3xf32> -> tensor<40x3xf32>
  %9 = mv.conv1d %3, %8 : (tensor<?x1x16x40xf32>, tensor<40x3xf32>) -> tensor<?x1x16x40xf32>
  %10 = mv.silu %9 : tensor<?x1x16x40xf32>
  %11 = mv.slice %10 offset 0 : tensor<?x1x16x40xf32> -> tensor<?x1x16x20xf32>
  %12 = mv.slice %10 offset 20 : tensor<?x1x16x40xf32> -> tensor<?x1x16x20xf32>
  %13 = mv.parameter "x_proj.weight" : tensor<19x20xf32>
  %14 = mv.linear %11, %13 : (tensor<?x1x16x20xf32>, tensor<19x20xf32>) -> tensor<?x1x16x19xf32>
  %15 = mv.slice %14 offset 0 : tensor<?x1x16x19xf32> -> tensor<?x1x16x3xf32>
  %16 = mv.slice %14 offset 3 : tensor<?x1x16x19xf32> -> tensor<?x1x16x8xf32>
  %17 = mv.slice %14 offset 11 : tensor<?x1x16x19xf32> -> tensor<?x1x16x8xf32>
  %18 = mv.parameter "dt_proj.weight" : tensor<20x3xf32>
  %19 = mv.parameter "dt_proj.bias" : tensor<20xf32>
  %20 = mv.param.unary mul_scalar %19 scalar 2.0 : tensor<20xf32>
  %21 = mv.linear %15, %18 bias %20 : (tensor<?x1x16x3xf32>, tensor<20x3xf32>, tensor<20xf32>) -> tensor<?x1x16x20xf32>
  %22 = mv.softplus %21 : tensor<?x1x16x20xf32>
  %23 = mv.parameter "A_log" : tensor<20x8xf32>
  %24 = mv.param.unary exp %23 : tensor<20x8xf32>
  %25 = mv.param.unary neg %24 : tensor<20x8xf32>
  %26 = mv.parameter "D" : tensor<20xf32>
  %27 = mv.selective_scan %11, %22, %25, %16, %17, %26 : (tensor<?x1x16x20xf32>, tensor<?x1x16x20xf32>, tensor<20x8xf32>, tensor<?x1x16x8xf32>, tensor<?x1x16x8xf32>, tensor<20xf32>) -> tensor<?x1x16x20xf32>
  %28 = mv.concat %27, %12 : (tensor<?x1x16x20xf32>, tensor<?x1x16x20xf32>) -> tensor<?x1x16x40xf32>
  %29 = mv.parameter "out_proj.weight" : tensor<40x40xf32>
  %30 = mv.linear %28, %29 : (tensor<?x1x16x40xf32>, tensor<40x40xf32>) -> tensor<?x1x16x40xf32>
  %31 = check.tensor "y" batch 2 stored [2, 16, 40] : tensor<?x1x16x40xf32>
  check.expect_close %30, %31 : tensor<?x1x16x40xf32>
  return
}
