// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/attention.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/attention.safetensors f64 tolerance=1e-7"

// attention: one 7x7 window each. Expected values are from a float64 computation, stored as float32.
func.func @attention() {
  %1 = check.tensor "x" batch 2 stored [2, 49, 64] : tensor<?x1x49x64xf32>
  %2 = mv.parameter "qkv.weight" : tensor<192x64xf32>
  %4 = mv.parameter "qkv.bias" : tensor<192xf32>
  %3 = mv.linear %1, %2 bias %4 : (tensor<?x1x49x64xf32>, tensor<192x64xf32>, tensor<192xf32>) -> tensor<?x1x49x192xf32>
  %5 = mv.attention %3 heads 4 scale 0.25 : (tensor<?x1x49x192xf32>) -> tensor<?x1x49x64xf32>
  %6 = mv.parameter "proj.weight" : tensor<64x64xf32>
  %7 = mv.parameter "proj.bias" : tensor<64xf32>
  %8 = mv.linear %5, %6 bias %7 : (tensor<?x1x49x64xf32>, tensor<64x64xf32>, tensor<64xf32>) -> tensor<?x1x49x64xf32>
  %9 = check.tensor "y" batch 2 stored [2, 49, 64] : tensor<?x1x49x64xf32>
  check.expect_close %8, %9 : tensor<?x1x49x64xf32>
  return
}
