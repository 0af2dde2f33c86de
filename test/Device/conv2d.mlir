// RUN: mv-conformance %s %t.mvx
// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// 3x3 convolutions on every instruction set: odd sizes, sizes below a tile, both strides.

// 9x7, 3 to 8 channels, stride 2.
func.func @c3_9x7_n8_s2(%x: tensor<?x3x9x7xf32>) -> (tensor<?x8x5x4xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x3x9x7xf32> -> tensor<?x9x7x3xf32>
  %2 = mv.parameter "case0.conv.weight" : tensor<8x3x3x3xf32>
  %3 = mv.parameter "case0.conv.bias" : tensor<8xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x9x7x3xf32>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<?x5x4x8xf32>
  %5 = mv.relu %4 : tensor<?x5x4x8xf32>
  %6 = mv.to_nchw %5 : tensor<?x5x4x8xf32> -> tensor<?x8x5x4xf32>
  return %6 : tensor<?x8x5x4xf32>
}

// 32x30, 3 to 32 channels, stride 2.
func.func @c3_32x30_n32_s2(%x: tensor<?x3x32x30xf32>) -> (tensor<?x32x16x15xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x3x32x30xf32> -> tensor<?x32x30x3xf32>
  %2 = mv.parameter "case1.conv.weight" : tensor<32x3x3x3xf32>
  %3 = mv.parameter "case1.conv.bias" : tensor<32xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x32x30x3xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<?x16x15x32xf32>
  %5 = mv.relu %4 : tensor<?x16x15x32xf32>
  %6 = mv.to_nchw %5 : tensor<?x16x15x32xf32> -> tensor<?x32x16x15xf32>
  return %6 : tensor<?x32x16x15xf32>
}

// 5x6, 8 to 12 channels, stride 1.
func.func @c8_5x6_n12_s1(%x: tensor<?x8x5x6xf32>) -> (tensor<?x12x5x6xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x8x5x6xf32> -> tensor<?x5x6x8xf32>
  %2 = mv.parameter "case2.conv.weight" : tensor<12x8x3x3xf32>
  %3 = mv.parameter "case2.conv.bias" : tensor<12xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x5x6x8xf32>, tensor<12x8x3x3xf32>, tensor<12xf32>) -> tensor<?x5x6x12xf32>
  %5 = mv.gelu tanh %4 : tensor<?x5x6x12xf32>
  %6 = mv.to_nchw %5 : tensor<?x5x6x12xf32> -> tensor<?x12x5x6xf32>
  return %6 : tensor<?x12x5x6xf32>
}

// 7x7, 20 to 20 channels, stride 1.
func.func @c20_7x7_n20_s1(%x: tensor<?x20x7x7xf32>) -> (tensor<?x20x7x7xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x20x7x7xf32> -> tensor<?x7x7x20xf32>
  %2 = mv.parameter "case3.conv.weight" : tensor<20x20x3x3xf32>
  %3 = mv.parameter "case3.conv.bias" : tensor<20xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x7x7x20xf32>, tensor<20x20x3x3xf32>, tensor<20xf32>) -> tensor<?x7x7x20xf32>
  %5 = mv.to_nchw %4 : tensor<?x7x7x20xf32> -> tensor<?x20x7x7xf32>
  return %5 : tensor<?x20x7x7xf32>
}

// 14x13, 16 to 33 channels, stride 2.
func.func @c16_14x13_n33_s2(%x: tensor<?x16x14x13xf32>) -> (tensor<?x33x7x7xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x16x14x13xf32> -> tensor<?x14x13x16xf32>
  %2 = mv.parameter "case4.conv.weight" : tensor<33x16x3x3xf32>
  %3 = mv.parameter "case4.conv.bias" : tensor<33xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x14x13x16xf32>, tensor<33x16x3x3xf32>, tensor<33xf32>) -> tensor<?x7x7x33xf32>
  %5 = mv.to_nchw %4 : tensor<?x7x7x33xf32> -> tensor<?x33x7x7xf32>
  return %5 : tensor<?x33x7x7xf32>
}

// 6x28, 80 to 80 channels, stride 1.
func.func @c80_6x28_n80_s1(%x: tensor<?x80x6x28xf32>) -> (tensor<?x80x6x28xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x80x6x28xf32> -> tensor<?x6x28x80xf32>
  %2 = mv.parameter "case5.conv.weight" : tensor<80x80x3x3xf32>
  %3 = mv.parameter "case5.conv.bias" : tensor<80xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x6x28x80xf32>, tensor<80x80x3x3xf32>, tensor<80xf32>) -> tensor<?x6x28x80xf32>
  %5 = mv.gelu tanh %4 : tensor<?x6x28x80xf32>
  %6 = mv.to_nchw %5 : tensor<?x6x28x80xf32> -> tensor<?x80x6x28xf32>
  return %6 : tensor<?x80x6x28xf32>
}

// 8x9, 49 to 98 channels, stride 2.
func.func @c49_8x9_n98_s2(%x: tensor<?x49x8x9xf32>) -> (tensor<?x98x4x5xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x49x8x9xf32> -> tensor<?x8x9x49xf32>
  %2 = mv.parameter "case6.conv.weight" : tensor<98x49x3x3xf32>
  %3 = mv.parameter "case6.conv.bias" : tensor<98xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x8x9x49xf32>, tensor<98x49x3x3xf32>, tensor<98xf32>) -> tensor<?x4x5x98xf32>
  %5 = mv.to_nchw %4 : tensor<?x4x5x98xf32> -> tensor<?x98x4x5xf32>
  return %5 : tensor<?x98x4x5xf32>
}

// 1x1, 1 to 1 channels, stride 1.
func.func @c1_1x1_n1_s1(%x: tensor<?x1x1x1xf32>) -> (tensor<?x1x1x1xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x1x1x1xf32> -> tensor<?x1x1x1xf32>
  %2 = mv.parameter "case7.conv.weight" : tensor<1x1x3x3xf32>
  %3 = mv.parameter "case7.conv.bias" : tensor<1xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x1x1x1xf32>, tensor<1x1x3x3xf32>, tensor<1xf32>) -> tensor<?x1x1x1xf32>
  %5 = mv.to_nchw %4 : tensor<?x1x1x1xf32> -> tensor<?x1x1x1xf32>
  return %5 : tensor<?x1x1x1xf32>
}

// 1x17, 32 to 16 channels, stride 2.
func.func @c32_1x17_n16_s2(%x: tensor<?x32x1x17xf32>) -> (tensor<?x16x1x9xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x32x1x17xf32> -> tensor<?x1x17x32xf32>
  %2 = mv.parameter "case8.conv.weight" : tensor<16x32x3x3xf32>
  %3 = mv.parameter "case8.conv.bias" : tensor<16xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x1x17x32xf32>, tensor<16x32x3x3xf32>, tensor<16xf32>) -> tensor<?x1x9x16xf32>
  %5 = mv.to_nchw %4 : tensor<?x1x9x16xf32> -> tensor<?x16x1x9xf32>
  return %5 : tensor<?x16x1x9xf32>
}

// Residual blocks: borders of zeros must survive every epilogue and every reuse of memory.
func.func @two_in_a_row(%x: tensor<?x12x6x5xf32>) -> (tensor<?x3x3x24xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x12x6x5xf32> -> tensor<?x6x5x12xf32>
  %2 = mv.conv_block %1 at "case9.block" gamma : tensor<?x6x5x12xf32>
  %3 = mv.conv_block %2 at "case9.block2" : tensor<?x6x5x12xf32>
  %4 = mv.downsample %3 at "case9.down" : tensor<?x6x5x12xf32> -> tensor<?x3x3x24xf32>
  return %4 : tensor<?x3x3x24xf32>
}

// 20x44, 4 to 40 channels, stride 1: lines of the image begin with 16 bytes, and end within a tile; outputs are two parts.
func.func @c4_20x44_n40_s1(%x: tensor<?x4x20x44xf32>) -> (tensor<?x40x20x44xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x4x20x44xf32> -> tensor<?x20x44x4xf32>
  %2 = mv.parameter "case10.conv.weight" : tensor<40x4x3x3xf32>
  %3 = mv.parameter "case10.conv.bias" : tensor<40xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x20x44x4xf32>, tensor<40x4x3x3xf32>, tensor<40xf32>) -> tensor<?x20x44x40xf32>
  %5 = mv.to_nchw %4 : tensor<?x20x44x40xf32> -> tensor<?x40x20x44xf32>
  return %5 : tensor<?x40x20x44xf32>
}

// 35x68, 3 to 48 channels, stride 2, without a bias.
func.func @c3_35x68_n48_s2(%x: tensor<?x3x35x68xf32>) -> (tensor<?x48x18x34xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x3x35x68xf32> -> tensor<?x35x68x3xf32>
  %2 = mv.parameter "case11.conv.weight" : tensor<48x3x3x3xf32>
  %3 = mv.conv2d %1, %2 stride 2 : (tensor<?x35x68x3xf32>, tensor<48x3x3x3xf32>) -> tensor<?x18x34x48xf32>
  %4 = mv.relu %3 : tensor<?x18x34x48xf32>
  %5 = mv.to_nchw %4 : tensor<?x18x34x48xf32> -> tensor<?x48x18x34xf32>
  return %5 : tensor<?x48x18x34xf32>
}
