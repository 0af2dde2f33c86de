// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/stem_odd.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/stem_odd.safetensors f64 tolerance=1e-7"

// stem: odd sizes round up twice: 31x29 -> 16x15 -> 8x8. Expected values are from a float64 computation, stored as float32.
func.func @stem_odd() {
  %1 = check.tensor "x" batch 1 : tensor<?x3x31x29xf32>
  %2 = mv.stem %1 at "" in_dim 8 : tensor<?x3x31x29xf32> -> tensor<?x8x8x12xf32>
  %3 = check.tensor "y" batch 1 : tensor<?x12x8x8xf32>
  %4 = mv.to_nhwc %3 : tensor<?x12x8x8xf32> -> tensor<?x8x8x12xf32>
  check.expect_close %2, %4 : tensor<?x8x8x12xf32>
  return
}
