// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/windows_pad.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/windows_pad.safetensors f64 tolerance=1e-7"

// windows: padding at the bottom and on the right. Expected values are from a float64 computation, stored as float32.
func.func @windows_pad() {
  %1 = check.tensor "x" batch 2 : tensor<?x3x10x8xf32>
  %2 = mv.to_nhwc %1 : tensor<?x3x10x8xf32> -> tensor<?x10x8x3xf32>
  %3 = mv.window_partition %2 window 7 : tensor<?x10x8x3xf32> -> tensor<?x4x49x3xf32>
  %4 = check.tensor "tokens" batch 2 stored [8, 49, 3] : tensor<?x4x49x3xf32>
  check.expect_close %3, %4 : tensor<?x4x49x3xf32>
  %5 = arith.constant dense<1.0> : tensor<3xf32>
  %6 = mv.affine %3, %5, %5 : tensor<?x4x49x3xf32>, tensor<3xf32>
  %7 = mv.window_reverse %6 window 7 : tensor<?x4x49x3xf32> -> tensor<?x10x8x3xf32>
  %8 = check.tensor "back" batch 2 : tensor<?x3x10x8xf32>
  %9 = mv.to_nhwc %8 : tensor<?x3x10x8xf32> -> tensor<?x10x8x3xf32>
  check.expect_close %7, %9 : tensor<?x10x8x3xf32>
  return
}
