// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --split-input-file --verify-diagnostics

// A block cannot hold keys and values of all heads' channels.
// expected-error@+1 {{attention: heads of 2048 channels do not fit into 101376 bytes of shared memory}}
plan.kernel @wide (tensor<?x1x49x6144xf32, #mv.layout<halo = 0, channels = 6144, element = f16>>) -> tensor<?x1x49x2048xf32, #mv.layout<halo = 0, channels = 2048, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%qkv: tensor<?x1x49x6144xf32>):
  %0 = mv.attention %qkv heads 1 scale 1.0 : (tensor<?x1x49x6144xf32>) -> tensor<?x1x49x2048xf32>
  plan.yield %0 : tensor<?x1x49x2048xf32>
}

// -----

// The product in front needs all of a window's keys in one block.
// expected-error@+1 {{attention: windows of 300 tokens and heads of 40 channels are too large for a block that computes q, k and v itself}}
plan.kernel @fused (tensor<?x1x300x80xf32, #mv.layout<halo = 0, channels = 80, element = f16>>, tensor<240x80xf32, #mv.packed<rows width = 64, element = f16>>) -> tensor<?x1x300x80xf32, #mv.layout<halo = 0, channels = 80, element = f16>> family "attention" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x1x300x80xf32>, %w: tensor<240x80xf32>):
  %0 = mv.linear %x, %w : (tensor<?x1x300x80xf32>, tensor<240x80xf32>) -> tensor<?x1x300x240xf32>
  %1 = mv.attention %0 heads 2 scale 1.581139e-01 : (tensor<?x1x300x240xf32>) -> tensor<?x1x300x80xf32>
  plan.yield %1 : tensor<?x1x300x80xf32>
}
