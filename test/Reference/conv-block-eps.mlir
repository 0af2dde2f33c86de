// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/conv_block_eps.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/conv_block_eps.safetensors f64 tolerance=1e-7"

// conv_block: running_var about 1e-3: eps 1e-5. Expected values are from a float64 computation, stored as float32.
func.func @conv_block_eps() {
  %1 = check.tensor "x" batch 1 : tensor<?x8x6x6xf32>
  %2 = mv.to_nhwc %1 : tensor<?x8x6x6xf32> -> tensor<?x6x6x8xf32>
  %3 = mv.conv_block %2 at "" : tensor<?x6x6x8xf32>
  %4 = check.tensor "y" batch 1 : tensor<?x8x6x6xf32>
  %5 = mv.to_nhwc %4 : tensor<?x8x6x6xf32> -> tensor<?x6x6x8xf32>
  check.expect_close %3, %5 : tensor<?x6x6x8xf32>
  return
}
