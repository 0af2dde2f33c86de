// RUN: not mv-opt %s --mv-emit-cpu-kernels=targets=x86-64 2>&1 | FileCheck %s

// A movement that collects channels is the first op of its kernel.
// CHECK: error: 'plan.kernel' op 'mv.slice' must read the kernel's inputs, not another op's result
plan.kernel @late (tensor<?x1x4x16xf32>) -> tensor<?x1x4x8xf32> family "pointwise" {
^bb0(%x: tensor<?x1x4x16xf32>):
  %0 = mv.relu %x : tensor<?x1x4x16xf32>
  %1 = mv.slice %0 offset 4 : tensor<?x1x4x16xf32> -> tensor<?x1x4x8xf32>
  plan.yield %1 : tensor<?x1x4x8xf32>
}
