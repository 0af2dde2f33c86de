// A checkpoint folder: input size and number of classes come from it.
// RUN: mv-compile %S/../../models/fashion --target=cpu --compile-to=import | FileCheck %s

// CHECK:      module attributes {
// CHECK-SAME: mv.config = "{{.*}}models/fashion/config.json"
// CHECK:      func.func @forward_64x64(%{{.*}}: tensor<?x3x64x64xf32>) -> (tensor<?x10xf32> {mv.name = "logits"}, tensor<?x128xf32> {mv.name = "pooled"})
// CHECK:      mv.head {{.*}} norm classifier : tensor<?x2x2x128xf32> -> tensor<?x10xf32>, tensor<?x128xf32>

// A config file in a checkpoint's folder stands for the folder.
// RUN: mv-compile %S/../../models/fashion/config.json --target=cpu --compile-to=import | FileCheck %s
