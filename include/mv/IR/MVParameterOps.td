//===- MVParameterOps.td - Parameters and expressions on them -------*- tablegen -*-===//

#ifndef MV_IR_MVPARAMETEROPS_TD
#define MV_IR_MVPARAMETEROPS_TD

include "mv/IR/MVDialect.td"

class MV_ParamOp<string mnemonic, list<Trait> traits = []>
    : MV_Op<mnemonic, !listconcat([Pure, MV_ParameterOpInterface], traits)> {
  let results = (outs MV_Param:$result);
}

def MV_ParameterOp : MV_ParamOp<"parameter"> {
  let summary = "A checkpoint's tensor, by name";
  let description = [{
    The name has no prefix (`model.`, ...). The bytes stay in the mapped file until the package is written; F16 and
    BF16 tensors read as f32.

    ```mlir
    %w = mv.parameter "levels.0.blocks.0.conv1.weight" : tensor<80x80x3x3xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def MV_ParamZeroOp : MV_ParamOp<"param.zero"> {
  let summary = "A tensor of zeros";
  let description = [{
    ```mlir
    %z = mv.param.zero : tensor<80xf32>
    ```
  }];
  let assemblyFormat = "attr-dict `:` type($result)";
}

def MV_ParamUnaryOp : MV_ParamOp<"param.unary", [SameOperandsAndResultType]> {
  let summary = "neg, exp, rsqrt, add_scalar or mul_scalar of each element";
  let description = [{
    `scalar` is the second operand of add_scalar and mul_scalar. Computed in double, rounded once.

    ```mlir
    %r = mv.param.unary rsqrt %v : tensor<80xf32>
    %s = mv.param.unary add_scalar %v scalar 1.0e-05 : tensor<80xf32>
    ```
  }];
  let arguments = (ins MV_UnaryKindAttr:$kind, MV_Param:$input, DefaultValuedAttr<F64Attr, "0.0">:$scalar);
  let assemblyFormat = "$kind $input (`scalar` $scalar^)? attr-dict `:` type($input)";
}

def MV_ParamBinaryOp : MV_ParamOp<"param.binary", [AllTypesMatch<["lhs", "result"]>]> {
  let summary = "add, sub or mul of two parameters, the second broadcast";
  let description = [{
    `rhs` has the type of `lhs`, or one dimension equal to dimension `axis` of `lhs`, along which it is broadcast.

    - (C1) `rhs` is of the type of `lhs`, or 1-D and as long as dimension `axis` of `lhs`.

    ```mlir
    %s = mv.param.binary mul %w, %g axis 0 : tensor<80x80x3x3xf32>, tensor<80xf32>
    ```
  }];
  let arguments = (ins MV_BinaryKindAttr:$kind, MV_Param:$lhs, MV_Param:$rhs, DefaultValuedAttr<I64Attr, "0">:$axis);
  let assemblyFormat = "$kind $lhs `,` $rhs (`axis` $axis^)? attr-dict `:` type($lhs) `,` type($rhs)";
  let hasVerifier = 1;
}

def MV_ParamRoundOp : MV_ParamOp<"param.round", [SameOperandsAndResultType]> {
  let summary = "Each element rounded to a narrower type, to nearest even, and back";
  let description = [{
    What a product computes with when its weights are stored as `element`, or multiplied as tf32.

    - (C1) `element` is f16, bf16, tf32 or f32.

    ```mlir
    %r = mv.param.round %w to f16 : tensor<16x8xf32>
    ```
  }];
  let arguments = (ins MV_Param:$input, TypeAttr:$element);
  let assemblyFormat = "$input `to` $element attr-dict `:` type($input)";
  let hasVerifier = 1;
}

def MV_ParamMatVecOp : MV_ParamOp<"param.matvec"> {
  let summary = "result[o] = sum_i matrix[o, i] vector[i]";
  let description = [{
    - (C1) The result is as long as the matrix has rows, the vector as it has columns.

    ```mlir
    %t = mv.param.matvec %w, %b : tensor<16x8xf32>, tensor<8xf32> -> tensor<16xf32>
    ```
  }];
  let arguments = (ins MV_Matrix:$matrix, MV_Vector:$vector);
  let assemblyFormat = "$matrix `,` $vector attr-dict `:` type($matrix) `,` type($vector) `->` type($result)";
  let hasVerifier = 1;
}

def MV_ParamTransposeOp : MV_ParamOp<"param.transpose"> {
  let summary = "Permutes the dimensions: result dimension i is input dimension permutation[i]";
  let description = [{
    - (C1) `permutation` is one of the input's dimensions and the result's shape follows it.

    ```mlir
    %t = mv.param.transpose %w [1, 0] : tensor<16x8xf32> -> tensor<8x16xf32>
    ```
  }];
  let arguments = (ins MV_Param:$input, DenseI64ArrayAttr:$permutation);
  let assemblyFormat = "$input $permutation attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def MV_ParamReshapeOp : MV_ParamOp<"param.reshape"> {
  let summary = "The same elements in another shape";
  let description = [{
    - (C1) Input and result have the same number of elements.

    ```mlir
    %t = mv.param.reshape %w : tensor<160x1x3xf32> -> tensor<160x3xf32>
    ```
  }];
  let arguments = (ins MV_Param:$input);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def MV_ParamPadOp : MV_ParamOp<"param.pad"> {
  let summary = "Appends zeros at the end of each dimension up to the result's shape";
  let description = [{
    - (C1) Ranks are equal and no dimension of the result is smaller than the input's.

    ```mlir
    %t = mv.param.pad %w : tensor<36x160xf32> -> tensor<48x160xf32>
    ```
  }];
  let arguments = (ins MV_Param:$input);
  let assemblyFormat = "$input attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def MV_ParamSliceOp : MV_ParamOp<"param.slice"> {
  let summary = "The box of the result's shape at `offsets`";
  let description = [{
    - (C1) The box lies within the input.

    ```mlir
    %t = mv.param.slice %w [320, 0] : tensor<960x320xf32> -> tensor<320x320xf32>
    ```
  }];
  let arguments = (ins MV_Param:$input, DenseI64ArrayAttr:$offsets);
  let assemblyFormat = "$input $offsets attr-dict `:` type($input) `->` type($result)";
  let hasVerifier = 1;
}

def MV_ParamConcatOp : MV_ParamOp<"param.concat"> {
  let summary = "Concatenation along dimension 0";
  let description = [{
    - (C1) All dimensions but the first are equal; the result's first is the sum.

    ```mlir
    %t = mv.param.concat %a, %b : tensor<160x3xf32>, tensor<160x3xf32> -> tensor<320x3xf32>
    ```
  }];
  let arguments = (ins Variadic<MV_Param>:$inputs);
  let assemblyFormat = "$inputs attr-dict `:` type($inputs) `->` type($result)";
  let hasVerifier = 1;
}

#endif // MV_IR_MVPARAMETEROPS_TD
