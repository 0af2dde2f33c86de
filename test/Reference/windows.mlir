// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/windows.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/windows.safetensors f64 tolerance=1e-7"

// windows: no padding, 2x3 windows. Expected values are from a float64 computation, stored as float32.
func.func @windows() {
  %1 = check.tensor "x" batch 2 : tensor<?x5x8x12xf32>
  %2 = mv.to_nhwc %1 : tensor<?x5x8x12xf32> -> tensor<?x8x12x5xf32>
  %3 = mv.window_partition %2 window 4 : tensor<?x8x12x5xf32> -> tensor<?x6x16x5xf32>
  %4 = check.tensor "tokens" batch 2 stored [12, 16, 5] : tensor<?x6x16x5xf32>
  check.expect_close %3, %4 : tensor<?x6x16x5xf32>
  %5 = arith.constant dense<1.0> : tensor<5xf32>
  %6 = mv.affine %3, %5, %5 : tensor<?x6x16x5xf32>, tensor<5xf32>
  %7 = mv.window_reverse %6 window 4 : tensor<?x6x16x5xf32> -> tensor<?x8x12x5xf32>
  %8 = check.tensor "back" batch 2 : tensor<?x5x8x12xf32>
  %9 = mv.to_nhwc %8 : tensor<?x5x8x12xf32> -> tensor<?x8x12x5xf32>
  check.expect_close %7, %9 : tensor<?x8x12x5xf32>
  return
}
