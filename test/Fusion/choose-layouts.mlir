// RUN: mv-opt %s --mv-form-kernels --mv-choose-layouts --split-input-file | FileCheck %s
// RUN: mv-opt %s --mv-form-kernels --mv-choose-layouts=channel-multiple=32 --split-input-file | FileCheck %s --check-prefix=WIDE

// A map that a convolution reads has a border of zeros, whoever else reads it; 20 channels are stored as 32. The
// result, which the caller reads, is dense. Inside the kernels nothing changes.
// CHECK-LABEL: @convolution
// CHECK: %[[R:.*]] = mv.kernel(%arg0) : (tensor<?x4x4x20xf32>) -> tensor<?x4x4x20xf32, #mv.layout<halo = 1, channels = 32>>
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<?x4x4x20xf32>):
// CHECK: mv.kernel(%[[R]], %arg1) : (tensor<?x4x4x20xf32, #mv.layout<halo = 1, channels = 32>>, tensor<16x20x3x3xf32>) -> tensor<?x2x2x16xf32> {
// CHECK: mv.kernel(%[[R]]) : (tensor<?x4x4x20xf32, #mv.layout<halo = 1, channels = 32>>) -> tensor<?x20xf32> {
func.func @convolution(%x: tensor<?x4x4x20xf32>, %w: tensor<16x20x3x3xf32>) -> (tensor<?x2x2x16xf32>, tensor<?x20xf32>) {
  %0 = mv.relu %x : tensor<?x4x4x20xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x4x4x20xf32>, tensor<16x20x3x3xf32>) -> tensor<?x2x2x16xf32>
  %2 = mv.pool %0 : tensor<?x4x4x20xf32> -> tensor<?x20xf32>
  return %1, %2 : tensor<?x2x2x16xf32>, tensor<?x20xf32>
}

// -----

// Tokens have no border; whole vectors stay dense.
// CHECK-LABEL: @tokens
// CHECK: mv.kernel(%arg0, %arg1) : {{.*}} -> tensor<?x1x4x20xf32, #mv.layout<halo = 0, channels = 32>>
// CHECK: mv.kernel({{.*}}) : {{.*}} -> tensor<?x1x4x48xf32> {
// WIDE-LABEL: @tokens
// WIDE: mv.kernel(%arg0, %arg1) : {{.*}} -> tensor<?x1x4x20xf32, #mv.layout<halo = 0, channels = 32>>
// WIDE: mv.kernel({{.*}}) : {{.*}} -> tensor<?x1x4x48xf32, #mv.layout<halo = 0, channels = 64>>
func.func @tokens(%x: tensor<?x1x4x8xf32>, %v: tensor<20x8xf32>, %w: tensor<48x20xf32>) -> tensor<?x1x4x48xf32> {
  %0 = mv.linear %x, %v : (tensor<?x1x4x8xf32>, tensor<20x8xf32>) -> tensor<?x1x4x20xf32>
  %1 = mv.linear %0, %w : (tensor<?x1x4x20xf32>, tensor<48x20xf32>) -> tensor<?x1x4x48xf32>
  %2 = mv.relu %1 : tensor<?x1x4x48xf32>
  return %2 : tensor<?x1x4x48xf32>
}

// -----

// An image's three channels are not padded; [batch, channels] matrices stay dense.
// CHECK-LABEL: @image
// CHECK: mv.kernel(%arg0) : {{.*}} -> tensor<?x8x8x3xf32, #mv.layout<halo = 1, channels = 3>>
// CHECK: mv.kernel({{.*}}) : {{.*}} -> tensor<?x4x4x20xf32, #mv.layout<halo = 0, channels = 32>>
// CHECK: mv.kernel({{.*}}) : {{.*}} -> tensor<?x20xf32> {
// CHECK: mv.kernel({{.*}}) : (tensor<?x20xf32>) -> tensor<?x20xf32> {
func.func @image(%x: tensor<?x3x8x8xf32>, %w: tensor<20x3x3x3xf32>) -> tensor<?x20xf32> {
  %0 = mv.to_nhwc %x : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<20x3x3x3xf32>) -> tensor<?x4x4x20xf32>
  %2 = mv.pool %1 : tensor<?x4x4x20xf32> -> tensor<?x20xf32>
  %3 = mv.relu %2 : tensor<?x20xf32>
  return %3 : tensor<?x20xf32>
}

// -----

// What the caller sees is dense: convolutions that read an argument or a result read a copy with a border.
// CHECK-LABEL: @caller
// CHECK: %[[X:.*]] = mv.kernel(%arg0) : (tensor<?x4x4x16xf32>) -> tensor<?x4x4x16xf32, #mv.layout<halo = 1, channels = 16>>
// CHECK: %[[R:.*]] = mv.kernel(%[[X]], %arg1) : {{.*}} -> tensor<?x4x4x16xf32> {
// CHECK: %[[C:.*]] = mv.kernel(%[[R]]) : (tensor<?x4x4x16xf32>) -> tensor<?x4x4x16xf32, #mv.layout<halo = 1, channels = 16>>
// CHECK: %[[S:.*]] = mv.kernel(%[[C]], %arg1) : {{.*}} -> tensor<?x4x4x16xf32> {
// CHECK: return %[[R]], %[[S]]
func.func @caller(%x: tensor<?x4x4x16xf32>, %w: tensor<16x16x3x3xf32>) -> (tensor<?x4x4x16xf32>, tensor<?x4x4x16xf32>) {
  %0 = mv.conv2d %x, %w stride 1 : (tensor<?x4x4x16xf32>, tensor<16x16x3x3xf32>) -> tensor<?x4x4x16xf32>
  %1 = mv.conv2d %0, %w stride 1 : (tensor<?x4x4x16xf32>, tensor<16x16x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %0, %1 : tensor<?x4x4x16xf32>, tensor<?x4x4x16xf32>
}

// -----

// A bare op reads plain tensors.
// CHECK-LABEL: @negative_bare_reader
// CHECK: mv.kernel(%arg0) : {{.*}} -> tensor<?x4x4x20xf32> {
// CHECK: check.tensor
func.func @negative_bare_reader(%x: tensor<?x4x4x20xf32>) {
  %0 = mv.relu %x : tensor<?x4x4x20xf32>
  %1 = check.tensor "expected" : tensor<?x4x4x20xf32>
  check.expect_close %0, %1 : tensor<?x4x4x20xf32>
  return
}

// -----

// For cuda all that lies between kernels is of the storage type, in units of eight channels, matrices too; a pool's result
// that a root reads is stored twice, one that a pointwise op reads is not.
// CHECK-LABEL: @cuda
// CHECK: %[[M:.*]] = mv.kernel(%arg0) : (tensor<?x3x8x8xf32>) -> tensor<?x8x8x3xf32, #mv.layout<halo = 1, channels = 8, element = f16>>
// CHECK: %[[Y:.*]] = mv.kernel(%[[M]], %arg1) : {{.*}} -> tensor<?x4x4x20xf32, #mv.layout<halo = 0, channels = 24, element = f16>>
// CHECK: %[[P:.*]]:2 = mv.kernel(%[[Y]]) : {{.*}} -> (tensor<?x20xf32>, tensor<?x20xf32, #mv.layout<halo = 0, channels = 24, element = f16>>) {
// CHECK:   %[[V:.*]] = mv.pool
// CHECK:   mv.yield %[[V]], %[[V]]
// CHECK: %[[L:.*]] = mv.kernel(%[[P]]#1, %arg2) : {{.*}} -> tensor<?x16xf32, #mv.layout<halo = 0, channels = 16, element = f16>>
// CHECK: %[[S:.*]] = mv.kernel(%[[P]]#0) : (tensor<?x20xf32>) -> tensor<?x20xf32> {
// CHECK: %[[R:.*]] = mv.kernel(%[[L]]) : {{.*}} -> tensor<?x16xf32> {
// CHECK: return %[[P]]#0, %[[S]], %[[R]]
func.func @cuda(%x: tensor<?x3x8x8xf32>, %w: tensor<20x3x3x3xf32>, %v: tensor<16x20xf32>) -> (tensor<?x20xf32>, tensor<?x20xf32>, tensor<?x16xf32>) attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.to_nhwc %x : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
  %1 = mv.conv2d %0, %w stride 2 : (tensor<?x8x8x3xf32>, tensor<20x3x3x3xf32>) -> tensor<?x4x4x20xf32>
  %2 = mv.pool %1 : tensor<?x4x4x20xf32> -> tensor<?x20xf32>
  %3 = mv.linear %2, %v : (tensor<?x20xf32>, tensor<16x20xf32>) -> tensor<?x16xf32>
  %4 = mv.silu %2 : tensor<?x20xf32>
  %5 = mv.relu %3 : tensor<?x16xf32>
  return %2, %4, %5 : tensor<?x20xf32>, tensor<?x20xf32>, tensor<?x16xf32>
}

// -----

// In f32 what is dense in units of eight channels needs no copy; without such units it does, and for a halo.
// CHECK-LABEL: @cuda_f32
// CHECK: %[[L:.*]] = mv.kernel(%arg0, %arg1) : (tensor<?x4x4x16xf32>, tensor<20x16xf32>) -> tensor<?x4x4x20xf32> {
// CHECK: %[[C:.*]] = mv.kernel(%[[L]]) : (tensor<?x4x4x20xf32>) -> tensor<?x4x4x20xf32, #mv.layout<halo = 1, channels = 24>>
// CHECK: mv.kernel(%[[C]], %arg2) : {{.*}} -> tensor<?x4x4x16xf32> {
func.func @cuda_f32(%x: tensor<?x4x4x16xf32>, %v: tensor<20x16xf32>, %w: tensor<16x20x3x3xf32>) -> (tensor<?x4x4x20xf32>, tensor<?x4x4x16xf32>) attributes {mv.device = "cuda", mv.dtype = "f32"} {
  %0 = mv.linear %x, %v : (tensor<?x4x4x16xf32>, tensor<20x16xf32>) -> tensor<?x4x4x20xf32>
  %1 = mv.conv2d %0, %w stride 1 : (tensor<?x4x4x20xf32>, tensor<16x20x3x3xf32>) -> tensor<?x4x4x16xf32>
  return %0, %1 : tensor<?x4x4x20xf32>, tensor<?x4x4x16xf32>
}

// -----

// A convolution that begins with the image reads it as it is.
// CHECK-LABEL: @cuda_stem
// CHECK: mv.kernel(%arg0, %arg1) : (tensor<?x3x8x8xf32>, tensor<20x3x3x3xf32>) -> tensor<?x4x4x20xf32> {
func.func @cuda_stem(%x: tensor<?x3x8x8xf32>, %w: tensor<20x3x3x3xf32>) -> tensor<?x4x4x20xf32> attributes {mv.device = "cuda", mv.dtype = "f16"} {
  %0 = mv.kernel(%x, %w) : (tensor<?x3x8x8xf32>, tensor<20x3x3x3xf32>) -> tensor<?x4x4x20xf32> {
  ^bb0(%x0: tensor<?x3x8x8xf32>, %w0: tensor<20x3x3x3xf32>):
    %1 = mv.to_nhwc %x0 : tensor<?x3x8x8xf32> -> tensor<?x8x8x3xf32>
    %2 = mv.conv2d %1, %w0 stride 2 : (tensor<?x8x8x3xf32>, tensor<20x3x3x3xf32>) -> tensor<?x4x4x20xf32>
    mv.yield %2 : tensor<?x4x4x20xf32>
  }
  return %0 : tensor<?x4x4x20xf32>
}
