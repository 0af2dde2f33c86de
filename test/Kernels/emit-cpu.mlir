// RUN: mv-opt %s --mv-emit-cpu-kernels | FileCheck %s
// RUN: mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v3 | FileCheck %s --check-prefix=ONE
// RUN: not mv-opt %s --mv-emit-cpu-kernels=targets=x86-64-v9 2>&1 | FileCheck %s --check-prefix=UNKNOWN

// One module of functions for each instruction set, and in the kernel what the runtime has to know of each.
// CHECK: plan.kernel @relu
// CHECK-SAME: implementations = [
// CHECK-SAME: <"x86-64-v4" scratch {{[0-9]+}} phases[<"relu" items
// CHECK-SAME: <"x86-64-v3" scratch
// CHECK-SAME: <"x86-64" scratch
// CHECK: module @cpu_x86_64_v4 attributes {mv.target = "x86-64-v4"}
// CHECK: func.func @relu
// CHECK: vector<16xf32>
// CHECK: module @cpu_x86_64_v3
// CHECK: func.func @relu
// CHECK-NOT: vector<16xf32>
// CHECK: module @cpu_x86_64 attributes
// CHECK-NOT: vector<8xf32>

// ONE-NOT: cpu_x86_64_v4
// ONE: module @cpu_x86_64_v3
// ONE-NOT: cpu_x86_64 attributes

// UNKNOWN: error: no CPU target is called 'x86-64-v9'
plan.kernel @relu (tensor<?x1x4x32xf32>) -> tensor<?x1x4x32xf32> family "pointwise" {
^bb0(%x: tensor<?x1x4x32xf32>):
  %0 = mv.relu %x : tensor<?x1x4x32xf32>
  plan.yield %0 : tensor<?x1x4x32xf32>
}
