// Every labelled constraint of the parameter ops, violated once.
// RUN: mv-opt %s --split-input-file --verify-diagnostics

func.func @binary_axis(%w: tensor<80x40xf32>, %g: tensor<80xf32>) {
  // expected-error@+1 {{'mv.param.binary' op (C1) 'tensor<80xf32>' does not broadcast along dimension 1 of 'tensor<80x40xf32>'}}
  %0 = mv.param.binary mul %w, %g axis 1 : tensor<80x40xf32>, tensor<80xf32>
  return
}
// -----
func.func @binary_no_axis(%w: tensor<80x40xf32>, %g: tensor<80xf32>) {
  // expected-error@+1 {{'mv.param.binary' op (C1) 'tensor<80xf32>' does not broadcast along dimension 2 of 'tensor<80x40xf32>'}}
  %0 = mv.param.binary mul %w, %g axis 2 : tensor<80x40xf32>, tensor<80xf32>
  return
}
// -----
func.func @matvec(%w: tensor<16x8xf32>, %g: tensor<16xf32>) {
  // expected-error@+1 {{'mv.param.matvec' op (C1) expected a vector of 8 and a result of 16}}
  %0 = mv.param.matvec %w, %g : tensor<16x8xf32>, tensor<16xf32> -> tensor<16xf32>
  return
}
// -----
func.func @transpose_twice(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.transpose' op (C1) the permutation is not one of 2 dimensions}}
  %0 = mv.param.transpose %w [1, 1] : tensor<16x8xf32> -> tensor<8x8xf32>
  return
}
// -----
func.func @transpose_shape(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.transpose' op (C1) result dimension 0 is 16, expected 8}}
  %0 = mv.param.transpose %w [1, 0] : tensor<16x8xf32> -> tensor<16x8xf32>
  return
}
// -----
func.func @reshape(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.reshape' op (C1) 128 elements do not reshape to 127}}
  %0 = mv.param.reshape %w : tensor<16x8xf32> -> tensor<127xf32>
  return
}
// -----
func.func @pad_shrinks(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.pad' op (C1) dimension 1 shrinks from 8 to 7}}
  %0 = mv.param.pad %w : tensor<16x8xf32> -> tensor<16x7xf32>
  return
}
// -----
func.func @pad_rank(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.pad' op (C1) rank 2 cannot be padded to rank 3}}
  %0 = mv.param.pad %w : tensor<16x8xf32> -> tensor<16x8x1xf32>
  return
}
// -----
func.func @slice_outside(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.slice' op (C1) [10, 18) does not lie within dimension 0 of 16}}
  %0 = mv.param.slice %w [10, 0] : tensor<16x8xf32> -> tensor<8x8xf32>
  return
}
// -----
func.func @slice_rank(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.slice' op (C1) ranks differ}}
  %0 = mv.param.slice %w [0] : tensor<16x8xf32> -> tensor<8x8xf32>
  return
}
// -----
func.func @concat_sum(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.concat' op (C1) the first dimensions sum to 32, the result has 16}}
  %0 = mv.param.concat %w, %w : tensor<16x8xf32>, tensor<16x8xf32> -> tensor<16x8xf32>
  return
}
// -----
func.func @concat_shape(%w: tensor<16x8xf32>, %v: tensor<16x7xf32>) {
  // expected-error@+1 {{'mv.param.concat' op (C1) 'tensor<16x7xf32>' does not concatenate to 'tensor<32x8xf32>'}}
  %0 = mv.param.concat %w, %v : tensor<16x8xf32>, tensor<16x7xf32> -> tensor<32x8xf32>
  return
}
// -----
func.func @dynamic(%w: tensor<?x8xf32>) {
  // expected-error@+1 {{operand #0 must be statically shaped tensor}}
  %0 = mv.param.unary neg %w : tensor<?x8xf32>
  return
}
// -----
func.func @round_element(%w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.param.round' op (C1) element is 'f64', expected f16, bf16, tf32 or f32}}
  %0 = mv.param.round %w to f64 : tensor<16x8xf32>
  return
}
