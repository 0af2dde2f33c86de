// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// Each of a batch of one to four with another tile; three has one block for all chunks, four a group of warps for each: the bits are
// the same.
// RUN: cuda-sim --checks=all mv-conformance %s %t.tuned.mvx --target=sm_80 --dtype=f16 --tuning=%S/Inputs/split-sums.json
// RUN: cuda-sim --checks=all mv-conformance %s %t.tuned.mvx --target=sm_80 --dtype=f32 --tuning=%S/Inputs/split-sums.json

// Groups of warps on the large tiles that need more shared memory than every GPU has.
// RUN: cuda-sim --device=sm_90 --checks=all mv-conformance %s %t.tuned.mvx --target=sm_90 --dtype=f16 --tuning=%S/Inputs/split-sums.json

// Few rows and long sums, which blocks of GPUs share: rows, columns and depths that fill neither tile nor chunk.

// 7 rows, 2000 to 36 channels.
func.func @rows7_k2000_n36(%x: tensor<?x1x7x2000xf32>) -> (tensor<?x1x7x36xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case0.fc.weight" : tensor<36x2000xf32>
  %2 = mv.parameter "case0.fc.bias" : tensor<36xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x1x7x2000xf32>, tensor<36x2000xf32>, tensor<36xf32>) -> tensor<?x1x7x36xf32>
  return %3 : tensor<?x1x7x36xf32>
}

// A layer norm in front of the product: 33 rows of 1928 channels, gelu behind it.
func.func @norm_rows33_k1928_n70(%x: tensor<?x3x11x1928xf32>) -> (tensor<?x3x11x70xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case1.norm.weight" : tensor<1928xf32>
  %2 = mv.parameter "case1.norm.bias" : tensor<1928xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x3x11x1928xf32>, tensor<1928xf32>
  %4 = mv.parameter "case1.fc.weight" : tensor<70x1928xf32>
  %5 = mv.parameter "case1.fc.bias" : tensor<70xf32>
  %6 = mv.linear %3, %4 bias %5 : (tensor<?x3x11x1928xf32>, tensor<70x1928xf32>, tensor<70xf32>) -> tensor<?x3x11x70xf32>
  %7 = mv.gelu erf %6 : tensor<?x3x11x70xf32>
  return %7 : tensor<?x3x11x70xf32>
}

// 5x5, 220 to 40 channels, stride 1, and a convolution behind it, for which the first one stores a border of zeros.
func.func @c220_5x5_n40_s1(%x: tensor<?x220x5x5xf32>) -> (tensor<?x24x3x3xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.to_nhwc %x : tensor<?x220x5x5xf32> -> tensor<?x5x5x220xf32>
  %2 = mv.parameter "case2.conv.weight" : tensor<40x220x3x3xf32>
  %3 = mv.parameter "case2.conv.bias" : tensor<40xf32>
  %4 = mv.conv2d %1, %2 bias %3 stride 1 : (tensor<?x5x5x220xf32>, tensor<40x220x3x3xf32>, tensor<40xf32>) -> tensor<?x5x5x40xf32>
  %5 = mv.relu %4 : tensor<?x5x5x40xf32>
  %6 = mv.parameter "case2.conv2.weight" : tensor<24x40x3x3xf32>
  %7 = mv.conv2d %5, %6 stride 2 : (tensor<?x5x5x40xf32>, tensor<24x40x3x3xf32>) -> tensor<?x3x3x24xf32>
  %8 = mv.to_nchw %7 : tensor<?x3x3x24xf32> -> tensor<?x24x3x3xf32>
  return %8 : tensor<?x24x3x3xf32>
}
