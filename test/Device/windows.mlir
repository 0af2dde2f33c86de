// RUN: mv-conformance %s %t.mvx
// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all,phases mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all,phases mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// Windows as addressing: padding tokens are zero, what they become is cropped, borders stay zero.

// A 4x4 map in windows of 4: cut, changed, put back, read by a convolution.
func.func @c16_8x8_w4(%x: tensor<?x16x8x8xf32>) -> (tensor<?x32x4x4xf32> {mv.name = "map"}, tensor<?x1x16x32xf32> {mv.name = "tokens"}, tensor<?x2x2x64xf32> {mv.name = "down"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x16x8x8xf32> -> tensor<?x8x8x16xf32>
  %2 = mv.downsample %1 at "case0.down" : tensor<?x8x8x16xf32> -> tensor<?x4x4x32xf32>
  %3 = mv.window_partition %2 window 4 : tensor<?x4x4x32xf32> -> tensor<?x1x16x32xf32>
  %4 = mv.mlp_block %3 at "case0.mlp" hidden 35 : tensor<?x1x16x32xf32>
  %5 = mv.window_reverse %4 window 4 : tensor<?x1x16x32xf32> -> tensor<?x4x4x32xf32>
  %6 = mv.downsample %5 at "case0.down2" : tensor<?x4x4x32xf32> -> tensor<?x2x2x64xf32>
  %7 = mv.to_nchw %5 : tensor<?x4x4x32xf32> -> tensor<?x32x4x4xf32>
  return %7, %3, %6 : tensor<?x32x4x4xf32>, tensor<?x1x16x32xf32>, tensor<?x2x2x64xf32>
}

// A 4x3 map in windows of 4: cut, changed, put back, read by a convolution.
func.func @c20_7x5_w4(%x: tensor<?x20x7x5xf32>) -> (tensor<?x40x4x3xf32> {mv.name = "map"}, tensor<?x1x16x40xf32> {mv.name = "tokens"}, tensor<?x2x2x80xf32> {mv.name = "down"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x20x7x5xf32> -> tensor<?x7x5x20xf32>
  %2 = mv.downsample %1 at "case1.down" : tensor<?x7x5x20xf32> -> tensor<?x4x3x40xf32>
  %3 = mv.window_partition %2 window 4 : tensor<?x4x3x40xf32> -> tensor<?x1x16x40xf32>
  %4 = mv.mlp_block %3 at "case1.mlp" hidden 43 : tensor<?x1x16x40xf32>
  %5 = mv.window_reverse %4 window 4 : tensor<?x1x16x40xf32> -> tensor<?x4x3x40xf32>
  %6 = mv.downsample %5 at "case1.down2" : tensor<?x4x3x40xf32> -> tensor<?x2x2x80xf32>
  %7 = mv.to_nchw %5 : tensor<?x4x3x40xf32> -> tensor<?x40x4x3xf32>
  return %7, %3, %6 : tensor<?x40x4x3xf32>, tensor<?x1x16x40xf32>, tensor<?x2x2x80xf32>
}

// A 1x2 map in windows of 7: cut, changed, put back, read by a convolution.
func.func @c8_2x3_w7(%x: tensor<?x8x2x3xf32>) -> (tensor<?x16x1x2xf32> {mv.name = "map"}, tensor<?x1x49x16xf32> {mv.name = "tokens"}, tensor<?x1x1x32xf32> {mv.name = "down"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x8x2x3xf32> -> tensor<?x2x3x8xf32>
  %2 = mv.downsample %1 at "case2.down" : tensor<?x2x3x8xf32> -> tensor<?x1x2x16xf32>
  %3 = mv.window_partition %2 window 7 : tensor<?x1x2x16xf32> -> tensor<?x1x49x16xf32>
  %4 = mv.mlp_block %3 at "case2.mlp" hidden 19 : tensor<?x1x49x16xf32>
  %5 = mv.window_reverse %4 window 7 : tensor<?x1x49x16xf32> -> tensor<?x1x2x16xf32>
  %6 = mv.downsample %5 at "case2.down2" : tensor<?x1x2x16xf32> -> tensor<?x1x1x32xf32>
  %7 = mv.to_nchw %5 : tensor<?x1x2x16xf32> -> tensor<?x16x1x2xf32>
  return %7, %3, %6 : tensor<?x16x1x2xf32>, tensor<?x1x49x16xf32>, tensor<?x1x1x32xf32>
}

// A 5x7 map in windows of 5: cut, changed, put back, read by a convolution.
func.func @c33_10x13_w5(%x: tensor<?x33x10x13xf32>) -> (tensor<?x66x5x7xf32> {mv.name = "map"}, tensor<?x2x25x66xf32> {mv.name = "tokens"}, tensor<?x3x4x132xf32> {mv.name = "down"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x33x10x13xf32> -> tensor<?x10x13x33xf32>
  %2 = mv.downsample %1 at "case3.down" : tensor<?x10x13x33xf32> -> tensor<?x5x7x66xf32>
  %3 = mv.window_partition %2 window 5 : tensor<?x5x7x66xf32> -> tensor<?x2x25x66xf32>
  %4 = mv.mlp_block %3 at "case3.mlp" hidden 69 : tensor<?x2x25x66xf32>
  %5 = mv.window_reverse %4 window 5 : tensor<?x2x25x66xf32> -> tensor<?x5x7x66xf32>
  %6 = mv.downsample %5 at "case3.down2" : tensor<?x5x7x66xf32> -> tensor<?x3x4x132xf32>
  %7 = mv.to_nchw %5 : tensor<?x5x7x66xf32> -> tensor<?x66x5x7xf32>
  return %7, %3, %6 : tensor<?x66x5x7xf32>, tensor<?x2x25x66xf32>, tensor<?x3x4x132xf32>
}
