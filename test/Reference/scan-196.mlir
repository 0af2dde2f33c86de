// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/scan_196.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/scan_196.safetensors f64 tolerance=1e-7"

// selective_scan: one 14x14 window. Expected values are from a float64 computation, stored as float32.
func.func @scan_196() {
  %1 = check.tensor "u" batch 1 stored [1, 196, 20] : tensor<?x1x196x20xf32>
  %2 = check.tensor "step" batch 1 stored [1, 196, 20] : tensor<?x1x196x20xf32>
  %3 = check.tensor "B" batch 1 stored [1, 196, 8] : tensor<?x1x196x8xf32>
  %4 = check.tensor "C" batch 1 stored [1, 196, 8] : tensor<?x1x196x8xf32>
  %5 = mv.parameter "A" : tensor<20x8xf32>
  %6 = mv.parameter "D" : tensor<20xf32>
  %7 = mv.selective_scan %1, %2, %5, %3, %4, %6 : (tensor<?x1x196x20xf32>, tensor<?x1x196x20xf32>, tensor<20x8xf32>, tensor<?x1x196x8xf32>, tensor<?x1x196x8xf32>, tensor<20xf32>) -> tensor<?x1x196x20xf32>
  %8 = check.tensor "y" batch 1 stored [1, 196, 20] : tensor<?x1x196x20xf32>
  check.expect_close %7, %8 : tensor<?x1x196x20xf32>
  return
}
