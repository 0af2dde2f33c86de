// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/block_attention_gamma.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/block_attention_gamma.safetensors f64 tolerance=1e-7"

// window_block: with gamma_1 and gamma_2. Expected values are from a float64 computation, stored as float32.
func.func @block_attention_gamma() {
  %1 = check.tensor "x" batch 2 stored [2, 16, 32] : tensor<?x1x16x32xf32>
  %2 = mv.attention_block %1 at "" heads 2 qkv_bias gamma : tensor<?x1x16x32xf32>
  %3 = mv.mlp_block %2 at "" hidden 128 gamma : tensor<?x1x16x32xf32>
  %4 = check.tensor "y" batch 2 stored [2, 16, 32] : tensor<?x1x16x32xf32>
  check.expect_close %3, %4 : tensor<?x1x16x32xf32>
  return
}
