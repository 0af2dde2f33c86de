// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/attention_196.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/attention_196.safetensors f64 tolerance=1e-7"

// attention: one 14x14 window. Expected values are from a float64 computation, stored as float32.
func.func @attention_196() {
  %1 = check.tensor "x" batch 1 stored [1, 196, 40] : tensor<?x1x196x40xf32>
  %2 = mv.parameter "qkv.weight" : tensor<120x40xf32>
  %4 = mv.parameter "qkv.bias" : tensor<120xf32>
  %3 = mv.linear %1, %2 bias %4 : (tensor<?x1x196x40xf32>, tensor<120x40xf32>, tensor<120xf32>) -> tensor<?x1x196x120xf32>
  %5 = mv.attention %3 heads 1 scale 0.15811388300841897 : (tensor<?x1x196x120xf32>) -> tensor<?x1x196x40xf32>
  %6 = mv.parameter "proj.weight" : tensor<40x40xf32>
  %7 = mv.parameter "proj.bias" : tensor<40xf32>
  %8 = mv.linear %5, %6 bias %7 : (tensor<?x1x196x40xf32>, tensor<40x40xf32>, tensor<40xf32>) -> tensor<?x1x196x40xf32>
  %9 = check.tensor "y" batch 1 stored [1, 196, 40] : tensor<?x1x196x40xf32>
  check.expect_close %8, %9 : tensor<?x1x196x40xf32>
  return
}
