// RUN: mv-opt %s --mv-select-devices=devices=cpu,cuda | FileCheck %s --check-prefixes=CHECK,BOTH
// RUN: mv-opt %s --mv-select-devices="devices=cuda dtype=bf16" | FileCheck %s --check-prefixes=CHECK,CUDA
// RUN: mv-opt %s --mv-select-devices=devices=cpu | FileCheck %s --check-prefixes=CHECK,CPU
// RUN: mv-opt %s --mv-select-devices | FileCheck %s --check-prefixes=CHECK,CPU
// RUN: not mv-opt %s --mv-select-devices=devices=tpu 2>&1 | FileCheck %s --check-prefix=DEVICE
// RUN: not mv-opt %s --mv-select-devices="devices=cuda dtype=f8" 2>&1 | FileCheck %s --check-prefix=DTYPE

// DEVICE: error: unknown device 'tpu', expected cpu or cuda
// DTYPE: error: unknown dtype 'f8', expected f16, bf16, tf32 or f32

// With both, cuda gets a copy; alone it takes the function; without it nothing changes.
// BOTH: func.func @forward_4x4({{.*}}) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.entry} {
// BOTH: mv.relu
// BOTH: func.func @forward_4x4_cuda({{.*}}) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.device = "cuda", mv.dtype = "f16", mv.entry, mv.name = "forward_4x4"} {
// CUDA: func.func @forward_4x4({{.*}}) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.device = "cuda", mv.dtype = "bf16", mv.entry, mv.name = "forward_4x4"} {
// CPU: func.func @forward_4x4({{.*}}) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.entry} {
// CHECK: mv.relu
func.func @forward_4x4(%x: tensor<?x4x4x8xf32>) -> (tensor<?x4x4x8xf32> {mv.name = "map"}) attributes {mv.entry} {
  %0 = mv.relu %x : tensor<?x4x4x8xf32>
  return %0 : tensor<?x4x4x8xf32>
}

// No entry point, and one that has its device.
// CHECK: func.func @helper() {
func.func @helper() {
  return
}
// CHECK: func.func @forward_2x2_cuda({{.*}}) attributes {mv.device = "cuda", mv.dtype = "f32", mv.entry, mv.name = "forward_2x2"} {
// CHECK-NOT: func.func
func.func @forward_2x2_cuda(%x: tensor<?x2x2x8xf32>) attributes {mv.device = "cuda", mv.dtype = "f32", mv.entry, mv.name = "forward_2x2"} {
  return
}
