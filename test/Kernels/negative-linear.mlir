// RUN: not mv-opt %s --mv-emit-cpu-kernels=targets=x86-64 2>&1 | FileCheck %s

// Weights must be packed before a kernel reads them.
// CHECK: error: 'plan.kernel' op input 1 is 'tensor<32x16xf32>', expected its packing #mv.packed<panels width = 32>: run the pass that packs parameters first
plan.kernel @unpacked (tensor<?x1x4x16xf32>, tensor<32x16xf32>) -> tensor<?x1x4x32xf32> family "linear" {
^bb0(%x: tensor<?x1x4x16xf32>, %w: tensor<32x16xf32>):
  %0 = mv.linear %x, %w : (tensor<?x1x4x16xf32>, tensor<32x16xf32>) -> tensor<?x1x4x32xf32>
  plan.yield %0 : tensor<?x1x4x32xf32>
}
