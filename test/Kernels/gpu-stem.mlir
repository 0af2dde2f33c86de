// RUN: mv-opt %s --mv-emit-gpu-kernels=targets=sm_80 --canonicalize --cse --split-input-file | FileCheck %s

// What the kernels compute is tested by test/Device/conv2d.mlir.

// Four threads have 32 outputs of four pixels: 64 outputs are two parts of a grid. A block's tile is 8 lines of 16 pixels. It
// brings the weights of a part, 3 channels of 9 taps, its 32 biases, and 17 lines of 40 elements of each plane to shared memory,
// 16 bytes a thread, and zeros around the image. A thread reads a line's three taps of four pixels, and the weights of its 8
// outputs once for all of them. It stores 16 bytes of each pixel, its neighbours those around.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"planes" items 98 group 1 times 2 threads 128 shared 11776>]>]>]
// CHECK-LABEL: gpu.func @planes(
// CHECK:         scf.for
// CHECK:           nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg :
// CHECK:         nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg :
// CHECK:         scf.for
// CHECK:           nvvm.cp.async.shared.global %{{.*}}, %{{.*}}, 16, cache =  cg, %{{.*}} :
// CHECK:         nvvm.cp.async.wait.group 0
// CHECK:         gpu.barrier
// CHECK-NOT:     llvm.load %{{.*}} : !llvm.ptr<1>
// CHECK-COUNT-2: llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
// CHECK:         scf.for
// CHECK:           llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> f32
// CHECK:           llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK:           llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK:           llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK:           llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr<3> -> vector<2xf32>
// CHECK-COUNT-6:   llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<3> -> vector<4xf32>
// CHECK:           llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr<3> -> f32
// CHECK:           scf.yield
// CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         gpu.return
plan.kernel @planes (tensor<?x3x224x224xf32>, tensor<64x3x3x3xf32, #mv.packed<panels width = 32>>, tensor<64xf32, #mv.packed<vector width = 8>>) -> tensor<?x112x112x64xf32, #mv.layout<halo = 0, channels = 64, element = f16>> family "conv2d" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x3x224x224xf32>, %w: tensor<64x3x3x3xf32>, %b: tensor<64xf32>):
  %0 = mv.to_nhwc %x : tensor<?x3x224x224xf32> -> tensor<?x224x224x3xf32>
  %1 = mv.conv2d %0, %w bias %b stride 2 : (tensor<?x224x224x3xf32>, tensor<64x3x3x3xf32>, tensor<64xf32>) -> tensor<?x112x112x64xf32>
  %2 = mv.relu %1 : tensor<?x112x112x64xf32>
  plan.yield %2 : tensor<?x112x112x64xf32>
}

// -----

// A block brings the three lines of bytes that a line of the result touches, 672 bytes each, to shared memory, 16 bytes a
// thread, and reads them byte by byte there: 9 of a line for each pixel.
// CHECK: implementations = [#plan.gpu_implementation<"sm_80" variants[<batch 1 launches[<"picture" items 112 group 1 times 2 threads 128 shared 5632>]>]>]
// CHECK-LABEL: gpu.func @picture(
// CHECK:         llvm.load %{{.*}} {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
// CHECK:         llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
// CHECK:         gpu.barrier
// CHECK:         scf.for
// CHECK-NOT:       llvm.load %{{.*}} : !llvm.ptr<1>
// CHECK-COUNT-18:  llvm.load %{{.*}} {alignment = 1 : i64} : !llvm.ptr<3> -> i8
// CHECK-NOT:       -> i8
// CHECK:           scf.yield
// CHECK-COUNT-4: llvm.store %{{.*}} {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<1>
// CHECK-NOT:     llvm.store
// CHECK:         gpu.return
plan.kernel @picture (tensor<?x224x224x3xui8>, tensor<64x3x3x3xf32, #mv.packed<panels width = 32>>, tensor<64xf32, #mv.packed<vector width = 8>>) -> tensor<?x112x112x64xf32, #mv.layout<halo = 0, channels = 64, element = f16>> family "conv2d" attributes {device = "cuda", dtype = "f16"} {
^bb0(%x: tensor<?x224x224x3xui8>, %w: tensor<64x3x3x3xf32>, %b: tensor<64xf32>):
  %0 = mv.normalize %x mean [0.485, 0.456, 0.406] std [0.229, 0.224, 0.225] : tensor<?x224x224x3xui8> -> tensor<?x224x224x3xf32>
  %1 = mv.conv2d %0, %w bias %b stride 2 : (tensor<?x224x224x3xf32>, tensor<64x3x3x3xf32>, tensor<64xf32>) -> tensor<?x112x112x64xf32>
  %2 = mv.relu %1 : tensor<?x112x112x64xf32>
  plan.yield %2 : tensor<?x112x112x64xf32>
}
