// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/conv_block.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/conv_block.safetensors f64 tolerance=1e-7"

// conv_block: tanh GELU, convolutions with bias. Expected values are from a float64 computation, stored as float32.
func.func @conv_block() {
  %1 = check.tensor "x" batch 2 : tensor<?x12x9x7xf32>
  %2 = mv.to_nhwc %1 : tensor<?x12x9x7xf32> -> tensor<?x9x7x12xf32>
  %3 = mv.conv_block %2 at "" : tensor<?x9x7x12xf32>
  %4 = check.tensor "y" batch 2 : tensor<?x12x9x7xf32>
  %5 = mv.to_nhwc %4 : tensor<?x12x9x7xf32> -> tensor<?x9x7x12xf32>
  check.expect_close %3, %5 : tensor<?x9x7x12xf32>
  return
}
