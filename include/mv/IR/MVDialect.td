//===- MVDialect.td - The mv dialect, its attributes and interfaces -*- tablegen -*-===//

#ifndef MV_IR_MVDIALECT_TD
#define MV_IR_MVDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def MV_Dialect : Dialect {
  let name = "mv";
  let cppNamespace = "::mv";
  let summary = "What a MambaVision model computes, on tensors";
  let description = [{
    Activations are `tensor<?xHxWxCxf32>` (maps, NHWC) or `tensor<?xWINDOWSxTOKENSxCxf32>` (a level's map cut into
    windows). The leading dimension is the batch and the only dynamic one. Parameters are static tensors named by
    `mv.parameter`; expressions on them (`mv.param.*`) are evaluated once, when the package is written.

    Four groups of ops: model ops (`mv.stem` ... `mv.head`), primitive ops they decompose into, parameter ops, and
    `mv.kernel`, which groups primitives that run as one kernel.
  }];
  let useDefaultAttributePrinterParser = 1;
}

class MV_Op<string mnemonic, list<Trait> traits = []> : Op<MV_Dialect, mnemonic, traits>;

//===-------------------------------------------------------------------===//
// Types
//===-------------------------------------------------------------------===//

def MV_Float : AnyTypeOf<[F32, F64]>;

/// [batch, height, width, channels]
def MV_Map : 4DTensorOf<[F32, F64]>;
/// [batch, windows, tokens, channels]
def MV_Tokens : 4DTensorOf<[F32, F64]>;
/// Any activation: the last dimension is the channels.
def MV_Activation : RankedTensorOf<[F32, F64]>;
/// A parameter: static shape.
def MV_Param : StaticShapeTensorOf<[F32, F64]>;
def MV_Vector : 1DTensorOf<[F32, F64]>;
def MV_Matrix : 2DTensorOf<[F32, F64]>;

//===-------------------------------------------------------------------===//
// Attributes
//===-------------------------------------------------------------------===//

def MV_PackingKind : I32EnumAttr<"PackingKind", "arrangement of a packed parameter", [
  I32EnumAttrCase<"Panels", 0, "panels">, I32EnumAttrCase<"Columns", 1, "columns">,
  I32EnumAttrCase<"Vector", 2, "vector">, I32EnumAttrCase<"Rows", 3, "rows">]> {
  let cppNamespace = "::mv";
  let genSpecializedAttr = 0;
}

def MV_LayoutAttr : AttrDef<MV_Dialect, "Layout"> {
  let mnemonic = "layout";
  let summary = "How an activation is stored";
  let description = [{
    The encoding of a tensor type that crosses a kernel's border. `halo`: rows and columns of zeros stored around
    each map, so that a 3x3 convolution reads without border cases; stored shape [B, H + 2 halo, W + 2 halo, C].
    `channels`: the distance between neighbouring pixels in elements, at least C; the elements beyond C are zero.
    `element`: the type its numbers are rounded to in memory; that of the tensor where it is missing.
    A type without this encoding is stored dense.

    ```mlir
    tensor<?x56x56x80xf32, #mv.layout<halo = 1, channels = 80>>
    tensor<?x1x196x320xf32, #mv.layout<halo = 0, channels = 320, element = f16>>
    ```
  }];
  let parameters = (ins "int64_t":$halo, "int64_t":$channels, OptionalParameter<"::mlir::Type">:$element);
  let assemblyFormat = "`<` `halo` `=` $halo `,` `channels` `=` $channels (`,` `element` `=` $element^)? `>`";
  let builders = [AttrBuilder<(ins "int64_t":$halo, "int64_t":$channels),
                              [{ return $_get($_ctxt, halo, channels, ::mlir::Type()); }]>];
}

def MV_PackedAttr : AttrDef<MV_Dialect, "Packed"> {
  let mnemonic = "packed";
  let summary = "How a parameter is stored for the kernels that read it";
  let description = [{
    The encoding of a parameter's type; the shape stays the logical one. Padding is zeros.

    - `panels`: [O, I] as [ceil(O/width)][I][width]; [O, C, 3, 3] as [ceil(O/width)][ky][kx][C][width].
    - `columns`: [C, N] as [N][C rounded up to width].
    - `vector`: [C] as [C rounded up to width].
    - `rows`: [O, I] as [O][I rounded up to width]; [O, C, 3, 3] as [O][R], where R is (ky, kx, c) with C rounded up
      to kRowChannels, all of it rounded up to width.

    `element`: the type the numbers are rounded to; that of the tensor where it is missing.

    ```mlir
    tensor<160x80x3x3xf32, #mv.packed<panels width = 32>>
    tensor<320x1280xf32, #mv.packed<rows width = 64, element = f16>>
    ```
  }];
  let parameters = (ins EnumParameter<MV_PackingKind>:$kind, "int64_t":$width, OptionalParameter<"::mlir::Type">:$element);
  let assemblyFormat = "`<` $kind `width` `=` $width (`,` `element` `=` $element^)? `>`";
  let builders = [AttrBuilder<(ins "PackingKind":$kind, "int64_t":$width),
                              [{ return $_get($_ctxt, kind, width, ::mlir::Type()); }]>];
}

def MV_GeluKind : I32EnumAttr<"GeluKind", "which GELU", [
  I32EnumAttrCase<"Erf", 0, "erf">, I32EnumAttrCase<"Tanh", 1, "tanh">]> {
  let cppNamespace = "::mv";
  let genSpecializedAttr = 0;
}
def MV_GeluKindAttr : EnumAttr<MV_Dialect, MV_GeluKind, "gelu_kind"> { let assemblyFormat = "$value"; }

def MV_UnaryKind : I32EnumAttr<"UnaryKind", "function of one parameter", [
  I32EnumAttrCase<"Neg", 0, "neg">, I32EnumAttrCase<"Exp", 1, "exp">, I32EnumAttrCase<"Rsqrt", 2, "rsqrt">,
  I32EnumAttrCase<"AddScalar", 3, "add_scalar">, I32EnumAttrCase<"MulScalar", 4, "mul_scalar">]> {
  let cppNamespace = "::mv";
  let genSpecializedAttr = 0;
}
def MV_UnaryKindAttr : EnumAttr<MV_Dialect, MV_UnaryKind, "unary_kind"> { let assemblyFormat = "$value"; }

def MV_BinaryKind : I32EnumAttr<"BinaryKind", "function of two parameters", [
  I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Sub", 1, "sub">, I32EnumAttrCase<"Mul", 2, "mul">]> {
  let cppNamespace = "::mv";
  let genSpecializedAttr = 0;
}
def MV_BinaryKindAttr : EnumAttr<MV_Dialect, MV_BinaryKind, "binary_kind"> { let assemblyFormat = "$value"; }

//===-------------------------------------------------------------------===//
// Interfaces
//===-------------------------------------------------------------------===//

def MV_PointwiseOpInterface : OpInterface<"PointwiseOpInterface"> {
  let cppNamespace = "::mv";
  let description = [{
    An op whose result element depends on the same element of `getInput()`, and on per-channel parameters or the same
    element of further activations. It can be appended to any kernel as an epilogue.
  }];
  let methods = [
    InterfaceMethod<[{
      Emits the op on scalars or vectors: `operands` are the values of the op's operands at one position (parameters:
      the elements of its channels), all f32 or all vectors of f32. Uses arith and math ops only.
    }], "::mlir::Value", "emitElement",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Location":$loc, "::mlir::ValueRange":$operands)>,
  ];
}

def MV_KernelRootOpInterface : OpInterface<"KernelRootOpInterface"> {
  let cppNamespace = "::mv";
  let description = "An op that does a kernel's main work. A kernel has at most one.";
  let methods = [
    InterfaceMethod<"Name of the kernel family that emits it.", "::llvm::StringRef", "getFamily">,
    InterfaceMethod<"Multiplications and additions for one image.", "int64_t", "getFlopsPerImage">,
  ];
}

def MV_ParameterOpInterface : OpInterface<"ParameterOpInterface"> {
  let cppNamespace = "::mv";
  let description = "An op on parameters alone, evaluated when the package is written.";
}

def MV_ModelOpInterface : OpInterface<"ModelOpInterface"> {
  let cppNamespace = "::mv";
  let description = "A coarse op of the model; `mv-decompose` replaces it by primitive ops.";
  let methods = [
    InterfaceMethod<"Prefix of its parameters' names.", "::llvm::StringRef", "getPath">,
  ];
}

#endif // MV_IR_MVDIALECT_TD
