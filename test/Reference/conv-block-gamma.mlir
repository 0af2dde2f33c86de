// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/conv_block_gamma.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/conv_block_gamma.safetensors f64 tolerance=1e-7"

// conv_block: with layer_scale_conv. Expected values are from a float64 computation, stored as float32.
func.func @conv_block_gamma() {
  %1 = check.tensor "x" batch 1 : tensor<?x20x8x8xf32>
  %2 = mv.to_nhwc %1 : tensor<?x20x8x8xf32> -> tensor<?x8x8x20xf32>
  %3 = mv.conv_block %2 at "" gamma : tensor<?x8x8x20xf32>
  %4 = check.tensor "y" batch 1 : tensor<?x20x8x8xf32>
  %5 = mv.to_nhwc %4 : tensor<?x20x8x8xf32> -> tensor<?x8x8x20xf32>
  check.expect_close %3, %5 : tensor<?x8x8x20xf32>
  return
}
