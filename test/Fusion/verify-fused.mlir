// RUN: mv-opt %s --mv-verify-fused --split-input-file --verify-diagnostics | FileCheck %s

// All that fusion makes is accepted: a norm, a product, its epilogue and one movement; a pointwise kernel; a copy.
// CHECK-LABEL: @accepted
func.func @accepted(%x: tensor<?x1x4x8xf32>) -> (tensor<?x2x2x8xf32>, tensor<?x2x2x8xf32>) {
  %g = mv.parameter "g" : tensor<8xf32>
  %w = mv.parameter "w" : tensor<8x8xf32>
  %0 = mv.kernel(%x, %g, %w) : (tensor<?x1x4x8xf32>, tensor<8xf32>, tensor<8x8xf32>) -> tensor<?x2x2x8xf32> {
  ^bb0(%x0: tensor<?x1x4x8xf32>, %g0: tensor<8xf32>, %w0: tensor<8x8xf32>):
    %2 = mv.layer_norm %x0, %g0, %g0 eps 1.0e-05 : tensor<?x1x4x8xf32>, tensor<8xf32>
    %3 = mv.linear %2, %w0 : (tensor<?x1x4x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32>
    %4 = mv.add %3, %x0 : tensor<?x1x4x8xf32>
    %5 = mv.window_reverse %4 window 2 : tensor<?x1x4x8xf32> -> tensor<?x2x2x8xf32>
    mv.yield %5 : tensor<?x2x2x8xf32>
  }
  %1 = mv.kernel(%0) : (tensor<?x2x2x8xf32>) -> tensor<?x2x2x8xf32> {
  ^bb0(%x0: tensor<?x2x2x8xf32>):
    mv.yield %x0 : tensor<?x2x2x8xf32>
  }
  return %0, %1 : tensor<?x2x2x8xf32>, tensor<?x2x2x8xf32>
}

// -----

// Every offender is named, not the first alone.
func.func @negative_bare(%x: tensor<?x4x4x8xf32>) -> tensor<?x8xf32> {
  // expected-error@+1 {{'mv.relu' op (F1) is not in a kernel}}
  %0 = mv.relu %x : tensor<?x4x4x8xf32>
  // expected-error@+1 {{'mv.pool' op (F1) is not in a kernel}}
  %1 = mv.pool %0 : tensor<?x4x4x8xf32> -> tensor<?x8xf32>
  // expected-error@+1 {{(F5) result 0 is not a kernel's}}
  return %1 : tensor<?x8xf32>
}

// -----

// Two results, and one that does not lead with the batch.
func.func @negative_results(%x: tensor<?x4xf32>, %y: tensor<4xf32>) {
  // expected-error@+2 {{(F2) has 2 results, expected 1}}
  // expected-error@+1 {{(F6) result 'tensor<4xf32>' must have one dynamic dimension, the first}}
  %0:2 = mv.kernel(%x, %y) : (tensor<?x4xf32>, tensor<4xf32>) -> (tensor<?x4xf32>, tensor<4xf32>) {
  ^bb0(%x0: tensor<?x4xf32>, %y0: tensor<4xf32>):
    mv.yield %x0, %y0 : tensor<?x4xf32>, tensor<4xf32>
  }
  return
}

// -----

// The same value twice is for cuda alone, and different ones for nobody.
func.func @negative_twice(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  // expected-error@+1 {{(F2) has 2 results, expected 1}}
  %0:2 = mv.kernel(%x) : (tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  ^bb0(%x0: tensor<?x4xf32>):
    mv.yield %x0, %x0 : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return %0#0, %0#1 : tensor<?x4xf32>, tensor<?x4xf32>
}
func.func @negative_different(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) attributes {mv.device = "cuda", mv.dtype = "f16"} {
  // expected-error@+1 {{(F2) has 2 results, expected 1, or one twice}}
  %0:2 = mv.kernel(%x, %y) : (tensor<?x4xf32>, tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  ^bb0(%x0: tensor<?x4xf32>, %y0: tensor<?x4xf32>):
    mv.yield %x0, %y0 : tensor<?x4xf32>, tensor<?x4xf32>
  }
  return %0#0, %0#1 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// Model ops do not belong into kernels.
func.func @negative_model_op(%x: tensor<?x4x4x8xf32>) {
  %0 = mv.kernel(%x) : (tensor<?x4x4x8xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%x0: tensor<?x4x4x8xf32>):
    // expected-error@+1 {{(F2) is not a primitive op}}
    %1 = mv.conv_block %x0 at "b" : tensor<?x4x4x8xf32>
    mv.yield %1 : tensor<?x4x4x8xf32>
  }
  return
}

// -----

// Nothing but a norm goes before a product, and a movement ends its kernel.
func.func @negative_order(%x: tensor<?x2x2x8xf32>, %w: tensor<8x8xf32>) {
  %0 = mv.kernel(%x, %w) : (tensor<?x2x2x8xf32>, tensor<8x8xf32>) -> tensor<?x1x4x8xf32> {
  ^bb0(%x0: tensor<?x2x2x8xf32>, %w0: tensor<8x8xf32>):
    // expected-error@+1 {{(F3) cannot stand before the root 'mv.linear'}}
    %1 = mv.relu %x0 : tensor<?x2x2x8xf32>
    %2 = mv.linear %1, %w0 : (tensor<?x2x2x8xf32>, tensor<8x8xf32>) -> tensor<?x2x2x8xf32>
    // expected-error@+1 {{(F4) moves data, but the kernel goes on after it}}
    %3 = mv.window_partition %2 window 2 : tensor<?x2x2x8xf32> -> tensor<?x1x4x8xf32>
    %4 = mv.relu %3 : tensor<?x1x4x8xf32>
    mv.yield %4 : tensor<?x1x4x8xf32>
  }
  return
}

// -----

// One value cannot fill two of the caller's buffers.
func.func @negative_same_result(%x: tensor<?x4xf32>) -> (tensor<?x4xf32>, tensor<?x4xf32>) {
  %0 = mv.kernel(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  ^bb0(%x0: tensor<?x4xf32>):
    mv.yield %x0 : tensor<?x4xf32>
  }
  // expected-error@+1 {{(F5) result 1 is the same value as result 0}}
  return %0, %0 : tensor<?x4xf32>, tensor<?x4xf32>
}

// -----

// What only GPUs have kernels for.
func.func @cuda(%x: tensor<?x3x8x8xf32>, %t: tensor<?x1x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, %w: tensor<16x3x3x3xf32>, %v: tensor<24x8xf32>, %s: tensor<24xf32>) attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.kernel(%x, %w) : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> {
  ^bb0(%x0: tensor<?x3x8x8xf32>, %w0: tensor<16x3x3x3xf32>):
    %1 = mv.to_nhwc %x0 : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
    %2 = mv.conv2d %1, %w0 stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
    %3 = mv.relu %2 : tensor<?x4x4x16xf32>
    mv.yield %3 : tensor<?x4x4x16xf32>
  }
  %4 = mv.kernel(%t, %v, %s) : (tensor<?x1x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x1x4x8xf32> {
  ^bb0(%t0: tensor<?x1x4x8xf32>, %v0: tensor<24x8xf32>, %s0: tensor<24xf32>):
    %5 = mv.norm_linear %t0, %v0 sums %s0 eps 1.0e-05 : (tensor<?x1x4x8xf32>, tensor<24x8xf32>, tensor<24xf32>) -> tensor<?x1x4x24xf32>
    %6 = mv.attention %5 heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
    mv.yield %6 : tensor<?x1x4x8xf32>
  }
  return
}

// -----

// CPUs have none for them.
func.func @negative_cpu(%x: tensor<?x3x8x8xf32>, %w: tensor<16x3x3x3xf32>, %t: tensor<?x1x4x8xf32>, %v: tensor<24x8xf32>) {
  %0 = mv.kernel(%x, %w) : (tensor<?x3x8x8xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32> {
  ^bb0(%x0: tensor<?x3x8x8xf32>, %w0: tensor<16x3x3x3xf32>):
    // expected-error@+1 {{(F3) cannot stand before the root 'mv.conv2d'}}
    %1 = mv.to_nhwc %x0 : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
    %2 = mv.conv2d %1, %w0 stride 2 : (tensor<?x8x8x3xf32>, tensor<16x3x3x3xf32>) -> tensor<?x4x4x16xf32>
    mv.yield %2 : tensor<?x4x4x16xf32>
  }
  %3 = mv.kernel(%t, %v) : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x8xf32> {
  ^bb0(%t0: tensor<?x1x4x8xf32>, %v0: tensor<24x8xf32>):
    // expected-error@+1 {{(F3) cannot stand before the root 'mv.attention'}}
    %4 = mv.linear %t0, %v0 : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32>
    %5 = mv.attention %4 heads 2 scale 1.0 : (tensor<?x1x4x24xf32>) -> tensor<?x1x4x8xf32>
    mv.yield %5 : tensor<?x1x4x8xf32>
  }
  return
}

// -----

// Roots for GPUs read whole rows of the storage type, convolutions a halo.
func.func @negative_layouts(%t: tensor<?x1x4x8xf32>, %v: tensor<24x8xf32>, %m: tensor<?x4x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, %w: tensor<8x8x3x3xf32>) attributes {mv.device = "cuda", mv.dtype = "f16"} {
  // expected-error@+1 {{(F7) input 0 is stored as 'tensor<?x1x4x8xf32>', expected elements of 'f16' and channels in units of 8}}
  %0 = mv.kernel(%t, %v) : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32> {
  ^bb0(%t0: tensor<?x1x4x8xf32>, %v0: tensor<24x8xf32>):
    %1 = mv.linear %t0, %v0 : (tensor<?x1x4x8xf32>, tensor<24x8xf32>) -> tensor<?x1x4x24xf32>
    mv.yield %1 : tensor<?x1x4x24xf32>
  }
  // expected-error@+1 {{(F7) input 0 has a halo of 0, its convolution needs 1}}
  %2 = mv.kernel(%m, %w) : (tensor<?x4x4x8xf32, #mv.layout<halo = 0, channels = 8, element = f16>>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32> {
  ^bb0(%m0: tensor<?x4x4x8xf32>, %w0: tensor<8x8x3x3xf32>):
    %3 = mv.conv2d %m0, %w0 stride 1 : (tensor<?x4x4x8xf32>, tensor<8x8x3x3xf32>) -> tensor<?x4x4x8xf32>
    mv.yield %3 : tensor<?x4x4x8xf32>
  }
  return
}
