// Every labelled constraint of the model ops, violated once.
// RUN: mv-opt %s --split-input-file --verify-diagnostics

func.func @stem_size(%x: tensor<?x3x225x224xf32>) {
  // expected-error@+1 {{'mv.stem' op (C1) result size 56 is not a quarter of the input's 225, rounded up twice}}
  %0 = mv.stem %x at "patch_embed" in_dim 32 : tensor<?x3x225x224xf32> -> tensor<?x56x56x80xf32>
  return
}

// -----

func.func @stem_in_dim(%x: tensor<?x3x224x224xf32>) {
  // expected-error@+1 {{'mv.stem' op (C2) in_dim must be positive, got 0}}
  %0 = mv.stem %x at "patch_embed" in_dim 0 : tensor<?x3x224x224xf32> -> tensor<?x56x56x80xf32>
  return
}

// -----

func.func @downsample_size(%x: tensor<?x55x56x80xf32>) {
  // expected-error@+1 {{'mv.downsample' op (C1) result size 27 is not half of the input's 55, rounded up}}
  %0 = mv.downsample %x at "levels.0.downsample" : tensor<?x55x56x80xf32> -> tensor<?x27x28x160xf32>
  return
}

// -----

func.func @conv_block_type(%x: tensor<?x8x8x4xf32>) -> tensor<?x8x8x5xf32> {
  // expected-error@+1 {{'mv.conv_block' op requires the same type for all operands and results}}
  %0 = "mv.conv_block"(%x) {path = "levels.0.blocks.0"} : (tensor<?x8x8x4xf32>) -> tensor<?x8x8x5xf32>
  return %0 : tensor<?x8x8x5xf32>
}

// -----

func.func @mixer_odd(%x: tensor<?x1x4x7xf32>) {
  // expected-error@+1 {{'mv.mixer_block' op (C1) the number of channels must be even, got 7}}
  %0 = mv.mixer_block %x at "levels.2.blocks.0" : tensor<?x1x4x7xf32>
  return
}

// -----

func.func @mixer_bias(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.mixer_block' op (C2) no part of a mixer is called 'dt_proj'}}
  %0 = mv.mixer_block %x at "levels.2.blocks.0" {biases = ["in_proj", "dt_proj"]} : tensor<?x1x4x8xf32>
  return
}

// -----

func.func @attention_heads(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.attention_block' op (C1) 8 channels do not divide into 3 heads}}
  %0 = mv.attention_block %x at "levels.2.blocks.2" heads 3 : tensor<?x1x4x8xf32>
  return
}

// -----

func.func @attention_no_heads(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.attention_block' op (C1) 8 channels do not divide into 0 heads}}
  %0 = mv.attention_block %x at "levels.2.blocks.2" heads 0 : tensor<?x1x4x8xf32>
  return
}

// -----

func.func @mlp_hidden(%x: tensor<?x1x4x8xf32>) {
  // expected-error@+1 {{'mv.mlp_block' op (C1) hidden must be positive, got 0}}
  %0 = mv.mlp_block %x at "levels.2.blocks.0" hidden 0 : tensor<?x1x4x8xf32>
  return
}

// -----

func.func @head_pooled(%x: tensor<?x7x7x640xf32>) {
  // expected-error@+1 {{'mv.head' op (C1) pooled has 320 channels, the input 640}}
  %0, %1 = mv.head %x at "" norm classifier : tensor<?x7x7x640xf32> -> tensor<?x10xf32>, tensor<?x320xf32>
  return
}

// -----

func.func @head_classes(%x: tensor<?x7x7x640xf32>) {
  // expected-error@+1 {{'mv.head' op (C2) without a classifier logits must be of type 'tensor<?x640xf32>', got 'tensor<?x10xf32>'}}
  %0, %1 = mv.head %x at "" norm : tensor<?x7x7x640xf32> -> tensor<?x10xf32>, tensor<?x640xf32>
  return
}
