// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/head.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/head.safetensors f64 tolerance=1e-7"

// head: final BatchNorm, mean over positions, linear. Expected values are from a float64 computation, stored as float32.
func.func @head() {
  %1 = check.tensor "x" batch 2 : tensor<?x16x3x5xf32>
  %2 = mv.to_nhwc %1 : tensor<?x16x3x5xf32> -> tensor<?x3x5x16xf32>
  %3, %4 = mv.head %2 at "" norm classifier : tensor<?x3x5x16xf32> -> tensor<?x10xf32>, tensor<?x16xf32>
  %5 = check.tensor "logits" batch 2 : tensor<?x10xf32>
  check.expect_close %3, %5 : tensor<?x10xf32>
  %6 = check.tensor "pooled" batch 2 : tensor<?x16xf32>
  check.expect_close %4, %6 : tensor<?x16xf32>
  return
}
