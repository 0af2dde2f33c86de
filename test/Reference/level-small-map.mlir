// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/level_small_map.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/level_small_map.safetensors f64 tolerance=1e-7"

// level: map smaller than the window. Expected values are from a float64 computation, stored as float32.
func.func @level_small_map() {
  %1 = check.tensor "x" batch 1 : tensor<?x32x2x3xf32>
  %2 = mv.to_nhwc %1 : tensor<?x32x2x3xf32> -> tensor<?x2x3x32xf32>
  %3 = mv.window_partition %2 window 7 : tensor<?x2x3x32xf32> -> tensor<?x1x49x32xf32>
  %4 = mv.mixer_block %3 at "blocks.0" : tensor<?x1x49x32xf32>
  %5 = mv.mlp_block %4 at "blocks.0" hidden 64 : tensor<?x1x49x32xf32>
  %6 = mv.attention_block %5 at "blocks.1" heads 2 qkv_bias : tensor<?x1x49x32xf32>
  %7 = mv.mlp_block %6 at "blocks.1" hidden 64 : tensor<?x1x49x32xf32>
  %8 = mv.window_reverse %7 window 7 : tensor<?x1x49x32xf32> -> tensor<?x2x3x32xf32>
  %9 = check.tensor "y" batch 1 : tensor<?x32x2x3xf32>
  %10 = mv.to_nhwc %9 : tensor<?x32x2x3xf32> -> tensor<?x2x3x32xf32>
  check.expect_close %8, %10 : tensor<?x2x3x32xf32>
  return
}
