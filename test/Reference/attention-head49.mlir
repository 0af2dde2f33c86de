// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/attention_head49.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/attention_head49.safetensors f64 tolerance=1e-7"

// attention: head dimension 49, as in the L models. Expected values are from a float64 computation, stored as float32.
func.func @attention_head49() {
  %1 = check.tensor "x" batch 1 stored [1, 49, 98] : tensor<?x1x49x98xf32>
  %2 = mv.parameter "qkv.weight" : tensor<294x98xf32>
  %4 = mv.parameter "qkv.bias" : tensor<294xf32>
  %3 = mv.linear %1, %2 bias %4 : (tensor<?x1x49x98xf32>, tensor<294x98xf32>, tensor<294xf32>) -> tensor<?x1x49x294xf32>
  %5 = mv.attention %3 heads 2 scale 0.14285714285714285 : (tensor<?x1x49x294xf32>) -> tensor<?x1x49x98xf32>
  %6 = mv.parameter "proj.weight" : tensor<98x98xf32>
  %7 = mv.parameter "proj.bias" : tensor<98xf32>
  %8 = mv.linear %5, %6 bias %7 : (tensor<?x1x49x98xf32>, tensor<98x98xf32>, tensor<98xf32>) -> tensor<?x1x49x98xf32>
  %9 = check.tensor "y" batch 1 stored [1, 49, 98] : tensor<?x1x49x98xf32>
  check.expect_close %8, %9 : tensor<?x1x49x98xf32>
  return
}
