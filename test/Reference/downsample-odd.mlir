// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/downsample_odd.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/downsample_odd.safetensors f64 tolerance=1e-7"

// downsample: odd size: it acts on all four sides. Expected values are from a float64 computation, stored as float32.
func.func @downsample_odd() {
  %1 = check.tensor "x" batch 1 : tensor<?x6x7x5xf32>
  %2 = mv.to_nhwc %1 : tensor<?x6x7x5xf32> -> tensor<?x7x5x6xf32>
  %3 = mv.downsample %2 at "" : tensor<?x7x5x6xf32> -> tensor<?x4x3x12xf32>
  %4 = check.tensor "y" batch 1 : tensor<?x12x4x3xf32>
  %5 = mv.to_nhwc %4 : tensor<?x12x4x3xf32> -> tensor<?x4x3x12xf32>
  check.expect_close %3, %5 : tensor<?x4x3x12xf32>
  return
}
