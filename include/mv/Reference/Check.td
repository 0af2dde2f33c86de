//===- Check.td - Test-only ops and the interpreter pass ------------*- tablegen -*-===//

#ifndef MV_REFERENCE_CHECK_TD
#define MV_REFERENCE_CHECK_TD

include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/Pass/PassBase.td"

def Check_Dialect : Dialect {
  let name = "check";
  let cppNamespace = "::mv::check";
  let summary = "Test-only ops: inputs from a file, and comparisons of values";
  let description = "Registered in mv-opt alone; run by `mv-interpret`.";
}

class Check_Op<string mnemonic, list<Trait> traits = []> : Op<Check_Dialect, mnemonic, traits>;

def Check_TensorOp : Check_Op<"tensor", [Pure]> {
  let summary = "A tensor of the file given to mv-interpret";
  let description = [{
    `batch` replaces a dynamic leading dimension. `stored`: the shape in the file where it differs.

    ```mlir
    %x = check.tensor "x" batch 2 stored [2, 49, 64] : tensor<?x1x49x64xf32>
    ```
  }];
  let arguments = (ins StrAttr:$name, DefaultValuedAttr<I64Attr, "1">:$batch, OptionalAttr<DenseI64ArrayAttr>:$stored);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$name (`batch` $batch^)? (`stored` $stored^)? attr-dict `:` type($result)";
}

def Check_ExpectCloseOp : Check_Op<"expect_close", [SameTypeOperands]> {
  let summary = "Fails unless max |got - expected| / max |expected| is within the tolerance of mv-interpret";
  let description = [{
    ```mlir
    check.expect_close %y, %expected : tensor<?x1x49x64xf32>
    ```
  }];
  let arguments = (ins AnyRankedTensor:$got, AnyRankedTensor:$expected);
  let assemblyFormat = "$got `,` $expected attr-dict `:` type($got)";
}

def InterpretPass : Pass<"mv-interpret", "::mlir::ModuleOp"> {
  let summary = "Runs every function in plain loops: the oracle";
  let description = [{
    Needs: functions of primitive ops, kernels and parameter ops (run mv-decompose before).
    Leaves: the IR as it is; an error for every `check.expect_close` that does not hold.

    Arguments with an `mv.name` are read from the file, results with an `mv.name` compared with its tensors of that
    name; other arguments are an error. Example: test/Reference/goldens.mlir.
  }];
  let options = [
    Option<"file", "file", "std::string", "\"\"", "safetensors file with parameters, inputs and expected values">,
    Option<"precise", "f64", "bool", "false", "compute in double">,
    Option<"tolerance", "tolerance", "double", "1e-6", "for check.expect_close and for results with an mv.name">,
    Option<"batch", "batch", "int64_t", "1", "size of the arguments' dynamic dimension">,
  ];
  let dependentDialects = ["::mv::check::CheckDialect"];
}

#endif // MV_REFERENCE_CHECK_TD
