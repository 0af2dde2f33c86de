//===- ExpandMath.cpp - Polynomials for exp, exp2, log1p, erf and tanh ----------===//
//
//   %y = math.exp2 %x : vector<16xf32>
// becomes
//   %t = arith.addf %x, dense<12582912 + 126>   // rounds to an integer n: the sum has no room for a fraction
//   %n = arith.subf %t, dense<12582912 + 126>
//   %p = 2 * polynomial(%x - %n)                // 2^fraction on [-1/2, 1/2]
//   %s = bitcast(bitcast(%t) << 23)             // 2^(n - 1): n + 126 sits in the low bits of t, an exponent's place
//   %y = select(%x > 128, inf, select(%x < -125.5, 0, %p * %s))
//
// Adding a large number rounds with one instruction that every machine has; no float is converted to an
// integer, nothing becomes a library call, and out-of-range and NaN inputs need no care before the final
// selects (a product with NaN is NaN). Splitting 2^n into 2 * 2^(n - 1) reaches the largest float.
//
// Largest errors, in units in the last place of the f32 result, over all floats of the given range
// (test/Unit/Kernels/MathTest.cpp samples them; without fused multiply-add about half a unit more):
//
//   exp     1    results below 2^-125 are zero
//   exp2    1    results below 2^-125 are zero
//   log1p   2    all inputs
//   erf     5    all inputs, 1 where the result is above 1/2
//   tanh    2    all inputs
//
// exp(0), exp2(0) are 1 and the slope at 0 is exact: products of many exponentials of small numbers (the
// selective scan) do not drift.
//
//===----------------------------------------------------------------------===//

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mv/Kernels/Passes.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace mv {
#define GEN_PASS_DEF_EXPANDMATH
#include "mv/Kernels/Passes.h.inc"
} // namespace mv

using namespace mlir;

//===----------------------------------------------------------------------===//
// Coefficients: minimax in the stated weight, lowest degree first
//===----------------------------------------------------------------------===//

/// 2 e^r on |r| <= ln(2)/2, relative error 3e-9; constant and slope fixed.
static constexpr double kExp[] = {2.0,
                                  2.0,
                                  2 * 0.4999999345169532,
                                  2 * 0.16666520689810063,
                                  2 * 0.04166838736288405,
                                  2 * 0.008368709826374979,
                                  2 * 0.0013814613219354625};

/// 2 * 2^r on |r| <= 1/2, relative error 3e-9; constant and slope fixed.
static constexpr double kExp2[] = {2.0,
                                   2 * M_LN2,
                                   2 * 0.2402264754975746,
                                   2 * 0.05550362252590225,
                                   2 * 0.009618526304694846,
                                   2 * 0.0013390161489700123,
                                   2 * 0.00015321154655124265};

/// log1p(u) / u on [0, 1], relative error 3e-8; constant fixed.
static constexpr double kLog1pUnit[] = {1.0,
                                        -0.499996479645174,
                                        0.3332132263858693,
                                        -0.24857163822123957,
                                        0.19153655511924927,
                                        -0.1375380349559246,
                                        0.07920454854154836,
                                        -0.030065799923660194,
                                        0.00536482616364807};

/// (log1p(f) - f + f^2 / 2) / f^3 on [sqrt(1/2) - 1, sqrt(2) - 1], relative error of log1p 6e-9.
static constexpr double kLog1p[] = {0.33333331707660996, -0.2500082103330143, 0.20001226880661294,
                                    -0.1662335738192484, 0.14201757923972796, -0.13160181972314125,
                                    0.1276157740260482,  -0.07634498047637407};

/// erf(x) / x in s = 2 (x / 3.85)^2 - 1 on [-1, 1], relative error 8e-8; erf(3.85) is 1 to f32's half unit.
static constexpr double kErfLimit = 3.85;
static constexpr double kErf[] = {3.672848162e-01, -1.833018642e-01, 1.362119290e-01, -1.103706974e-01,
                                  9.081058564e-02, -7.335086439e-02, 5.647152879e-02, -4.026444594e-02,
                                  2.809979257e-02, -2.046419680e-02, 1.147743139e-02, -3.166875587e-03,
                                  2.304747939e-03, -3.400457821e-03, 1.398838657e-03};

/// (tanh(x) - x) / x^3 in x^2 for |x| <= 0.625, relative error of tanh 4e-9.
static constexpr double kTanhLimit = 0.625;
static constexpr double kTanh[] = {-0.3333328392539623, 0.1333149128909455, -0.053743498213968774,
                                   0.020650587640759274, -0.005717045370406565};

/// 1.5 * 2^23: a float above it in size by less than 2^22 is an integer, and its low bits are that integer's.
static constexpr double kRound = 12582912.0;
static constexpr int64_t kMantissaBits = 23, kExponentBias = 127;

//===----------------------------------------------------------------------===//
// Arithmetic on values of one type
//===----------------------------------------------------------------------===//

namespace {
/// Builds arithmetic on f32 or vectors of f32 of the type of one value.
class Arithmetic {
public:
  Arithmetic(OpBuilder &builder, Location loc, Type type, bool fused)
      : builder(builder), loc(loc), type(type), fused(fused) {}

  Value constant(double value) { return splat(type, builder.getF32FloatAttr(float(value))); }
  Value integer(int64_t value) { return splat(integerType(), builder.getI32IntegerAttr(int32_t(value))); }

  Value add(Value a, Value b) { return arith::AddFOp::create(builder, loc, a, b); }
  Value add(Value a, double b) { return add(a, constant(b)); }
  Value sub(Value a, Value b) { return arith::SubFOp::create(builder, loc, a, b); }
  Value mul(Value a, Value b) { return arith::MulFOp::create(builder, loc, a, b); }
  Value mul(Value a, double b) { return mul(a, constant(b)); }
  Value div(Value a, Value b) { return arith::DivFOp::create(builder, loc, a, b); }
  Value neg(Value a) { return arith::NegFOp::create(builder, loc, a); }
  Value abs(Value a) { return math::AbsFOp::create(builder, loc, a); }
  Value fma(Value a, Value b, Value c) {
    if (fused)
      return math::FmaOp::create(builder, loc, a, b, c);
    return add(mul(a, b), c);
  }
  Value fma(Value a, double b, Value c) { return fma(a, constant(b), c); }

  Value compare(arith::CmpFPredicate predicate, Value a, double b) {
    return arith::CmpFOp::create(builder, loc, predicate, a, constant(b));
  }
  Value select(Value condition, Value a, Value b) {
    return arith::SelectOp::create(builder, loc, condition, a, b);
  }
  Value select(Value condition, double a, Value b) { return select(condition, constant(a), b); }

  Value bits(Value a) { return arith::BitcastOp::create(builder, loc, integerType(), a); }
  Value fromBits(Value a) { return arith::BitcastOp::create(builder, loc, type, a); }
  Value shiftLeft(Value a, int64_t count) { return arith::ShLIOp::create(builder, loc, a, integer(count)); }
  Value shiftRight(Value a, int64_t count) { return arith::ShRSIOp::create(builder, loc, a, integer(count)); }
  Value subInteger(Value a, Value b) { return arith::SubIOp::create(builder, loc, a, b); }
  Value toFloat(Value a) { return arith::SIToFPOp::create(builder, loc, type, a); }

  /// coefficients[0] + coefficients[1] x + ...
  Value polynomial(Value x, ArrayRef<double> coefficients) {
    Value sum = constant(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, constant(coefficient));
    return sum;
  }

private:
  Type integerType() {
    if (auto vector = dyn_cast<VectorType>(type))
      return vector.clone(builder.getI32Type());
    return builder.getI32Type();
  }
  Value splat(Type like, TypedAttr element) {
    if (auto vector = dyn_cast<VectorType>(like))
      element = DenseElementsAttr::get(vector, element);
    return arith::ConstantOp::create(builder, loc, element);
  }

  OpBuilder &builder;
  Location loc;
  Type type;
  bool fused;
};
} // namespace

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// Scales `doubled` by 2^(n - 1), where `shifted` is n + kRound + 126, and settles the inputs that are out of
/// range.
static Value scaleExponential(Arithmetic &e, Value x, Value doubled, Value shifted, double lowest,
                              double highest, bool mayOverflow) {
  Value scale = e.fromBits(e.shiftLeft(e.bits(shifted), kMantissaBits));
  Value result = e.mul(doubled, scale);
  result = e.select(e.compare(arith::CmpFPredicate::OLT, x, lowest), 0.0, result);
  if (mayOverflow)
    result = e.select(e.compare(arith::CmpFPredicate::OGT, x, highest), INFINITY, result);
  return result;
}

static constexpr double kShift = kRound + kExponentBias - 1;

/// e^x = 2^n e^r with n = round(x / ln 2); ln 2 in two parts, the product of the first with n exact.
static Value expandExp(Arithmetic &e, Value x, bool mayOverflow) {
  const double ln2High = 0.693359375, ln2Low = M_LN2 - ln2High;
  Value shifted = e.fma(x, M_LOG2E, e.constant(kShift));
  Value n = e.add(shifted, -kShift);
  Value r = e.fma(n, -ln2Low, e.fma(n, -ln2High, x));
  return scaleExponential(e, x, e.polynomial(r, kExp), shifted, -87.0, 88.7228394, mayOverflow);
}

static Value expandExp2(Arithmetic &e, Value x, bool mayOverflow) {
  Value shifted = e.add(x, kShift);
  Value r = e.sub(x, e.add(shifted, -kShift));
  return scaleExponential(e, x, e.polynomial(r, kExp2), shifted, -125.5, 127.99999, mayOverflow);
}

/// log1p of a number in [0, 1], as in softplus.
static Value expandLog1pUnit(Arithmetic &e, Value u) { return e.mul(u, e.polynomial(u, kLog1pUnit)); }

/// With y = 1 + u rounded, and what the rounding lost, y = 2^k m with m in [sqrt(1/2), sqrt(2)):
/// log1p(u) = k ln 2 + log1p(f), f = m - 1 + lost / 2^k.
static Value expandLog1p(Arithmetic &e, Value u) {
  Value y = e.add(u, 1.0);
  Value back = e.add(y, -1.0);
  Value lost = e.add(e.sub(e.constant(1.0), e.sub(y, back)), e.sub(u, back));
  const int64_t sqrtHalfBits = 0x3f3504f3;
  Value k = e.shiftRight(e.subInteger(e.bits(y), e.integer(sqrtHalfBits)), kMantissaBits);
  Value m = e.fromBits(e.subInteger(e.bits(y), e.shiftLeft(k, kMantissaBits)));
  Value f = e.add(e.add(m, -1.0), e.div(e.mul(lost, m), y));
  Value tail = e.mul(e.mul(f, f), e.fma(f, e.polynomial(f, kLog1p), e.constant(-0.5)));
  Value exponent = e.toFloat(k);
  const double ln2High = 0.693359375, ln2Low = M_LN2 - ln2High;
  Value result = e.fma(exponent, ln2High, e.add(f, e.fma(exponent, ln2Low, tail)));
  result = e.select(e.compare(arith::CmpFPredicate::OEQ, u, INFINITY), u, result);
  result = e.select(e.compare(arith::CmpFPredicate::OLE, u, -1.0), -INFINITY, result);
  result = e.select(e.compare(arith::CmpFPredicate::OLT, u, -1.0), NAN, result);
  return e.select(e.compare(arith::CmpFPredicate::UNO, u, 0.0), u, result);
}

/// x P(x^2) on a clamped x. The clamps' order of operands lets NaN through.
static Value expandErf(Arithmetic &e, Value x) {
  Value clamped = e.select(e.compare(arith::CmpFPredicate::OLT, x, -kErfLimit), -kErfLimit, x);
  clamped = e.select(e.compare(arith::CmpFPredicate::OGT, clamped, kErfLimit), kErfLimit, clamped);
  Value s = e.fma(e.mul(clamped, clamped), 2.0 / (kErfLimit * kErfLimit), e.constant(-1.0));
  return e.mul(clamped, e.polynomial(s, kErf));
}

/// Near 0 a polynomial; beyond, 1 - 2 / (e^(2|x|) + 1) with the sign of x.
static Value expandTanh(Arithmetic &e, Value x) {
  Value square = e.mul(x, x);
  Value small = e.fma(e.mul(x, square), e.polynomial(square, kTanh), x);
  Value magnitude = e.abs(x);
  Value exponential = expandExp(e, e.add(magnitude, magnitude), /*mayOverflow=*/true);
  Value large = e.sub(e.constant(1.0), e.div(e.constant(2.0), e.add(exponential, 1.0)));
  large = e.select(e.compare(arith::CmpFPredicate::OLT, x, 0.0), e.neg(large), large);
  return e.select(e.compare(arith::CmpFPredicate::OLT, magnitude, kTanhLimit), small, large);
}

//===----------------------------------------------------------------------===//
// What is known about an operand
//===----------------------------------------------------------------------===//

/// -|x|
static bool isNonPositive(Value value) {
  auto negation = value.getDefiningOp<arith::NegFOp>();
  return negation && negation.getOperand().getDefiningOp<math::AbsFOp>();
}

/// exp(-|x|)
static bool isUnitInterval(Value value) {
  auto exponential = value.getDefiningOp<math::ExpOp>();
  return exponential && isNonPositive(exponential.getOperand());
}

/// `ninf` on an exponential promises that its result is finite.
template <typename Op> static bool mayOverflow(Op op) {
  return !bitEnumContainsAll(op.getFastmath(), arith::FastMathFlags::ninf) && !isNonPositive(op.getOperand());
}

//===----------------------------------------------------------------------===//
// A GPU's instructions
//===----------------------------------------------------------------------===//

static Value callIntrinsic(OpBuilder &builder, Location loc, StringRef name, ValueRange operands) {
  Type type = operands.front().getType();
  return LLVM::CallIntrinsicOp::create(builder, loc, type, builder.getStringAttr(name), operands)
      .getResults();
}

/// LLVM's intrinsics for what is left of math, since the conversion to NVVM would call NVIDIA's library of functions.
static void callIntrinsics(Operation *root, IRRewriter &rewriter) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) {
    if (isa<math::FmaOp, math::AbsFOp>(op))
      ops.push_back(op);
  });
  for (Operation *op : ops) {
    rewriter.setInsertionPoint(op);
    StringRef name = isa<math::FmaOp>(op) ? "llvm.fma" : "llvm.fabs";
    rewriter.replaceOp(op, callIntrinsic(rewriter, op->getLoc(), name, op->getOperands()));
  }
}

/// The approximate instruction for `op` on scalars; null where there is none, or none that is good enough (tanh.approx
/// errs by 5e-4).
static Value expandForGPU(Operation *op, Arithmetic &e, OpBuilder &builder) {
  auto call = [&](StringRef name, Value operand) {
    return callIntrinsic(builder, op->getLoc(), name, operand);
  };
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp exp) {
        return call("llvm.nvvm.ex2.approx.ftz.f", e.mul(exp.getOperand(), M_LOG2E));
      })
      .Case([&](math::Exp2Op exp2) { return call("llvm.nvvm.ex2.approx.ftz.f", exp2.getOperand()); })
      .Case([&](math::SqrtOp sqrt) { return call("llvm.nvvm.sqrt.approx.f", sqrt.getOperand()); })
      .Case([&](arith::DivFOp division) {
        return e.mul(division.getLhs(), call("llvm.nvvm.rcp.approx.ftz.f", division.getRhs()));
      })
      .Default([](Operation *) { return Value(); });
}

//===----------------------------------------------------------------------===//
// Pass
//===----------------------------------------------------------------------===//

/// The value to replace `op` by; null to leave it.
static Value expand(Operation *op, Arithmetic &e, bool fused) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case([&](math::ExpOp exp) { return expandExp(e, exp.getOperand(), mayOverflow(exp)); })
      .Case([&](math::Exp2Op exp2) { return expandExp2(e, exp2.getOperand(), mayOverflow(exp2)); })
      .Case([&](math::Log1pOp log1p) {
        Value u = log1p.getOperand();
        return isUnitInterval(u) ? expandLog1pUnit(e, u) : expandLog1p(e, u);
      })
      .Case([&](math::ErfOp erf) { return expandErf(e, erf.getOperand()); })
      .Case([&](math::TanhOp tanh) { return expandTanh(e, tanh.getOperand()); })
      .Case([&](math::FmaOp fma) { return fused ? Value() : e.fma(fma.getA(), fma.getB(), fma.getC()); })
      .Case([&](vector::FMAOp fma) {
        return fused ? Value() : e.fma(fma.getLhs(), fma.getRhs(), fma.getAcc());
      })
      .Default([](Operation *) { return Value(); });
}

namespace {
struct ExpandMath : public mv::impl::ExpandMathBase<ExpandMath> {
  using ExpandMathBase::ExpandMathBase;

  void runOnOperation() override {
    SmallVector<Operation *> candidates;
    getOperation()->walk([&](Operation *op) {
      if (op->getNumResults() == 1 && getElementTypeOrSelf(op->getResult(0).getType()).isF32())
        candidates.push_back(op);
    });
    // Users first, so that a function sees which function its operand is.
    IRRewriter rewriter(&getContext());
    for (Operation *op : llvm::reverse(candidates)) {
      rewriter.setInsertionPoint(op);
      Arithmetic arithmetic(rewriter, op->getLoc(), op->getResult(0).getType(), fma);
      Value replacement = gpu ? expandForGPU(op, arithmetic, rewriter) : Value();
      if (!replacement)
        replacement = expand(op, arithmetic, fma);
      if (replacement)
        rewriter.replaceOp(op, replacement);
    }
    if (gpu)
      callIntrinsics(getOperation(), rewriter);
  }
};
} // namespace
