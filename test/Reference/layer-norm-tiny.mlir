// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/layer_norm_tiny.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/layer_norm_tiny.safetensors f64 tolerance=1e-7"

// layer_norm: variance about 1e-5: eps decides; row 1 is all zero and row 2 constant (both give the bias). Expected values are from a float64 computation, stored as float32.
func.func @layer_norm_tiny() {
  %1 = check.tensor "x" batch 6 : tensor<?x49xf32>
  %2 = mv.parameter "weight" : tensor<49xf32>
  %3 = mv.parameter "bias" : tensor<49xf32>
  %4 = mv.layer_norm %1, %2, %3 eps 1.0e-05 : tensor<?x49xf32>, tensor<49xf32>
  %5 = check.tensor "y" batch 6 : tensor<?x49xf32>
  check.expect_close %4, %5 : tensor<?x49xf32>
  return
}
