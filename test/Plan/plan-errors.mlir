// RUN: mv-opt %s --mv-plan --split-input-file --verify-diagnostics | FileCheck %s

// An output without a name could not be asked for.
// expected-error@+1 {{result 0 of entry point 'negative_name' has no name, expected the attribute mv.name}}
func.func @negative_name(%x: tensor<?x4xf32>) -> tensor<?x4xf32> attributes {mv.entry} {
  %0 = mv.kernel(%x) : (tensor<?x4xf32>) -> tensor<?x4xf32> {
  ^bb0(%x0: tensor<?x4xf32>):
    mv.yield %x0 : tensor<?x4xf32>
  }
  return %0 : tensor<?x4xf32>
}

// -----

// A plan has one input.
// expected-error@+1 {{entry point 'negative_arguments' has 2 arguments, expected one, the images}}
func.func @negative_arguments(%x: tensor<?x4xf32>, %y: tensor<?x4xf32>) attributes {mv.entry} {
  return
}

// -----

// The caller's buffers are distinct, and so must the kernels be that fill them.
// expected-error@+1 {{output 'logits' of 'negative_argument_returned' is not the result of a kernel of its own}}
func.func @negative_argument_returned(%x: tensor<?x4xf32>) -> (tensor<?x4xf32> {mv.name = "logits"}) attributes {mv.entry} {
  return %x : tensor<?x4xf32>
}

// -----

// Functions that are no entry points are left alone.
// CHECK-LABEL: func.func @negative_no_entry
func.func @negative_no_entry(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  return %x : tensor<?x4xf32>
}
