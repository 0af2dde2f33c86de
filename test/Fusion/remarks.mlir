// RUN: mv-opt %s --mv-decompose --mv-fold-batch-norm --mv-fold-layer-scale --mv-fold-attention-scale --mv-fuse-mixer --mv-fuse-pointwise --mv-fuse-norm --mv-remove-window-copies --remarks-filter-passed="mv-.*" --remark-format=emitRemark -o /dev/null 2>&1 | FileCheck %s

// Every rewrite that changes the cost of the model says so, and where.
// CHECK-DAG: remark: [Passed] folded into weights | Category:mv-fold-batch-norm
// CHECK-DAG: remark: [Passed] folded into weights | Category:mv-fold-layer-scale
// CHECK-DAG: remark: [Passed] moved behind the pool | Category:mv-fold-batch-norm
// CHECK-DAG: remark: [Passed] scale folded | Category:mv-fold-attention-scale
// CHECK-DAG: remark: [Passed] mixer fused | Category:mv-fuse-mixer
// CHECK-DAG: remark: [Passed] chain fused | Category:mv-fuse-pointwise
// CHECK-DAG: remark: [Passed] norm fused | Category:mv-fuse-norm
// CHECK-DAG: remark: [Passed] copy removed | Category:mv-remove-window-copies
func.func @model(%x: tensor<?x4x4x8xf32>) -> tensor<?x8xf32> {
  %0 = mv.conv_block %x at "conv" gamma : tensor<?x4x4x8xf32>
  %1 = mv.conv_block %0 at "conv" : tensor<?x4x4x8xf32>
  %2 = mv.window_partition %1 window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x4x8xf32>
  %3 = mv.mixer_block %2 at "mixer" : tensor<?x4x4x8xf32>
  %4 = mv.attention_block %3 at "attention" heads 2 : tensor<?x4x4x8xf32>
  %5 = mv.window_reverse %4 window 2 : tensor<?x4x4x8xf32> -> tensor<?x4x4x8xf32>
  %6, %7 = mv.head %5 at "" norm : tensor<?x4x4x8xf32> -> tensor<?x8xf32>, tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}
