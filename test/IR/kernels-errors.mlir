// Kernels whose body does not fit their border, and encodings that do not parse.
// RUN: mv-opt %s --split-input-file --verify-diagnostics

func.func @argument_type(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.kernel' op (C1) inputs: 'tensor<?x1x4x9xf32>' in the body, 'tensor<?x1x4x8xf32>' outside}}
  %y = mv.kernel(%x) : (tensor<?x1x4x8xf32>) -> tensor<?x1x4x9xf32> {
  ^bb0(%x0: tensor<?x1x4x9xf32>):
    mv.yield %x0 : tensor<?x1x4x9xf32>
  }
  return
}
// -----
// Layouts stay outside.
func.func @layout_inside(%x: tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>) {
  // expected-error@+1 {{'mv.kernel' op (C1) inputs: 'tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>' in the body, 'tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>' outside}}
  %y = mv.kernel(%x) : (tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>):
    mv.yield %x0 : tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>
  }
  return
}
// -----
func.func @argument_count(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.kernel' op (C1) the body has 1 inputs, the kernel 2}}
  %y = mv.kernel(%x, %x) : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>) -> tensor<?x1x4x8xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>):
    mv.yield %x0 : tensor<?x1x4x8xf32>
  }
  return
}
// -----
func.func @result_type(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.kernel' op (C1) results: 'tensor<?x1x4x8xf32>' in the body, 'tensor<?x1x4x4xf32>' outside}}
  %y = mv.kernel(%x) : (tensor<?x1x4x8xf32>) -> tensor<?x1x4x4xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>):
    mv.yield %x0 : tensor<?x1x4x8xf32>
  }
  return
}
// -----
func.func @yield_outside(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.yield' op expects parent op 'mv.kernel'}}
  mv.yield %x : tensor<?x1x4x8xf32>
}
// -----
func.func @captured(%x: tensor<?x1x4x8xf32>) {
  // expected-note@+1 {{required by region isolation constraints}}
  %y = mv.kernel() : () -> tensor<?x1x4x8xf32> {
    // expected-error@+1 {{'mv.yield' op using value defined outside the region}}
    mv.yield %x : tensor<?x1x4x8xf32>
  }
  return
}
// -----
// expected-error@+1 {{expected 'halo'}}
func.func private @layout_order(tensor<?x4x4x8xf32, #mv.layout<channels = 8, halo = 1>>)
// -----
// expected-error@+1 {{expected ','}}
func.func private @layout_short(tensor<?x4x4x8xf32, #mv.layout<halo = 1>>)
// -----
// expected-error@+2 {{expected integer value}}
// expected-error@+1 {{failed to parse MV_LayoutAttr parameter 'channels' which is to be a `int64_t`}}
func.func private @layout_text(tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = many>>)
// -----
// expected-error@+2 {{expected ::mv::PackingKind to be one of: panels, columns, vector, rows}}
// expected-error@+1 {{failed to parse MV_PackedAttr parameter 'kind'}}
func.func private @packed_kind(tensor<16x8xf32, #mv.packed<stripes width = 16>>)
// -----
// expected-error@+1 {{expected 'width'}}
func.func private @packed_no_width(tensor<16x8xf32, #mv.packed<panels>>)
