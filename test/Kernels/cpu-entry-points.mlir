// RUN: mv-opt %s --mv-cpu-entry-points | FileCheck %s

// A phase function becomes the body of an entry point that takes its buffers as an array. Nothing overlaps and all is
// aligned, which the body's arguments say.
// CHECK-LABEL: llvm.func @k(
// CHECK-SAME: %[[BUFFERS:.*]]: !llvm.ptr, %[[BATCH:.*]]: i64, %[[BEGIN:.*]]: i64, %[[END:.*]]: i64, %[[SCRATCH:.*]]: !llvm.ptr
// CHECK: %[[SLOT0:.*]] = llvm.getelementptr %[[BUFFERS]][0]
// CHECK: %[[A:.*]] = llvm.load %[[SLOT0]]
// CHECK: %[[SLOT1:.*]] = llvm.getelementptr %[[BUFFERS]][1]
// CHECK: %[[B:.*]] = llvm.load %[[SLOT1]]
// CHECK: llvm.call @k.body(%[[A]], %[[B]], %[[BATCH]], %[[BEGIN]], %[[END]], %[[SCRATCH]])
// CHECK: llvm.func internal @k.body(%{{[^:]*}}: !llvm.ptr {llvm.align = 64 : i64, llvm.noalias}
// CHECK-SAME: passthrough = ["alwaysinline"]
llvm.func @k(%a: !llvm.ptr, %b: !llvm.ptr, %batch: i64, %begin: i64, %end: i64, %scratch: !llvm.ptr) {
  llvm.return
}

// negative: what is not a phase function stays as it is.
// CHECK-LABEL: llvm.func @helper
// CHECK-NOT: @helper.body
llvm.func @helper(%a: i64) {
  llvm.return
}
