// RUN: mv-conformance %s %t.mvx
// RUN: cuda-sim --checks=all mv-conformance %s %t.f16.mvx --target=sm_80 --dtype=f16
// RUN: cuda-sim --checks=all mv-conformance %s %t.bf16.mvx --target=sm_80 --dtype=bf16
// RUN: cuda-sim --checks=all mv-conformance %s %t.tf32.mvx --target=sm_80 --dtype=tf32
// RUN: cuda-sim --checks=all mv-conformance %s %t.f32.mvx --target=sm_80 --dtype=f32

// Matrix products on every instruction set: sizes that fill no tile, every epilogue.

// 1 rows, 1 to 1 channels.
func.func @rows1_k1_n1(%x: tensor<?x1x1x1xf32>) -> (tensor<?x1x1x1xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case0.fc.weight" : tensor<1x1xf32>
  %2 = mv.parameter "case0.fc.bias" : tensor<1xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x1x1x1xf32>, tensor<1x1xf32>, tensor<1xf32>) -> tensor<?x1x1x1xf32>
  return %3 : tensor<?x1x1x1xf32>
}

// 3 rows, 7 to 5 channels.
func.func @rows3_k7_n5(%x: tensor<?x1x3x7xf32>) -> (tensor<?x1x3x5xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case1.fc.weight" : tensor<5x7xf32>
  %2 = mv.parameter "case1.fc.bias" : tensor<5xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x1x3x7xf32>, tensor<5x7xf32>, tensor<5xf32>) -> tensor<?x1x3x5xf32>
  return %3 : tensor<?x1x3x5xf32>
}

// 98 rows, 40 to 36 channels, no bias.
func.func @rows98_k40_n36(%x: tensor<?x2x49x40xf32>) -> (tensor<?x2x49x36xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case2.fc.weight" : tensor<36x40xf32>
  %2 = mv.linear %x, %1 : (tensor<?x2x49x40xf32>, tensor<36x40xf32>) -> tensor<?x2x49x36xf32>
  return %2 : tensor<?x2x49x36xf32>
}

// 196 rows, 80 to 80 channels, gelu behind it.
func.func @rows196_k80_n80(%x: tensor<?x1x196x80xf32>) -> (tensor<?x1x196x80xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case3.fc.weight" : tensor<80x80xf32>
  %2 = mv.parameter "case3.fc.bias" : tensor<80xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x1x196x80xf32>, tensor<80x80xf32>, tensor<80xf32>) -> tensor<?x1x196x80xf32>
  %4 = mv.gelu erf %3 : tensor<?x1x196x80xf32>
  return %4 : tensor<?x1x196x80xf32>
}

// 51 rows, 49 to 65 channels, gelu behind it.
func.func @rows51_k49_n65(%x: tensor<?x3x17x49xf32>) -> (tensor<?x3x17x65xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case4.fc.weight" : tensor<65x49xf32>
  %2 = mv.parameter "case4.fc.bias" : tensor<65xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x3x17x49xf32>, tensor<65x49xf32>, tensor<65xf32>) -> tensor<?x3x17x65xf32>
  %4 = mv.gelu tanh %3 : tensor<?x3x17x65xf32>
  return %4 : tensor<?x3x17x65xf32>
}

// 50 rows, 130 to 196 channels, silu behind it.
func.func @rows50_k130_n196(%x: tensor<?x1x50x130xf32>) -> (tensor<?x1x50x196xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case5.fc.weight" : tensor<196x130xf32>
  %2 = mv.parameter "case5.fc.bias" : tensor<196xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x1x50x130xf32>, tensor<196x130xf32>, tensor<196xf32>) -> tensor<?x1x50x196xf32>
  %4 = mv.silu %3 : tensor<?x1x50x196xf32>
  return %4 : tensor<?x1x50x196xf32>
}

// 18 rows, 24 to 1000 channels, softplus behind it.
func.func @rows18_k24_n1000(%x: tensor<?x2x9x24xf32>) -> (tensor<?x2x9x1000xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case6.fc.weight" : tensor<1000x24xf32>
  %2 = mv.parameter "case6.fc.bias" : tensor<1000xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x2x9x24xf32>, tensor<1000x24xf32>, tensor<1000xf32>) -> tensor<?x2x9x1000xf32>
  %4 = mv.softplus %3 : tensor<?x2x9x1000xf32>
  return %4 : tensor<?x2x9x1000xf32>
}

// 14 rows, 320 to 96 channels, relu behind it.
func.func @rows14_k320_n96(%x: tensor<?x1x14x320xf32>) -> (tensor<?x1x14x96xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case7.fc.weight" : tensor<96x320xf32>
  %2 = mv.parameter "case7.fc.bias" : tensor<96xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x1x14x320xf32>, tensor<96x320xf32>, tensor<96xf32>) -> tensor<?x1x14x96xf32>
  %4 = mv.relu %3 : tensor<?x1x14x96xf32>
  return %4 : tensor<?x1x14x96xf32>
}

// A layer norm in front of the product: 49 rows of 98 channels.
func.func @norm_rows49_k98_n96(%x: tensor<?x1x49x98xf32>) -> (tensor<?x1x49x96xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case8.norm.weight" : tensor<98xf32>
  %2 = mv.parameter "case8.norm.bias" : tensor<98xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x49x98xf32>, tensor<98xf32>
  %4 = mv.parameter "case8.fc.weight" : tensor<96x98xf32>
  %5 = mv.parameter "case8.fc.bias" : tensor<96xf32>
  %6 = mv.linear %3, %4 bias %5 : (tensor<?x1x49x98xf32>, tensor<96x98xf32>, tensor<96xf32>) -> tensor<?x1x49x96xf32>
  return %6 : tensor<?x1x49x96xf32>
}

// A layer norm in front of the product: 5 rows of 33 channels.
func.func @norm_rows5_k33_n70(%x: tensor<?x1x5x33xf32>) -> (tensor<?x1x5x70xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case9.norm.weight" : tensor<33xf32>
  %2 = mv.parameter "case9.norm.bias" : tensor<33xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x5x33xf32>, tensor<33xf32>
  %4 = mv.parameter "case9.fc.weight" : tensor<70x33xf32>
  %5 = mv.parameter "case9.fc.bias" : tensor<70xf32>
  %6 = mv.linear %3, %4 bias %5 : (tensor<?x1x5x33xf32>, tensor<70x33xf32>, tensor<70xf32>) -> tensor<?x1x5x70xf32>
  return %6 : tensor<?x1x5x70xf32>
}

// A layer norm in front of the product: 196 rows of 320 channels.
func.func @norm_rows196_k320_n64(%x: tensor<?x1x196x320xf32>) -> (tensor<?x1x196x64xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case10.norm.weight" : tensor<320xf32>
  %2 = mv.parameter "case10.norm.bias" : tensor<320xf32>
  %3 = mv.layer_norm %x, %1, %2 eps 1.0e-05 : tensor<?x1x196x320xf32>, tensor<320xf32>
  %4 = mv.parameter "case10.fc.weight" : tensor<64x320xf32>
  %5 = mv.parameter "case10.fc.bias" : tensor<64xf32>
  %6 = mv.linear %3, %4 bias %5 : (tensor<?x1x196x320xf32>, tensor<64x320xf32>, tensor<64xf32>) -> tensor<?x1x196x64xf32>
  return %6 : tensor<?x1x196x64xf32>
}

// Two products and the sum with what went in.
func.func @residual(%x: tensor<?x2x9x40xf32>) -> (tensor<?x2x9x40xf32> {mv.name = "y"}) attributes {mv.entry} {
  %1 = mv.parameter "case11.up.weight" : tensor<72x40xf32>
  %2 = mv.parameter "case11.up.bias" : tensor<72xf32>
  %3 = mv.linear %x, %1 bias %2 : (tensor<?x2x9x40xf32>, tensor<72x40xf32>, tensor<72xf32>) -> tensor<?x2x9x72xf32>
  %4 = mv.gelu erf %3 : tensor<?x2x9x72xf32>
  %5 = mv.parameter "case11.down.weight" : tensor<40x72xf32>
  %6 = mv.parameter "case11.down.bias" : tensor<40xf32>
  %7 = mv.linear %4, %5 bias %6 : (tensor<?x2x9x72xf32>, tensor<40x72xf32>, tensor<40xf32>) -> tensor<?x2x9x40xf32>
  %8 = mv.add %7, %x : tensor<?x2x9x40xf32>
  return %8 : tensor<?x2x9x40xf32>
}
