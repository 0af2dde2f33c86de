// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/mlp.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/mlp.safetensors f64 tolerance=1e-7"

// mlp: exact (erf) GELU. Expected values are from a float64 computation, stored as float32.
func.func @mlp() {
  %1 = check.tensor "x" batch 1 stored [1, 10, 40] : tensor<?x1x10x40xf32>
  %2 = mv.parameter "fc1.weight" : tensor<160x40xf32>
  %3 = mv.parameter "fc1.bias" : tensor<160xf32>
  %4 = mv.parameter "fc2.weight" : tensor<40x160xf32>
  %5 = mv.parameter "fc2.bias" : tensor<40xf32>
  %6 = mv.linear %1, %2 bias %3 : (tensor<?x1x10x40xf32>, tensor<160x40xf32>, tensor<160xf32>) -> tensor<?x1x10x160xf32>
  %7 = mv.gelu erf %6 : tensor<?x1x10x160xf32>
  %8 = mv.linear %7, %4 bias %5 : (tensor<?x1x10x160xf32>, tensor<40x160xf32>, tensor<40xf32>) -> tensor<?x1x10x40xf32>
  %9 = check.tensor "y" batch 1 stored [1, 10, 40] : tensor<?x1x10x40xf32>
  check.expect_close %8, %9 : tensor<?x1x10x40xf32>
  return
}
