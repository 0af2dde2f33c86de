// Every fusion leaves the values as they were: the reference's own tests, transformed first. In double, so that a
// folded parameter differs from the unfolded arithmetic by nothing that the goldens' float32 storage could show.

// Batch norm into both convolutions, then the layer scale into the second; alone the scale stays behind its batch norm.
// RUN: mv-opt %S/../Reference/conv-block-gamma.mlir --mv-decompose --mv-fold-batch-norm --mv-interpret="file=%goldens/ops/conv_block_gamma.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/conv-block-gamma.mlir --mv-decompose --mv-fold-batch-norm --mv-fold-layer-scale --mv-interpret="file=%goldens/ops/conv_block_gamma.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/conv-block-gamma.mlir --mv-decompose --mv-fold-layer-scale --mv-interpret="file=%goldens/ops/conv_block_gamma.safetensors f64 tolerance=1e-7"
// The stem's other epsilon.
// RUN: mv-opt %S/../Reference/stem-eps.mlir --mv-decompose --mv-fold-batch-norm --mv-interpret="file=%goldens/ops/stem_eps.safetensors f64 tolerance=1e-7"
// Batch norm behind the pool.
// RUN: mv-opt %S/../Reference/head.mlir --mv-decompose --mv-fold-batch-norm --mv-interpret="file=%goldens/ops/head.safetensors f64 tolerance=1e-7"
// Layer scales into products; the attention's scale into the rows of q, with and without bias, and into the norm of q.
// RUN: mv-opt %S/../Reference/block-attention-gamma.mlir --mv-decompose --mv-fold-layer-scale --mv-interpret="file=%goldens/ops/block_attention_gamma.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/block-attention-gamma.mlir --mv-decompose --mv-fold-attention-scale --mv-interpret="file=%goldens/ops/block_attention_gamma.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/attention-qknorm-nobias.mlir --mv-decompose --mv-fold-attention-scale --mv-interpret="file=%goldens/ops/attention_qknorm_nobias.safetensors f64 tolerance=1e-7"
// A level of padded windows: each grouping by itself, then all in order.
// RUN: mv-opt %S/../Reference/level-pad.mlir --mv-decompose --mv-fuse-mixer --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/level-pad.mlir --mv-decompose --mv-fuse-pointwise --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/level-pad.mlir --mv-decompose --mv-fuse-norm --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/level-pad.mlir --mv-decompose --mv-remove-window-copies --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/level-pad.mlir --mv-decompose --mv-form-kernels --mv-choose-layouts --mv-drop-dead-parameters --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %S/../Reference/level-pad.mlir --mv-decompose --mv-fold-batch-norm --mv-fold-layer-scale --mv-fold-attention-scale --cse --mv-fuse-mixer --mv-fuse-pointwise --mv-fuse-norm --mv-remove-window-copies --mv-form-kernels --mv-choose-layouts --mv-drop-dead-parameters --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=1e-7"

// What only GPUs do: the norm out of the sums, with f32 as the storage type (so that rounding leaves what the tolerance
// allows), the image into the stem, q, k and v into the attention. Then all of it, and the layouts.
// RUN: sed "s/() {/() attributes {mv.device = \"cuda\", mv.dtype = \"f32\"} {/" %S/../Reference/level-pad.mlir > %t.level-pad.mlir
// RUN: sed "s/() {/() attributes {mv.device = \"cuda\", mv.dtype = \"f32\"} {/" %S/../Reference/stem-eps.mlir > %t.stem-eps.mlir
// RUN: sed "s/() {/() attributes {mv.device = \"cuda\", mv.dtype = \"f32\"} {/" %S/../Reference/block-attention-gamma.mlir > %t.attention.mlir
// RUN: mv-opt %t.level-pad.mlir --mv-decompose --mv-fuse-norm --mv-fold-norm --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=5e-7"
// RUN: mv-opt %t.attention.mlir --mv-decompose --mv-fuse-norm --mv-fold-norm --mv-interpret="file=%goldens/ops/block_attention_gamma.safetensors f64 tolerance=5e-7"
// RUN: mv-opt %t.attention.mlir --mv-decompose --mv-fuse-attention-input --mv-interpret="file=%goldens/ops/block_attention_gamma.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %t.stem-eps.mlir --mv-decompose --mv-fuse-stem --mv-interpret="file=%goldens/ops/stem_eps.safetensors f64 tolerance=1e-7"
// RUN: mv-opt %t.level-pad.mlir --mv-decompose --mv-fold-batch-norm --mv-fold-layer-scale --mv-fold-attention-scale --cse --mv-fuse-mixer --mv-fuse-pointwise --mv-fuse-norm --mv-fold-norm --mv-fuse-stem --mv-fuse-attention-input --mv-remove-window-copies --mv-form-kernels --mv-choose-layouts --mv-drop-dead-parameters --mv-interpret="file=%goldens/ops/level_pad.safetensors f64 tolerance=5e-7"
// RUN: mv-opt %t.attention.mlir --mv-decompose --mv-fold-layer-scale --mv-fold-attention-scale --mv-fuse-pointwise --mv-fuse-norm --mv-fold-norm --mv-fuse-attention-input --mv-form-kernels --mv-choose-layouts --mv-interpret="file=%goldens/ops/block_attention_gamma.safetensors f64 tolerance=5e-7"
