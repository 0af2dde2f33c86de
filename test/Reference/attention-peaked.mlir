// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/attention_peaked.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/attention_peaked.safetensors f64 tolerance=1e-7"

// attention: large scores: softmax nearly one-hot, needs the maximum subtracted. Expected values are from a float64 computation, stored as float32.
func.func @attention_peaked() {
  %1 = check.tensor "x" batch 1 stored [1, 20, 32] : tensor<?x1x20x32xf32>
  %2 = mv.parameter "qkv.weight" : tensor<96x32xf32>
  %4 = mv.parameter "qkv.bias" : tensor<96xf32>
  %3 = mv.linear %1, %2 bias %4 : (tensor<?x1x20x32xf32>, tensor<96x32xf32>, tensor<96xf32>) -> tensor<?x1x20x96xf32>
  %5 = mv.attention %3 heads 2 scale 0.25 : (tensor<?x1x20x96xf32>) -> tensor<?x1x20x32xf32>
  %6 = mv.parameter "proj.weight" : tensor<32x32xf32>
  %7 = mv.parameter "proj.bias" : tensor<32xf32>
  %8 = mv.linear %5, %6 bias %7 : (tensor<?x1x20x32xf32>, tensor<32x32xf32>, tensor<32xf32>) -> tensor<?x1x20x32xf32>
  %9 = check.tensor "y" batch 1 stored [1, 20, 32] : tensor<?x1x20x32xf32>
  check.expect_close %8, %9 : tensor<?x1x20x32xf32>
  return
}
