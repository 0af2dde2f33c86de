// RUN: mv-opt %s --mv-verify-plan --split-input-file --verify-diagnostics | FileCheck %s

// A correct plan: c takes the place of a, which nobody needs any more.
// CHECK-LABEL: plan.entry @accepted
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x16xf32> family "pointwise" {
^bb0(%x: tensor<?x16xf32>):
  plan.yield %x : tensor<?x16xf32>
}
plan.entry @accepted arena 128 live 128 {
  %in = plan.input : <tensor<?x16xf32>>
  %out = plan.output "y" : <tensor<?x16xf32>>
  %a = plan.slice 0 bytes 64 : <tensor<?x16xf32>>
  %b = plan.slice 64 bytes 64 : <tensor<?x16xf32>>
  %c = plan.slice 0 bytes 64 : <tensor<?x16xf32>>
  plan.dispatch @k "1"(%in) into(%a) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  plan.dispatch @k "2"(%a) into(%b) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  plan.dispatch @k "3"(%b) into(%c) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  plan.dispatch @k "4"(%c) into(%out) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
}

// -----

// All at once: read before written, overwritten while still needed, written where it is read, an output that is never
// written and one that is written twice.
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x16xf32> family "pointwise" {
^bb0(%x: tensor<?x16xf32>):
  plan.yield %x : tensor<?x16xf32>
}
plan.entry @negative_order arena 192 live 192 {
  %in = plan.input : <tensor<?x16xf32>>
  %twice = plan.output "twice" : <tensor<?x16xf32>>
  // expected-error@+1 {{(P3) 'never' is never written}}
  %never = plan.output "never" : <tensor<?x16xf32>>
  %a = plan.slice 0 bytes 64 : <tensor<?x16xf32>>
  %b = plan.slice 0 bytes 128 : <tensor<?x16xf32>>
  %c = plan.slice 128 bytes 64 : <tensor<?x16xf32>>
  // expected-error@+1 {{(P2) 'early' reads input 0 before it is written}}
  plan.dispatch @k "early"(%c) into(%twice) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  plan.dispatch @k "1"(%in) into(%a) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  // expected-note@+1 {{by '2'}}
  plan.dispatch @k "2"(%in) into(%b) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  // expected-error@+1 {{(P2) '3' reads input 0 after it was overwritten}}
  plan.dispatch @k "3"(%a) into(%c) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  // expected-error@+1 {{(P2) '4' writes where it reads}}
  plan.dispatch @k "4"(%b) into(%a) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
  // expected-error@+1 {{(P3) '5' writes output 'twice' a second time}}
  plan.dispatch @k "5"(%c) into(%twice) : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>)
}

// -----

// A workspace destroys what lies there, must not touch the dispatch's own buffers, and must be large enough.
plan.kernel @k (tensor<?x16xf32>) -> tensor<?x16xf32> family "selective_scan" workspace 100 {
^bb0(%x: tensor<?x16xf32>):
  plan.yield %x : tensor<?x16xf32>
}
plan.entry @negative_workspace arena 256 live 256 {
  %in = plan.input : <tensor<?x16xf32>>
  %out = plan.output "y" : <tensor<?x16xf32>>
  %a = plan.slice 0 bytes 64 : <tensor<?x16xf32>>
  %b = plan.slice 128 bytes 64 : <tensor<?x16xf32>>
  %w = plan.slice 0 bytes 128 : <tensor<?x128xi8>>
  %small = plan.slice 192 bytes 64 : <tensor<?x64xi8>>
  // expected-error@+1 {{(P4) '1' has a workspace of 64 bytes, the kernel needs 100}}
  plan.dispatch @k "1"(%in) into(%a) workspace %small : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>), !plan.buffer<tensor<?x64xi8>>
  // expected-note@+1 {{by '2'}}
  plan.dispatch @k "2"(%in) into(%b) workspace %w : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>), !plan.buffer<tensor<?x128xi8>>
  // expected-error@+2 {{(P2) '3' reads input 0 after it was overwritten}}
  // expected-error@+1 {{(P2) '3' writes where it reads}}
  plan.dispatch @k "3"(%a) into(%out) workspace %w : (!plan.buffer<tensor<?x16xf32>>) -> (!plan.buffer<tensor<?x16xf32>>), !plan.buffer<tensor<?x128xi8>>
}

// -----

// What the border does not let through.
// expected-error@+1 {{(P1) is left after planning}}
func.func @negative_left() {
  return
}
// expected-error@+1 {{(P5) no entry point uses it}}
plan.parameter @negative_unused : tensor<4xf32> {
  %0 = mv.parameter "w" : tensor<4xf32>
  plan.yield %0 : tensor<4xf32>
}
