// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/attention_qknorm_nobias.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/attention_qknorm_nobias.safetensors f64 tolerance=1e-7"

// attention: layerNorm on q and k per head, no qkv bias. Expected values are from a float64 computation, stored as float32.
func.func @attention_qknorm_nobias() {
  %1 = check.tensor "x" batch 2 stored [2, 16, 48] : tensor<?x1x16x48xf32>
  %2 = mv.parameter "qkv.weight" : tensor<144x48xf32>
  %3 = mv.linear %1, %2 : (tensor<?x1x16x48xf32>, tensor<144x48xf32>) -> tensor<?x1x16x144xf32>
  %5 = mv.parameter "q_norm.weight" : tensor<12xf32>
  %6 = mv.parameter "q_norm.bias" : tensor<12xf32>
  %7 = mv.parameter "k_norm.weight" : tensor<12xf32>
  %8 = mv.parameter "k_norm.bias" : tensor<12xf32>
  %4 = mv.attention %3 q_norm %5, %6 k_norm %7, %8 heads 4 scale 0.28867513459481287 : (tensor<?x1x16x144xf32>, tensor<12xf32>, tensor<12xf32>, tensor<12xf32>, tensor<12xf32>) -> tensor<?x1x16x48xf32>
  %9 = mv.parameter "proj.weight" : tensor<48x48xf32>
  %10 = mv.parameter "proj.bias" : tensor<48xf32>
  %11 = mv.linear %4, %9 bias %10 : (tensor<?x1x16x48xf32>, tensor<48x48xf32>, tensor<48xf32>) -> tensor<?x1x16x48xf32>
  %12 = check.tensor "y" batch 2 stored [2, 16, 48] : tensor<?x1x16x48xf32>
  check.expect_close %11, %12 : tensor<?x1x16x48xf32>
  return
}
