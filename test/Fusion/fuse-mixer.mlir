// RUN: mv-opt %s --mv-decompose --mv-fuse-mixer --split-input-file --verify-diagnostics --remarks-filter-missed=mv-fuse-mixer --remark-format=emitRemark | FileCheck %s
// RUN: mv-opt %s --mv-decompose --mv-fuse-mixer --split-input-file --mlir-print-debuginfo | FileCheck %s --check-prefix=LOC

// Everything between the two large products is one kernel, named by its scan.
// CHECK-LABEL: @mixer
// CHECK: %[[XZ:.*]] = mv.linear %{{.*}} -> tensor<?x2x9x32xf32>
// CHECK: %[[YZ:.*]] = mv.kernel(%[[XZ]], {{.*}}) : {{.*}} -> tensor<?x2x9x32xf32> {
// CHECK-NEXT: ^bb0(%[[IN:[^:]*]]:
// CHECK-NEXT: mv.conv1d %[[IN]]
// CHECK-NEXT: mv.silu
// CHECK-NEXT: mv.slice
// CHECK-NEXT: %[[Z:.*]] = mv.slice {{.*}} offset 16
// CHECK-NEXT: mv.linear
// CHECK-NEXT: mv.slice
// CHECK-NEXT: mv.slice
// CHECK-NEXT: mv.slice
// CHECK-NEXT: mv.linear
// CHECK-NEXT: mv.softplus
// CHECK-NEXT: %[[Y:.*]] = mv.selective_scan
// CHECK-NEXT: %[[R:.*]] = mv.concat %[[Y]], %[[Z]]
// CHECK-NEXT: mv.yield %[[R]]
// CHECK: mv.linear %[[YZ]]
// LOC-LABEL: @mixer
// LOC: mv.yield
// LOC-NEXT: } loc(#[[KERNEL:.*]])
// LOC: #[[SCAN:.*]] = loc("b.mixer.scan"
// LOC: #[[KERNEL]] = loc(fused[#[[SCAN]],
func.func @mixer(%x: tensor<?x2x9x32xf32>) -> tensor<?x2x9x32xf32> {
  %0 = mv.mixer_block %x at "b" : tensor<?x2x9x32xf32>
  return %0 : tensor<?x2x9x32xf32>
}

// -----

// A scan by itself is no mixer.
// CHECK-LABEL: @negative_bare_scan
// CHECK-NOT: mv.kernel
func.func @negative_bare_scan(%x: tensor<?x1x4x8xf32>, %a: tensor<8x8xf32>, %d: tensor<8xf32>) -> tensor<?x1x4x8xf32> {
  // expected-remark@+1 {{the scan's input is not a slice}}
  %0 = mv.selective_scan %x, %x, %a, %x, %x, %d : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8xf32>) -> tensor<?x1x4x8xf32>
  return %0 : tensor<?x1x4x8xf32>
}

// -----

// A value within that is read from outside has to be stored.
// CHECK-LABEL: @negative_tapped
// CHECK-NOT: mv.kernel
func.func @negative_tapped(%xz: tensor<?x1x4x16xf32>, %cw: tensor<16x3xf32>, %xw: tensor<18x8xf32>, %tw: tensor<8x2xf32>,
                           %a: tensor<8x8xf32>, %d: tensor<8xf32>) -> (tensor<?x1x4x16xf32>, tensor<?x1x4x8xf32>) {
  %0 = mv.conv1d %xz, %cw : (tensor<?x1x4x16xf32>, tensor<16x3xf32>) -> tensor<?x1x4x16xf32>
  %1 = mv.silu %0 : tensor<?x1x4x16xf32>
  %x = mv.slice %1 offset 0 : tensor<?x1x4x16xf32> -> tensor<?x1x4x8xf32>
  %z = mv.slice %1 offset 8 : tensor<?x1x4x16xf32> -> tensor<?x1x4x8xf32>
  %p = mv.linear %x, %xw : (tensor<?x1x4x8xf32>, tensor<18x8xf32>) -> tensor<?x1x4x18xf32>
  %dt = mv.slice %p offset 0 : tensor<?x1x4x18xf32> -> tensor<?x1x4x2xf32>
  %b = mv.slice %p offset 2 : tensor<?x1x4x18xf32> -> tensor<?x1x4x8xf32>
  %c = mv.slice %p offset 10 : tensor<?x1x4x18xf32> -> tensor<?x1x4x8xf32>
  %t = mv.linear %dt, %tw : (tensor<?x1x4x2xf32>, tensor<8x2xf32>) -> tensor<?x1x4x8xf32>
  %step = mv.softplus %t : tensor<?x1x4x8xf32>
  // expected-remark@+1 {{a value within the mixer has other readers}}
  %y = mv.selective_scan %x, %step, %a, %b, %c, %d : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8xf32>) -> tensor<?x1x4x8xf32>
  %yz = mv.concat %y, %z : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>) -> tensor<?x1x4x16xf32>
  return %yz, %step : tensor<?x1x4x16xf32>, tensor<?x1x4x8xf32>
}

// -----

// Projections of something else than the scan's input.
// CHECK-LABEL: @negative_other_projection
// CHECK-NOT: mv.kernel
func.func @negative_other_projection(%xz: tensor<?x1x4x16xf32>, %cw: tensor<16x3xf32>, %xw: tensor<18x8xf32>, %tw: tensor<8x2xf32>,
                           %a: tensor<8x8xf32>, %d: tensor<8xf32>) -> tensor<?x1x4x16xf32> {
  %0 = mv.conv1d %xz, %cw : (tensor<?x1x4x16xf32>, tensor<16x3xf32>) -> tensor<?x1x4x16xf32>
  %1 = mv.silu %0 : tensor<?x1x4x16xf32>
  %x = mv.slice %1 offset 0 : tensor<?x1x4x16xf32> -> tensor<?x1x4x8xf32>
  %z = mv.slice %1 offset 8 : tensor<?x1x4x16xf32> -> tensor<?x1x4x8xf32>
  %p = mv.linear %z, %xw : (tensor<?x1x4x8xf32>, tensor<18x8xf32>) -> tensor<?x1x4x18xf32>
  %dt = mv.slice %p offset 0 : tensor<?x1x4x18xf32> -> tensor<?x1x4x2xf32>
  %b = mv.slice %p offset 2 : tensor<?x1x4x18xf32> -> tensor<?x1x4x8xf32>
  %c = mv.slice %p offset 10 : tensor<?x1x4x18xf32> -> tensor<?x1x4x8xf32>
  %t = mv.linear %dt, %tw : (tensor<?x1x4x2xf32>, tensor<8x2xf32>) -> tensor<?x1x4x8xf32>
  %step = mv.softplus %t : tensor<?x1x4x8xf32>
  // expected-remark@+1 {{step, b and c are not slices of one projection of the scan's input}}
  %y = mv.selective_scan %x, %step, %a, %b, %c, %d : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8x8xf32>, tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>, tensor<8xf32>) -> tensor<?x1x4x8xf32>
  %yz = mv.concat %y, %x : (tensor<?x1x4x8xf32>, tensor<?x1x4x8xf32>) -> tensor<?x1x4x16xf32>
  return %yz : tensor<?x1x4x16xf32>
}
