// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/scan_small_steps.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/scan_small_steps.safetensors f64 tolerance=1e-7"

// selective_scan: steps 1e-7..1e-5: exp(step*A) rounds to nearly 1, the state sums up. Expected values are from a float64 computation, stored as float32.
func.func @scan_small_steps() {
  %1 = check.tensor "u" batch 1 stored [1, 64, 12] : tensor<?x1x64x12xf32>
  %2 = check.tensor "step" batch 1 stored [1, 64, 12] : tensor<?x1x64x12xf32>
  %3 = check.tensor "B" batch 1 stored [1, 64, 8] : tensor<?x1x64x8xf32>
  %4 = check.tensor "C" batch 1 stored [1, 64, 8] : tensor<?x1x64x8xf32>
  %5 = mv.parameter "A" : tensor<12x8xf32>
  %6 = mv.parameter "D" : tensor<12xf32>
  %7 = mv.selective_scan %1, %2, %5, %3, %4, %6 : (tensor<?x1x64x12xf32>, tensor<?x1x64x12xf32>, tensor<12x8xf32>, tensor<?x1x64x8xf32>, tensor<?x1x64x8xf32>, tensor<12xf32>) -> tensor<?x1x64x12xf32>
  %8 = check.tensor "y" batch 1 stored [1, 64, 12] : tensor<?x1x64x12xf32>
  check.expect_close %7, %8 : tensor<?x1x64x12xf32>
  return
}
