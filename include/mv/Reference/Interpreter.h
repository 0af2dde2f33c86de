//===- Interpreter.h - Runs mv IR in plain loops --------------------*- C++ -*-===//

#ifndef MV_REFERENCE_INTERPRETER_H
#define MV_REFERENCE_INTERPRETER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mv/Reference/Parameters.h"
#include "mv/Reference/Tensor.h"

namespace mv::reference {

/// Runs a function of primitive ops, parameter ops, kernels and arith constants on `arguments`. A missing
/// batch is whatever the arguments have. Fails with a diagnostic at the op that cannot be run, or at a
/// check.expect_close whose values differ by more than `tolerance`. T: float or double.
template <typename T>
mlir::FailureOr<std::vector<Tensor<T>>> interpret(mlir::func::FuncOp function,
                                                  llvm::ArrayRef<Tensor<T>> arguments,
                                                  const ParameterSource &source, double tolerance = 0);

/// max |got - expected| / max |expected|, the error measure of every comparison; infinite when a value is not
/// finite or the shapes differ.
template <typename T> double maxError(const Tensor<T> &got, const Tensor<T> &expected);

} // namespace mv::reference

#endif // MV_REFERENCE_INTERPRETER_H
