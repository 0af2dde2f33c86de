// RUN: mv-opt %s --mv-decompose --mv-interpret=file=%goldens/ops/activations.safetensors
// RUN: mv-opt %s --mv-decompose --mv-interpret="file=%goldens/ops/activations.safetensors f64 tolerance=1e-7"

// elementwise: scalar functions; softplus = log(1 + e^x), silu = x * sigmoid(x). Expected values are from a float64 computation, stored as float32.
func.func @activations() {
  %1 = check.tensor "x" stored [503] : tensor<?x1x1x503xf32>
  %2 = mv.softplus %1 : tensor<?x1x1x503xf32>
  %3 = check.tensor "softplus" stored [503] : tensor<?x1x1x503xf32>
  check.expect_close %2, %3 : tensor<?x1x1x503xf32>
  %4 = mv.silu %1 : tensor<?x1x1x503xf32>
  %5 = check.tensor "silu" stored [503] : tensor<?x1x1x503xf32>
  check.expect_close %4, %5 : tensor<?x1x1x503xf32>
  %6 = mv.gelu erf %1 : tensor<?x1x1x503xf32>
  %7 = check.tensor "gelu_erf" stored [503] : tensor<?x1x1x503xf32>
  check.expect_close %6, %7 : tensor<?x1x1x503xf32>
  %8 = mv.gelu tanh %1 : tensor<?x1x1x503xf32>
  %9 = check.tensor "gelu_tanh" stored [503] : tensor<?x1x1x503xf32>
  check.expect_close %8, %9 : tensor<?x1x1x503xf32>
  %10 = mv.relu %1 : tensor<?x1x1x503xf32>
  %11 = check.tensor "relu" stored [503] : tensor<?x1x1x503xf32>
  check.expect_close %10, %11 : tensor<?x1x1x503xf32>
  return
}
