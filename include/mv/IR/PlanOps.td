//===- PlanOps.td - The plan dialect --------------------------------*- tablegen -*-===//

#ifndef MV_IR_PLANOPS_TD
#define MV_IR_PLANOPS_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::mv::plan";
  let summary = "When and where a model's kernels run";
  let description = [{
    A module at this level holds parameters (`plan.parameter`), kernels (`plan.kernel`, each distinct one once) and
    entry points (`plan.entry`), one for every resolution. An entry point is a list of dispatches on slices of one
    arena. Every size is per image: a slice at `offset` of `bytes` lies at batch * offset and is batch * bytes long.
  }];
  let useDefaultAttributePrinterParser = 1;
  let useDefaultTypePrinterParser = 1;
  let dependentDialects = ["::mv::MVDialect"];
}

class Plan_Op<string mnemonic, list<Trait> traits = []> : Op<Plan_Dialect, mnemonic, traits>;

def Plan_BufferType : TypeDef<Plan_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "Memory that holds a tensor as its type's layout says";
  let parameters = (ins "::mlir::RankedTensorType":$tensor);
  let assemblyFormat = "`<` $tensor `>`";
  let extraClassDeclaration = [{
    /// Bytes for one image (activations), or of the whole (parameters), before any rounding.
    int64_t getByteSize() const;
  }];
}

def Plan_PhaseAttr : AttrDef<Plan_Dialect, "Phase"> {
  let mnemonic = "phase";
  let summary = "One parallel loop of a kernel";
  let description = [{
    `function` runs for every workgroup in [0, ceil(batch items / group) multiplier). All workgroups of a phase are
    independent; a phase starts when the one before it is complete.
  }];
  let parameters = (ins StringRefParameter<"symbol of the function">:$function, "int64_t":$items, "int64_t":$group,
                        "int64_t":$multiplier);
  let assemblyFormat = "`<` $function `items` $items `group` $group `times` $multiplier `>`";
}

def Plan_ImplementationAttr : AttrDef<Plan_Dialect, "Implementation"> {
  let mnemonic = "implementation";
  let summary = "How a kernel runs on one target";
  let description = "`scratch`: bytes of private memory each worker gives to a workgroup, aligned to 64.";
  let parameters = (ins StringRefParameter<"target">:$target, "int64_t":$scratch, ArrayRefParameter<"PhaseAttr">:$phases);
  let assemblyFormat = "`<` $target `scratch` $scratch `phases` `[` $phases `]` `>`";
}

def Plan_LaunchAttr : AttrDef<Plan_Dialect, "Launch"> {
  let mnemonic = "launch";
  let summary = "One launch of a GPU kernel";
  let description = [{
    `function` runs on ceil(batch items / group) multiplier blocks (one dimension) of `threads` threads with `shared`
    bytes of dynamic shared memory each. Its arguments: a pointer for each input, each result and the workspace if
    there is one, then the batch as i32. A launch starts when the one before it is complete.
  }];
  let parameters = (ins StringRefParameter<"symbol of the function">:$function, "int64_t":$items, "int64_t":$group,
                        "int64_t":$multiplier, "int64_t":$threads, "int64_t":$shared);
  let assemblyFormat = [{
    `<` $function `items` $items `group` $group `times` $multiplier `threads` $threads `shared` $shared `>`
  }];
}

def Plan_VariantAttr : AttrDef<Plan_Dialect, "Variant"> {
  let mnemonic = "variant";
  let summary = "The launches that a GPU kernel takes from a batch of `batch` on, up to the next variant's";
  let description = "`workspace`: whether they use the kernel's.";
  let parameters = (ins "int64_t":$batch, DefaultValuedParameter<"bool", "false">:$workspace,
                        ArrayRefParameter<"LaunchAttr">:$launches);
  let assemblyFormat = "`<` `batch` $batch (`workspace` $workspace^)? `launches` `[` $launches `]` `>`";
}

def Plan_GPUImplementationAttr : AttrDef<Plan_Dialect, "GPUImplementation"> {
  let mnemonic = "gpu_implementation";
  let summary = "How a kernel runs on one architecture of GPUs";
  let description = "`variants` by rising batch, the first from 1 on.";
  let parameters = (ins StringRefParameter<"target">:$target, ArrayRefParameter<"VariantAttr">:$variants);
  let assemblyFormat = "`<` $target `variants` `[` $variants `]` `>`";
}

def Plan_ParameterOp : Plan_Op<"parameter", [Symbol, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "A parameter as the kernels read it";
  let description = [{
    The body is an expression of `mv.param.*` ops, evaluated once when the package is written.

    ```mlir
    plan.parameter @bias : tensor<160xf32> {
      %0 = mv.parameter "levels.2.blocks.0.mixer.dt_proj.bias" : tensor<160xf32>
      %1 = mv.param.unary mul_scalar %0 scalar 2.0 : tensor<160xf32>
      plan.yield %1 : tensor<160xf32>
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<AnyStaticShapeTensor>:$type);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `:` $type attr-dict-with-keyword $body";
}

def Plan_YieldOp : Plan_Op<"yield", [Pure, Terminator, ParentOneOf<["ParameterOp", "KernelOp"]>]> {
  let summary = "The value of a parameter, or the values a kernel stores";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
  let builders = [OpBuilder<(ins), [{ (void)$_state; }]>];
}

def Plan_KernelOp : Plan_Op<"kernel", [Symbol, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "A kernel: what `mv.kernel` says, once for all dispatches of the same shape";
  let description = [{
    `type` has the stored types (with layouts) of inputs and results; the body is that of `mv.kernel`, terminated by
    `plan.yield`. `device` is "cpu" or "cuda", `dtype` (f16, bf16, tf32, f32) what its products multiply; both are
    missing for f32 on the CPU. `workspace`: bytes for one image that live during a dispatch, shared by its phases. `family` names
    the emitter. `implementations` is empty until the kernels stage.

    - (C1) Block arguments have the input types without layout, the yielded values the result types without.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, TypeAttrOf<FunctionType>:$type, StrAttr:$family,
                       DefaultValuedAttr<I64Attr, "0">:$workspace,
                       DefaultValuedAttr<TypedArrayAttrBase<AnyAttrOf<[Plan_ImplementationAttr, Plan_GPUImplementationAttr]>,
                                                            "implementations">, "{}">:$implementations,
                       OptionalAttr<StrAttr>:$device, OptionalAttr<StrAttr>:$dtype);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name $type `family` $family (`workspace` $workspace^)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::FunctionType getFunctionType() { return ::mlir::cast<::mlir::FunctionType>(getType()); }
  }];
}

def Plan_EntryOp : Plan_Op<"entry", [Symbol, NoRegionArguments, SingleBlock, NoTerminator]> {
  let summary = "An entry point: the dispatches of one forward pass at one resolution";
  let description = [{
    `device` and `dtype` are those of its kernels; `name` is what the entry point is called where there is one for each
    device. `arena`: bytes for one image. `live`: the largest sum of live slices, below which no arena can be.

    ```mlir
    plan.entry @forward_64x64 arena 4096 live 4096 {
      %0 = plan.input : !plan.buffer<tensor<?x3x64x64xf32>>
      %1 = plan.slice 0 bytes 4096 : !plan.buffer<tensor<?x16x16x4xf32>>
      ...
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$arena, I64Attr:$live, OptionalAttr<StrAttr>:$device,
                       OptionalAttr<StrAttr>:$dtype, OptionalAttr<StrAttr>:$name);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `arena` $arena `live` $live attr-dict-with-keyword $body";
}

def Plan_InputOp : Plan_Op<"input", [HasParent<"EntryOp">]> {
  let summary = "The images, [batch, channels, height, width], normalised";
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Plan_OutputOp : Plan_Op<"output", [HasParent<"EntryOp">]> {
  let summary = "Memory of the caller's for an output";
  let arguments = (ins StrAttr:$name);
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Plan_ConstantOp : Plan_Op<"constant", [HasParent<"EntryOp">, DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "A parameter's bytes";
  let arguments = (ins FlatSymbolRefAttr:$parameter);
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "$parameter attr-dict `:` type($result)";
}

def Plan_SliceOp : Plan_Op<"slice", [HasParent<"EntryOp">]> {
  let summary = "A part of the arena";
  let description = [{
    - (C1) `offset` and `bytes` are multiples of 64, offset + bytes is at most the entry's arena.
    - (C2) `bytes` is at least what the buffer's type needs.
  }];
  let arguments = (ins I64Attr:$offset, I64Attr:$bytes);
  let results = (outs Plan_BufferType:$result);
  let assemblyFormat = "$offset `bytes` $bytes attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Plan_DispatchOp : Plan_Op<"dispatch", [HasParent<"EntryOp">, AttrSizedOperandSegments,
                                           DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "Runs a kernel";
  let description = [{
    `label` is the path of the model's part it belongs to, for profiles.

    - (C1) `inputs` and `results` have the kernel's types; `workspace` is there when the kernel needs one.
  }];
  let arguments = (ins FlatSymbolRefAttr:$kernel, StrAttr:$label, Variadic<Plan_BufferType>:$inputs,
                       Variadic<Plan_BufferType>:$results, Optional<Plan_BufferType>:$workspace);
  let assemblyFormat = [{
    $kernel $label `(` $inputs `)` `into` `(` $results `)` (`workspace` $workspace^)? attr-dict
    `:` `(` type($inputs) `)` `->` `(` type($results) `)` (`,` type($workspace)^)?
  }];
}

#endif // MV_IR_PLANOPS_TD
