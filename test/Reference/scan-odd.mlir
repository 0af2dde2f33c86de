// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/scan_odd.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/scan_odd.safetensors f64 tolerance=1e-7"

// selective_scan: channel count and length that fit no vector width. Expected values are from a float64 computation, stored as float32.
func.func @scan_odd() {
  %1 = check.tensor "u" batch 3 stored [3, 13, 7] : tensor<?x1x13x7xf32>
  %2 = check.tensor "step" batch 3 stored [3, 13, 7] : tensor<?x1x13x7xf32>
  %3 = check.tensor "B" batch 3 stored [3, 13, 8] : tensor<?x1x13x8xf32>
  %4 = check.tensor "C" batch 3 stored [3, 13, 8] : tensor<?x1x13x8xf32>
  %5 = mv.parameter "A" : tensor<7x8xf32>
  %6 = mv.parameter "D" : tensor<7xf32>
  %7 = mv.selective_scan %1, %2, %5, %3, %4, %6 : (tensor<?x1x13x7xf32>, tensor<?x1x13x7xf32>, tensor<7x8xf32>, tensor<?x1x13x8xf32>, tensor<?x1x13x8xf32>, tensor<7xf32>) -> tensor<?x1x13x7xf32>
  %8 = check.tensor "y" batch 3 stored [3, 13, 7] : tensor<?x1x13x7xf32>
  check.expect_close %7, %8 : tensor<?x1x13x7xf32>
  return
}
