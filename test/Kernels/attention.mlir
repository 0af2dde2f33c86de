// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v4 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested in test/Unit/Kernels/AttentionTest.cpp.

// 49 tokens are one block of keys: two heads in two workgroups of 64 queries, one exponential for a score, and none to
// rescale with. Scores come in tiles of 13 keys (and 12) by 32 queries, the result in tiles of 8 queries by 48 channels.
// CHECK: implementations = [#plan.implementation<"x86-64-v4" scratch {{[0-9]+}} phases[<"short" items 1 group 1 times 2>]>]
// CHECK-LABEL: func.func @short
// CHECK:         %{{.*}}:26 = scf.for
// CHECK-COUNT-2: math.exp2 {{.*}} fastmath<ninf>
// CHECK-NOT:     math.exp2
// CHECK:         %{{.*}}:24 = scf.for
// CHECK:         vector.maskedstore
plan.kernel @short (tensor<?x1x49x240xf32>) -> tensor<?x1x49x80xf32> family "attention" {
^bb0(%qkv: tensor<?x1x49x240xf32>):
  %0 = mv.attention %qkv heads 2 scale 1.581139e-01 : (tensor<?x1x49x240xf32>) -> tensor<?x1x49x80xf32>
  plan.yield %0 : tensor<?x1x49x80xf32>
}

// -----

// The longest sequences take no more scratch memory than those of 512 tokens.
// CHECK: scratch [[BYTES:[0-9]+]] phases[<"some" items 1 group 1 times 8>]
// CHECK: scratch [[BYTES]] phases[<"many" items 1 group 1 times 400>]
plan.kernel @some (tensor<?x1x512x96xf32>) -> tensor<?x1x512x32xf32> family "attention" {
^bb0(%qkv: tensor<?x1x512x96xf32>):
  %0 = mv.attention %qkv heads 1 scale 1.0e-01 : (tensor<?x1x512x96xf32>) -> tensor<?x1x512x32xf32>
  plan.yield %0 : tensor<?x1x512x32xf32>
}
plan.kernel @many (tensor<?x1x25600x96xf32>) -> tensor<?x1x25600x32xf32> family "attention" {
^bb0(%qkv: tensor<?x1x25600x96xf32>):
  %0 = mv.attention %qkv heads 1 scale 1.0e-01 : (tensor<?x1x25600x96xf32>) -> tensor<?x1x25600x32xf32>
  plan.yield %0 : tensor<?x1x25600x32xf32>
}

// -----

// A head's channels need not be whole vectors, so what follows on whole rows is a phase of its own.
// CHECK: phases[<"followed" items 1 group 1 times 4>, <"followed_phase1" items 16 group 16 times 1>]
// CHECK-LABEL: func.func @followed_phase1
// CHECK:         arith.addf
plan.kernel @followed (tensor<?x1x16x60xf32>, tensor<?x1x16x20xf32>) -> tensor<?x1x16x20xf32> family "attention" workspace 2048 {
^bb0(%qkv: tensor<?x1x16x60xf32>, %r: tensor<?x1x16x20xf32>):
  %0 = mv.attention %qkv heads 4 scale 1.0e-01 : (tensor<?x1x16x60xf32>) -> tensor<?x1x16x20xf32>
  %1 = mv.add %0, %r : tensor<?x1x16x20xf32>
  plan.yield %1 : tensor<?x1x16x20xf32>
}
