//===- ParameterExpressions.cpp - Short forms for mv.param ops ------------------===//

#include "ParameterExpressions.h"

using namespace mlir;
using namespace mv;

static Value unaryWithScalar(OpBuilder &builder, Location loc, UnaryKind kind, Value input, double scalar) {
  return ParamUnaryOp::create(builder, loc, input.getType(), UnaryKindAttr::get(builder.getContext(), kind),
                              input, builder.getF64FloatAttr(scalar));
}

/// `input` with another first dimension.
static RankedTensorType withRows(Value input, int64_t rows) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = rows;
  return RankedTensorType::get(shape, type.getElementType());
}

Value param::unary(OpBuilder &builder, Location loc, UnaryKind kind, Value input) {
  return unaryWithScalar(builder, loc, kind, input, 0.0);
}

Value param::addScalar(OpBuilder &builder, Location loc, Value input, double scalar) {
  return unaryWithScalar(builder, loc, UnaryKind::AddScalar, input, scalar);
}

Value param::multiplyScalar(OpBuilder &builder, Location loc, Value input, double scalar) {
  return unaryWithScalar(builder, loc, UnaryKind::MulScalar, input, scalar);
}

Value param::binary(OpBuilder &builder, Location loc, BinaryKind kind, Value lhs, Value rhs, int64_t axis) {
  return ParamBinaryOp::create(builder, loc, lhs.getType(), BinaryKindAttr::get(builder.getContext(), kind),
                               lhs, rhs, builder.getI64IntegerAttr(axis));
}

Value param::matvec(OpBuilder &builder, Location loc, Value matrix, Value vector) {
  auto type = cast<RankedTensorType>(matrix.getType());
  auto result = RankedTensorType::get(type.getShape()[0], type.getElementType());
  return ParamMatVecOp::create(builder, loc, result, matrix, vector);
}

Value param::sliceRows(OpBuilder &builder, Location loc, Value input, int64_t begin, int64_t end) {
  RankedTensorType type = withRows(input, end - begin);
  SmallVector<int64_t> offsets(type.getRank(), 0);
  offsets[0] = begin;
  return ParamSliceOp::create(builder, loc, type, input, offsets);
}

Value param::concat(OpBuilder &builder, Location loc, ValueRange inputs) {
  int64_t rows = 0;
  for (Type type : inputs.getTypes())
    rows += cast<RankedTensorType>(type).getShape()[0];
  return ParamConcatOp::create(builder, loc, withRows(inputs.front(), rows), inputs);
}
