// RUN: mv-conformance %s %t.mvx --tolerance=5e-6
// RUN: cuda-sim --checks=all,phases mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all,phases mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all,phases mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all,phases mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// Attention on every instruction set: one token, one block of keys, several blocks; head sizes that fill no vector.

// 1 windows of 1 tokens, 2 heads of 4.
func.func @w1_l1_d8_h2(%x: tensor<?x1x1x24xf32>) -> (tensor<?x1x1x8xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.attention %x heads 2 scale 0.5 : (tensor<?x1x1x24xf32>) -> tensor<?x1x1x8xf32>
  return %1 : tensor<?x1x1x8xf32>
}

// 2 windows of 4 tokens, 2 heads of 8.
func.func @w2_l4_d16_h2(%x: tensor<?x2x4x48xf32>) -> (tensor<?x2x4x16xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.attention %x heads 2 scale 0.3535533905932738 : (tensor<?x2x4x48xf32>) -> tensor<?x2x4x16xf32>
  return %1 : tensor<?x2x4x16xf32>
}

// 1 windows of 49 tokens, 1 heads of 40.
func.func @w1_l49_d40_h1(%x: tensor<?x1x49x120xf32>) -> (tensor<?x1x49x40xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.attention %x heads 1 scale 0.15811388300841897 : (tensor<?x1x49x120xf32>) -> tensor<?x1x49x40xf32>
  return %1 : tensor<?x1x49x40xf32>
}

// 3 windows of 49 tokens, 2 heads of 49.
func.func @w3_l49_d98_h2(%x: tensor<?x3x49x294xf32>) -> (tensor<?x3x49x98xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.attention %x heads 2 scale 0.14285714285714285 : (tensor<?x3x49x294xf32>) -> tensor<?x3x49x98xf32>
  return %1 : tensor<?x3x49x98xf32>
}

// 1 windows of 196 tokens, 2 heads of 48, norms on q and k.
func.func @w1_l196_d96_h2_norm(%x: tensor<?x1x196x288xf32>) -> (tensor<?x1x196x96xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case4.q_norm.weight" : tensor<48xf32>
  %2 = mv.parameter "case4.q_norm.bias" : tensor<48xf32>
  %3 = mv.parameter "case4.k_norm.weight" : tensor<48xf32>
  %4 = mv.parameter "case4.k_norm.bias" : tensor<48xf32>
  %5 = mv.attention %x q_norm %1, %2 k_norm %3, %4 heads 2 scale 0.14433756729740643 : (tensor<?x1x196x288xf32>, tensor<48xf32>, tensor<48xf32>, tensor<48xf32>, tensor<48xf32>) -> tensor<?x1x196x96xf32>
  return %5 : tensor<?x1x196x96xf32>
}

// 2 windows of 17 tokens, 4 heads of 6, norms on q and k.
func.func @w2_l17_d24_h4_norm(%x: tensor<?x2x17x72xf32>) -> (tensor<?x2x17x24xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case5.q_norm.weight" : tensor<6xf32>
  %2 = mv.parameter "case5.q_norm.bias" : tensor<6xf32>
  %3 = mv.parameter "case5.k_norm.weight" : tensor<6xf32>
  %4 = mv.parameter "case5.k_norm.bias" : tensor<6xf32>
  %5 = mv.attention %x q_norm %1, %2 k_norm %3, %4 heads 4 scale 0.408248290463863 : (tensor<?x2x17x72xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>, tensor<6xf32>) -> tensor<?x2x17x24xf32>
  return %5 : tensor<?x2x17x24xf32>
}

// 1 windows of 300 tokens, 2 heads of 16.
func.func @w1_l300_d32_h2(%x: tensor<?x1x300x96xf32>) -> (tensor<?x1x300x32xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.attention %x heads 2 scale 0.25 : (tensor<?x1x300x96xf32>) -> tensor<?x1x300x32xf32>
  return %1 : tensor<?x1x300x32xf32>
}

// 1 windows of 600 tokens, 1 heads of 16, norms on q and k.
func.func @w1_l600_d16_h1_norm(%x: tensor<?x1x600x48xf32>) -> (tensor<?x1x600x16xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case7.q_norm.weight" : tensor<16xf32>
  %2 = mv.parameter "case7.q_norm.bias" : tensor<16xf32>
  %3 = mv.parameter "case7.k_norm.weight" : tensor<16xf32>
  %4 = mv.parameter "case7.k_norm.bias" : tensor<16xf32>
  %5 = mv.attention %x q_norm %1, %2 k_norm %3, %4 heads 1 scale 0.25 : (tensor<?x1x600x48xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>) -> tensor<?x1x600x16xf32>
  return %5 : tensor<?x1x600x16xf32>
}

// What stands in memory as the matrix units take it: heads of an odd number of channels, whose rows begin and end within words.
func.func @w2_l17_d272_h16(%x: tensor<?x2x17x816xf32>) -> (tensor<?x2x17x272xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case8.norm.weight" : tensor<272xf32>
  %2 = mv.parameter "case8.norm.bias" : tensor<272xf32>
  %3 = mv.attention %x heads 16 scale 0.24253562503633297 : (tensor<?x2x17x816xf32>) -> tensor<?x2x17x272xf32>
  %4 = mv.layer_norm %3, %1, %2 eps 1.0e-05 : tensor<?x2x17x272xf32>, tensor<272xf32>
  return %4 : tensor<?x2x17x272xf32>
}

// An odd number of 16-byte pieces: even heads end, and odd ones begin, in the middle of a sector.
func.func @w1_l33_d160_h4(%x: tensor<?x1x33x480xf32>) -> (tensor<?x1x33x160xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case9.norm.weight" : tensor<160xf32>
  %2 = mv.parameter "case9.norm.bias" : tensor<160xf32>
  %3 = mv.attention %x heads 4 scale 0.15811388300841897 : (tensor<?x1x33x480xf32>) -> tensor<?x1x33x160xf32>
  %4 = mv.layer_norm %3, %1, %2 eps 1.0e-05 : tensor<?x1x33x160xf32>, tensor<160xf32>
  return %4 : tensor<?x1x33x160xf32>
}

// The product in front in the same kernel; heads of an odd number of channels again, which begin a tile's rows.
func.func @w1_l20_d34_h2_linear(%x: tensor<?x1x20x48xf32>) -> (tensor<?x1x20x34xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case10.qkv.weight" : tensor<102x48xf32>
  %2 = mv.parameter "case10.qkv.bias" : tensor<102xf32>
  %3 = mv.parameter "case10.norm.weight" : tensor<34xf32>
  %4 = mv.parameter "case10.norm.bias" : tensor<34xf32>
  %5 = mv.linear %x, %1 bias %2 : (tensor<?x1x20x48xf32>, tensor<102x48xf32>, tensor<102xf32>) -> tensor<?x1x20x102xf32>
  %6 = mv.attention %5 heads 2 scale 0.24253562503633297 : (tensor<?x1x20x102xf32>) -> tensor<?x1x20x34xf32>
  %7 = mv.layer_norm %6, %3, %4 eps 1.0e-05 : tensor<?x1x20x34xf32>, tensor<34xf32>
  return %7 : tensor<?x1x20x34xf32>
}
