// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/level_pad.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"

// level: padding tokens are zero before the first block and evolve like all others; never masked. Expected values are from a float64 computation, stored as float32.
func.func @level_pad() {
  %1 = check.tensor "x" batch 2 : tensor<?x32x6x5xf32>
  %2 = mv.to_nhwc %1 : tensor<?x32x6x5xf32> -> tensor<?x6x5x32xf32>
  %3 = mv.window_partition %2 window 4 : tensor<?x6x5x32xf32> -> tensor<?x4x16x32xf32>
  %4 = mv.mixer_block %3 at "blocks.0" : tensor<?x4x16x32xf32>
  %5 = mv.mlp_block %4 at "blocks.0" hidden 64 : tensor<?x4x16x32xf32>
  %6 = mv.mixer_block %5 at "blocks.1" : tensor<?x4x16x32xf32>
  %7 = mv.mlp_block %6 at "blocks.1" hidden 64 : tensor<?x4x16x32xf32>
  %8 = mv.attention_block %7 at "blocks.2" heads 2 qkv_bias : tensor<?x4x16x32xf32>
  %9 = mv.mlp_block %8 at "blocks.2" hidden 64 : tensor<?x4x16x32xf32>
  %10 = mv.window_reverse %9 window 4 : tensor<?x4x16x32xf32> -> tensor<?x6x5x32xf32>
  %11 = check.tensor "y" batch 2 : tensor<?x32x6x5xf32>
  %12 = mv.to_nhwc %11 : tensor<?x32x6x5xf32> -> tensor<?x6x5x32xf32>
  check.expect_close %10, %12 : tensor<?x6x5x32xf32>
  return
}
