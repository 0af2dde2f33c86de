// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/scan_one_token.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/scan_one_token.safetensors f64 tolerance=1e-7"

// selective_scan: a sequence of length 1. Expected values are from a float64 computation, stored as float32.
func.func @scan_one_token() {
  %1 = check.tensor "u" batch 2 stored [2, 1, 9] : tensor<?x1x1x9xf32>
  %2 = check.tensor "step" batch 2 stored [2, 1, 9] : tensor<?x1x1x9xf32>
  %3 = check.tensor "B" batch 2 stored [2, 1, 8] : tensor<?x1x1x8xf32>
  %4 = check.tensor "C" batch 2 stored [2, 1, 8] : tensor<?x1x1x8xf32>
  %5 = mv.parameter "A" : tensor<9x8xf32>
  %6 = mv.parameter "D" : tensor<9xf32>
  %7 = mv.selective_scan %1, %2, %5, %3, %4, %6 : (tensor<?x1x1x9xf32>, tensor<?x1x1x9xf32>, tensor<9x8xf32>, tensor<?x1x1x8xf32>, tensor<?x1x1x8xf32>, tensor<9xf32>) -> tensor<?x1x1x9xf32>
  %8 = check.tensor "y" batch 2 stored [2, 1, 9] : tensor<?x1x1x9xf32>
  check.expect_close %7, %8 : tensor<?x1x1x9xf32>
  return
}
