// Every labelled constraint of the plan dialect, violated once.
// RUN: mv-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{'plan.kernel' op (C1) block arguments are not the inputs without layout}}
plan.kernel @k (tensor<?x4x4x8xf32, #mv.layout<halo = 1, channels = 8>>) -> tensor<?x4x4x8xf32> family "pointwise" {
^bb0(%x: tensor<?x4x4x9xf32>):
  plan.yield %x : tensor<?x4x4x9xf32>
}
// -----
// expected-error@+1 {{'plan.kernel' op (C1) yielded values are not the results without layout}}
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x8xf32> family "pointwise" {
^bb0(%x: tensor<?x16xf32>):
  plan.yield %x : tensor<?x16xf32>
}
// -----
plan.entry @e arena 128 live 128 {
  // expected-error@+1 {{'plan.slice' op (C1) offset 32 and bytes 64 must be multiples of 64}}
  %a = plan.slice 32 bytes 64 : <tensor<?x16xf32>>
}
// -----
plan.entry @e arena 128 live 128 {
  // expected-error@+1 {{'plan.slice' op (C1) offset 0 and bytes 68 must be multiples of 64}}
  %a = plan.slice 0 bytes 68 : <tensor<?x16xf32>>
}
// -----
plan.entry @e arena 128 live 128 {
  // expected-error@+1 {{'plan.slice' op (C1) [64, 192) exceeds the arena of 128 bytes}}
  %a = plan.slice 64 bytes 128 : <tensor<?x16xf32>>
}
// -----
plan.entry @e arena 128 live 128 {
  // expected-error@+1 {{'plan.slice' op (C2) 64 bytes do not hold '!plan.buffer<tensor<?x17xf32>>', which needs 68}}
  %a = plan.slice 0 bytes 64 : <tensor<?x17xf32>>
}
// -----
// The halo counts: 4 x 4 pixels of one float are 64 bytes, 6 x 6 are 144.
plan.entry @e arena 128 live 128 {
  // expected-error@+1 {{'plan.slice' op (C2) 64 bytes do not hold '!plan.buffer<tensor<?x4x4x1xf32, #mv.layout<halo = 1, channels = 1>>>', which needs 144}}
  %a = plan.slice 0 bytes 64 : <tensor<?x4x4x1xf32, #mv.layout<halo = 1, channels = 1>>>
}
// -----
plan.entry @e arena 0 live 0 {
  // expected-error@+1 {{'plan.constant' op no plan.parameter @w}}
  %a = plan.constant @w : <tensor<4xf32>>
}
// -----
plan.parameter @w : tensor<8xf32> {
  %0 = mv.parameter "w" : tensor<8xf32>
  plan.yield %0 : tensor<8xf32>
}
plan.entry @e arena 0 live 0 {
  // expected-error@+1 {{'plan.constant' op @w is 'tensor<8xf32>', used as 'tensor<4xf32>'}}
  %a = plan.constant @w : <tensor<4xf32>>
}
// -----
plan.entry @e arena 0 live 0 {
  %in = plan.input : <tensor<?x16xf32>>
  %out = plan.output "y" : <tensor<?x16xf32>>
  // expected-error@+1 {{'plan.dispatch' op no plan.kernel @k}}
  plan.dispatch @k "1"(%in) into(%out) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
}
// -----
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x16xf32> family "pointwise" {
^bb0(%x: tensor<?x16xf32>):
  plan.yield %x : tensor<?x16xf32>
}
plan.entry @e arena 0 live 0 {
  %in = plan.input : <tensor<?x16xf32>>
  %out = plan.output "y" : <tensor<?x15xf32>>
  // expected-error@+1 {{'plan.dispatch' op (C1) the buffers do not have the types of @k}}
  plan.dispatch @k "1"(%in) into(%out) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x15xf32>>)
}
// -----
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x16xf32> family "pointwise" workspace 64 {
^bb0(%x: tensor<?x16xf32>):
  plan.yield %x : tensor<?x16xf32>
}
plan.entry @e arena 0 live 0 {
  %in = plan.input : <tensor<?x16xf32>>
  %out = plan.output "y" : <tensor<?x16xf32>>
  // expected-error@+1 {{'plan.dispatch' op (C1) @k needs a workspace of 64 bytes an image}}
  plan.dispatch @k "1"(%in) into(%out) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
}
// -----
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x16xf32> family "pointwise" {
^bb0(%x: tensor<?x16xf32>):
  // expected-error@+1 {{'plan.input' op expects parent op 'plan.entry'}}
  %in = plan.input : <tensor<?x16xf32>>
  plan.yield %x : tensor<?x16xf32>
}
