// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/stem_eps.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/stem_eps.safetensors f64 tolerance=1e-7"

// stem: running_var about 1e-3: eps 1e-4 (not 1e-5) decides. Expected values are from a float64 computation, stored as float32.
func.func @stem_eps() {
  %1 = check.tensor "x" batch 1 : tensor<?x3x16x16xf32>
  %2 = mv.stem %1 at "" in_dim 8 : tensor<?x3x16x16xf32> -> tensor<?x4x4x12xf32>
  %3 = check.tensor "y" batch 1 : tensor<?x12x4x4xf32>
  %4 = mv.to_nhwc %3 : tensor<?x12x4x4xf32> -> tensor<?x4x4x12xf32>
  check.expect_close %2, %4 : tensor<?x4x4x12xf32>
  return
}
