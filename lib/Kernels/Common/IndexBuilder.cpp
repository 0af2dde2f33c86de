//===- IndexBuilder.cpp - Addresses and loops of kernels ------------------------===//

#include "mv/Kernels/Common/IndexBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mv;

void IndexBuilder::enterFunction(Block &block) {
  entry = &block;
  constants.clear();
  setInsertionPointToStart(entry);
}

//===----------------------------------------------------------------------===//
// Index arithmetic
//===----------------------------------------------------------------------===//

/// Lets LLVM fold constant parts into addressing modes.
static constexpr auto kNoWrap = arith::IntegerOverflowFlags::nsw | arith::IntegerOverflowFlags::nuw;

static std::optional<int64_t> constantOf(Value value) {
  APInt result;
  if (matchPattern(value, m_ConstantInt(&result)))
    return result.getSExtValue();
  return std::nullopt;
}

Value IndexBuilder::index(int64_t value) {
  Value &constant = constants[value];
  if (constant)
    return constant;
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(entry);
  return constant = arith::ConstantIndexOp::create(*this, value);
}

Value IndexBuilder::plus(Value a, Value b) {
  std::optional<int64_t> left = constantOf(a), right = constantOf(b);
  if (left && right)
    return index(*left + *right);
  if (left == 0)
    return b;
  if (right == 0)
    return a;
  return arith::AddIOp::create(*this, a, b, kNoWrap);
}

Value IndexBuilder::minus(Value a, Value b) {
  std::optional<int64_t> left = constantOf(a), right = constantOf(b);
  if (left && right)
    return index(*left - *right);
  return right == 0 ? a : arith::SubIOp::create(*this, a, b);
}

Value IndexBuilder::times(Value a, int64_t b) {
  if (std::optional<int64_t> left = constantOf(a))
    return index(*left * b);
  if (b == 1)
    return a;
  return arith::MulIOp::create(*this, a, index(b), kNoWrap);
}

Value IndexBuilder::quotient(Value a, int64_t b) {
  if (std::optional<int64_t> left = constantOf(a))
    return index(*left / b);
  return b == 1 ? a : arith::DivUIOp::create(*this, a, index(b));
}

Value IndexBuilder::remainder(Value a, int64_t b) {
  if (std::optional<int64_t> left = constantOf(a))
    return index(*left % b);
  return b == 1 ? index(0) : arith::RemUIOp::create(*this, a, index(b));
}

Value IndexBuilder::smaller(Value a, Value b) {
  std::optional<int64_t> left = constantOf(a), right = constantOf(b);
  if (left && right)
    return index(std::min(*left, *right));
  return arith::MinUIOp::create(*this, a, b);
}

Value IndexBuilder::larger(Value a, Value b) {
  std::optional<int64_t> left = constantOf(a), right = constantOf(b);
  if (left && right)
    return index(std::max(*left, *right));
  return arith::MaxUIOp::create(*this, a, b);
}

Value IndexBuilder::isLess(Value a, Value b) {
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::ult, a, b);
}

Value IndexBuilder::isEqual(Value a, Value b) {
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, a, b);
}

Value IndexBuilder::isDifferent(Value a, Value b) {
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::ne, a, b);
}

Value IndexBuilder::both(Value a, Value b) {
  if (!a || !b)
    return a ? a : b;
  return arith::AndIOp::create(*this, a, b);
}

Value IndexBuilder::select(Value condition, Value a, Value b) {
  return arith::SelectOp::create(*this, condition, a, b);
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void IndexBuilder::loop(Value from, Value to, int64_t step, llvm::function_ref<void(Value)> emit) {
  std::optional<int64_t> first = constantOf(from), last = constantOf(to);
  if (first && last && *first < *last && *first + step >= *last)
    return emit(from); // one round
  auto op = scf::ForOp::create(*this, from, to, index(step));
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  emit(op.getInductionVar());
}

SmallVector<Value> IndexBuilder::loop(Value from, Value to, int64_t step, ValueRange initial,
                                      llvm::function_ref<SmallVector<Value>(Value, ValueRange)> emit) {
  std::optional<int64_t> first = constantOf(from), last = constantOf(to);
  if (first && last && *first < *last && *first + step >= *last)
    return emit(from, initial); // one round
  auto op = scf::ForOp::create(*this, from, to, index(step), initial);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.getBody());
  scf::YieldOp::create(*this, emit(op.getInductionVar(), op.getRegionIterArgs()));
  return SmallVector<Value>(op.getResults());
}

void IndexBuilder::when(Value condition, llvm::function_ref<void()> emit) {
  if (!condition)
    return emit();
  auto op = scf::IfOp::create(*this, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(*this);
  setInsertionPointToStart(op.thenBlock());
  emit();
}
