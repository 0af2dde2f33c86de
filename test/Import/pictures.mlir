// The entry point is given bytes: their normalisation stands in front of the stem, with the config's mean and deviation.
// RUN: mv-compile %S/Inputs/every-option.json --target=cpu --weights=random:1 --input=u8 --compile-to=import | FileCheck %s
// CHECK:      func.func @forward_40x72(%[[PICTURE:.*]]: tensor<?x40x72x3xui8>)
// CHECK-NEXT: %[[MAP:.*]] = mv.normalize %[[PICTURE]] mean [{{.*}}] std [{{.*}}] : tensor<?x40x72x3xui8> -> tensor<?x40x72x3xf32>
// CHECK-NEXT: %[[IMAGE:.*]] = mv.to_nchw %[[MAP]] : tensor<?x40x72x3xf32> -> tensor<?x3x40x72xf32>
// CHECK-NEXT: mv.stem %[[IMAGE]]

// It takes no more kernels than planes of numbers do: on a CPU it is the kernel that brings the picture into the form
// that convolutions read, on a GPU a part of the first convolution.
// RUN: mv-compile %S/Inputs/every-option.json --target=cpu --weights=random:1 --input=u8 --compile-to=fusion | FileCheck %s --check-prefix=CPU
// CPU:      mv.kernel({{.*}}) : (tensor<?x40x72x3xui8>) -> tensor<?x40x72x3xf32, #mv.layout<halo = 1, channels = 3>>
// CPU-NEXT: ^bb0
// CPU-NEXT: mv.normalize
// CPU-NEXT: mv.yield
// CPU-NOT:  mv.to_nchw
// RUN: mv-compile %S/Inputs/every-option.json --target=sm_80 --weights=random:1 --input=u8 --compile-to=fusion | FileCheck %s --check-prefix=GPU
// GPU:      mv.kernel({{.*}}) : (tensor<?x40x72x3xui8>,
// GPU-NEXT: ^bb0
// GPU-NEXT: mv.normalize
// GPU-NEXT: mv.conv2d
// GPU-NEXT: mv.relu

// What the IR says is not to be said again.
// RUN: mv-compile %S/Inputs/every-option.json --target=cpu --weights=random:1 --input=u8 --compile-to=import -o %t.mlir
// RUN: mv-compile %t.mlir --target=cpu --compile-to=fusion | FileCheck %s --check-prefix=CPU
// RUN: not mv-compile %t.mlir --target=cpu --input=u8 --compile-to=fusion 2>&1 | FileCheck %s --check-prefix=AGAIN
// AGAIN: mv-compile: --input: {{.*}}.mlir is IR, which says what its input is; leave the option out

// RUN: not mv-compile %S/Inputs/every-option.json --weights=random:1 --input=u16 -o %t.mvx 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// UNKNOWN: mv-compile: --input: input type 'u16': expected f32 (normalised images) or u8 (pictures)
