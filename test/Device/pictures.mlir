// RUN: mv-conformance %s %t.mvx
// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32
// RUN: cuda-sim --checks=all mv-conformance %s %t.alone.mvx --target=sm_80 --dtype=f32 --disable=mv-fuse-stem

// Pictures given as bytes: the first convolution normalises them. Their lines and their sizes are multiples of 16 bytes,
// of 8, of 2 and of 1; tiles are several lines, one line, or a part of one.

// 189 bytes a picture, an odd width: the right border is a border, too.
func.func @u8_9x7x3_n8_s2(%x: tensor<?x9x7x3xui8>) -> (tensor<?x8x5x4xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x9x7x3xui8> -> tensor<?x9x7x3xf32>
  %2 = mv.parameter "case0.conv.weight" : tensor<8x3x3x3xf32>
  %3 = mv.parameter "case0.conv.bias" : tensor<8xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x9x7x3xf32>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<?x5x4x8xf32>
  %5 = mv.relu %4 : tensor<?x5x4x8xf32>
  %6 = mv.to_nchw %5 : tensor<?x5x4x8xf32> -> tensor<?x8x5x4xf32>
  return %6 : tensor<?x8x5x4xf32>
}

// Lines of 90 bytes: each begins elsewhere in an access of 16.
func.func @u8_32x30x3_n32_s2(%x: tensor<?x32x30x3xui8>) -> (tensor<?x32x16x15xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x32x30x3xui8> -> tensor<?x32x30x3xf32>
  %2 = mv.parameter "case1.conv.weight" : tensor<32x3x3x3xf32>
  %3 = mv.parameter "case1.conv.bias" : tensor<32xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x32x30x3xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<?x16x15x32xf32>
  %5 = mv.relu %4 : tensor<?x16x15x32xf32>
  %6 = mv.to_nchw %5 : tensor<?x16x15x32xf32> -> tensor<?x32x16x15xf32>
  return %6 : tensor<?x32x16x15xf32>
}

// Lines of 192 bytes, four of the result in a tile.
func.func @u8_24x64x3_n32_s2(%x: tensor<?x24x64x3xui8>) -> (tensor<?x32x12x32xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x24x64x3xui8> -> tensor<?x24x64x3xf32>
  %2 = mv.parameter "case2.conv.weight" : tensor<32x3x3x3xf32>
  %3 = mv.parameter "case2.conv.bias" : tensor<32xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x24x64x3xf32>, tensor<32x3x3x3xf32>, tensor<32xf32>) -> tensor<?x12x32x32xf32>
  %5 = mv.relu %4 : tensor<?x12x32x32xf32>
  %6 = mv.to_nchw %5 : tensor<?x12x32x32xf32> -> tensor<?x32x12x32xf32>
  return %6 : tensor<?x32x12x32xf32>
}

// 150 pixels a line of the result: two tiles.
func.func @u8_4x300x3_n16_s2(%x: tensor<?x4x300x3xui8>) -> (tensor<?x16x2x150xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x4x300x3xui8> -> tensor<?x4x300x3xf32>
  %2 = mv.parameter "case3.conv.weight" : tensor<16x3x3x3xf32>
  %3 = mv.parameter "case3.conv.bias" : tensor<16xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x4x300x3xf32>, tensor<16x3x3x3xf32>, tensor<16xf32>) -> tensor<?x2x150x16xf32>
  %5 = mv.relu %4 : tensor<?x2x150x16xf32>
  %6 = mv.to_nchw %5 : tensor<?x2x150x16xf32> -> tensor<?x16x2x150xf32>
  return %6 : tensor<?x16x2x150xf32>
}

// Four channels, stride 1, accesses of 8 bytes.
func.func @u8_5x6x4_n12_s1(%x: tensor<?x5x6x4xui8>) -> (tensor<?x12x5x6xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406, 0.25] std [0.229, 0.224, 0.225, 0.5] : tensor<?x5x6x4xui8> -> tensor<?x5x6x4xf32>
  %2 = mv.parameter "case4.conv.weight" : tensor<12x4x3x3xf32>
  %3 = mv.parameter "case4.conv.bias" : tensor<12xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x5x6x4xf32>, tensor<12x4x3x3xf32>, tensor<12xf32>) -> tensor<?x5x6x12xf32>
  %5 = mv.relu %4 : tensor<?x5x6x12xf32>
  %6 = mv.to_nchw %5 : tensor<?x5x6x12xf32> -> tensor<?x12x5x6xf32>
  return %6 : tensor<?x12x5x6xf32>
}

// One pixel.
func.func @u8_1x1x1_n1_s1(%x: tensor<?x1x1x1xui8>) -> (tensor<?x1x1x1xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485] std [0.229] : tensor<?x1x1x1xui8> -> tensor<?x1x1x1xf32>
  %2 = mv.parameter "case5.conv.weight" : tensor<1x1x3x3xf32>
  %3 = mv.parameter "case5.conv.bias" : tensor<1xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x1x1x1xf32>, tensor<1x1x3x3xf32>, tensor<1xf32>) -> tensor<?x1x1x1xf32>
  %5 = mv.relu %4 : tensor<?x1x1x1xf32>
  %6 = mv.to_nchw %5 : tensor<?x1x1x1xf32> -> tensor<?x1x1x1xf32>
  return %6 : tensor<?x1x1x1xf32>
}

// More outputs than a thread computes.
func.func @u8_6x16x3_n40_s2(%x: tensor<?x6x16x3xui8>) -> (tensor<?x40x3x8xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x6x16x3xui8> -> tensor<?x6x16x3xf32>
  %2 = mv.parameter "case6.conv.weight" : tensor<40x3x3x3xf32>
  %3 = mv.parameter "case6.conv.bias" : tensor<40xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 2 : (tensor<?x6x16x3xf32>, tensor<40x3x3x3xf32>, tensor<40xf32>) -> tensor<?x3x8x40xf32>
  %5 = mv.relu %4 : tensor<?x3x8x40xf32>
  %6 = mv.to_nchw %5 : tensor<?x3x8x40xf32> -> tensor<?x40x3x8xf32>
  return %6 : tensor<?x40x3x8xf32>
}

// A tile that begins in the middle of a line that is not aligned: accesses of 2 bytes.
func.func @u8_3x258x3_n8_s1(%x: tensor<?x3x258x3xui8>) -> (tensor<?x8x3x258xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x3x258x3xui8> -> tensor<?x3x258x3xf32>
  %2 = mv.parameter "case7.conv.weight" : tensor<8x3x3x3xf32>
  %3 = mv.parameter "case7.conv.bias" : tensor<8xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x3x258x3xf32>, tensor<8x3x3x3xf32>, tensor<8xf32>) -> tensor<?x3x258x8xf32>
  %5 = mv.relu %4 : tensor<?x3x258x8xf32>
  %6 = mv.to_nchw %5 : tensor<?x3x258x8xf32> -> tensor<?x8x3x258xf32>
  return %6 : tensor<?x8x3x258xf32>
}

// The model's own stem, as it is imported: its second convolution needs a border of zeros around the first one's result.
func.func @stem(%x: tensor<?x22x20x3xui8>) -> (tensor<?x16x6x5xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x22x20x3xui8> -> tensor<?x22x20x3xf32>
  %2 = mv.to_nchw %1 : tensor<?x22x20x3xf32> -> tensor<?x3x22x20xf32>
  %3 = mv.stem %2 at "case8.patch_embed" in_dim 12 : tensor<?x3x22x20xf32> -> tensor<?x6x5x16xf32>
  %4 = mv.to_nchw %3 : tensor<?x6x5x16xf32> -> tensor<?x16x6x5xf32>
  return %4 : tensor<?x16x6x5xf32>
}

// No convolution.
func.func @alone(%x: tensor<?x5x7x3xui8>) -> (tensor<?x3x5x7xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.normalize %x mean [0.5, 0.25, 0.75] std [0.5, 0.125, 1.0] : tensor<?x5x7x3xui8> -> tensor<?x5x7x3xf32>
  %2 = mv.to_nchw %1 : tensor<?x5x7x3xf32> -> tensor<?x3x5x7xf32>
  return %2 : tensor<?x3x5x7xf32>
}
