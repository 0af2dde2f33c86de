//===- PointwiseOps.cpp - The element form of the pointwise ops -----------------===//
//
// What an epilogue computes on one element, or on one vector of elements. Transcendental functions stay math
// ops: each target replaces them by its own approximation, with its own stated error.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mv/IR/MVDialect.h"

#include <cmath>

using namespace mlir;
using namespace mv;

/// A constant of the (possibly vector) type of `like`.
static Value constantLike(OpBuilder &builder, Location loc, Value like, double value) {
  Type type = like.getType();
  TypedAttr attr;
  if (auto vector = dyn_cast<VectorType>(type))
    attr = DenseElementsAttr::get(vector, builder.getFloatAttr(vector.getElementType(), value));
  else
    attr = builder.getFloatAttr(type, value);
  return arith::ConstantOp::create(builder, loc, attr);
}

/// A comparison and a selection instead of arith.maximumf: one instruction, and NaN in `a` stays NaN.
static Value maximum(OpBuilder &builder, Location loc, Value a, Value b) {
  Value less = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, a, b);
  return arith::SelectOp::create(builder, loc, less, b, a);
}

/// numerator / (1 + exp(-x))
static Value timesSigmoid(OpBuilder &builder, Location loc, Value numerator, Value x) {
  Value exponential = math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, x));
  Value one = constantLike(builder, loc, x, 1.0);
  return arith::DivFOp::create(builder, loc, numerator,
                               arith::AddFOp::create(builder, loc, one, exponential));
}

Value ReluOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  return maximum(builder, loc, operands[0], constantLike(builder, loc, operands[0], 0.0));
}

Value SiluOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  return timesSigmoid(builder, loc, operands[0], operands[0]);
}

/// max(x, 0) + log1p(exp(-|x|)): no overflow for any x, and equal to x in f32 above 20.
Value SoftplusOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  Value x = operands[0];
  Value magnitude = math::AbsFOp::create(builder, loc, x);
  Value exponential = math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, magnitude));
  Value logarithm = math::Log1pOp::create(builder, loc, exponential);
  Value positive = maximum(builder, loc, x, constantLike(builder, loc, x, 0.0));
  return arith::AddFOp::create(builder, loc, positive, logarithm);
}

/// (1 + tanh(u)) / 2 is the sigmoid of 2u, so the tanh form is x * sigmoid(2 sqrt(2/pi) (x + 0.044715 x^3)).
static Value emitTanhGelu(OpBuilder &builder, Location loc, Value x) {
  const double slope = 2.0 * std::sqrt(2.0 / M_PI);
  Value square = arith::MulFOp::create(builder, loc, x, x);
  Value cubic = math::FmaOp::create(builder, loc, square, constantLike(builder, loc, x, slope * 0.044715),
                                    constantLike(builder, loc, x, slope));
  return timesSigmoid(builder, loc, x, arith::MulFOp::create(builder, loc, x, cubic));
}

static Value emitErfGelu(OpBuilder &builder, Location loc, Value x) {
  Value scaled = arith::MulFOp::create(builder, loc, x, constantLike(builder, loc, x, M_SQRT1_2));
  Value half = arith::MulFOp::create(builder, loc, x, constantLike(builder, loc, x, 0.5));
  return math::FmaOp::create(builder, loc, half, math::ErfOp::create(builder, loc, scaled), half);
}

Value GeluOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  return getKind() == GeluKind::Tanh ? emitTanhGelu(builder, loc, operands[0])
                                     : emitErfGelu(builder, loc, operands[0]);
}

Value AddOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::AddFOp::create(builder, loc, operands[0], operands[1]);
}

Value ScaleOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::MulFOp::create(builder, loc, operands[0], operands[1]);
}

Value AffineOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  return math::FmaOp::create(builder, loc, operands[0], operands[1], operands[2]);
}

Value BatchNormOp::emitElement(OpBuilder &builder, Location loc, ValueRange operands) {
  Value x = operands[0], weight = operands[1], bias = operands[2], mean = operands[3], variance = operands[4];
  Value eps = constantLike(builder, loc, x, getEps().convertToDouble());
  Value deviation = math::SqrtOp::create(builder, loc, arith::AddFOp::create(builder, loc, variance, eps));
  Value centred = arith::SubFOp::create(builder, loc, x, mean);
  Value normal = arith::DivFOp::create(builder, loc, centred, deviation);
  return math::FmaOp::create(builder, loc, normal, weight, bias);
}
