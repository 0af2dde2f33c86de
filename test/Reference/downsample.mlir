// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/downsample.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/downsample.safetensors f64 tolerance=1e-7"

// downsample: even size: the padding acts at the top and on the left only. Expected values are from a float64 computation, stored as float32.
func.func @downsample() {
  %1 = check.tensor "x" batch 2 : tensor<?x10x8x12xf32>
  %2 = mv.to_nhwc %1 : tensor<?x10x8x12xf32> -> tensor<?x8x12x10xf32>
  %3 = mv.downsample %2 at "" : tensor<?x8x12x10xf32> -> tensor<?x4x6x20xf32>
  %4 = check.tensor "y" batch 2 : tensor<?x20x4x6xf32>
  %5 = mv.to_nhwc %4 : tensor<?x20x4x6xf32> -> tensor<?x4x6x20xf32>
  check.expect_close %3, %5 : tensor<?x4x6x20xf32>
  return
}
