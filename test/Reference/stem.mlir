// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/stem.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/stem.safetensors f64 tolerance=1e-7"

// stem: even size. Expected values are from a float64 computation, stored as float32.
func.func @stem() {
  %1 = check.tensor "x" batch 2 : tensor<?x3x32x24xf32>
  %2 = mv.stem %1 at "" in_dim 8 : tensor<?x3x32x24xf32> -> tensor<?x8x6x12xf32>
  %3 = check.tensor "y" batch 2 : tensor<?x12x8x6xf32>
  %4 = mv.to_nhwc %3 : tensor<?x12x8x6xf32> -> tensor<?x8x6x12xf32>
  check.expect_close %2, %4 : tensor<?x8x6x12xf32>
  return
}
