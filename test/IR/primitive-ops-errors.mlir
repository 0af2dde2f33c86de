// Every labelled constraint of the primitive ops, violated once.
// RUN: mv-opt %s --split-input-file --verify-diagnostics

func.func @conv2d_weight(%x: tensor<?x8x8x4xf32>, %w: tensor<6x5x3x3xf32>) {
  // expected-error@+1 {{'mv.conv2d' op (C1) weight must be [O, 4, 3, 3], got 'tensor<6x5x3x3xf32>'}}
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x8x8x4xf32>, tensor<6x5x3x3xf32>) -> tensor<?x8x8x6xf32>
  return
}
// -----
func.func @conv2d_taps(%x: tensor<?x8x8x4xf32>, %w: tensor<6x4x3x1xf32>) {
  // expected-error@+1 {{'mv.conv2d' op (C1) weight must be [O, 4, 3, 3], got 'tensor<6x4x3x1xf32>'}}
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x8x8x4xf32>, tensor<6x4x3x1xf32>) -> tensor<?x8x8x6xf32>
  return
}
// -----
func.func @conv2d_stride(%x: tensor<?x9x9x4xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error@+1 {{'mv.conv2d' op (C2) stride must be 1 or 2, got 3}}
  %0 = mv.conv2d %x, %w stride 3 : (tensor<?x9x9x4xf32>, tensor<6x4x3x3xf32>) -> tensor<?x3x3x6xf32>
  return
}
// -----
func.func @conv2d_result(%x: tensor<?x9x8x4xf32>, %w: tensor<6x4x3x3xf32>) {
  // expected-error@+1 {{'mv.conv2d' op (C3) expected a result of shape [?, 5, 4, 6], got 'tensor<?x4x4x6xf32>'}}
  %0 = mv.conv2d %x, %w stride 2 : (tensor<?x9x8x4xf32>, tensor<6x4x3x3xf32>) -> tensor<?x4x4x6xf32>
  return
}
// -----
func.func @conv2d_bias(%x: tensor<?x8x8x4xf32>, %w: tensor<6x4x3x3xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{'mv.conv2d' op (C4) bias has 4 elements, expected 6}}
  %0 = mv.conv2d %x, %w bias %b stride 1 : (tensor<?x8x8x4xf32>, tensor<6x4x3x3xf32>, tensor<4xf32>) -> tensor<?x8x8x6xf32>
  return
}
// -----
func.func @linear_weight(%x: tensor<?x1x4x8xf32>, %w: tensor<8x16xf32>) {
  // expected-error@+1 {{'mv.linear' op (C1) weight has 16 columns, the input 8 channels}}
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<8x16xf32>) -> tensor<?x1x4x16xf32>
  return
}
// -----
func.func @linear_result(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>) {
  // expected-error@+1 {{'mv.linear' op (C2) expected a result of shape [?, 1, 4, 16], got 'tensor<?x1x5x16xf32>'}}
  %0 = mv.linear %x, %w : (tensor<?x1x4x8xf32>, tensor<16x8xf32>) -> tensor<?x1x5x16xf32>
  return
}
// -----
func.func @linear_bias(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{'mv.linear' op (C3) bias has 8 elements, expected 16}}
  %0 = mv.linear %x, %w bias %b : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<8xf32>) -> tensor<?x1x4x16xf32>
  return
}
// -----
func.func @norm_linear_weight(%x: tensor<?x1x4x8xf32>, %w: tensor<8x16xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'mv.norm_linear' op (C1) weight has 16 columns, the input 8 channels}}
  %0 = mv.norm_linear %x, %w sums %s eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<8x16xf32>, tensor<8xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @norm_linear_result(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %s: tensor<16xf32>) {
  // expected-error@+1 {{'mv.norm_linear' op (C2) expected a result of shape [?, 1, 4, 16], got 'tensor<?x1x5x16xf32>'}}
  %0 = mv.norm_linear %x, %w sums %s eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x5x16xf32>
  return
}
// -----
func.func @norm_linear_bias(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %s: tensor<16xf32>, %b: tensor<8xf32>) {
  // expected-error@+1 {{'mv.norm_linear' op (C3) bias has 8 elements, expected 16}}
  %0 = mv.norm_linear %x, %w sums %s bias %b eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>, tensor<8xf32>) -> tensor<?x1x4x16xf32>
  return
}
// -----
func.func @norm_linear_sums(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %s: tensor<8xf32>) {
  // expected-error@+1 {{'mv.norm_linear' op (C3) sums has 8 elements, expected 16}}
  %0 = mv.norm_linear %x, %w sums %s eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<8xf32>) -> tensor<?x1x4x16xf32>
  return
}
// -----
func.func @norm_linear_eps(%x: tensor<?x1x4x8xf32>, %w: tensor<16x8xf32>, %s: tensor<16xf32>) {
  // expected-error@+1 {{'mv.norm_linear' op (C4)}}
  %0 = mv.norm_linear %x, %w sums %s eps 0.0 : (tensor<?x1x4x8xf32>, tensor<16x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  return
}
// -----
func.func @attention_qkv(%x: tensor<?x1x4x16xf32>) {
  // expected-error@+1 {{'mv.attention' op (C1) qkv must have three times the result's 8 channels, got 'tensor<?x1x4x16xf32>'}}
  %0 = mv.attention %x heads 2 scale 0.5 : (tensor<?x1x4x16xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @attention_heads(%x: tensor<?x1x4x24xf32>) {
  // expected-error@+1 {{'mv.attention' op (C2) 8 channels do not divide into 3 heads}}
  %0 = mv.attention %x heads 3 scale 0.5 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @attention_half_norm(%x: tensor<?x1x4x24xf32>, %n: tensor<4xf32>) {
  // expected-error@+1 {{'mv.attention' op (C3) 2 of the four norm parameters are given}}
  %0 = mv.attention %x q_norm %n, %n heads 2 scale 0.5 : (tensor<?x1x4x24xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @attention_eps(%x: tensor<?x1x4x24xf32>) {
  // expected-error@+1 {{'mv.attention' op (C3) eps must be positive, got 0}}
  %0 = mv.attention %x heads 2 scale 0.5 {eps = 0.0 : f64} : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @attention_norm_length(%x: tensor<?x1x4x24xf32>, %n: tensor<8xf32>) {
  // expected-error@+1 {{'mv.attention' op (C3) a norm parameter has 8 elements, expected 4}}
  %0 = mv.attention %x q_norm %n, %n k_norm %n, %n heads 2 scale 0.5 : (tensor<?x1x4x24xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>, tensor<8xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @scan_step(%x: tensor<?x1x4x6xf32>, %s: tensor<?x1x4x1xf32>, %a: tensor<6x8xf32>, %b: tensor<?x1x4x8xf32>, %d: tensor<6xf32>) {
  // expected-error@+1 {{'mv.selective_scan' op (C1) step and result must be of type 'tensor<?x1x4x6xf32>'}}
  %0 = mv.selective_scan %x, %s, %a, %b, %b, %d : (tensor<?x1x4x6xf32>, tensor<?x1x4x1xf32>, tensor<6x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<6xf32>) -> tensor<?x1x4x6xf32>
  return
}
// -----
func.func @scan_a(%x: tensor<?x1x4x6xf32>, %a: tensor<8x6xf32>, %b: tensor<?x1x4x6xf32>, %d: tensor<6xf32>) {
  // expected-error@+1 {{'mv.selective_scan' op (C2) a has 8 rows, the input 6 channels}}
  %0 = mv.selective_scan %x, %x, %a, %b, %b, %d : (tensor<?x1x4x6xf32>, tensor<?x1x4x6xf32>, tensor<8x6xf32>, tensor<?x1x4x6xf32>, tensor<?x1x4x6xf32>, tensor<6xf32>) -> tensor<?x1x4x6xf32>
  return
}
// -----
func.func @scan_b(%x: tensor<?x1x4x6xf32>, %a: tensor<6x8xf32>, %b: tensor<?x1x4x8xf32>, %c: tensor<?x1x4x7xf32>, %d: tensor<6xf32>) {
  // expected-error@+1 {{'mv.selective_scan' op (C2) b and c must have the input's shape with 8 channels, got 'tensor<?x1x4x7xf32>'}}
  %0 = mv.selective_scan %x, %x, %a, %b, %c, %d : (tensor<?x1x4x6xf32>, tensor<?x1x4x6xf32>, tensor<6x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x7xf32>, tensor<6xf32>) -> tensor<?x1x4x6xf32>
  return
}
// -----
func.func @scan_skip(%x: tensor<?x1x4x6xf32>, %a: tensor<6x8xf32>, %b: tensor<?x1x4x8xf32>, %d: tensor<8xf32>) {
  // expected-error@+1 {{'mv.selective_scan' op (C3) skip has 8 elements, expected 6}}
  %0 = mv.selective_scan %x, %x, %a, %b, %b, %d : (tensor<?x1x4x6xf32>, tensor<?x1x4x6xf32>, tensor<6x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8xf32>) -> tensor<?x1x4x6xf32>
  return
}
// -----
func.func @conv1d_weight(%x: tensor<?x1x4x6xf32>, %w: tensor<6x4xf32>) {
  // expected-error@+1 {{'mv.conv1d' op (C1) weight must be [6, 3], got 'tensor<6x4xf32>'}}
  %0 = mv.conv1d %x, %w : (tensor<?x1x4x6xf32>, tensor<6x4xf32>) -> tensor<?x1x4x6xf32>
  return
}
// -----
func.func @conv1d_bias(%x: tensor<?x1x4x6xf32>, %w: tensor<6x3xf32>, %b: tensor<3xf32>) {
  // expected-error@+1 {{'mv.conv1d' op (C2) bias has 3 elements, expected 6}}
  %0 = mv.conv1d %x, %w bias %b : (tensor<?x1x4x6xf32>, tensor<6x3xf32>, tensor<3xf32>) -> tensor<?x1x4x6xf32>
  return
}
// -----
func.func @conv1d_result(%x: tensor<?x1x4x6xf32>, %w: tensor<6x3xf32>) {
  // expected-error@+1 {{'mv.conv1d' op result must be of the input's type}}
  %0 = mv.conv1d %x, %w : (tensor<?x1x4x6xf32>, tensor<6x3xf32>) -> tensor<?x1x5x6xf32>
  return
}
// -----
func.func @layer_norm_weight(%x: tensor<?x1x4x6xf32>, %w: tensor<4xf32>) {
  // expected-error@+1 {{'mv.layer_norm' op (C1) weight has 4 elements, expected 6}}
  %0 = mv.layer_norm %x, %w, %w eps 1.0e-05 : tensor<?x1x4x6xf32>, tensor<4xf32>
  return
}
// -----
func.func @layer_norm_eps(%x: tensor<?x1x4x6xf32>, %w: tensor<6xf32>) {
  // expected-error@+1 {{'mv.layer_norm' op (C2) eps must be positive, got 0}}
  %0 = mv.layer_norm %x, %w, %w eps 0.0 : tensor<?x1x4x6xf32>, tensor<6xf32>
  return
}
// -----
func.func @pool_result(%x: tensor<?x7x7x6xf32>) {
  // expected-error@+1 {{'mv.pool' op (C1) expected a result of shape [?, 6], got 'tensor<?x7xf32>'}}
  %0 = mv.pool %x : tensor<?x7x7x6xf32> -> tensor<?x7xf32>
  return
}
// -----
func.func @scale_length(%x: tensor<?x4x4x8xf32>, %g: tensor<4xf32>) {
  // expected-error@+1 {{'mv.scale' op (C1) scale has 4 elements, expected 8}}
  %0 = mv.scale %x, %g : tensor<?x4x4x8xf32>, tensor<4xf32>
  return
}
// -----
func.func @affine_length(%x: tensor<?x4x4x8xf32>, %g: tensor<1xf32>) {
  // expected-error@+1 {{'mv.affine' op (C1) scale has 1 elements, expected 8}}
  %0 = mv.affine %x, %g, %g : tensor<?x4x4x8xf32>, tensor<1xf32>
  return
}
// -----
func.func @batch_norm_length(%x: tensor<?x4x4x8xf32>, %g: tensor<4xf32>) {
  // expected-error@+1 {{'mv.batch_norm' op (C1) weight has 4 elements, expected 8}}
  %0 = mv.batch_norm %x, %g, %g, %g, %g eps 1.0e-05 : tensor<?x4x4x8xf32>, tensor<4xf32>
  return
}
// -----
func.func @batch_norm_eps(%x: tensor<?x4x4x8xf32>, %g: tensor<8xf32>) {
  // expected-error@+1 {{'mv.batch_norm' op (C2) eps must be positive, got -1}}
  %0 = mv.batch_norm %x, %g, %g, %g, %g eps -1.0 : tensor<?x4x4x8xf32>, tensor<8xf32>
  return
}
// -----
func.func @partition_window(%x: tensor<?x4x4x8xf32>) {
  // expected-error@+1 {{'mv.window_partition' op (C1) window must be positive, got 0}}
  %0 = mv.window_partition %x window 0 : tensor<?x4x4x8xf32> -> tensor<?x1x16x8xf32>
  return
}
// -----
func.func @partition_result(%x: tensor<?x5x4x8xf32>) {
  // expected-error@+1 {{'mv.window_partition' op (C2) expected a result of shape [?, 2, 16, 8], got 'tensor<?x1x16x8xf32>'}}
  %0 = mv.window_partition %x window 4 : tensor<?x5x4x8xf32> -> tensor<?x1x16x8xf32>
  return
}
// -----
func.func @reverse_window(%x: tensor<?x1x16x8xf32>) {
  // expected-error@+1 {{'mv.window_reverse' op (C1) window must be positive, got -4}}
  %0 = mv.window_reverse %x window -4 : tensor<?x1x16x8xf32> -> tensor<?x4x4x8xf32>
  return
}
// -----
func.func @reverse_input(%x: tensor<?x1x16x8xf32>) {
  // expected-error@+1 {{'mv.window_reverse' op (C2) expected a result of shape [?, 2, 16, 8], got 'tensor<?x1x16x8xf32>'}}
  %0 = mv.window_reverse %x window 4 : tensor<?x1x16x8xf32> -> tensor<?x5x4x8xf32>
  return
}
// -----
func.func @slice_end(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.slice' op (C1) channels [5, 9) do not lie within 'tensor<?x1x4x8xf32>'}}
  %0 = mv.slice %x offset 5 : tensor<?x1x4x8xf32> -> tensor<?x1x4x4xf32>
  return
}
// -----
func.func @slice_begin(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.slice' op (C1) channels [-1, 3) do not lie within 'tensor<?x1x4x8xf32>'}}
  %0 = mv.slice %x offset -1 : tensor<?x1x4x8xf32> -> tensor<?x1x4x4xf32>
  return
}
// -----
func.func @concat_result(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.concat' op (C1) expected a result of shape [?, 1, 4, 16], got 'tensor<?x1x4x8xf32>'}}
  %0 = mv.concat %x, %x : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32>
  return
}
// -----
func.func @concat_operands(%x: tensor<?x1x4x8xf32>, %y: tensor<?x1x5x8xf32>) {
  // expected-error@+1 {{'mv.concat' op (C1) operands differ in more than their channels: 'tensor<?x1x4x8xf32>' and 'tensor<?x1x5x8xf32>'}}
  %0 = mv.concat %x, %y : (tensor<?x1x4x8xf32>, tensor<?x1x5x8xf32>) -> tensor<?x1x4x16xf32>
  return
}
// -----
func.func @to_nhwc_result(%x: tensor<?x3x8x9xf32>) {
  // expected-error@+1 {{'mv.to_nhwc' op (C1) expected a result of shape [?, 8, 9, 3], got 'tensor<?x9x8x3xf32>'}}
  %0 = mv.to_nhwc %x : tensor<?x3x8x9xf32> -> tensor<?x9x8x3xf32>
  return
}
// -----
func.func @to_nchw_result(%x: tensor<?x8x9x3xf32>) {
  // expected-error@+1 {{'mv.to_nchw' op (C1) expected a result of shape [?, 3, 8, 9], got 'tensor<?x8x3x9xf32>'}}
  %0 = mv.to_nchw %x : tensor<?x8x9x3xf32> -> tensor<?x8x3x9xf32>
  return
}
// -----
func.func @normalize_result(%x: tensor<?x8x9x3xui8>) {
  // expected-error@+1 {{'mv.normalize' op (C1) expected a result of shape [?, 8, 9, 3], got 'tensor<?x3x8x9xf32>'}}
  %0 = mv.normalize %x mean [0.5, 0.5, 0.5] std [0.5, 0.5, 0.5] : tensor<?x8x9x3xui8> -> tensor<?x3x8x9xf32>
  return
}
// -----
func.func @normalize_channels(%x: tensor<?x8x9x5xui8>) {
  // expected-error@+1 {{'mv.normalize' op (C1) a picture has at most 4 channels, got 5}}
  %0 = mv.normalize %x mean [0.5, 0.5, 0.5, 0.5, 0.5] std [0.5, 0.5, 0.5, 0.5, 0.5] : tensor<?x8x9x5xui8> -> tensor<?x8x9x5xf32>
  return
}
// -----
func.func @normalize_mean(%x: tensor<?x8x9x3xui8>) {
  // expected-error@+1 {{'mv.normalize' op (C2) mean has 2 numbers, the input 3 channels}}
  %0 = mv.normalize %x mean [0.5, 0.5] std [0.5, 0.5, 0.5] : tensor<?x8x9x3xui8> -> tensor<?x8x9x3xf32>
  return
}
// -----
func.func @normalize_std(%x: tensor<?x8x9x3xui8>) {
  // expected-error@+1 {{'mv.normalize' op (C2) std must be positive, got 0}}
  %0 = mv.normalize %x mean [0.5, 0.5, 0.5] std [0.5, 0.0, 0.5] : tensor<?x8x9x3xui8> -> tensor<?x8x9x3xf32>
  return
}
// -----
func.func @normalize_infinite(%x: tensor<?x8x9x3xui8>) {
  // expected-error@+1 {{'mv.normalize' op (C2) std must be finite}}
  %0 = mv.normalize %x mean [0.5, 0.5, 0.5] std [0.5, 0x7FF0000000000000, 0.5] : tensor<?x8x9x3xui8> -> tensor<?x8x9x3xf32>
  return
}
// -----
func.func @normalize_floats(%x: tensor<?x8x9x3xf32>) {
  // expected-error@+1 {{'mv.normalize' op operand #0 must be 4D tensor of 8-bit unsigned integer values, but got 'tensor<?x8x9x3xf32>'}}
  %0 = mv.normalize %x mean [0.5, 0.5, 0.5] std [0.5, 0.5, 0.5] : tensor<?x8x9x3xf32> -> tensor<?x8x9x3xf32>
  return
}
