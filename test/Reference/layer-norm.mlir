// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/layer_norm.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/layer_norm.safetensors f64 tolerance=1e-7"

// layer_norm: plain; row 1 is all zero and row 2 constant (both give the bias). Expected values are from a float64 computation, stored as float32.
func.func @layer_norm() {
  %1 = check.tensor "x" batch 6 : tensor<?x80xf32>
  %2 = mv.parameter "weight" : tensor<80xf32>
  %3 = mv.parameter "bias" : tensor<80xf32>
  %4 = mv.layer_norm %1, %2, %3 eps 1.0e-05 : tensor<?x80xf32>, tensor<80xf32>
  %5 = check.tensor "y" batch 6 : tensor<?x80xf32>
  check.expect_close %4, %5 : tensor<?x80xf32>
  return
}
