// RUN: mv-opt %s --mv-pack-parameters | FileCheck %s

// A product's weights become panels, its bias a vector padded to whole panels. The bias that a pointwise kernel reads
// dense stays as it is, beside the packed one; what nobody reads any more is gone.
// CHECK-DAG: plan.parameter @w{{.*}} : tensor<40x24xf32, #mv.packed<panels width = [[WIDTH:[0-9]+]]>>
// CHECK-DAG: plan.parameter @b{{.*}} : tensor<40xf32, #mv.packed<vector width = [[WIDTH]]>>
// CHECK: plan.kernel @product
// CHECK-SAME: tensor<40x24xf32, #mv.packed<panels width = [[WIDTH]]>>, tensor<40xf32, #mv.packed<vector width = [[WIDTH]]>>
// CHECK-LABEL: plan.entry @forward
// CHECK: %[[W:.*]] = plan.constant @w{{.*}} : <tensor<40x24xf32, #mv.packed<panels width = [[WIDTH]]>>>
// CHECK: plan.dispatch @product "fc"(%{{.*}}, %[[W]]
plan.parameter @w : tensor<40x24xf32> {
  %0 = mv.parameter "fc.weight" : tensor<40x24xf32>
  plan.yield %0 : tensor<40x24xf32>
}
plan.parameter @b : tensor<40xf32> {
  %0 = mv.parameter "fc.bias" : tensor<40xf32>
  plan.yield %0 : tensor<40xf32>
}
plan.kernel @product (tensor<?x24xf32>, tensor<40x24xf32>, tensor<40xf32>) -> tensor<?x40xf32> family "linear" {
^bb0(%x: tensor<?x24xf32>, %w: tensor<40x24xf32>, %b: tensor<40xf32>):
  %0 = mv.linear %x, %w bias %b : (tensor<?x24xf32>, tensor<40x24xf32>, tensor<40xf32>) -> tensor<?x40xf32>
  plan.yield %0 : tensor<?x40xf32>
}
plan.entry @forward arena 128 live 128 {
  %x = plan.slice 0 bytes 128 : !plan.buffer<tensor<?x24xf32>>
  %y = plan.output "y" : !plan.buffer<tensor<?x40xf32>>
  %w = plan.constant @w : !plan.buffer<tensor<40x24xf32>>
  %b = plan.constant @b : !plan.buffer<tensor<40xf32>>
  plan.dispatch @product "fc" (%x, %w, %b) into (%y) : (!plan.buffer<tensor<?x24xf32>>, !plan.buffer<tensor<40x24xf32>>, !plan.buffer<tensor<40xf32>>) -> (!plan.buffer<tensor<?x40xf32>>)
}
