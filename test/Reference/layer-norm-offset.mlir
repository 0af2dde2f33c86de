// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/layer_norm_offset.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/layer_norm_offset.safetensors f64 tolerance=1e-7"

// layer_norm: mean 100, deviation 1: E[x^2]-E[x]^2 in float32 loses 4 digits; row 1 is all zero and row 2 constant (both give the bias). Expected values are from a float64 computation, stored as float32.
func.func @layer_norm_offset() {
  %1 = check.tensor "x" batch 6 : tensor<?x64xf32>
  %2 = mv.parameter "weight" : tensor<64xf32>
  %3 = mv.parameter "bias" : tensor<64xf32>
  %4 = mv.layer_norm %1, %2, %3 eps 1.0e-05 : tensor<?x64xf32>, tensor<64xf32>
  %5 = check.tensor "y" batch 6 : tensor<?x64xf32>
  check.expect_close %4, %5 : tensor<?x64xf32>
  return
}
