// RUN: mv-opt %s --mv-expand-math --split-input-file | FileCheck %s
// RUN: mv-opt %s --mv-expand-math=fma=false --split-input-file | FileCheck %s --check-prefix=NOFMA

// What the polynomials compute, and how exactly, is tested in test/Unit/Kernels/MathTest.cpp.

// An exponential is a rounding by addition, six multiply-adds, a scale made of integer bits, and two selections.
// CHECK-LABEL: func.func @exp2
// CHECK-SAME:    %[[X:.*]]: vector<16xf32>
// CHECK:         %[[SHIFTED:.*]] = arith.addf %[[X]]
// CHECK-COUNT-6: math.fma
// CHECK-NOT:     math.fma
// CHECK:         arith.bitcast %[[SHIFTED]]
// CHECK:         arith.shli
// CHECK-COUNT-2: arith.select
// CHECK-NOT:     math.exp2
// NOFMA-LABEL: func.func @exp2
// NOFMA-NOT:     math.
// NOFMA:         return
func.func @exp2(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.exp2 %x : vector<16xf32>
  return %0 : vector<16xf32>
}

// -----

// Where the result is known to be finite nothing is compared with the largest argument.
// CHECK-LABEL: func.func @finite
// CHECK-COUNT-1: arith.select
// CHECK-NOT:     arith.select
// CHECK:         return
func.func @finite(%x: vector<8xf32>) -> vector<8xf32> {
  %0 = math.exp2 %x fastmath<ninf> : vector<8xf32>
  return %0 : vector<8xf32>
}

// -----

// The logarithm in softplus has an argument in [0, 1]: no division, no exponent to take apart, no special cases.
// CHECK-LABEL: func.func @softplus
// CHECK-NOT:     arith.divf
// CHECK-NOT:     math.log1p
// CHECK-NOT:     arith.shrsi
// CHECK:         return
func.func @softplus(%x: vector<16xf32>) -> vector<16xf32> {
  %0 = math.absf %x : vector<16xf32>
  %1 = arith.negf %0 : vector<16xf32>
  %2 = math.exp %1 : vector<16xf32>
  %3 = math.log1p %2 : vector<16xf32>
  return %3 : vector<16xf32>
}

// -----

// Scalars too; no function of the C library is left.
// CHECK-LABEL: func.func @scalars
// CHECK-NOT:     math.{{exp|log1p|erf|tanh}}
// CHECK:         return
func.func @scalars(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  %1 = math.erf %0 : f32
  %2 = math.tanh %1 : f32
  %3 = math.log1p %2 : f32
  return %3 : f32
}

// -----

// Double precision is not this pass's business.
// CHECK-LABEL: func.func @negative_double
// CHECK:         math.exp %{{.*}} : f64
func.func @negative_double(%x: f64) -> f64 {
  %0 = math.exp %x : f64
  return %0 : f64
}

// -----

// Without the instruction a fused multiply-add would be a library call.
// CHECK-LABEL: func.func @fma
// CHECK:         math.fma
// CHECK:         vector.fma
// NOFMA-LABEL: func.func @fma
// NOFMA:         arith.mulf
// NOFMA:         arith.addf
// NOFMA:         arith.mulf
// NOFMA:         arith.addf
// NOFMA-NOT:     fma
// NOFMA:         return
func.func @fma(%x: vector<4xf32>) -> vector<4xf32> {
  %0 = math.fma %x, %x, %x : vector<4xf32>
  %1 = vector.fma %0, %x, %x : vector<4xf32>
  return %1 : vector<4xf32>
}
