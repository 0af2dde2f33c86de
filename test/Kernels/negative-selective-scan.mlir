// RUN: not mv-opt %s --mv-emit-cpu-kernels=targets=x86-64 2>&1 | FileCheck %s

// In front of a scan stands what a mixer has, or nothing.
// CHECK: error: 'plan.kernel' op ops in front of selective_scan are not a mixer's
plan.kernel @other (tensor<?x1x4x16xf32>, tensor<?x1x4x16xf32>, tensor<16x8xf32, #mv.packed<columns width = 16>>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32> family "selective_scan" {
^bb0(%x: tensor<?x1x4x16xf32>, %s: tensor<?x1x4x16xf32>, %a: tensor<16x8xf32>, %b: tensor<?x1x4x8xf32>, %c: tensor<?x1x4x8xf32>, %d: tensor<16xf32>):
  %0 = mv.relu %x : tensor<?x1x4x16xf32>
  %1 = mv.selective_scan %0, %s, %a, %b, %c, %d : (tensor<?x1x4x16xf32>, tensor<?x1x4x16xf32>, tensor<16x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<16xf32>) -> tensor<?x1x4x16xf32>
  plan.yield %1 : tensor<?x1x4x16xf32>
}
