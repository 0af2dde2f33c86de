// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v3 --canonicalize --cse | FileCheck %s

// 64 channels a workgroup; lines are added up, then their sums, then one division and the epilogue.
// CHECK: phases[<"pool" items 1 group 1 times 2>]
// CHECK-LABEL: func.func @pool
// CHECK:         scf.for {{.*}} iter_args(%[[TOTAL:.*]] = %
// CHECK:           %[[LINE:.*]] = scf.for {{.*}} iter_args(%[[SUM:.*]] = %
// CHECK:             arith.addf %[[SUM]]
// CHECK:           arith.addf %[[TOTAL]], %[[LINE]]
// CHECK:         arith.divf
// CHECK:         math.fma
// CHECK:         vector.store
plan.kernel @pool (tensor<?x7x7x96xf32>, tensor<96xf32, #mv.packed<vector width = 16>>, tensor<96xf32, #mv.packed<vector width = 16>>) -> tensor<?x96xf32> family "pool" {
^bb0(%x: tensor<?x7x7x96xf32>, %s: tensor<96xf32>, %t: tensor<96xf32>):
  %0 = mv.pool %x : tensor<?x7x7x96xf32> -> tensor<?x96xf32>
  %1 = mv.affine %0, %s, %t : tensor<?x96xf32>, tensor<96xf32>
  plan.yield %1 : tensor<?x96xf32>
}
