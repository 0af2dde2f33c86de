//===- ParameterExpressions.h - Short forms for mv.param ops --------*- C++ -*-===//

#ifndef MV_LIB_FUSION_PARAMETEREXPRESSIONS_H
#define MV_LIB_FUSION_PARAMETEREXPRESSIONS_H

#include "mv/IR/MVDialect.h"

namespace mv::param {

/// neg, exp or rsqrt of each element.
mlir::Value unary(mlir::OpBuilder &builder, mlir::Location loc, UnaryKind kind, mlir::Value input);

/// input + scalar, input * scalar.
mlir::Value addScalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input, double scalar);
mlir::Value multiplyScalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input, double scalar);

/// add, sub or mul of two parameters; `rhs` may be 1-D, along dimension `axis` of `lhs`.
mlir::Value binary(mlir::OpBuilder &builder, mlir::Location loc, BinaryKind kind, mlir::Value lhs,
                   mlir::Value rhs, int64_t axis = 0);

/// The product of a matrix and a vector.
mlir::Value matvec(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value matrix, mlir::Value vector);

/// Rows [begin, end) of a parameter.
mlir::Value sliceRows(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value input, int64_t begin,
                      int64_t end);

/// Concatenation along the first dimension.
mlir::Value concat(mlir::OpBuilder &builder, mlir::Location loc, mlir::ValueRange inputs);

} // namespace mv::param

#endif // MV_LIB_FUSION_PARAMETEREXPRESSIONS_H
