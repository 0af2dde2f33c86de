// RUN: mv-conformance %s %t.mvx --tolerance=5e-6
// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// Whole mixer blocks on every instruction set: one token, odd widths, sequences long enough to be cut.

// 1 windows of 1 tokens, 8 channels.
func.func @w1_l1_d8(%x: tensor<?x1x1x8xf32>) -> (tensor<?x1x1x8xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case0.levels.2.blocks.0" : tensor<?x1x1x8xf32>
  return %1 : tensor<?x1x1x8xf32>
}

// 2 windows of 2 tokens, 16 channels.
func.func @w2_l2_d16(%x: tensor<?x2x2x16xf32>) -> (tensor<?x2x2x16xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case1.levels.2.blocks.0" : tensor<?x2x2x16xf32>
  return %1 : tensor<?x2x2x16xf32>
}

// 1 windows of 49 tokens, 40 channels.
func.func @w1_l49_d40(%x: tensor<?x1x49x40xf32>) -> (tensor<?x1x49x40xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case2.levels.2.blocks.0" : tensor<?x1x49x40xf32>
  return %1 : tensor<?x1x49x40xf32>
}

// 3 windows of 16 tokens, 98 channels.
func.func @w3_l16_d98(%x: tensor<?x3x16x98xf32>) -> (tensor<?x3x16x98xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case3.levels.2.blocks.0" : tensor<?x3x16x98xf32>
  return %1 : tensor<?x3x16x98xf32>
}

// 1 windows of 196 tokens, 64 channels.
func.func @w1_l196_d64(%x: tensor<?x1x196x64xf32>) -> (tensor<?x1x196x64xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case4.levels.2.blocks.0" : tensor<?x1x196x64xf32>
  return %1 : tensor<?x1x196x64xf32>
}

// 2 windows of 130 tokens, 24 channels.
func.func @w2_l130_d24(%x: tensor<?x2x130x24xf32>) -> (tensor<?x2x130x24xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case5.levels.2.blocks.0" : tensor<?x2x130x24xf32>
  return %1 : tensor<?x2x130x24xf32>
}

// 1 windows of 700 tokens, 32 channels.
func.func @w1_l700_d32(%x: tensor<?x1x700x32xf32>) -> (tensor<?x1x700x32xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case6.levels.2.blocks.0" : tensor<?x1x700x32xf32>
  return %1 : tensor<?x1x700x32xf32>
}

// 2 windows of 36 tokens, 96 channels, with all biases there can be.
func.func @w2_l36_d96_biases(%x: tensor<?x2x36x96xf32>) -> (tensor<?x2x36x96xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.mixer_block %x at "case7.levels.2.blocks.0" {biases = ["in_proj", "conv1d_x", "conv1d_z", "x_proj", "out_proj"]} : tensor<?x2x36x96xf32>
  return %1 : tensor<?x2x36x96xf32>
}
