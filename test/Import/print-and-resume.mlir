// What the stage prints parses, verifies and prints the same again, through mv-opt and through mv-compile itself.
// RUN: mv-compile %S/../../models/fashion --target=cpu --resolution=70x50 --compile-to=import -o %t.mlir
// RUN: mv-opt %t.mlir -o %t.again.mlir
// RUN: diff %t.mlir %t.again.mlir
// RUN: mv-compile %t.mlir --target=cpu --compile-to=import -o %t.resumed.mlir
// RUN: diff %t.mlir %t.resumed.mlir
// RUN: FileCheck %s < %t.resumed.mlir

// CHECK: func.func @forward_70x50
