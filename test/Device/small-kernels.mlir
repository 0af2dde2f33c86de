// RUN: mv-conformance %s %t.mvx
// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// Pool, head, norms, convolutions along the tokens and data movement on every instruction set.

// Head on a 1x1 map of 3 channels.
func.func @pool_1x1x3(%x: tensor<?x1x1x3xf32>) -> (tensor<?x11xf32> {mv.name = "logits"}, tensor<?x3xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1, %2 = mv.head %x at "case0" norm classifier : tensor<?x1x1x3xf32> -> tensor<?x11xf32>, tensor<?x3xf32>
  return %1, %2 : tensor<?x11xf32>, tensor<?x3xf32>
}

// Head on a 7x7 map of 640 channels.
func.func @pool_7x7x640(%x: tensor<?x7x7x640xf32>) -> (tensor<?x11xf32> {mv.name = "logits"}, tensor<?x640xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1, %2 = mv.head %x at "case1" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x11xf32>, tensor<?x640xf32>
  return %1, %2 : tensor<?x11xf32>, tensor<?x640xf32>
}

// Head on a 5x3 map of 49 channels.
func.func @pool_5x3x49(%x: tensor<?x5x3x49xf32>) -> (tensor<?x11xf32> {mv.name = "logits"}, tensor<?x49xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1, %2 = mv.head %x at "case2" norm classifier : tensor<?x5x3x49xf32> -> tensor<?x11xf32>, tensor<?x49xf32>
  return %1, %2 : tensor<?x11xf32>, tensor<?x49xf32>
}

// Head on a 14x14 map of 33 channels.
func.func @pool_14x14x33(%x: tensor<?x14x14x33xf32>) -> (tensor<?x11xf32> {mv.name = "logits"}, tensor<?x33xf32> {mv.name = "pooled"}) attributes {mv.entry} {
  %1, %2 = mv.head %x at "case3" norm classifier : tensor<?x14x14x33xf32> -> tensor<?x11xf32>, tensor<?x33xf32>
  return %1, %2 : tensor<?x11xf32>, tensor<?x33xf32>
}

// A layer norm alone, 5 channels.
func.func @norm_3x5(%x: tensor<?x1x3x5xf32>) -> (tensor<?x1x3x5xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case4.norm.weight" : tensor<5xf32>
  %2 = mv.parameter "case4.norm.bias" : tensor<5xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x3x5xf32>, tensor<5xf32>
  return %3 : tensor<?x1x3x5xf32>
}

// A layer norm alone, 98 channels.
func.func @norm_49x98(%x: tensor<?x1x49x98xf32>) -> (tensor<?x1x49x98xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case5.norm.weight" : tensor<98xf32>
  %2 = mv.parameter "case5.norm.bias" : tensor<98xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x49x98xf32>, tensor<98xf32>
  return %3 : tensor<?x1x49x98xf32>
}

// A layer norm alone, 640 channels.
func.func @norm_10x640(%x: tensor<?x1x10x640xf32>) -> (tensor<?x1x10x640xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case6.norm.weight" : tensor<640xf32>
  %2 = mv.parameter "case6.norm.bias" : tensor<640xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x10x640xf32>, tensor<640xf32>
  return %3 : tensor<?x1x10x640xf32>
}

// A depthwise convolution alone, 1 tokens.
func.func @conv1d_1x7(%x: tensor<?x2x1x7xf32>) -> (tensor<?x2x1x7xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case7.conv1d.weight" : tensor<7x3xf32>
  %2 = mv.conv1d %x, %1 : (tensor<?x2x1x7xf32>, tensor<7x3xf32>) -> tensor<?x2x1x7xf32>
  %3 = mv.silu %2 : tensor<?x2x1x7xf32>
  return %3 : tensor<?x2x1x7xf32>
}

// A depthwise convolution alone, 2 tokens.
func.func @conv1d_2x16(%x: tensor<?x2x2x16xf32>) -> (tensor<?x2x2x16xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case8.conv1d.weight" : tensor<16x3xf32>
  %2 = mv.conv1d %x, %1 : (tensor<?x2x2x16xf32>, tensor<16x3xf32>) -> tensor<?x2x2x16xf32>
  %3 = mv.silu %2 : tensor<?x2x2x16xf32>
  return %3 : tensor<?x2x2x16xf32>
}

// A depthwise convolution alone, 50 tokens.
func.func @conv1d_50x49(%x: tensor<?x2x50x49xf32>) -> (tensor<?x2x50x49xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case9.conv1d.weight" : tensor<49x3xf32>
  %2 = mv.conv1d %x, %1 : (tensor<?x2x50x49xf32>, tensor<49x3xf32>) -> tensor<?x2x50x49xf32>
  %3 = mv.silu %2 : tensor<?x2x50x49xf32>
  return %3 : tensor<?x2x50x49xf32>
}

// Slices and a concatenation.
func.func @slices(%x: tensor<?x2x9x37xf32>) -> (tensor<?x2x9x37xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.slice %x offset 0 : tensor<?x2x9x37xf32> -> tensor<?x2x9x16xf32>
  %2 = mv.slice %x offset 16 : tensor<?x2x9x37xf32> -> tensor<?x2x9x21xf32>
  %3 = mv.concat %2, %1 : (tensor<?x2x9x21xf32>, tensor<?x2x9x16xf32>) -> tensor<?x2x9x37xf32>
  %4 = mv.add %3, %x : tensor<?x2x9x37xf32>
  return %4 : tensor<?x2x9x37xf32>
}

// Planes of one position each: channels are still not stored as neighbours of a row.
func.func @nchw_1x1_c20(%x: tensor<?x1x1x20xf32>) -> (tensor<?x20x1x1xf32> {mv.name = "y"}) attributes {mv.entry} {
  %0 = mv.relu %x : tensor<?x1x1x20xf32>
  %1 = mv.to_nchw %0 : tensor<?x1x1x20xf32> -> tensor<?x20x1x1xf32>
  return %1 : tensor<?x20x1x1xf32>
}
