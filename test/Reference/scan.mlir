// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/scan.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/scan.safetensors f64 tolerance=1e-7"

// selective_scan: typical steps 1e-3..1e-1, one 7x7 window. Expected values are from a float64 computation, stored as float32.
func.func @scan() {
  %1 = check.tensor "u" batch 2 stored [2, 49, 24] : tensor<?x1x49x24xf32>
  %2 = check.tensor "step" batch 2 stored [2, 49, 24] : tensor<?x1x49x24xf32>
  %3 = check.tensor "B" batch 2 stored [2, 49, 8] : tensor<?x1x49x8xf32>
  %4 = check.tensor "C" batch 2 stored [2, 49, 8] : tensor<?x1x49x8xf32>
  %5 = mv.parameter "A" : tensor<24x8xf32>
  %6 = mv.parameter "D" : tensor<24xf32>
  %7 = mv.selective_scan %1, %2, %5, %3, %4, %6 : (tensor<?x1x49x24xf32>, tensor<?x1x49x24xf32>, tensor<24x8xf32>, tensor<?x1x49x8xf32>, tensor<?x1x49x8xf32>, tensor<24xf32>) -> tensor<?x1x49x24xf32>
  %8 = check.tensor "y" batch 2 stored [2, 49, 24] : tensor<?x1x49x24xf32>
  check.expect_close %7, %8 : tensor<?x1x49x24xf32>
  return
}
